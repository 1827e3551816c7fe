/** The webhooks of a server: who wants to hear of what. In memory, stored as a ledger. */
import { lineOf } from '../access/audit.ts'
import type { AuditEntry, Signer } from '../access/audit.ts'
import { createLedger } from '../access/ledger.ts'
import { HttpError } from '../errors.ts'
import { cryptoRandom, randomAlphanumeric, randomBase64Url } from '../random.ts'
import type { ConversationLog } from '../storage/log.ts'

/** What can be heard of. */
export const webhookEvents = ['message.created', 'conversation.waiting', 'draft.created', 'feedback.created'] as const
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

/** The registrations. All that write take who does it, for the audit trail, and throw LogError where storage is away. */
export interface Registrations {
  list(): KnownWebhook[]
  get(id: string): KnownWebhook | null
  /** @throws HttpError 409 `conflict` */
  create(input: WebhookInput, by: Signer): Promise<KnownWebhook>
  /** @param by null: the server itself, which is not noted down. @throws HttpError 404 `not_found` */
  update(id: string, patch: WebhookPatch, by: Signer | null): Promise<KnownWebhook>
  /** Another secret in the place of the present one, at once. @throws HttpError 404 `not_found` */
  rotateSecret(id: string, by: Signer): Promise<KnownWebhook>
  /** It may have been removed before. @throws HttpError 404 `not_found` */
  remove(id: string, by: Signer): Promise<void>
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

  async function rewrite(id: string, change: Partial<Webhook>, lines: AuditEntry[]): Promise<KnownWebhook> {
    await ledger.commit(() => {
      const { since: _, ...webhook } = existing(id)
      return { type: 'webhook', webhook: { ...webhook, ...change } }
    }, lines)
    return existing(id)
  }

  return {
    list: () => [...webhooks.values()],
    get: (id) => webhooks.get(id) ?? null,

    async create(input, by) {
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
      }, [lineOf(by, 'webhook-created', webhook.id)])
      return existing(webhook.id)
    },

    update(id, { events, ...rest }, by) {
      const all = Object.entries({ ...rest, events: events && inOrder(events) })
      const given = all.filter(([, value]) => value !== undefined)
      const fields = given.map(([name]) => name)
      return rewrite(id, Object.fromEntries(given), by ? [lineOf(by, 'webhook-changed', id, { fields })] : [])
    },
    rotateSecret: (id, by) => rewrite(id, { secret: newSecret() }, [lineOf(by, 'webhook-secret-rotated', id)]),
    async remove(id, by) {
      if (!removed.has(id)) existing(id)
      const line = lineOf(by, 'webhook-removed', id)
      await ledger.commit(() => (webhooks.has(id) ? { type: 'webhook-removed', id } : null), [line])
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
