/** What is still to be delivered to one webhook: its journals, folded into memory. */
import { isLogError } from '../storage/log.ts'
import type { LogEntry } from '../storage/log.ts'
import { daysAgo, keepDays } from './journal.ts'
import type { Journal, JournalEntry, QueuedEvent } from './journal.ts'

/** A delivery that has not come to its end. */
export interface Pending {
  event: QueuedEvent
  day: string
  /** Attempts so far, and those since it was queued, or queued again. */
  n: number
  tries: number
  /** When the next one is due, in milliseconds since 1970. */
  due: number
  /** Somebody is making the next attempt, since when, by the monotonic clock, this process knows. */
  claim: { owner: string; since: number } | null
}

/** The queue of a webhook. */
export interface Queue {
  /** In the order in which they were queued. */
  pending(): Iterable<Pending>
  /** Reads what is new: in the journal of a day, or in all. @throws LogError */
  refresh(day?: string): Promise<void>
}

/** What a queue needs. */
export interface QueueOptions {
  webhookId: string
  journal: Pick<Journal, 'after'>
  now: () => number
  monotonic: () => number
}

/** Makes the queue of a webhook; it is empty until it is refreshed. */
export function createQueue({ webhookId, journal, now, monotonic }: QueueOptions): Queue {
  const pending = new Map<string, Pending>()
  const cursors = new Map<string, string>()
  let reading: Promise<void> = Promise.resolve()

  function apply(day: string, { value }: LogEntry<JournalEntry>): void {
    if (value.type === 'event' || value.type === 'again') {
      const { event } = value
      const n = value.type === 'again' ? value.n : 0
      const due = value.type === 'again' ? Date.parse(value.at) : 0
      pending.set(event.id, { event, day, n, tries: 0, due, claim: null })
      return
    }
    const known = pending.get(value.eventId)
    if (!known) return
    if (value.type === 'claim') {
      if (value.n === known.n + 1) known.claim = { owner: value.owner, since: monotonic() }
    } else if (value.state === 'queued') {
      const due = Date.parse(value.next ?? value.at)
      pending.set(value.eventId, { ...known, n: value.n, tries: value.tries, due, claim: null })
    } else pending.delete(value.eventId)
  }

  async function read(day: string): Promise<void> {
    for (let hasMore = true; hasMore;) {
      try {
        const page = await journal.after(webhookId, day, cursors.get(day) ?? null)
        for (const entry of page.entries) {
          apply(day, entry)
          cursors.set(day, entry.id)
        }
        hasMore = page.hasMore && page.entries.length > 0
      } catch (error) {
        // The storage was restored from an older copy.
        if (!isLogError(error, 'cursor_not_found')) throw error
        for (const [id, one] of pending) if (one.day === day) pending.delete(id)
        cursors.delete(day)
      }
    }
  }

  async function readAll(): Promise<void> {
    const days = daysAgo(now(), keepDays, -1)
    for (const day of cursors.keys()) if (!days.includes(day)) cursors.delete(day)
    for (const [id, { day }] of pending) if (!days.includes(day)) pending.delete(id)
    for (const day of days) await read(day)
  }

  return {
    pending: () => pending.values(),
    refresh(day) {
      const own = reading.catch(() => {}).then(() => (day === undefined ? readAll() : read(day)))
      reading = own
      return own
    },
  }
}
