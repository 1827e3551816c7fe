/** One backend for many tabs: the same thing is asked once, one answer is streamed at a time, and everybody hears it. */
import type {
  AdapterEvent,
  ChatAdapter,
  HistoryRequest,
  ResumeRequest,
  SendRequest,
  StopRequest,
} from '../../../adapters/adapter.ts'
import type { HistoryPage } from '../../../protocol.ts'
import { fieldsOfError, numberOf } from './calls.ts'
import type { Call, Reply } from './calls.ts'

/** What serves the calls of all tabs. */
export interface Hub {
  /** Serves a call. */
  serve(call: Call, reply: (reply: Reply) => void): void
  /** Nobody waits for this call any more. */
  cancel(id: string): void
  /** Ends everything. Nothing is answered any more. */
  close(): void
}

/** An answer, as far as it was read. */
interface Turn {
  events: Map<number, AdapterEvent>
  /** The first event there is, or will be. */
  first: number
  listeners: Set<() => void>
  life: AbortController
  /** How its stream ended. */
  end?: Reply
}

/** A look at the history, and the callers that wait for it. */
interface Look {
  page: Promise<HistoryPage>
  life: AbortController
  users: Set<() => void>
}

/** How many pages of history, and answers, are kept for tabs that are a little behind. */
const KEPT = 8

/** @param onNews something was stored that other tabs may not know of */
export function createHub(adapter: ChatAdapter, onNews: () => void): Hub {
  const turns = new Map<string, Turn>()
  const sends = new Map<string, Turn>()
  const looks = new Map<string, Look>()
  const pages = new Map<string, HistoryPage>()
  const cancels = new Map<string, () => void>()
  let isClosed = false
  /** The stream that is read now, and those that wait for it. */
  let line: Promise<void> | null = null
  let submitting: Promise<void> = Promise.resolve()

  const turnFrom = (first: number): Turn => ({
    ...{ events: new Map(), first, listeners: new Set() },
    life: new AbortController(),
  })

  const tell = (turn: Turn) => [...turn.listeners].forEach((listen) => listen())

  const put = (turn: Turn, item: AdapterEvent) => {
    turn.events.set(numberOf(item.id), item)
    tell(turn)
  }

  /** Reads a stream to its end, as the next in line. */
  const read = (turn: Turn, open: () => AsyncIterable<AdapterEvent>): void => {
    const drain = async () => {
      try {
        if (!turn.life.signal.aborted) for await (const item of open()) put(turn, item)
        turn.end = { isOver: true }
      } catch (error) {
        turn.end = { error: fieldsOfError(error) }
      }
      tell(turn)
    }
    const mine: Promise<void> = line ? line.then(drain) : drain()
    line = mine
    void mine.then(() => (line = line === mine ? null : line))
  }

  /** Tells a caller all events of an answer after one, as they come. */
  const follow = (turn: Turn, after: number, id: string, reply: (reply: Reply) => void): void => {
    let last = after
    const listen = () => {
      for (let event; (event = turn.events.get(last + 1)); last++) reply({ event })
      if (turn.end) leave(turn.end)
    }
    const leave = (end?: Reply) => {
      turn.listeners.delete(listen)
      cancels.delete(id)
      if (end) reply(end)
      // A stream that nobody reads only takes a connection.
      else if (turn.listeners.size === 0 && !turn.end) turn.life.abort()
    }
    cancels.set(id, leave)
    turn.listeners.add(listen)
    listen()
  }

  const keep = <T>(map: Map<string, T>, key: string, value: T) => {
    map.delete(key)
    map.set(key, value)
    for (const old of [...map.keys()].slice(0, -KEPT)) map.delete(old)
  }

  const isDone = (turn?: Turn) => [...(turn?.events.values() ?? [])].some(({ event }) => event.type === 'done')

  const resume = (request: ResumeRequest, id: string, reply: (reply: Reply) => void) => {
    const { lastEventId } = request
    const turnId = lastEventId.slice(0, lastEventId.lastIndexOf('.'))
    const after = numberOf(lastEventId)
    let turn = turns.get(turnId)
    // One that was cut, or was read from a later place, is read anew.
    if (!turn || turn.first > after + 1 || turn.life.signal.aborted || (turn.end && !isDone(turn))) {
      const fresh = (turn = turnFrom(after + 1))
      keep(turns, turnId, fresh)
      read(fresh, () => adapter.resume({ ...request, signal: fresh.life.signal }))
    }
    follow(turn, after, id, reply)
  }

  const send = (request: SendRequest, id: string, reply: (reply: Reply) => void) => {
    const { clientMessageId, conversationId, proof } = request
    const known = sends.get(clientMessageId)
    if (known && !known.life.signal.aborted && (!known.end || isDone(known))) return follow(known, -1, id, reply)
    const turn = turnFrom(0)
    keep(sends, clientMessageId, turn)
    follow(turn, -1, id, reply)

    const submit = async () => {
      turn.life.signal.throwIfAborted()
      const life = new AbortController()
      turn.life.signal.addEventListener('abort', () => life.abort())
      const stream = adapter.send({ ...request, signal: life.signal })[Symbol.asyncIterator]()
      const { value } = (await stream.next()) as IteratorResult<AdapterEvent, undefined>
      if (value?.event.type !== 'ack') throw new Error('The stream was cut.')
      const { turnId, conversationId: named } = value.event
      keep(turns, turnId, turn)
      put(turn, value)
      onNews()
      if (!line) return read(turn, () => ({ [Symbol.asyncIterator]: () => stream }))
      // Another answer is being read; this one has to wait for it anyway, and needs no connection meanwhile.
      life.abort()
      void stream.return?.(undefined)
      const { signal } = turn.life
      read(turn, () =>
        adapter.resume({
          conversationId: conversationId ?? named,
          lastEventId: value.id,
          ...(proof && { proof }),
          signal,
        }),
      )
    }
    // One after the other, until each is stored: the rest of its stream has a place in the line.
    submitting = submitting.then(submit).catch((error: unknown) => {
      turn.end = { error: fieldsOfError(error) }
      tell(turn)
    })
  }

  /** A page that somebody has read already, unless there was nothing on it. */
  const knownPage = (place: string): HistoryPage | undefined => {
    const page = pages.get(place)
    if (!page?.activeTurn || !isDone(turns.get(page.activeTurn.turnId))) return page
    const { activeTurn: _, ...rest } = page
    return rest
  }

  const history = (request: HistoryRequest, id: string, reply: (reply: Reply) => void) => {
    const { wait: _, ...rest } = request
    const place = JSON.stringify(rest)
    const value = knownPage(place)
    if (value) return reply({ value })
    const key = JSON.stringify(request)
    const look = looks.get(key) ?? begin(request, key, place)
    const leave = () => {
      look.users.delete(leave)
      cancels.delete(id)
      if (look.users.size > 0) return
      looks.delete(key)
      look.life.abort()
    }
    look.users.add(leave)
    cancels.set(id, leave)
    look.page.then(
      (page) => cancels.delete(id) && reply({ value: page }),
      (error: unknown) => cancels.delete(id) && reply({ error: fieldsOfError(error) }),
    )
  }

  const begin = (request: HistoryRequest, key: string, place: string): Look => {
    const life = new AbortController()
    const read = async () => {
      try {
        const page = await adapter.history({ ...request, signal: life.signal })
        if (request.afterId && page.messages.length > 0) {
          keep(pages, place, page)
          onNews()
        }
        return page
      } catch (error) {
        // A server that has lost records has lost what is kept here, too.
        if ((error as { code?: string } | null)?.code === 'cursor_not_found') pages.clear()
        throw error
      } finally {
        if (looks.get(key) === look) looks.delete(key)
      }
    }
    const look: Look = { page: read(), life, users: new Set() }
    looks.set(key, look)
    return look
  }

  return {
    serve({ id, method, request }, tellCaller) {
      const asked = request as unknown
      const reply = (said: Reply) => void (isClosed || tellCaller(said))
      if (method === 'send') send(asked as SendRequest, id, reply)
      else if (method === 'resume') resume(asked as ResumeRequest, id, reply)
      else if (method === 'history') history(asked as HistoryRequest, id, reply)
      else
        (async () => adapter.stop(asked as StopRequest))().then(
          () => reply({ isOver: true }),
          (error: unknown) => reply({ error: fieldsOfError(error) }),
        )
    },
    cancel: (id) => cancels.get(id)?.(),
    close() {
      isClosed = true
      for (const cancel of [...cancels.values()]) cancel()
    },
  }
}
