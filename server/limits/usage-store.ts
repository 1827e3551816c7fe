/**
 * Counts of days, as they are stored. A day that is under way is the newest entry of a conversation of its own. A month is a
 * lane with two entries for each of its days: that the day was begun, and once it is over, what it came to. So whatever is
 * asked for takes a page a month and one entry for each day that is not closed, however much was counted. The months of an
 * integration are listed in a lane of their own, so that they are found when they are to be dropped.
 */
import type { ConversationLog, LogPage } from '../storage/log.ts'
import { changeNewest, readNewest } from '../storage/newest.ts'

/** What is counted of an integration. */
export interface UsageCounts {
  /** Messages of customers that were stored; a retry is none. */
  messages: number
  /** Answers that the responder gave in full, drafts among them. */
  answers: number
  /** Times the responder was asked. */
  calls: number
  /** Times it failed: no answer, none in time, or one that broke off. */
  failures: number
  /** Answers that a customer found good, and bad; who changes their mind is counted again. */
  thumbsUp: number
  thumbsDown: number
  /** Conversations that a customer has scored, and the sum of the scores, 1 to 5 each. */
  scores: number
  scoreSum: number
}

/** A day from midnight UTC, `2026-11-21`. */
export type Day = string

/** Days that are kept. */
export const keptDays = 400

const dayMs = 86_400_000
/** Entries read at once: more than a month has. */
const pageSize = 100
const lane = 'private'

type MonthEntry = { day: Day; counts?: UsageCounts }
type ListEntry = { month: string; isDropped?: true }

export const noUsage: Readonly<UsageCounts> = {
  ...{ messages: 0, answers: 0, calls: 0, failures: 0 },
  ...{ thumbsUp: 0, thumbsDown: 0, scores: 0, scoreSum: 0 },
}

/** Adds up. What an earlier version has stored counts less than everything. */
function sumOf(a: Partial<UsageCounts>, b: UsageCounts): UsageCounts {
  const sum = { ...noUsage, ...a }
  for (const name of Object.keys(noUsage) as (keyof UsageCounts)[]) sum[name] += b[name]
  return sum
}

/** The day of a moment, in milliseconds since 1970. */
export const dayOf = (ms: number): Day => new Date(ms).toISOString().slice(0, 10)

/** The last days up to a moment, oldest first. */
export const lastDays = (now: number, count: number): Day[] =>
  Array.from({ length: count }, (_, i) => dayOf(now - (count - 1 - i) * dayMs))

/** The store of a log. All throw LogError where storage is away. */
export interface UsageStore {
  /** Adds to a day. @param once names the addition: made again, it counts once */
  add(integrationId: string, day: Day, counts: UsageCounts, once: string): Promise<void>
  /** What is stored of these days; a day without an entry is left out. */
  read(integrationId: string, days: readonly Day[]): Promise<Map<Day, UsageCounts>>
  /** Notes down that a day is begun, closes those that are over, and drops what is too old. Before anything is added to it. */
  begin(integrationId: string, day: Day, now: number): Promise<void>
  /** Drops what is too old of an integration that counts nothing. */
  sweep(integrationId: string, now: number): Promise<void>
  /** Forgets an integration. */
  drop(integrationId: string): Promise<void>
}

/** Makes the store of a log. */
export function createUsageStore(log: ConversationLog): UsageStore {
  const dayName = (id: string, day: Day) => `~usage.${id}.${day}`
  const monthName = (id: string, month: string) => `~usage.${id}.${month}`
  const listName = (id: string) => `~usage.${id}`

  /** The days of a month: what each came to; null for those that are not closed. */
  async function daysIn(id: string, month: string): Promise<Map<Day, UsageCounts | null>> {
    const page = await log.before<MonthEntry>(monthName(id, month), lane, null, pageSize)
    const days = new Map<Day, UsageCounts | null>()
    for (const { value } of page.entries) days.set(value.day, value.counts ?? days.get(value.day) ?? null)
    return days
  }

  async function close(id: string, day: Day): Promise<void> {
    const counts = (await readNewest<UsageCounts>(log, dayName(id, day))) ?? noUsage
    await log.append<MonthEntry>(monthName(id, monthOf(day)), lane, { day, counts }, { keys: [`closed:${day}`] })
    await log.remove(dayName(id, day))
  }

  /** The months that are kept of an integration. */
  async function monthsOf(id: string): Promise<Set<string>> {
    const months = new Set<string>()
    for (let cursor: string | null = null, hasMore = true; hasMore;) {
      const page: LogPage<ListEntry> = await log.after<ListEntry>(listName(id), lane, cursor, pageSize)
      for (const { value } of page.entries) {
        if (value.isDropped) months.delete(value.month)
        else months.add(value.month)
      }
      cursor = page.entries.at(-1)?.id ?? null
      hasMore = page.hasMore && cursor !== null
    }
    return months
  }

  async function dropMonth(id: string, month: string): Promise<void> {
    for (const [day, counts] of await daysIn(id, month)) if (!counts) await log.remove(dayName(id, day))
    await log.remove(monthName(id, month))
  }

  async function sweep(id: string, now: number): Promise<void> {
    const oldest = monthOf(dayOf(now - keptDays * dayMs))
    for (const month of await monthsOf(id)) {
      if (month >= oldest) continue
      await dropMonth(id, month)
      await log.append<ListEntry>(listName(id), lane, { month, isDropped: true }, { keys: [`dropped:${month}`] })
    }
  }

  return {
    add: (id, day, counts, once) =>
      changeNewest<UsageCounts>(log, dayName(id, day), (before) => sumOf(before ?? noUsage, counts), once),

    async read(id, days) {
      const found = new Map<Day, UsageCounts>()
      const wanted = new Set(days)
      for (const month of new Set(days.map(monthOf))) {
        for (const [day, closed] of await daysIn(id, month)) {
          if (!wanted.has(day)) continue
          const counts = closed ?? (await readNewest<UsageCounts>(log, dayName(id, day)))
          if (counts) found.set(day, counts)
        }
      }
      return found
    },

    async begin(id, day, now) {
      const own = monthOf(day)
      await log.append<ListEntry>(listName(id), lane, { month: own }, { keys: [`begun:${own}`] })
      await log.append<MonthEntry>(monthName(id, own), lane, { day }, { keys: [`begun:${day}`] })
      // Other processes may still add to yesterday.
      const yesterday = dayOf(now - dayMs)
      const month = monthOf(dayOf(now))
      for (const each of [month, monthsBefore(month, 1)]) {
        for (const [past, counts] of await daysIn(id, each)) if (!counts && past < yesterday) await close(id, past)
      }
      await sweep(id, now)
    },

    sweep,

    async drop(id) {
      for (const month of await monthsOf(id)) await dropMonth(id, month)
      // Last: should it break off, the months are found again.
      await log.remove(listName(id))
    },
  }
}

const monthOf = (day: Day): string => day.slice(0, 7)

function monthsBefore(month: string, count: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number - 1 - count, 1)).toISOString().slice(0, 7)
}
