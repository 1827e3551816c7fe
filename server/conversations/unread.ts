/** How far the team has read a conversation. There is one mark for all of the team: what one has read is nobody's to do. */
import { HttpError } from '../errors.ts'
import { isLogError } from '../storage/log.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'
import { entryOf } from './entry-of.ts'
import type { PublicValue } from './values.ts'

/** Messages looked at for the count. Beyond it a number says no more than "many". */
export const unreadMost = 100

/**
 * Counts the customer's messages after the mark, among the newest `unreadMost` messages.
 * @param newest the newest messages, oldest first; more are read where these are all unread
 */
export async function countUnread(
  log: ConversationLog,
  conversation: string,
  readTo: number | null,
  newest: LogEntry<PublicValue>[],
): Promise<number> {
  const mark = readTo ?? -1
  const [oldest] = newest
  const isAll = !oldest || oldest.position <= mark + 1
  const limit = unreadMost - newest.length
  const more = isAll ? [] : (await log.before<PublicValue>(conversation, 'public', oldest.id, limit)).entries
  const isUnread = ({ position, value }: LogEntry<PublicValue>) => position > mark && value.actor === 'customer'
  return [...more, ...newest].filter(isUnread).length
}

/**
 * The position of the newest message that somebody has seen who has seen a record; null for none.
 * @param newest the newest messages, oldest first
 * @throws HttpError 404 `not_found`
 */
export async function positionUpTo(
  log: ConversationLog,
  conversation: string,
  id: string,
  newest: LogEntry<PublicValue>[],
): Promise<number | null> {
  const position = await publicPosition(log, conversation, id)
  if (position !== null) return position
  const entry = await entryOf(log, conversation, 'private', id)
  if (!entry) throw new HttpError(404, 'not_found', 'There is no such record in this conversation.')
  return newest.findLast(({ createdAt }) => createdAt <= entry.createdAt)?.position ?? null
}

/** The position of a message: one more than that of the one before it. */
async function publicPosition(log: ConversationLog, conversation: string, id: string): Promise<number | null> {
  try {
    const { entries } = await log.before(conversation, 'public', id, 1)
    return (entries[0]?.position ?? -1) + 1
  } catch (error) {
    if (isLogError(error, 'cursor_not_found')) return null
    throw error
  }
}
