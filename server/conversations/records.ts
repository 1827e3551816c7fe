/** A conversation as operators see it: messages, drafts and the ends of turns, in the order in which they came. */
import type { ConversationRecord } from '../../protocol.ts'
import type { ConversationLog, LogEntry, LogPage } from '../storage/log.ts'
import { withRatings } from './feedback.ts'
import { waitFor } from './history.ts'
import type { HistoryQuery } from './history.ts'
import { toRecord } from './values.ts'
import type { Approval, PrivateValue, PublicValue } from './values.ts'
import type { Wakeups } from './wakeups.ts'

/**
 * A record as operators see it. Private ones are `draft`, `rejection` (of `data.draftId`), `note`, `event`
 * (`data.event`, and `data.state` since), `rating` (of `data.messageId`), `satisfaction`, and `turn-end` (of an answer that came to
 * nothing). What ended an answer's writing
 * has its `turnId`; private records have it in `data`.
 */
export type OperatorRecord =
  | PublicRecord
  | { id: string; type: string; body?: string; createdAt: string; visibility: 'private'; data: Record<string, unknown> }

/** A message as operators see it. */
export interface PublicRecord extends ConversationRecord {
  visibility: 'public'
  turnId?: string
  approval?: Approval
  apology?: { draftId: string }
}

/** The answer of the operators' `records` call. */
export interface RecordsPage {
  /** Oldest first. */
  records: OperatorRecord[]
  /** Pass it on as `beforeId` to get what came before; null while there is nothing. */
  firstRecordId: string | null
  /** Pass it on as `afterId` to get what comes after; null while there is nothing. */
  lastRecordId: string | null
  /** Whether more records lie beyond this page, in the direction asked for. */
  hasMore: boolean
}

/**
 * Two lanes are read side by side, so a cursor names a place in each: `<public id>.<private id>`. An empty part is the
 * start of its lane, `*` the end; `.` alone is the start of everything.
 */
export const isRecordsCursor = (text: string): boolean =>
  /^(\*|[A-Za-z0-9_-]{0,64})\.(\*|[A-Za-z0-9_-]{0,64})$/.test(text)

/** Reads a page: after a cursor, before one, or without any the newest. Messages may be shown in another way. @throws LogError `cursor_not_found` and others */
export async function records(
  log: ConversationLog,
  wakeups: Wakeups,
  conversation: string,
  query: HistoryQuery,
  view = publicView,
): Promise<RecordsPage> {
  return query.afterId === undefined
    ? before(log, conversation, query.beforeId ?? '*.*', query.limit, view)
    : after(log, wakeups, conversation, query.afterId, query, view)
}

async function after(
  log: ConversationLog,
  wakeups: Wakeups,
  conversation: string,
  cursor: string,
  query: HistoryQuery,
  view: typeof publicView,
): Promise<RecordsPage> {
  const [open = '', closed = ''] = cursor.split('.')
  const from = async <T>(lane: 'public' | 'private', part: string): Promise<LogPage<T>> =>
    part === '*' ? { entries: [], hasMore: false } : log.after<T>(conversation, lane, part || null, query.limit)
  const read = async () => ({
    messages: await from<PublicValue>('public', open),
    others: await from<PrivateValue>('private', closed),
  })
  type Found = Awaited<ReturnType<typeof read>>
  const isNew = ({ messages, others }: Found) => messages.entries.length + others.entries.length > 0
  const { messages, others } = await waitFor(read, isNew, wakeups, conversation, query)
  const all = merged(await rated(log, conversation, messages, view), others)
  const page = all.slice(0, query.limit)
  return {
    records: page,
    firstRecordId: page.length > 0 ? place(page, 'find', open, closed) : null,
    lastRecordId: page.length > 0 ? place(page, 'findLast', open, closed) : cursor,
    hasMore: messages.hasMore || others.hasMore || page.length < all.length,
  }
}

async function before(
  log: ConversationLog,
  conversation: string,
  cursor: string,
  limit: number,
  view: typeof publicView,
): Promise<RecordsPage> {
  const [open = '', closed = ''] = cursor.split('.')
  const upTo = async <T>(lane: 'public' | 'private', part: string): Promise<LogPage<T>> =>
    part === '' ? { entries: [], hasMore: false } : log.before<T>(conversation, lane, part === '*' ? null : part, limit)
  const messages = await upTo<PublicValue>('public', open)
  const others = await upTo<PrivateValue>('private', closed)
  const all = merged(await rated(log, conversation, messages, view), others)
  const page = all.slice(-limit)
  // What was read of a lane and didn't fit lies before this page: such a lane goes on from where it was.
  const restOf = (entries: LogEntry[], part: string) => (entries.length > 0 ? part : '')
  const ends = [messages.entries.at(-1)?.id ?? '', others.entries.at(-1)?.id ?? '']
  return {
    records: page,
    firstRecordId:
      page.length > 0 ? place(page, 'find', restOf(messages.entries, open), restOf(others.entries, closed)) : null,
    lastRecordId: page.length > 0 ? ends.join('.') : null,
    hasMore: messages.hasMore || others.hasMore || page.length < all.length,
  }
}

/** The first or last record of each lane in a page, or where that lane stood before. */
function place(page: OperatorRecord[], which: 'find' | 'findLast', open: string, closed: string): string {
  const idOf = (visibility: OperatorRecord['visibility']) =>
    page[which]((record: OperatorRecord) => record.visibility === visibility)?.id
  return `${idOf('public') ?? open}.${idOf('private') ?? closed}`
}

/** Messages as they are shown, with what they are rated. */
const rated = (
  log: ConversationLog,
  conversation: string,
  { entries }: LogPage<PublicValue>,
  view: typeof publicView,
) => withRatings(log, conversation, entries, entries.map(view))

/** Times never decrease inside a conversation, over all its lanes, so they tell which came first. */
function merged(messages: PublicRecord[], others: LogPage<PrivateValue>): OperatorRecord[] {
  return [...messages, ...others.entries.map(privateView)].toSorted((a, b) =>
    a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0,
  )
}

/** A public entry as operators see it. */
export const publicView = (entry: LogEntry<PublicValue>): PublicRecord => ({
  ...toRecord(entry),
  ...(entry.value.approval && { approval: entry.value.approval }),
  ...(entry.value.apology && { apology: entry.value.apology }),
  ...(entry.value.ends && { turnId: entry.value.ends.turnId }),
  visibility: 'public',
})

/** A private entry as operators see it. */
export function privateView({ id, createdAt, value }: LogEntry<PrivateValue>): OperatorRecord {
  const { type, ...rest } = value
  const { body, ends, ratings: _ratings, ...facts } = { body: undefined, ends: undefined, ratings: undefined, ...rest }
  return {
    id,
    type,
    ...(body !== undefined && { body }),
    data: { ...ends, ...facts },
    createdAt,
    visibility: 'private',
  }
}
