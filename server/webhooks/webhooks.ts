/** Webhooks: somebody's own code hears of what happens, at least once, whoever is killed. */
import type { Signer } from '../access/audit.ts'
import { HttpError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { randomAlphanumeric, cryptoRandom } from '../random.ts'
import type { ConversationLog, Notice } from '../storage/log.ts'
import { ship } from './attempts.ts'
import type { Arrival } from './attempts.ts'
import { createCourier } from './courier.ts'
import type { Courier } from './courier.ts'
import { deliveriesOf, queueAgain } from './deliveries.ts'
import type { DeliveriesPage, Delivery } from './deliveries.ts'
import { testBody } from './events.ts'
import { createJournal, daysAgo, keepDays, parseJournal } from './journal.ts'
import { openRegistrations } from './registrations.ts'
import type { KnownWebhook, Registrations } from './registrations.ts'
import { retryDelays } from './retries.ts'
import { createScanner } from './scanner.ts'
import { createFetchTransport, isAddressError } from './transport.ts'
import type { WebhookTransport } from './transport.ts'

/** How webhooks are sent. */
export interface WebhookSettings {
  /** @default `createFetchTransport()`, which refuses addresses that are private as they are written */
  transport?: WebhookTransport
  /** Longest time a receiver may take, in milliseconds. @default 10_000 */
  timeoutMs?: number
  /** How long an attempt may show no outcome before another replica makes the next, in milliseconds. @default 30_000 */
  leaseMs?: number
  /** Milliseconds after each attempt that failed; then it is given up. @default ten attempts in some 23 hours */
  delays?: readonly number[]
}

/** What webhooks need. */
export interface WebhooksOptions extends WebhookSettings {
  log: ConversationLog
  logger: Logger
  /** The wall clock, in milliseconds. */
  now: () => number
}

/** The webhooks of a server. All but `moved`'s notices throw LogError where storage is away. */
export interface Webhooks extends Pick<Registrations, 'list' | 'create' | 'update' | 'rotateSecret'> {
  /** @throws HttpError 404 `not_found` */
  existing(id: string): KnownWebhook
  /** Looks whether webhooks may go there. @throws HttpError 422 `invalid_url` `private_address` */
  checkUrl(url: string): Promise<void>
  /** Should it break off, the same call carries on. @throws HttpError 404 `not_found` */
  remove(id: string, by: Signer): Promise<void>
  deliveries(id: string, cursor: string | null, limit: number): Promise<DeliveriesPage>
  /** @throws HttpError 404 `not_found` */
  redeliver(id: string, eventId: string): Promise<Delivery>
  /** Sends something that only tries the receiver, once, and tells what came of it. */
  test(id: string): Promise<Omit<Arrival, 'retryAfter'>>
  /** Queues what has happened in a conversation. Whoever labels it waits for this, so nothing is forgotten by a crash. */
  moved(conversation: string): Promise<void>
  close(graceMs: number): Promise<void>
}

/** Milliseconds between two looks at what nobody has announced, and between two clean-ups. */
const lookMs = 15_000
const cleanMs = 6 * 3_600_000
/** Longest time in which a stopping server waits for receivers; what is cut short is sent again by the next one. */
const mostGraceMs = 2_000
/** Days a server may have been away, and its old journals are dropped nevertheless. */
const longestAwayDays = 40
/** Milliseconds by which another process may know later of a webhook, and clocks may differ. */
const lateMs = 60_000

/** Opens the webhooks that a log holds, and takes up what an earlier process left undelivered. */
export async function createWebhooks(options: WebhooksOptions): Promise<Webhooks> {
  const { log, logger, now, transport = createFetchTransport(), timeoutMs = 10_000 } = options
  const shipping = { transport, now, timeoutMs }
  const registrations = await openRegistrations(log, now)
  const journal = createJournal(log, now)
  const scanner = createScanner({ log, journal, registrations, now })
  const couriers = new Map<string, Courier>()
  const moving = new Set<string>()
  const owner = randomAlphanumeric(16, cryptoRandom)
  const { leaseMs = 30_000, delays = retryDelays } = options
  const courierOptions = { ...shipping, log, journal, logger, owner, leaseMs, delays, monotonic, onGone }
  let newest = newestSince(registrations.list())
  let isClosing = false

  function onGone(id: string): Promise<unknown> {
    return registrations.update(id, { paused: true }, null)
  }

  const courierOf = (id: string): Courier => {
    const known = couriers.get(id) ?? createCourier(courierOptions, id, () => registrations.get(id))
    couriers.set(id, known)
    return known
  }

  const wakeAll = (): void => registrations.list().forEach(({ id }) => courierOf(id).wake())

  /** What goes wrong here is made up for: the conversation stays unlabelled until it is looked at. */
  const quietly = (task: Promise<unknown>): void =>
    void task.catch((error: unknown) => {
      if (!isClosing) logger.warn('webhooks: something is looked for again later', { error })
    })

  /** Everything since a moment: somebody wants to hear of what others have labelled without knowing that. */
  async function lookBack(since: string): Promise<void> {
    const from = new Date(Date.parse(since) - lateMs).toISOString()
    scanner.forget()
    for (let cursor: string | undefined; !isClosing;) {
      const page = await log.recent({ limit: 100, ...(cursor && { cursor }) })
      for (const { conversation, updatedAt } of page.conversations) {
        if (updatedAt < from) return
        await scanner.scan(conversation)
      }
      if (page.cursor === null) return
      cursor = page.cursor
    }
  }

  /** What an earlier process may have left unqueued. The inbox would come by here, too, some seconds later. */
  async function takeUp(): Promise<void> {
    if (registrations.list().length === 0) return
    const { conversations } = await log.recent({ unlabelled: true, limit: 100 })
    for (const { conversation } of conversations) await scanner.scan(conversation)
  }

  async function clean(first: number): Promise<void> {
    for (const { id } of registrations.list()) await journal.drop(id, daysAgo(now(), first, keepDays + 1))
  }

  function hear(notice: Notice): void {
    if (notice === 'resync') return wakeAll()
    const { conversation, lane } = notice
    const own = parseJournal(conversation)
    if (own) return courierOf(own.webhookId).wake(own.day)
    if (conversation.startsWith('~') || lane.startsWith('turn/') || moving.has(conversation)) return
    if (registrations.list().length === 0) return
    moving.add(conversation)
    // Replicas hear of it at the same moment, and one is enough.
    const pause = log.shared ? Math.random() * 50 : 0
    setTimeout(() => {
      moving.delete(conversation)
      if (!isClosing) quietly(scanner.scan(conversation))
    }, pause)
  }

  const unwatch = log.watch(hear)
  registrations.onChange(() => {
    wakeAll()
    const latest = newestSince(registrations.list())
    if (latest > newest) quietly(lookBack(latest))
    newest = latest
  })
  const timers = [setInterval(() => quietly(clean(keepDays + 4).then(wakeAll)), cleanMs)]
  // A single process hears of everything.
  if (log.shared) timers.push(setInterval(wakeAll, lookMs))
  for (const timer of timers) if (typeof timer === 'object') timer.unref()
  quietly(takeUp())
  quietly(clean(longestAwayDays))
  wakeAll()

  function existing(id: string): KnownWebhook {
    const webhook = registrations.get(id)
    if (!webhook) throw new HttpError(404, 'not_found', 'There is no such webhook.')
    return webhook
  }

  return {
    ...registrations,
    existing,

    async checkUrl(url) {
      await transport.check(new URL(url)).catch((error: unknown) => {
        if (!isAddressError(error)) throw error
        if (error.code === 'unknown_host')
          throw new HttpError(422, 'invalid_url', 'url: no address is known by this name.')
        const message =
          'url: this leads into a private network. Allow that by --allow-private-webhooks, or choose another.'
        throw new HttpError(422, 'private_address', message)
      })
    },

    async remove(id, by) {
      await registrations.remove(id, by)
      await couriers.get(id)?.close(0)
      couriers.delete(id)
      await journal.drop(id, daysAgo(now(), longestAwayDays, -1))
    },

    deliveries: (id, cursor, limit) => deliveriesOf(journal, existing(id).id, now(), cursor, limit),
    redeliver: (id, eventId) => queueAgain(journal, existing(id).id, eventId, now()),

    async test(id) {
      const { url, secret, integrationId } = existing(id)
      const eventId = `evt_test_${randomAlphanumeric(16, cryptoRandom)}`
      const body = testBody(eventId, integrationId, now())
      const { retryAfter: _, ...arrival } = await ship(
        shipping,
        { url, secret, eventId, body },
        new AbortController().signal,
      )
      return arrival
    },

    moved: (conversation) => scanner.scan(conversation),

    async close(graceMs) {
      isClosing = true
      unwatch()
      timers.forEach((timer) => clearInterval(timer))
      await Promise.all([...couriers.values()].map((courier) => courier.close(Math.min(graceMs, mostGraceMs))))
      registrations.close()
    },
  }
}

const monotonic = (): number => performance.now()

/** The latest moment from which somebody wants to hear of something; '' where nobody does. */
const newestSince = (webhooks: KnownWebhook[]): string =>
  webhooks.flatMap(({ since }) => [...since.values()]).reduce((latest, at) => (at > latest ? at : latest), '')
