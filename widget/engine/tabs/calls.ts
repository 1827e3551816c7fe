/** Calls of a backend as they pass between tabs: what is asked, and what comes back, as JSON. */
import type { AdapterCall, AdapterEvent, ChatAdapter } from '../../../adapters/adapter.ts'

/** A call under way. What is asked changes with what has come: asked again elsewhere, it goes on where it was. */
export interface Call {
  id: string
  method: AdapterCall
  request: Record<string, unknown>
}

/** What comes back: events and then an end, a value, or an error. */
export interface Reply {
  event?: AdapterEvent
  value?: unknown
  error?: Record<string, unknown>
  isOver?: boolean
}

/** A call, and who asked. */
interface Pending extends Call {
  take(reply: Reply): void
}

/** The calls of one tab, and the backend as it sees it. */
export interface Calls {
  adapter: ChatAdapter
  /** Asks for everything that is under way once more. */
  repeat(): void
  /** What has come for a call. */
  take(id: string, reply: Reply): void
}

/**
 * Makes the backend of a tab.
 * @param ask passes a call on; the answers come by `take`
 * @param cancel nobody waits for this call any more
 */
export function createCalls(tab: string, ask: (call: Call) => void, cancel: (id: string) => void): Calls {
  const pending = new Map<string, Pending>()
  let count = 0

  const begin = (method: Call['method'], { signal, ...request }: { signal?: AbortSignal }, tell: Pending['take']) => {
    const leave = () => signal?.removeEventListener('abort', stop)
    const take = (reply: Reply) => {
      // The signal may be that of the whole conversation, which hears of many calls.
      if (!reply.event) leave()
      tell(reply)
    }
    const call = { id: `${tab}.${++count}`, method, request, take }
    const end = () => {
      leave()
      if (pending.delete(call.id)) cancel(call.id)
    }
    const stop = () => {
      end()
      take({ error: { name: 'AbortError', message: 'Aborted.' } })
    }
    pending.set(call.id, call)
    signal?.addEventListener('abort', stop)
    if (signal?.aborted) stop()
    else ask(call)
    return end
  }

  async function* stream(method: Call['method'], request: object): AsyncGenerator<AdapterEvent> {
    const replies: Reply[] = []
    let wake = (): void => {}
    const end = begin(method, request, (reply) => {
      replies.push(reply)
      wake()
    })
    try {
      for (;;) {
        const reply = replies.shift()
        if (!reply) await new Promise<void>((resolve) => (wake = resolve))
        else if (reply.error) throw errorOf(reply.error)
        else if (reply.event) yield reply.event
        else return
      }
    } finally {
      end()
    }
  }

  const exchange = <T>(method: Call['method'], request: object): Promise<T> =>
    new Promise((resolve, reject) => {
      begin(method, request, ({ error, value }) => (error ? reject(errorOf(error)) : resolve(value as T)))
    })

  return {
    adapter: {
      send: (request) => stream('send', request),
      resume: (request) => stream('resume', request),
      history: (request) => exchange('history', request),
      stop: (request) => exchange('stop', request),
    },
    repeat: () => [...pending.values()].forEach(ask),
    take(id, reply) {
      const call = pending.get(id)
      if (!call) return
      if (!reply.event) pending.delete(id)
      else {
        const { id: lastEventId, event } = reply.event
        const seen = String(call.request['lastEventId'] ?? '')
        if (call.method === 'resume' && numberOf(lastEventId) <= numberOf(seen)) return
        // From its first event on, an answer is taken up and not asked for again.
        call.method = 'resume'
        const { conversationId = event.type === 'ack' ? event.conversationId : '', proof } = call.request
        call.request = { conversationId, proof, lastEventId }
      }
      call.take(reply)
    },
  }
}

/** The place of an event in its stream. */
export const numberOf = (eventId: string): number => Number(eventId.slice(eventId.lastIndexOf('.') + 1))

/** An error as it passes between tabs: its fields, if it has any of ours. */
export const fieldsOfError = (error: unknown): Record<string, unknown> => {
  const { name, message } = Object(error) as Error
  return { ...Object(error), name, message }
}

/** `name` is defined: where a page has frozen what is built in, it can't be assigned. */
const errorOf = ({ message, name, ...fields }: Record<string, unknown>): Error =>
  Object.defineProperty(Object.assign(new Error(String(message)), fields), 'name', { value: name })
