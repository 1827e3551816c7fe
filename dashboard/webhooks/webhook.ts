/** Webhooks as the server tells them, and what is said of them in words. */

/** Who hears of what. */
export interface Webhook {
  id: string
  url: string
  events: EventName[]
  /** null: of all integrations. */
  integrationId: string | null
  paused: boolean
  createdAt: string
}

/** What is answered where a secret was made: it is told only this once. */
export interface WebhookSecret {
  webhook: Webhook
  secret: string
}

/** One request to a receiver, and what came of it. */
export interface Attempt {
  at: string
  durationMs: number
  status?: number
  error?: string
}

/** An event on its way, or at its end. */
export interface Delivery {
  eventId: string
  event: EventName
  integrationId: string
  conversationId: string
  key: string
  createdAt: string
  state: 'queued' | 'delivered' | 'failed'
  nextAttemptAt: string | null
  attempts: Attempt[]
}

/** A page of the delivery log, newest first. */
export interface DeliveriesPage {
  deliveries: Delivery[]
  cursor: string | null
}

/** What can be heard of. */
export const events = [
  { name: 'message.created', label: 'A message', text: 'What a customer, the assistant or a person of the team says.' },
  {
    name: 'conversation.waiting',
    label: 'A customer waits',
    text: 'Nobody answers by themselves, the answer came to nothing, or it is a draft.',
  },
  { name: 'draft.created', label: 'A draft', text: 'An answer of the assistant waits for approval.' },
  { name: 'feedback.created', label: 'Feedback', text: 'A customer has rated an answer or the conversation.' },
] as const

export type EventName = (typeof events)[number]['name']

/** An event in a word or three. What a newer server calls otherwise is told as it calls it. */
export const labelOf = (name: string): string => events.find((event) => event.name === name)?.label ?? name

/** What came of an attempt, in words. */
export function outcomeOf({ status, error }: Attempt): string {
  if (status !== undefined) return status >= 300 && status < 400 ? `${status}: it points elsewhere` : `${status}`
  return errors[error ?? ''] ?? error ?? 'No answer'
}

/** Whether the receiver has taken it. */
export const isTaken = ({ status = 0 }: Attempt): boolean => status >= 200 && status < 300

const errors: Record<string, string> = {
  timeout: 'No answer within 10 s',
  connection_failed: 'Nobody answers there',
  unknown_host: 'The name has no address',
  private_address: 'It leads into a private network by now',
  interrupted: 'Cut short by the end of a server; it may have arrived',
  record_erased: 'The conversation was erased before',
}

/** How long until something is: `in 30 s`, `in 4 min`, `in 3 h`, or `now`. */
export function until(at: string, now: number): string {
  const seconds = Math.ceil((Date.parse(at) - now) / 1_000)
  if (seconds <= 0) return 'now'
  if (seconds < 60) return `in ${seconds} s`
  if (seconds < 3_600) return `in ${Math.round(seconds / 60)} min`
  return `in ${Math.round(seconds / 3_600)} h`
}
