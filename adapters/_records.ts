/** Records kept in the page or by the browser, and pages of them. */
import { limits } from '../protocol.ts'
import type { ConversationRecord, HistoryPage } from '../protocol.ts'
import { AdapterError } from './adapter.ts'
import type { HistoryRequest } from './adapter.ts'

/** Where the records of conversations are kept. Pages that share one see the same conversations. */
export interface RecordStore {
  /** All records of a conversation, oldest first; none of one that nobody has used. */
  read(conversationId: string): ConversationRecord[] | Promise<ConversationRecord[]>
  /** Adds a record at the end, in one step: another tab may be writing, too. */
  append(conversationId: string, record: ConversationRecord): void | Promise<void>
}

/** Forgets everything with the page. */
export function createMemoryRecords(): RecordStore {
  const conversations = new Map<string, ConversationRecord[]>()
  const read = (id: string): ConversationRecord[] => conversations.get(id) ?? []
  return { read, append: (id, record) => void conversations.set(id, [...read(id), record]) }
}

/**
 * Keeps conversations in the browser's `localStorage`, one entry each; where that is blocked, as long as the page lives.
 * Security: any script of the same origin can read them, and so can whoever uses the same browser after the visitor.
 * @param prefix what the names of the entries begin with
 */
export function createLocalStorageStore(prefix = 'lumika:'): RecordStore {
  let storage: Storage
  try {
    // Merely naming it throws where the browser blocks it.
    storage = globalThis.localStorage
    storage.getItem(prefix)
  } catch {
    return createMemoryRecords()
  }
  const read = (id: string): ConversationRecord[] => recordsIn(storage.getItem(prefix + id))
  return { read, append: (id, record) => storage.setItem(prefix + id, JSON.stringify([...read(id), record])) }
}

/** The page of some records that a request asks for. @throws AdapterError `cursor_not_found` */
export function pageOf(all: ConversationRecord[], request: HistoryRequest): Omit<HistoryPage, 'activeTurn'> {
  const { conversationId, afterId, beforeId, limit = limits.historyDefault } = request
  const count = Math.min(limit, limits.historyMax)
  const to = beforeId === undefined ? all.length : positionOf(all, beforeId)
  const from = afterId === undefined ? Math.max(0, to - count) : positionOf(all, afterId) + 1
  const messages = all.slice(from, Math.min(to, from + count))
  return {
    conversationId,
    messages,
    lastMessageId: messages.at(-1)?.id ?? afterId ?? null,
    hasMore: afterId === undefined ? from > 0 : from + count < to,
  }
}

function positionOf(records: ConversationRecord[], cursor: string): number {
  const index = records.findIndex(({ id }) => id === cursor)
  if (index < 0) throw new AdapterError('cursor_not_found', 'Read the history from the start.', { status: 404 })
  return index
}

/** What is stored may be somebody else's, or of another version: each entry counts only if it is a record. */
function recordsIn(json: string | null): ConversationRecord[] {
  try {
    const value: unknown = JSON.parse(json ?? '[]')
    return Array.isArray(value) ? value.filter(isRecord) : []
  } catch {
    return []
  }
}

function isRecord(value: unknown): value is ConversationRecord {
  const { id, actor, type, body, createdAt, data = {} } = (value ?? {}) as Record<string, unknown>
  const isText = [id, type, body, createdAt].every((each) => typeof each === 'string')
  return isText && (actor === 'customer' || actor === 'assistant') && typeof data === 'object' && data !== null
}
