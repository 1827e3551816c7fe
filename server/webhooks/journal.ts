/**
 * What is kept of deliveries: a journal for each webhook and day, the day of the record. So an event stands in one journal
 * whoever queues it, and a day that is over goes as a whole.
 */
import type { Appended, ConversationLog, LogEntry } from '../storage/log.ts'
import type { Happening } from './events.ts'

/** An event on its way. */
export interface QueuedEvent extends Happening {
  id: string
}

/** How a delivery stands. */
export type DeliveryState = 'queued' | 'delivered' | 'failed'

/** What an attempt came to. */
export interface Attempt {
  type: 'attempt'
  eventId: string
  /** 1, 2, 3 …, dense. */
  n: number
  /** Attempts since the event was queued, or queued again. */
  tries: number
  /** When it began, RFC 3339. */
  at: string
  durationMs: number
  status?: number
  error?: AttemptError
  state: DeliveryState
  /** When the next one is due, RFC 3339; of a delivery that is queued. */
  next?: string
}

/** Why there was no answer. */
export type AttemptError =
  'timeout' | 'connection_failed' | 'private_address' | 'unknown_host' | 'record_erased' | 'interrupted'

/** An entry of a journal. */
export type JournalEntry =
  | { type: 'event'; event: QueuedEvent }
  /** Attempt `n` is being made by `owner`. Without an outcome after a lease it came to nothing. */
  | { type: 'claim'; eventId: string; n: number; owner: string }
  | Attempt
  /** Somebody wants it sent again. Stands in the place of an attempt. */
  | { type: 'again'; event: QueuedEvent; n: number; at: string }

/** Days after which nothing is queued any more, and after which a journal is dropped. */
export const queueDays = 7
export const keepDays = 9
const dayMs = 86_400_000

/** How the names of all journals begin. */
const prefix = '~webhook.'
const lane = 'private'

/** The day of a moment: `20261121`. */
export const dayOf = (at: string | number): string => new Date(at).toISOString().slice(0, 10).replaceAll('-', '')

/** The days from `first` to `last` days ago, oldest first. */
export const daysAgo = (now: number, first: number, last: number): string[] =>
  Array.from({ length: first - last + 1 }, (_, i) => dayOf(now - (first - i) * dayMs))

/** The webhook and the day of a journal; null when the conversation is none. */
export function parseJournal(conversation: string): { webhookId: string; day: string } | null {
  const match = /^~webhook\.(wh_[a-z0-9]{16})\.(\d{8})$/.exec(conversation)
  return match && { webhookId: match[1] as string, day: match[2] as string }
}

/** The journals of a log. All throw LogError where storage is away. */
export interface Journal {
  /** Queues an event, once. */
  queue(webhookId: string, event: QueuedEvent): Promise<void>
  isQueued(webhookId: string, event: QueuedEvent): Promise<boolean>
  /** Takes an attempt for oneself. Whether it is. */
  claim(webhookId: string, event: QueuedEvent, n: number, owner: string): Promise<boolean>
  /** Writes down what came of an attempt, or in its place that there is to be another, once. */
  settle(webhookId: string, event: QueuedEvent, outcome: JournalEntry & { n: number }): Promise<void>
  /** An event by its id. */
  find(webhookId: string, eventId: string): Promise<QueuedEvent | null>
  /** What became of an event, in order. */
  historyOf(webhookId: string, event: QueuedEvent): Promise<JournalEntry[]>
  /** The entries of a day after a cursor. @throws LogError `cursor_not_found` and others */
  after(webhookId: string, day: string, cursor: string | null): Promise<Page>
  before(webhookId: string, day: string, cursor: string | null): Promise<Page>
  drop(webhookId: string, days: string[]): Promise<void>
}

type Page = { entries: LogEntry<JournalEntry>[]; hasMore: boolean }

/** Makes the journals of a log. @param now milliseconds since 1970 */
export function createJournal(log: ConversationLog, now: () => number): Journal {
  const nameOf = (webhookId: string, day: string) => `${prefix}${webhookId}.${day}`
  const write = (webhookId: string, { at }: QueuedEvent, key: string, entry: JournalEntry) =>
    log.append<JournalEntry>(nameOf(webhookId, dayOf(at)), lane, entry, { keys: [key] })
  const find = async (webhookId: string, day: string, key: string) =>
    (await log.find<JournalEntry>(nameOf(webhookId, day), key))?.entry.value ?? null

  return {
    queue: async (webhookId, event) =>
      void (await write(webhookId, event, `event:${event.id}`, { type: 'event', event })),
    isQueued: async (webhookId, event) => (await find(webhookId, dayOf(event.at), `event:${event.id}`)) !== null,

    async claim(webhookId, event, n, owner) {
      const claim = { type: 'claim' as const, eventId: event.id, n, owner }
      const appended: Appended<JournalEntry> = await write(webhookId, event, `claim:${event.id}:${n}`, claim)
      const { value } = (appended as Extract<typeof appended, { entry: unknown }>).entry
      return value.type === 'claim' && value.owner === owner
    },

    settle: async (webhookId, event, outcome) =>
      void (await write(webhookId, event, `attempt:${event.id}:${outcome.n}`, outcome)),

    async find(webhookId, eventId) {
      for (const day of daysAgo(now(), keepDays, -1).toReversed()) {
        const entry = await find(webhookId, day, `event:${eventId}`)
        if (entry?.type === 'event') return entry.event
      }
      return null
    },

    async historyOf(webhookId, { id, at }) {
      const history: JournalEntry[] = []
      for (;;) {
        const entry = await find(webhookId, dayOf(at), `attempt:${id}:${history.length + 1}`)
        if (!entry) return history
        history.push(entry)
      }
    },

    after: async (webhookId, day, cursor) => log.after<JournalEntry>(nameOf(webhookId, day), lane, cursor, 200),
    before: async (webhookId, day, cursor) => log.before<JournalEntry>(nameOf(webhookId, day), lane, cursor, 200),

    async drop(webhookId, days) {
      for (const day of days) await log.remove(nameOf(webhookId, day))
    },
  }
}
