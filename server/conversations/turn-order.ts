/** One answer at a time: a turn begins when the one before it in its conversation has ended. */
import type { ConversationLog, LogEntry } from '../storage/log.ts'
import { endKey } from './keys.ts'
import type { PublicValue } from './values.ts'
import type { Wakeups } from './wakeups.ts'

/** What waiting takes. */
export interface OrderOptions {
  log: ConversationLog
  wakeups: Wakeups
  /** The process takes no new turns. */
  isClosing: () => boolean
}

/** No turn is open for so long: what people said among themselves before it need not be read through. */
const OLDEST_OPEN_TURN_MS = 86_400_000

/** Whether the turn before this one has ended, after waiting for it. False when there is no time left to wait. */
export async function previousHasEnded(
  { log, wakeups, isClosing }: OrderOptions,
  conversation: string,
  message: LogEntry<PublicValue>,
  signal: AbortSignal,
): Promise<boolean> {
  const previous = await previousTurn(log, conversation, message)
  if (!previous) return true
  const listener = wakeups.listen(conversation)
  try {
    while (!isClosing() && !signal.aborted) {
      if (await log.find(conversation, endKey(previous))) return true
      await listener.next(2_000, signal)
    }
    return false
  } finally {
    listener.close()
  }
}

async function previousTurn(
  log: ConversationLog,
  conversation: string,
  message: LogEntry<PublicValue>,
): Promise<string | null> {
  for (let cursor: string | undefined = message.id; cursor;) {
    const page: { entries: LogEntry<PublicValue>[]; hasMore: boolean } = await log.before<PublicValue>(
      conversation,
      'public',
      cursor,
      20,
    )
    const found = page.entries.findLast(({ value }) => value.turn && value.turn.mode !== 'human')
    if (found?.value.turn) return found.value.turn.id
    const oldest = page.entries[0]
    const isOld = oldest && Date.parse(message.createdAt) - Date.parse(oldest.createdAt) > OLDEST_OPEN_TURN_MS
    cursor = page.hasMore && !isOld ? oldest?.id : undefined
  }
  return null
}
