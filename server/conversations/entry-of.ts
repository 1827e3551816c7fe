/** An entry by its id. */
import { isLogError } from '../storage/log.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'

/** The entry of a lane that has an id, which is what follows the one before it; undefined where there is none. @throws LogError */
export async function entryOf<T>(
  log: ConversationLog,
  conversation: string,
  lane: 'public' | 'private',
  id: string,
): Promise<LogEntry<T> | undefined> {
  try {
    const before = await log.before(conversation, lane, id, 1)
    const page = await log.after<T>(conversation, lane, before.entries.at(-1)?.id ?? null, 1)
    return page.entries.find((entry) => entry.id === id)
  } catch (error) {
    if (isLogError(error, 'cursor_not_found')) return undefined
    throw error
  }
}
