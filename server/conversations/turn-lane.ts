/** A turn's lane: what it says when read, and the pen that one owner writes it with. */
import { isLogError } from '../storage/log.ts'
import type { ConversationLog, Lane, LogEntry, LogPage } from '../storage/log.ts'
import { turnKey } from './keys.ts'
import type { TurnValue } from './values.ts'

/** The lane of a turn. */
export const turnLane = (turnId: string): Lane => `turn/${turnId}`

/** What a turn's lane holds. */
export interface TurnState {
  /** Number of entries: the position the next one gets. */
  length: number
  /** The id of the newest entry; null when empty. */
  cursor: string | null
  claimed: boolean
  /** Pieces of the answer so far. */
  deltas: string[]
  stopRequested: boolean
  /** The responder has asked for a person. */
  handover: { reason?: string } | null
  delivered: boolean
}

/** A lane nobody has written to. */
export const emptyTurn = (): TurnState => ({
  length: 0,
  cursor: null,
  claimed: false,
  deltas: [],
  stopRequested: false,
  handover: null,
  delivered: false,
})

const READ_LIMIT = 500

/** Brings a state up to date with the lane, in place. Returns the deltas that were new. */
export async function advance(
  log: ConversationLog,
  conversation: string,
  turnId: string,
  state: TurnState,
): Promise<string[]> {
  const fresh: string[] = []
  for (;;) {
    const page = await readOn(log, conversation, turnId, state.cursor)
    for (const entry of page.entries) fold(state, entry, fresh)
    if (!page.hasMore) return fresh
  }
}

/** What follows in a lane. Nothing, when the lane was dropped while it was being read. */
async function readOn(
  log: ConversationLog,
  conversation: string,
  turnId: string,
  cursor: string | null,
): Promise<LogPage<TurnValue>> {
  try {
    return await log.after<TurnValue>(conversation, turnLane(turnId), cursor, READ_LIMIT)
  } catch (error) {
    if (isLogError(error, 'cursor_not_found')) return { entries: [], hasMore: false }
    throw error
  }
}

function fold(state: TurnState, { id, position, value }: LogEntry<TurnValue>, fresh: string[]): void {
  state.length = position + 1
  state.cursor = id
  if (value.type === 'claim') state.claimed = true
  if (value.type === 'stop') state.stopRequested = true
  if (value.type === 'handover') state.handover = value.reason === undefined ? {} : { reason: value.reason }
  if (value.type === 'delivered') state.delivered = true
  if (value.type === 'delta') {
    state.deltas.push(value.text)
    fresh.push(value.text)
  }
}

/** Somebody else has claimed the turn: this owner was taken for dead and must not write another word. */
export class FencedError extends Error {
  override readonly name = 'FencedError'
}

/** An erased message needs no answer. */
function fenced(error: unknown): never {
  throw isLogError(error, 'gone') ? new FencedError('The message was erased.') : error
}

/** Writes one turn's lane, entry after entry, each at the position its owner knows to be next. */
export interface TurnPen {
  /** What has been written and read so far. */
  readonly state: TurnState
  /**
   * Appends at the next position.
   * @throws FencedError when another owner has claimed the turn
   */
  write(value: TurnValue): Promise<void>
  /** Reads what others wrote, a request to stop or another owner's claim. Throws as `write` does. */
  check(): Promise<void>
  /** Whether the notice is about an entry that this pen did not write. */
  isForeign(notice: { lane: Lane; position: number } | null): boolean
}

/**
 * Claims a turn. Null when the lane has grown beyond `state` meanwhile, since somebody else was quicker, or the message was erased. May be tried again
 * with the same `state` where it failed.
 * The position is the fence: an owner that was paused and taken for dead finds it taken when it wakes up.
 */
export async function claimTurn(
  log: ConversationLog,
  conversation: string,
  turnId: string,
  owner: string,
  state: TurnState,
): Promise<TurnPen | null> {
  const lane = turnLane(turnId)
  const claim: TurnValue = { type: 'claim', owner }
  const requires = turnKey(turnId)
  const claimed = await log
    .append(conversation, lane, claim, { at: state.length, requires })
    .catch((error: unknown) => {
      if (isLogError(error, 'gone')) return null
      throw error
    })
  if (!claimed) return null
  const own = claimed.outcome === 'stored' ? claimed.entry : await unconfirmedClaim()
  if (!own) return null
  fold(state, own, [])

  /** The position of the newest entry that is this pen's own. */
  let writing = state.length - 1
  /** Where a piece may stand that was never confirmed, and whether it was met there. */
  let unconfirmed: { position: number; isThere: boolean } | null = null
  let queue: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work)
    queue = result.catch(() => {})
    return result
  }

  const readOthers = async (): Promise<void> => {
    for (;;) {
      const page = await log.after<TurnValue>(conversation, lane, state.cursor, READ_LIMIT)
      for (const entry of page.entries) {
        if (entry.value.type === 'claim') throw new FencedError('Another process has taken this turn over.')
        // Only the owner writes pieces.
        if (entry.value.type === 'delta' && entry.position === unconfirmed?.position) unconfirmed.isThere = true
        fold(state, entry, [])
      }
      if (!page.hasMore) return
    }
  }

  /** Appends at the next position, whatever others put there first; a piece that stands there already, not again. */
  const write = async (value: TurnValue): Promise<void> => {
    const isPiece = value.type === 'delta'
    for (;;) {
      // A piece is tried again until it is stored, so what is unconfirmed can only be this one.
      if (isPiece && unconfirmed?.isThere) break
      writing = state.length
      if (isPiece) unconfirmed = { position: writing, isThere: false }
      const appended = await log.append(conversation, lane, value, { at: writing, requires }).catch(fenced)
      if (appended.outcome === 'stored') {
        fold(state, appended.entry, [])
        break
      }
      await readOthers()
    }
    if (isPiece) unconfirmed = null
  }

  /** A claim of this process that was stored by an earlier try whose answer never came. */
  async function unconfirmedClaim(): Promise<LogEntry<TurnValue> | null> {
    const [entry] = (await log.after<TurnValue>(conversation, lane, state.cursor, 1)).entries
    return entry?.value.type === 'claim' && entry.value.owner === owner ? entry : null
  }

  return {
    state,
    isForeign: (notice) => notice === null || (notice.lane === lane && notice.position > writing),
    check: () => inTurn(readOthers),
    write: (value) => inTurn(() => write(value)),
  }
}
