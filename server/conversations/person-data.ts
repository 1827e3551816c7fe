/** A person's data: all of it in one file, and its erasure. */
import type { Audit } from '../access/audit.ts'
import { sha256 } from '../random.ts'
import type { ConversationLog } from '../storage/log.ts'
import { parseConversationKey } from './keys.ts'
import { records } from './records.ts'
import type { OperatorRecord } from './records.ts'
import type { Wakeups } from './wakeups.ts'

/** How many records are read at a time. */
const pageSize = 200

/** Everything that is kept of a conversation, in order. */
export async function* exported(
  log: ConversationLog,
  wakeups: Wakeups,
  conversation: string,
): AsyncGenerator<OperatorRecord, void, undefined> {
  const { signal } = new AbortController()
  for (let afterId = '.', hasMore = true; hasMore;) {
    const page = await records(log, wakeups, conversation, { afterId, limit: pageSize, wait: 0, signal })
    yield* page.records
    hasMore = page.hasMore
    afterId = page.lastRecordId ?? afterId
  }
}

/**
 * Erases a conversation: records, notes, drafts, what is being written, and its place in the inbox. The proof is written
 * first, and once: should the erasure break off, the same call carries on.
 */
export async function erase(
  log: ConversationLog,
  audit: Pick<Audit, 'note'>,
  conversation: string,
  by: { id: string; name: string },
): Promise<void> {
  const { entries } = await log.before(conversation, 'public', null, 1)
  const { integrationId = '' } = parseConversationKey(conversation) ?? {}
  // The newest record stands for this life of the conversation: the same customer may come back, and be erased again.
  const once = entries[0] && `erased:${entries[0].id}`
  if (once) await audit.note(by, 'conversation-erased', await sha256(conversation), { integrationId, once })
  await log.remove(conversation)
}
