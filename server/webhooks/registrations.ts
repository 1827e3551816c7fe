/** The webhooks of a server: who wants to hear of what. In memory, stored as a ledger. */
import { createLedger } from '../access/ledger.ts'
import { HttpError } from '../errors.ts'
import { cryptoRandom, randomAlphanumeric, randomBase64Url } from '../random.ts'
import type { ConversationLog } from '../storage/log.ts'

/** What can be heard of. */
export const webhookEvents = ['message.created', 'conversation.waiting', 'draft.created'] as const
export type WebhookEvent = (typeof webhookEvents)[number]

/** A webhook as it is stored. */
export interface Webhook {
  /** `wh_` and random characters. */
  id: string
  url: string
  events: WebhookEvent[]
  /** Only what happens there; null: everywhere. */
  integrationId: string | null
  /** Nothing is sent; what happens meanwhile waits. */
  paused: boolean
  /** Signs what is sent. */
  secret: string
  /** RFC 3339. */
  createdAt: string
}

/** A webhook, and from when on it wants to hear of what, RFC 3339, by the clock of the log. */
export interface KnownWebhook extends Webhook {
  since: ReadonlyMap<WebhookEvent, string>
}

/** What can be chosen. */
export type WebhookInput = Pick<Webhook, 'url' | 'events' | 'integrationId'>
export type WebhookPatch = { [Key in 'url' | 'events' | 'paused']?: Webhook[Key] | undefined }

/** The registrations. All that write throw LogError where storage is away. */
export interface Registrations {
  list(): KnownWebhook[]
  get(id: string): KnownWebhook | null
  /** @throws HttpError 409 `conflict` */
  create(input: WebhookInput): Promise<KnownWebhook>
  /** @throws HttpError 404 `not_found` */
  update(id: string, patch: WebhookPatch): Promise<KnownWebhook>
  /** Another secret in the place of the present one, at once. @throws HttpError 404 `not_found` */
  rotateSecret(id: string): Promise<KnownWebhook>
  /** It may have been removed before. @throws HttpError 404 `not_found` */
  remove(id: string): Promise<void>
  /** Hears of every change, by whatever process. Returns what ends it. */
  onChange(listener: () => void): () => void
  close(): void
}

type Entry = { type: 'webhook'; webhook: Webhook } | { type: 'webhook-removed'; id: string }

/** Each of them is sent everything; more than this is a mistake. */
const most = 50

/** Each once. */
const inOrder = (events: WebhookEvent[]): WebhookEvent[] => webhookEvents.filter((event) => events.includes(event))

const newSecret = (): string => `whsec_${randomBase64Url(32, cryptoRandom)}`

/** Opens the registrations that a log holds. @param now milliseconds since 1970 */
export async function openRegistrations(log: ConversationLog, now: () => number): Promise<Registrations> {
  const webhooks = new Map<string, KnownWebhook>()
  const removed = new Set<string>()
  const listeners = new Set<() => void>()

  const ledger = await createLedger<Entry>({
    log,
    conversation: '~webhooks',
    apply(entry, createdAt) {
      if (entry.type === 'webhook') {
        const { webhook } = entry
        const known = webhooks.get(webhook.id)?.since
        const since = new Map(webhook.events.map((event) => [event, known?.get(event) ?? createdAt]))
        webhooks.set(webhook.id, { ...webhook, since })
      } else {
        webhooks.delete(entry.id)
        removed.add(entry.id)
      }
      // Told afterwards: while the ledger is told again from its start, webhooks are gone for a moment.
      queueMicrotask(() => listeners.forEach((listener) => listener()))
    },
    reset: () => webhooks.clear(),
  })

  function existing(id: string): KnownWebhook {
    const webhook = webhooks.get(id)
    if (!webhook) throw new HttpError(404, 'not_found', 'There is no such webhook.')
    return webhook
  }

  async function rewrite(id: string, change: Partial<Webhook>): Promise<KnownWebhook> {
    await ledger.commit(() => {
      const { since: _, ...webhook } = existing(id)
      return { type: 'webhook', webhook: { ...webhook, ...change } }
    })
    return existing(id)
  }

  return {
    list: () => [...webhooks.values()],
    get: (id) => webhooks.get(id) ?? null,

    async create(input) {
      const webhook: Webhook = {
        id: `wh_${randomAlphanumeric(16, cryptoRandom)}`,
        ...input,
        events: inOrder(input.events),
        paused: false,
        secret: newSecret(),
        createdAt: new Date(now()).toISOString(),
      }
      await ledger.commit(() => {
        if (webhooks.size >= most) throw new HttpError(409, 'conflict', `There are ${most} webhooks at most.`)
        return { type: 'webhook', webhook }
      })
      return existing(webhook.id)
    },

    update(id, { events, ...rest }) {
      const given = Object.entries({ ...rest, events: events && inOrder(events) })
      return rewrite(id, Object.fromEntries(given.filter(([, value]) => value !== undefined)))
    },
    rotateSecret: (id) => rewrite(id, { secret: newSecret() }),
    async remove(id) {
      if (!removed.has(id)) existing(id)
      await ledger.commit(() => (webhooks.has(id) ? { type: 'webhook-removed', id } : null))
    },

    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close() {
      listeners.clear()
      ledger.close()
    },
  }
}
