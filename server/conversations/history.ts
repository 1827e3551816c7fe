/** A conversation as its customer sees it. */
import type { HistoryPage } from '../../protocol.ts'
import type { ConversationLog } from '../storage/log.ts'
import { isResolved } from './desk-state.ts'
import { withRatings } from './feedback.ts'
import { endKey } from './keys.ts'
import { toRecord } from './values.ts'
import type { PublicValue, TurnMode } from './values.ts'
import type { Wakeups } from './wakeups.ts'

/** What part of a history is asked for. */
export interface HistoryQuery {
  afterId?: string
  beforeId?: string
  limit: number
  /** Seconds to wait for something new. */
  wait: number
  /** What the reader knows of how the conversation stands. @default what it is at the beginning */
  known?: Standing
  /** The client has gone. */
  signal: AbortSignal
}

/** How a conversation stands, apart from what was said. A reader who waits is answered when it changes. */
export interface Standing {
  /** A person is typing a reply. */
  isTyping: boolean
  /** Somebody of the team has said that all of it is settled, and nothing was said since. */
  isResolved: boolean
}

/** What a history is made of. */
export interface HistoryOptions {
  log: ConversationLog
  wakeups: Wakeups
  /** The wall clock, in milliseconds. */
  now: () => number
  /** Who is typing a reply; null: nobody. @default nobody */
  typist?: (conversation: string) => string | null
}

/** No answer takes longer than this, in milliseconds: older messages need no look at their turns. */
const LONGEST_TURN_MS = 900_000

/** The customer's view. @throws LogError `cursor_not_found` and others */
export async function history(
  { log, wakeups, now, typist = () => null }: HistoryOptions,
  conversation: string,
  conversationId: string,
  query: HistoryQuery,
): Promise<HistoryPage> {
  let { known } = query
  const read = async () => {
    const page = await (query.afterId === undefined
      ? log.before<PublicValue>(conversation, 'public', query.beforeId ?? null, query.limit)
      : log.after<PublicValue>(conversation, 'public', query.afterId, query.limit))
    const standing = { isResolved: await isResolved(log, conversation), isTyping: typist(conversation) !== null }
    known ??= standing
    const isNews =
      page.entries.length > 0 || standing.isTyping !== known.isTyping || standing.isResolved !== known.isResolved
    return { page, isNews, ...standing }
  }
  const found = await waitFor(read, ({ isNews }) => isNews, wakeups, conversation, query)
  const { entries, hasMore } = found.page
  const messages = await withRatings(log, conversation, entries, entries.map(toRecord))
  const name = typist(conversation)
  // Whether a draft is being written is nothing a customer may know.
  const active = await findOpenTurn(log, conversation, ['auto'], now)
  return {
    conversationId,
    messages,
    lastMessageId: messages.at(-1)?.id ?? query.afterId ?? null,
    hasMore,
    ...(active && { activeTurn: { turnId: active.turnId, userMessageId: active.userMessageId } }),
    ...(name !== null && { typing: { name } }),
    ...(found.isResolved && { resolved: true }),
  }
}

/** An answer that is wanted or being written. */
export interface OpenTurn {
  turnId: string
  userMessageId: string
  mode: TurnMode
}

/** The answer of these modes that is being written: of the newest unanswered messages the first. */
export async function findOpenTurn(
  log: ConversationLog,
  conversation: string,
  modes: readonly TurnMode[],
  now: () => number,
): Promise<OpenTurn | undefined> {
  const { entries } = await log.before<PublicValue>(conversation, 'public', null, 20)
  let open: OpenTurn | undefined
  for (const entry of entries.toReversed()) {
    const turn = entry.value.turn
    if (now() - Date.parse(entry.createdAt) > LONGEST_TURN_MS) break
    if (!turn || !modes.includes(turn.mode)) continue
    if (await log.find(conversation, endKey(turn.id))) break
    open = { turnId: turn.id, userMessageId: entry.id, mode: turn.mode }
  }
  return open
}

/** Reads, and where there is nothing, reads again whenever something came, until the time is up. */
export async function waitFor<T>(
  read: () => T | Promise<T>,
  isNew: (found: T) => boolean,
  wakeups: Wakeups,
  conversation: string,
  { wait, signal }: Pick<HistoryQuery, 'wait' | 'signal'>,
): Promise<T> {
  if (wait === 0) return read()
  const deadline = performance.now() + wait * 1_000
  const listener = wakeups.listen(conversation)
  try {
    for (;;) {
      const found = await read()
      const left = deadline - performance.now()
      if (isNew(found) || left <= 0 || signal.aborted) return found
      await listener.next(left, signal)
    }
  } finally {
    listener.close()
  }
}
