/** The delivery log of a webhook, newest first. */
import { HttpError } from '../errors.ts'
import { parseConversationKey } from '../conversations/keys.ts'
import type { WebhookEvent } from './registrations.ts'
import { daysAgo, keepDays } from './journal.ts'
import type { Attempt, DeliveryState, Journal, JournalEntry, QueuedEvent } from './journal.ts'

/** A delivery, as owners see it. */
export interface Delivery {
  eventId: string
  event: WebhookEvent
  integrationId: string
  conversationId: string
  key: string
  recordId: string
  /** When the record was stored. */
  createdAt: string
  state: DeliveryState
  /** When it is tried again; null: not any more, or at once. */
  nextAttemptAt: string | null
  attempts: Pick<Attempt, 'at' | 'durationMs' | 'status' | 'error'>[]
}

/** A page of the log. */
export interface DeliveriesPage {
  deliveries: Delivery[]
  /** Pass it on to get the next page; null at the end. */
  cursor: string | null
}

/** Whether a text has the form of a cursor. */
export const isDeliveriesCursor = (text: string): boolean => /^\d{8}\.[A-Za-z0-9_-]{0,64}$/.test(text)

/** Reads a page. @throws LogError `cursor_not_found` and others */
export async function deliveriesOf(
  journal: Journal,
  webhookId: string,
  now: number,
  cursor: string | null,
  limit: number,
): Promise<DeliveriesPage> {
  const [fromDay = '', fromId = ''] = cursor?.split('.') ?? []
  const days = daysAgo(now, keepDays, -1)
    .toReversed()
    .filter((day) => fromDay === '' || day <= fromDay)
  const events: QueuedEvent[] = []
  let next: string | null = null
  walk: for (const day of days) {
    for (let at: string | null = day === fromDay && fromId ? fromId : null, hasMore = true; hasMore;) {
      const page = await journal.before(webhookId, day, at)
      for (const { id, value } of page.entries.toReversed()) {
        if (value.type !== 'event') continue
        if (events.length === limit) break walk
        events.push(value.event)
        next = `${day}.${id}`
      }
      at = page.entries[0]?.id ?? null
      hasMore = page.hasMore && at !== null
    }
    if (day === days.at(-1)) next = null
  }
  const histories = await Promise.all(events.map((event) => journal.historyOf(webhookId, event)))
  return { deliveries: events.map((event, i) => toDelivery(event, histories[i] ?? [])), cursor: next }
}

/** How an event stands, from what became of it. */
export function toDelivery(event: QueuedEvent, history: JournalEntry[]): Delivery {
  const names = parseConversationKey(event.conversation)
  const last = history.at(-1)
  const attempts = history.filter((entry) => entry.type === 'attempt')
  return {
    eventId: event.id,
    event: event.event,
    integrationId: names?.integrationId ?? '',
    conversationId: names?.conversationId ?? '',
    key: event.conversation,
    recordId: event.recordId,
    createdAt: event.at,
    state: last?.type === 'attempt' ? last.state : 'queued',
    nextAttemptAt: (last?.type === 'attempt' && last.next) || null,
    attempts: attempts.map(({ at, durationMs, status, error }) => ({
      ...{ at, durationMs },
      ...(status !== undefined && { status }),
      ...(error !== undefined && { error }),
    })),
  }
}

/** Queues an event again, whatever became of it. @throws HttpError 404 `not_found`; LogError */
export async function queueAgain(journal: Journal, webhookId: string, eventId: string, now: number): Promise<Delivery> {
  const event = await journal.find(webhookId, eventId)
  if (!event) throw new HttpError(404, 'not_found', 'There is no such delivery, or it is too old.')
  const history = await journal.historyOf(webhookId, event)
  const again = { type: 'again' as const, event, n: history.length + 1, at: new Date(now).toISOString() }
  await journal.settle(webhookId, event, again)
  return toDelivery(event, await journal.historyOf(webhookId, event))
}
