/** A person's data: all of it in one file, and its erasure. */
import { sha256 } from '../random.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'
import { parseConversationKey } from './keys.ts'
import { records } from './records.ts'
import type { OperatorRecord } from './records.ts'
import type { Wakeups } from './wakeups.ts'

/** A line of the audit trail. It names no customer and quotes nobody: it is to outlive what was erased. */
export interface AuditEntry {
  action: 'conversation-erased'
  /** The person's name. */
  by: string
  integrationId: string
  /** SHA-256 of the conversation's key, base64url: whoever knows the id can look its erasure up, and nobody else learns it. */
  conversationHash: string
}

/** The system's conversation that holds the audit trail. */
const auditTrail = '~audit'

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
export async function erase(log: ConversationLog, conversation: string, by: string): Promise<void> {
  const { entries } = await log.before(conversation, 'public', null, 1)
  const { integrationId = '' } = parseConversationKey(conversation) ?? {}
  const conversationHash = await sha256(conversation)
  const entry: AuditEntry = { action: 'conversation-erased', by, integrationId, conversationHash }
  // The newest record stands for this life of the conversation: the same customer may come back, and be erased again.
  if (entries[0]) await log.append(auditTrail, 'private', entry, { keys: [`erased:${entries[0].id}`] })
  await log.remove(conversation)
}

/** A page of the audit trail, newest first. */
export interface AuditPage {
  entries: (AuditEntry & { id: string; at: string })[]
  /** Pass it on to get the next page; null at the end. */
  cursor: string | null
}

/** Reads the audit trail. @throws LogError `cursor_not_found` and others */
export async function readAudit(log: ConversationLog, cursor: string | null, limit: number): Promise<AuditPage> {
  const page = await log.before<AuditEntry>(auditTrail, 'private', cursor, limit)
  const view = ({ id, createdAt, value }: LogEntry<AuditEntry>) => ({ id, at: createdAt, ...value })
  const entries = page.entries.map(view).toReversed()
  return { entries, cursor: page.hasMore ? (entries.at(-1)?.id ?? null) : null }
}
