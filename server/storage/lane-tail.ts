/** The newest entries of a lane in memory, and the pages that can be answered from them alone. */
import { cursorNotFound } from './entry.ts'
import { positionOf } from './ids.ts'
import type { LogEntry, LogPage } from './log.ts'

export interface LaneTail {
  /** How many entries the lane holds. */
  length: number
  /** The newest ones without a gap, up to the end of the lane. */
  entries: LogEntry[]
}

/** Entries a lane keeps in memory at most; once there are more, the older half goes. */
const maxEntries = 256

/** Adds the newest entry. Returns the entries that had to go. */
export function pushEntry(tail: LaneTail, entry: LogEntry): LogEntry[] {
  tail.entries.push(entry)
  tail.length = entry.position + 1
  return tail.entries.length > maxEntries ? tail.entries.splice(0, maxEntries / 2) : []
}

/** The page after a cursor, or null when older entries are needed. */
export function tailAfter(tail: LaneTail, cursor: string | null, limit: number): LogPage | null {
  const start = tail.length - tail.entries.length
  const from = cursor === null ? 0 : positionIn(tail, cursor) + 1
  if (cursor === null ? start > 0 : from <= start) return null
  if (cursor !== null && tail.entries[from - 1 - start]?.id !== cursor) throw cursorNotFound()
  const entries = tail.entries.slice(from - start, from - start + limit)
  return { entries, hasMore: from + entries.length < tail.length }
}

/** The page before a cursor, or null when older entries are needed. */
export function tailBefore(tail: LaneTail, cursor: string | null, limit: number): LogPage | null {
  const start = tail.length - tail.entries.length
  const to = cursor === null ? tail.length : positionIn(tail, cursor)
  const from = Math.max(0, to - limit)
  if (from < start || to < start) return null
  if (cursor !== null && tail.entries[to - start]?.id !== cursor) throw cursorNotFound()
  return { entries: tail.entries.slice(from - start, to - start), hasMore: from > 0 }
}

/** The position a cursor claims in this lane. */
export function positionIn(tail: LaneTail, cursor: string): number {
  const position = positionOf(cursor)
  if (position < 0 || position >= tail.length) throw cursorNotFound()
  return position
}
