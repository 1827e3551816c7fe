/** Reads conversations as clients and operators do, and says what is wrong with what it gets. */
import type { ConversationRecord, HistoryPage } from '../../protocol.ts'
import { conversationKey } from '../../server/conversations/keys.ts'
import type { OperatorRecord, RecordsPage } from '../../server/conversations/records.ts'
import { positionOf } from '../../server/storage/ids.ts'
import type { Door, Stage } from './stage.ts'

/** What one server says of one conversation. */
export interface Reading {
  records: ConversationRecord[]
  isActive: boolean
}

/** Pages forwards are small, so that there are many of them. */
const stepForward = 3

/** Everything, once backwards in large pages and once forwards in small ones. @throws Error when they differ */
export async function readHistory(base: string, { token }: Door, conversationId: string): Promise<Reading> {
  const page = async (parameters: Record<string, string>) => {
    const query = new URLSearchParams({ integrationToken: token, conversationId, ...parameters })
    const response = await fetch(`${base}/conversation/history?${query.toString()}`)
    if (response.status !== 200) throw new Error(`history: ${response.status} ${await response.text()}`)
    const found = (await response.json()) as HistoryPage
    if (found.hasMore && found.messages.length === 0) throw new Error('history: an empty page, and more behind it')
    return found
  }
  const newest = await page({ limit: '200' })
  const records = newest.messages
  for (let { hasMore } = newest; hasMore;) {
    const older = await page({ limit: '200', beforeId: records[0]?.id ?? '' })
    records.unshift(...older.messages)
    hasMore = older.hasMore
  }
  const forwards = records.slice(0, 1)
  for (let hasMore = records.length > 0; hasMore;) {
    const newer = await page({ limit: `${stepForward}`, afterId: forwards.at(-1)?.id ?? '' })
    forwards.push(...newer.messages)
    hasMore = newer.hasMore
  }
  if (JSON.stringify(forwards.slice(0, records.length)) !== JSON.stringify(records)) {
    throw new Error(`Forwards ${JSON.stringify(forwards)}, backwards ${JSON.stringify(records)}`)
  }
  return { records, isActive: newest.activeTurn !== undefined }
}

/** Everything an operator sees of a conversation; nothing while it does not exist. */
export async function readRecords(stage: Stage, base: string, door: Door, id: string): Promise<OperatorRecord[]> {
  const path = `/api/conversations/${conversationKey(door.integrationId, id)}/records`
  const records: OperatorRecord[] = []
  for (let beforeId: string | null = null, hasMore = true; hasMore;) {
    const query = new URLSearchParams({ limit: '200', ...(beforeId !== null && { beforeId }) })
    const response = await stage.operatorReads(base, `${path}?${query.toString()}`)
    if (response.status === 404) return []
    if (response.status !== 200) throw new Error(`records: ${response.status} ${await response.text()}`)
    const page = (await response.json()) as RecordsPage
    records.unshift(...page.records)
    beforeId = page.firstRecordId
    hasMore = page.hasMore && beforeId !== null
  }
  return records
}

/** What is wrong with a list of records as such: their form, their numbers, their times. */
export function flawsOf(records: readonly ConversationRecord[]): string[] {
  return records.flatMap((record, n) => {
    const { id, actor, type, body, data, createdAt } = record
    const flaws: string[] = []
    const isWellFormed =
      ['customer', 'assistant'].includes(actor) &&
      type === 'message' &&
      typeof body === 'string' &&
      body !== '' &&
      (data === undefined || (typeof data === 'object' && data !== null)) &&
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(createdAt) &&
      Object.keys(record).every((name) => ['id', 'actor', 'type', 'body', 'data', 'createdAt'].includes(name))
    if (!isWellFormed) flaws.push(`malformed: ${JSON.stringify(record)}`)
    if (positionOf(id) !== n) flaws.push(`not dense: ${id} is number ${n}`)
    const before = records[n - 1]
    if (before && before.createdAt > createdAt) flaws.push(`time runs back: ${before.createdAt}, ${createdAt}`)
    return flaws
  })
}
