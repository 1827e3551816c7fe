/** A turn as a stream of events, read from what is stored: any process can serve it, again and from any event on. */
import { limits } from '../../protocol.ts'
import type { StreamEvent } from '../../protocol.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'
import { isLogError } from '../storage/log.ts'
import { endKey, turnKey } from './keys.ts'
import { read } from './patience.ts'
import { advance, emptyTurn, turnLane } from './turn-lane.ts'
import type { TurnRef } from './turns.ts'
import { toRecord, turnEnd } from './values.ts'
import type { PrivateValue, PublicValue, TurnEnd } from './values.ts'
import type { Wakeups } from './wakeups.ts'

/** An event and its number; null: nothing new for a while, send a sign of life. */
export type StreamItem = { n: number; event: StreamEvent } | null

/** Which stream, for whom. */
export interface FollowOptions {
  log: ConversationLog
  wakeups: Wakeups
  conversation: string
  conversationId: string
  /** The customer's message that opened the turn. */
  message: LogEntry<PublicValue>
  /** Number of the first event wanted. */
  from: number
  /** What `ack` says about this request. */
  replayed: boolean
  /** The client has gone. */
  signal: AbortSignal
  /** Whether the caller's token still holds. Asked every `keepAliveMs`, however much there is to say. */
  isAllowed: () => Promise<boolean>
  /** Whether this process writes no answers any more: a stream without an end is then left for others to go on with. */
  isEnding: () => boolean
  /** Has a turn's lane dropped when nobody needs it any more. */
  dropLater: (turn: TurnRef) => void
  /** A clock that is never set back, in milliseconds. */
  monotonic: () => number
  /** Longest silence, in milliseconds. @default a second less than clients are promised */
  keepAliveMs?: number
}

type Ending = { end: TurnEnd; answer: LogEntry<PublicValue> | null }

/** Yields the events of a turn from `from` on, until `done`. */
export async function* follow(options: FollowOptions): AsyncGenerator<StreamItem, void, undefined> {
  let last = options.from - 1
  try {
    for await (const item of events(options)) {
      if (item) last = item.n
      yield item
    }
  } catch (error) {
    if (!isLogError(error)) throw error
    // Under the id of the last event that was real, so that a reconnect takes the stream up where it broke off.
    yield {
      n: Math.max(last, 0),
      event: failure('storage_unavailable', 'The answer could not be read. Try again in a moment.'),
    }
    yield { n: Math.max(last, 0), event: { type: 'done', lastMessageId: options.message.id } }
  }
}

async function* events(options: FollowOptions): AsyncGenerator<StreamItem, void, undefined> {
  const { message, from } = options
  const turn = message.value.turn
  if (!turn) return
  if (from <= 0) {
    const { conversationId, replayed } = options
    yield { n: 0, event: { type: 'ack', conversationId, userMessageId: message.id, turnId: turn.id, replayed } }
  } else {
    // Headers travel with the first bytes, and there may be nothing to say for a while.
    yield null
  }
  if (turn.mode === 'auto') return yield* answer(options, turn.id)
  const waiting: StreamEvent[] = [
    { type: 'pending', reason: turn.mode },
    { type: 'done', lastMessageId: message.id },
  ]
  yield* numbered(waiting, 1, from, () => deliver(options, turn.id))
}

async function* answer(options: FollowOptions, turnId: string): AsyncGenerator<StreamItem, void, undefined> {
  const { log, conversation, signal, monotonic, keepAliveMs = limits.keepAliveMs - 1_000 } = options
  const listener = options.wakeups.listen(conversation)
  const state = emptyTurn()
  let n = Math.max(options.from, 1)
  let lookForEnd = true
  let hasWaited = false
  let lastSign = monotonic()
  let lastCheck = lastSign
  const isRevoked = async (): Promise<boolean> => {
    if (monotonic() - lastCheck < keepAliveMs) return false
    lastCheck = monotonic()
    return !(await options.isAllowed())
  }
  const breakOff = (failure: NonNullable<TurnEnd['failure']>) => {
    const ending = { end: { turnId, deltas: n - 1, failure }, answer: null }
    return numbered(closingEvents(options.message, ending), n, n, async () => {})
  }
  try {
    while (!signal.aborted) {
      const ending = lookForEnd ? await read(() => findEnding(log, conversation, turnId)) : null
      await read(() => advance(log, conversation, turnId, state))
      if (ending && state.deltas.length < ending.end.deltas) {
        // The pieces were dropped. Whoever had some of them gets the record next, which has it all.
        if (n > 1) n = Math.max(n, ending.end.deltas + 1)
        else state.deltas = respread(ending)
      }
      for (; n <= state.deltas.length; n++) {
        if (await isRevoked()) return yield* breakOff(revoked)
        lastSign = monotonic()
        yield { n, event: { type: 'delta', text: state.deltas[n - 1] as string } }
      }
      if (ending) {
        // Storage that was rolled back may have lost pieces that this reader has got.
        const first = Math.max(ending.end.deltas, state.deltas.length) + 1
        return yield* numbered(closingEvents(options.message, ending), first, n, () =>
          // With its pieces the turn's lane has gone: it is too old to be mistaken for anything.
          state.length > 0 ? deliver(options, turnId) : Promise.resolve(),
        )
      }
      if (lookForEnd && options.isEnding()) return
      // Erased, or lost by a storage that was rolled back: nobody is going to answer it.
      if (lookForEnd && hasWaited && !(await read(() => log.find(conversation, turnKey(turnId))))) {
        return yield* breakOff(lost)
      }
      hasWaited = true
      lookForEnd = await listener.next(Math.max(Math.min(lastSign, lastCheck) + keepAliveMs - monotonic(), 0), signal)
      if (await isRevoked()) return yield* breakOff(revoked)
      if (monotonic() - lastSign >= keepAliveMs) {
        lookForEnd = true
        lastSign = monotonic()
        yield null
      }
    }
  } finally {
    listener.close()
  }
}

const revoked = {
  code: 'token_revoked' as const,
  message: 'This chat was disconnected by the site.',
  retryable: false,
}

const lost = {
  code: 'responder_interrupted' as const,
  message: 'The message is not there any more.',
  retryable: true,
}

async function findEnding(log: ConversationLog, conversation: string, turnId: string): Promise<Ending | null> {
  const found = await log.find<PublicValue | PrivateValue>(conversation, endKey(turnId))
  if (!found) return null
  const answer = found.lane === 'public' ? (found.entry as LogEntry<PublicValue>) : null
  return { end: turnEnd(found.entry), answer }
}

/** The events after the last delta. */
function closingEvents(message: LogEntry<PublicValue>, { end, answer }: Ending): StreamEvent[] {
  // With something in between, the answer's id as a cursor would skip it: the reader is to poll from its own message.
  const lastMessageId = answer?.position === message.position + 1 ? answer.id : message.id
  return [
    ...(answer ? [{ type: 'message', message: toRecord(answer) } as const] : []),
    ...(end.pending ? [{ type: 'pending', reason: end.pending } as const] : []),
    ...(end.failure ? [{ type: 'failure', ...end.failure } as const] : []),
    { type: 'done', lastMessageId, ...(end.stopped && { stopped: true }) },
  ]
}

/** How many events a turn has, when that is settled; null while its answer is being written. */
export async function eventCount(
  log: ConversationLog,
  conversation: string,
  message: LogEntry<PublicValue>,
): Promise<number | null> {
  const turn = message.value.turn
  if (!turn || turn.mode !== 'auto') return 3
  const ending = await findEnding(log, conversation, turn.id)
  return ending && 1 + ending.end.deltas + closingEvents(message, ending).length
}

async function* numbered(
  list: StreamEvent[],
  first: number,
  from: number,
  beforeDone: () => Promise<void>,
): AsyncGenerator<StreamItem, void, undefined> {
  for (const [index, event] of list.entries()) {
    if (first + index < from) continue
    if (event.type === 'done') await beforeDone()
    yield { n: first + index, event }
  }
}

/**
 * The pieces are dropped some time after the end. A replay from the start still has to give the same number of deltas
 * and the same text, so the text is spread over them anew.
 */
function respread({ end, answer }: Ending): string[] {
  const text = answer?.value.body ?? ''
  return Array.from({ length: end.deltas }, (_, i) => (i < end.deltas - 1 ? text.charAt(i) : text.slice(i)))
}

/**
 * Notes that `done` is on its way to a client. Only for messages without an idempotency key: it decides whether the
 * same text is a retry or a second "yes". The stream is pulled, so a client that has gone doesn't get this far.
 */
async function deliver(options: FollowOptions, turnId: string): Promise<void> {
  const { log, conversation, message, signal } = options
  const isKeyless = message.keys.some((key) => key.startsWith('same:'))
  if (!isKeyless || signal.aborted) return
  const requires = turnKey(turnId)
  await log.append(conversation, turnLane(turnId), { type: 'delivered' }, { requires }).catch((error: unknown) => {
    if (!isLogError(error, 'gone')) throw error
  })
  options.dropLater({ conversation, turnId })
}

const failure = (code: 'storage_unavailable', message: string): StreamEvent => ({
  type: 'failure',
  code,
  message,
  retryable: true,
})
