/** Finds what has happened in a conversation and is not queued yet, and queues it. */
import { parseConversationKey } from '../conversations/keys.ts'
import type { PrivateValue, PublicValue } from '../conversations/values.ts'
import type { ConversationLog, LogEntry, LogPage } from '../storage/log.ts'
import { eventIdOf, happeningsOf } from './events.ts'
import type { RecordLane } from './events.ts'
import { queueDays } from './journal.ts'
import type { Journal, QueuedEvent } from './journal.ts'
import type { KnownWebhook, Registrations } from './registrations.ts'

/** What a scanner needs. */
export interface ScannerOptions {
  log: ConversationLog
  journal: Journal
  registrations: Pick<Registrations, 'list'>
  now: () => number
}

/** Queues what has happened. */
export interface Scanner {
  /**
   * Resolves when everything that was stored in a conversation before this call is queued. It may be called any number of
   * times, by any number of processes. @throws LogError
   */
  scan(conversation: string): Promise<void>
  /** Looks at everything anew from now on: somebody wants to hear of more. */
  forget(): void
}

type Found = { webhookId: string; event: QueuedEvent }

const dayMs = 86_400_000
/** Entries read at once, walking back. */
const batch = 20
/** Conversations remembered. */
const most = 10_000

/**
 * Makes a scanner. It walks back from the newest entry of a lane to the first whose events are all queued, and queues from
 * there on, oldest first, entry by entry: where an entry's events are queued, those of all before it are, whoever was killed
 * in the middle.
 */
export function createScanner({ log, journal, registrations, now }: ScannerOptions): Scanner {
  /** The newest entry that was seen, by conversation and lane. It saves looks, and decides nothing. */
  let seen = new Map<string, string>()
  const running = new Map<string, Promise<void>>()

  async function scan(conversation: string): Promise<void> {
    const names = parseConversationKey(conversation)
    const webhooks = registrations
      .list()
      .filter(({ integrationId }) => integrationId === null || integrationId === names?.integrationId)
    if (!names || webhooks.length === 0) return
    for (const lane of ['public', 'private'] as const) await scanLane(webhooks, conversation, lane)
  }

  async function scanLane(webhooks: KnownWebhook[], conversation: string, lane: RecordLane): Promise<void> {
    const place = `${lane} ${conversation}`
    const known = seen
    const isOver = new Date(now() - queueDays * dayMs).toISOString()
    const news: Found[][] = []
    let newest: string | undefined
    walk: for (let cursor: string | null = null, hasMore = true; hasMore;) {
      const page: LogPage<PublicValue | PrivateValue> = await log.before(conversation, lane, cursor, batch)
      for (const entry of page.entries.toReversed()) {
        newest ??= entry.id
        if (entry.id === known.get(place) || entry.createdAt < isOver) break walk
        const found = await wantedOf(webhooks, conversation, lane, entry)
        if (await areQueued(found)) break walk
        news.push(found)
      }
      cursor = page.entries[0]?.id ?? null
      hasMore = page.hasMore && cursor !== null
    }
    for (const found of news.toReversed()) {
      for (const { webhookId, event } of found) await journal.queue(webhookId, event)
    }
    if (newest === undefined) return
    if (known.size >= 2 * most) known.clear()
    known.set(place, newest)
  }

  /** What of an entry is to be sent to whom. */
  async function wantedOf(
    webhooks: KnownWebhook[],
    conversation: string,
    lane: RecordLane,
    entry: LogEntry<PublicValue | PrivateValue>,
  ): Promise<Found[]> {
    const wanted: Found[] = []
    for (const happening of await happeningsOf(log, conversation, lane, entry)) {
      for (const { id: webhookId, since } of webhooks) {
        const from = since.get(happening.event)
        if (from === undefined || entry.createdAt < from) continue
        wanted.push({ webhookId, event: { id: await eventIdOf(webhookId, happening), ...happening } })
      }
    }
    return wanted
  }

  async function areQueued(found: Found[]): Promise<boolean> {
    for (const { webhookId, event } of found) if (!(await journal.isQueued(webhookId, event))) return false
    return found.length > 0
  }

  return {
    async scan(conversation) {
      // One after the other: whoever waits for the one before may be too early to be seen by it.
      const before = running.get(conversation) ?? Promise.resolve()
      const own = before.catch(() => {}).then(() => scan(conversation))
      running.set(conversation, own)
      try {
        await own
      } finally {
        if (running.get(conversation) === own) running.delete(conversation)
      }
    },
    forget() {
      seen = new Map()
    },
  }
}
