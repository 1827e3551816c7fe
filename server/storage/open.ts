/** Opens the conversation log that suits a storage. */
import type { Storage } from 'unstorage'
import type { LogOptions } from './local.ts'
import type { ConversationLog } from './log.ts'
import { openUniversalLog } from './universal.ts'

/**
 * The log for a storage, by the name of the driver mounted at its root. Closing the log leaves the storage open: whoever
 * made the storage disposes of it.
 */
export function openLog(storage: Storage, options: LogOptions = {}): Promise<ConversationLog> {
  return openUniversalLog(storage, options)
}
