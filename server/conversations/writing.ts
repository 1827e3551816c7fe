/** What is being written in a conversation, for the people behind the chat: drafts and answers as they grow. Nothing is stored. */
import { limits } from '../../protocol.ts'
import type { ConversationLog } from '../storage/log.ts'
import { isLogError } from '../storage/log.ts'
import { findOpenTurn } from './history.ts'
import type { OpenTurn } from './history.ts'
import { endKey, turnKey } from './keys.ts'
import { read } from './patience.ts'
import { advance, emptyTurn } from './turn-lane.ts'
import type { TurnMode } from './values.ts'
import type { Wakeups } from './wakeups.ts'

/** What happens to answers while they are written. */
export type WritingEvent =
  /** From here on nothing is missed. */
  | { type: 'ready' }
  /** An answer is wanted or being written. What is told of it begins at its beginning, to whoever comes late, too. */
  | { type: 'turn'; turnId: string; userMessageId: string; mode: WrittenMode }
  /** What was added to it. */
  | { type: 'delta'; turnId: string; text: string }
  /** It has ended. What it came to stands in the records. */
  | { type: 'end'; turnId: string }

/** `approval`: it becomes a draft, which no customer sees before a person's word. */
export type WrittenMode = Exclude<TurnMode, 'human'>

/** Whose writing, for whom. */
export interface WritingOptions {
  log: ConversationLog
  wakeups: Wakeups
  conversation: string
  /** The reader has gone, or has to go. */
  signal: AbortSignal
  /** Whether the reader may stay. Asked every `keepAliveMs`, however much there is to say. */
  isAllowed: () => Promise<boolean>
  /** Whether this process writes no answers any more: readers are then left to others. */
  isEnding: () => boolean
  /** The wall clock, in milliseconds. */
  now: () => number
  /** A clock that is never set back, in milliseconds. */
  monotonic: () => number
  /** Longest silence, in milliseconds. @default a second less than clients are promised */
  keepAliveMs?: number
}

/**
 * Tells of one answer after another until the reader goes; null: nothing for a while. A slow reader gets what came
 * meanwhile in one piece: nothing is kept for it, since everything is read from the turn's lane. Ends where storage fails:
 * whoever comes again is told all of the answer again.
 */
export async function* followWriting(options: WritingOptions): AsyncGenerator<WritingEvent | null, void, undefined> {
  const listener = options.wakeups.listen(options.conversation)
  try {
    yield { type: 'ready' }
    yield* events(options, listener)
  } catch (error) {
    if (!isLogError(error)) throw error
  } finally {
    listener.close()
  }
}

async function* events(
  options: WritingOptions,
  listener: ReturnType<Wakeups['listen']>,
): AsyncGenerator<WritingEvent | null, void, undefined> {
  const { log, conversation, signal, monotonic, keepAliveMs = limits.keepAliveMs - 1_000 } = options
  let turnId: string | null = null
  let state = emptyTurn()
  let hasNews = true
  let lastSign = monotonic()
  let lastCheck = lastSign
  while (!signal.aborted && !options.isEnding()) {
    const found: OpenTurn | undefined =
      hasNews && turnId === null ? await read(() => findOpenTurn(log, conversation, modes, options.now)) : undefined
    if (found) {
      turnId = found.turnId
      state = emptyTurn()
      lastSign = monotonic()
      yield { type: 'turn', ...found, mode: found.mode as WrittenMode }
    }
    if (turnId !== null) {
      const current: string = turnId
      // Looked for before the rest is read, so that nothing is missing before the end.
      const isLast = hasNews && (await read(() => isOver(log, conversation, current)))
      const text = (await read(() => advance(log, conversation, current, state))).join('')
      // What was told need not be kept.
      state.deltas = []
      if (text || isLast) lastSign = monotonic()
      if (text) yield { type: 'delta', turnId, text }
      if (isLast) {
        yield { type: 'end', turnId }
        turnId = null
        // The next one may be waiting.
        continue
      }
    }
    hasNews = await listener.next(Math.max(Math.min(lastSign, lastCheck) + keepAliveMs - monotonic(), 0), signal)
    if (monotonic() - lastCheck >= keepAliveMs) {
      lastCheck = monotonic()
      if (!(await options.isAllowed())) return
    }
    if (monotonic() - lastSign >= keepAliveMs) {
      hasNews = true
      lastSign = monotonic()
      yield null
    }
  }
}

const modes: readonly TurnMode[] = ['auto', 'approval']

/** Whether an answer has ended, or was erased with its message. */
async function isOver(log: ConversationLog, conversation: string, turnId: string): Promise<boolean> {
  if (await log.find(conversation, endKey(turnId))) return true
  return (await log.find(conversation, turnKey(turnId))) === null
}
