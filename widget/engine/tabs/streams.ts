/** The answers that tabs read: each by one stream, one stream at a time, told to everybody who listens. */
import type { AdapterEvent, ChatAdapter, ResumeRequest, SendRequest } from '../../../adapters/adapter.ts'
import { fieldsOfError, numberOf } from './calls.ts'
import type { Reply } from './calls.ts'
import { keepNewest } from './newest.ts'

/** What sends messages and reads answers for all tabs. What it tells a caller ends with an end or an error. */
export interface Streams {
  send(request: SendRequest, id: string, reply: (reply: Reply) => void): void
  resume(request: ResumeRequest, id: string, reply: (reply: Reply) => void): void
  /** Whether an answer was read to its end here. */
  hasEnded(turnId: string): boolean
}

/** An answer, as far as it was read. */
interface Turn {
  events: Map<number, AdapterEvent>
  /** The first event there is, or will be. */
  first: number
  listeners: Set<() => void>
  /** Its stream's. A new one: it is to be read once more, from `first` on. */
  life: AbortController
  /** How its stream ended. */
  end?: Reply
}

/**
 * @param cancels where it is put how a call ends that nobody waits for any more, by its id
 * @param onNews a message was stored
 */
export function createStreams(adapter: ChatAdapter, cancels: Map<string, () => void>, onNews: () => void): Streams {
  const turns = new Map<string, Turn>()
  const sends = new Map<string, Turn>()
  /** The stream that is read now, and those that wait for it. */
  let line: Promise<void> | null = null
  let submitting: Promise<void> = Promise.resolve()

  /** Reads a stream to its end, as the next in line. */
  const read = (turn: Turn, open: () => AsyncIterable<AdapterEvent>): void => {
    const drain = async () => {
      let life: AbortController
      do {
        life = turn.life
        try {
          if (!life.signal.aborted) for await (const item of open()) put(turn, item)
          if (life === turn.life) turn.end = { isOver: true }
        } catch (error) {
          if (life === turn.life) turn.end = { error: fieldsOfError(error) }
        }
      } while (life !== turn.life)
      tell(turn)
    }
    const mine: Promise<void> = line ? line.then(drain) : drain()
    line = mine
    void mine.then(() => (line = line === mine ? null : line))
  }

  /** An answer that is read from a place on, or from an earlier one. */
  const answerFrom = (request: ResumeRequest): Turn => {
    const { lastEventId } = request
    const turnId = lastEventId.slice(0, lastEventId.lastIndexOf('.'))
    const first = numberOf(lastEventId) + 1
    const known = turns.get(turnId)
    const isLive = known && !known.end && !known.life.signal.aborted
    if (known && known.first <= first && (isLive || isDone(known))) return known
    if (isLive) {
      // Begun for somebody who knows more. As a second stream it would wait for the end of the first.
      known.first = first
      known.life.abort()
      known.life = new AbortController()
      return known
    }
    const turn = turnFrom(first)
    keepNewest(turns, turnId, turn)
    read(turn, () =>
      adapter.resume({ ...request, lastEventId: `${turnId}.${turn.first - 1}`, signal: turn.life.signal }),
    )
    return turn
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

  /** Stores a message. The rest of its stream, the answer, has a place in the line. */
  const submit = async (turn: Turn, request: SendRequest): Promise<void> => {
    const { conversationId, proof } = request
    turn.life.signal.throwIfAborted()
    const life = new AbortController()
    turn.life.signal.addEventListener('abort', () => life.abort())
    const stream = adapter.send({ ...request, signal: life.signal })[Symbol.asyncIterator]()
    const { value } = (await stream.next()) as IteratorResult<AdapterEvent, undefined>
    if (value?.event.type !== 'ack') throw new Error('The stream was cut.')
    const { turnId, conversationId: named } = value.event
    put(turn, value)
    onNews()
    if (!line) {
      keepNewest(turns, turnId, turn)
      return read(turn, () => ({ [Symbol.asyncIterator]: () => stream }))
    }
    // Another answer is being read, for which this one has to wait anyway; or this one is, by somebody whom the history
    // has told of it. A connection more is needed for neither.
    life.abort()
    void stream.return?.(undefined)
    const rest = { conversationId: conversationId ?? named, lastEventId: value.id, ...(proof && { proof }) }
    const id = `rest of ${turnId}`
    turn.life.signal.addEventListener('abort', () => cancels.get(id)?.())
    follow(answerFrom(rest), 0, id, ({ event, ...end }) => {
      if (event) return put(turn, event)
      turn.end = end
      tell(turn)
    })
  }

  return {
    send(request, id, reply) {
      const { clientMessageId } = request
      const known = sends.get(clientMessageId)
      if (known && !known.life.signal.aborted && (!known.end || isDone(known))) return follow(known, -1, id, reply)
      const turn = turnFrom(0)
      keepNewest(sends, clientMessageId, turn)
      follow(turn, -1, id, reply)
      // One after the other, until each is stored.
      submitting = submitting
        .then(() => submit(turn, request))
        .catch((error: unknown) => {
          turn.end = { error: fieldsOfError(error) }
          tell(turn)
        })
    },
    resume: (request, id, reply) => follow(answerFrom(request), numberOf(request.lastEventId), id, reply),
    hasEnded: (turnId) => isDone(turns.get(turnId)),
  }
}

const turnFrom = (first: number): Turn => ({
  ...{ events: new Map(), first, listeners: new Set() },
  life: new AbortController(),
})

const tell = (turn: Turn): void => [...turn.listeners].forEach((listen) => listen())

function put(turn: Turn, item: AdapterEvent): void {
  turn.events.set(numberOf(item.id), item)
  tell(turn)
}

const isDone = (turn?: Turn): boolean => [...(turn?.events.values() ?? [])].some(({ event }) => event.type === 'done')
