/** A person's data: all of it in one file, and its erasure. */
import type { ConversationFiles } from '../attachments/contract.ts'
import type { Audit } from '../access/audit.ts'
import { sha256 } from '../random.ts'
import { isLogError } from '../storage/log.ts'
import type { ConversationLog, LogEntry, ReadTo } from '../storage/log.ts'
import { parseConversationKey } from './keys.ts'
import { publicView, records } from './records.ts'
import type { OperatorRecord, PublicRecord } from './records.ts'
import type { PublicValue, TurnStart } from './values.ts'
import type { Wakeups } from './wakeups.ts'

/** How many records are read at a time. */
const pageSize = 200

/** A record of an export: with a customer's message, what came along with it. */
export type ExportedRecord = OperatorRecord & { sent?: Omit<TurnStart, 'id' | 'mode'> }

/** Everything that is kept of a conversation, in order. */
export async function* exported(
  log: ConversationLog,
  wakeups: Wakeups,
  conversation: string,
): AsyncGenerator<ExportedRecord, void, undefined> {
  const { signal } = new AbortController()
  for (let afterId = '.', hasMore = true; hasMore;) {
    const page = await records(log, wakeups, conversation, { afterId, limit: pageSize, wait: 0, signal }, whole)
    yield* page.records
    hasMore = page.hasMore
    afterId = page.lastRecordId ?? afterId
  }
}

function whole(entry: LogEntry<PublicValue>): PublicRecord & Pick<ExportedRecord, 'sent'> {
  const { id: _id, mode: _mode, ...sent } = entry.value.turn ?? { id: '', mode: 'human' }
  return { ...publicView(entry), ...(Object.keys(sent).length > 0 && { sent }) }
}

/** Where an erasure is named in the audit trail: by this life of the conversation. The same customer may come back, and be erased again. */
const proofOf = (newestId: string): string => `erased:${newestId}`

/** Up to where a conversation was read, and its files were. */
export interface ExpiringTo extends ReadTo {
  /** @default there were none */
  files?: string | null
}

/** Who erases what nobody has asked to be erased. */
const system = { id: 'system', name: 'Lumika' }

/**
 * Erases a conversation: records, files, notes, drafts, what is being written, and its place in the inbox. The proof is written
 * first, and once: should the erasure break off, the same call carries on.
 */
export async function erase(
  log: ConversationLog,
  files: ConversationFiles | null,
  audit: Pick<Audit, 'note'>,
  conversation: string,
  by: { id: string; name: string },
): Promise<void> {
  const { entries } = await log.before(conversation, 'public', null, 1)
  if (entries[0]) await prove(audit, by, 'conversation-erased', conversation, entries[0].id)
  // Files first: what is sent after them belongs to what begins anew, or to nothing, and is swept.
  await files?.erase(conversation)
  await log.remove(conversation)
}

/**
 * Erases a conversation that is too old, unless somebody has gone on with it since it was read. The proof is written when it
 * is gone, whoever has seen to that: should this break off in between, the same call writes it.
 * @returns whether it is gone
 */
export async function expire(
  log: ConversationLog,
  files: ConversationFiles | null,
  audit: Pick<Audit, 'note'>,
  conversation: string,
  readTo: ExpiringTo,
): Promise<boolean> {
  const isGone = (await log.removeIf(conversation, readTo)) || !(await isHeld(log, conversation, readTo))
  if (isGone && readTo.files) await files?.eraseUpTo(conversation, readTo.files)
  if (isGone && readTo.public) await prove(audit, system, 'conversation-expired', conversation, readTo.public)
  return isGone
}

async function prove(
  audit: Pick<Audit, 'note'>,
  by: { id: string; name: string },
  action: 'conversation-erased' | 'conversation-expired',
  conversation: string,
  newestId: string,
): Promise<void> {
  const { integrationId = '' } = parseConversationKey(conversation) ?? {}
  await audit.note(by, action, await sha256(conversation), { integrationId, once: proofOf(newestId) })
}

/** Whether a conversation still is the one that was read, and not one that began anew. */
async function isHeld(log: ConversationLog, conversation: string, readTo: ReadTo): Promise<boolean> {
  if (!readTo.public) return true
  try {
    await log.before(conversation, 'public', readTo.public, 1)
    return true
  } catch (error) {
    if (isLogError(error, 'cursor_not_found')) return false
    throw error
  }
}
