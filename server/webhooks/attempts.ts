/** One attempt to deliver: signed, posted, and what came of it. */
import { sign } from '../responders/signature.ts'
import type { Attempt, AttemptError } from './journal.ts'
import { isAddressError } from './transport.ts'
import type { WebhookTransport } from './transport.ts'

/** What is sent, and to whom. */
export interface Shipment {
  url: string
  secret: string
  eventId: string
  body: string
}

/** What came of it. */
export interface Arrival extends Pick<Attempt, 'at' | 'durationMs' | 'status' | 'error'> {
  /** What the receiver asks for by `Retry-After`. */
  retryAfter: string | null
}

/** What shipping needs. */
export interface ShippingOptions {
  transport: WebhookTransport
  now: () => number
  /** Longest time a receiver may take, in milliseconds. */
  timeoutMs: number
}

/** Sends something once. Never throws: whatever went wrong is what came of it. */
export async function ship(
  { transport, now, timeoutMs }: ShippingOptions,
  { url, secret, eventId, body }: Shipment,
  ended: AbortSignal,
): Promise<Arrival> {
  const begun = now()
  const since = performance.now()
  const outcome = (rest: Pick<Arrival, 'status' | 'error'>, retryAfter: string | null = null): Arrival => ({
    at: new Date(begun).toISOString(),
    durationMs: Math.round(performance.now() - since),
    ...rest,
    retryAfter,
  })
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), timeoutMs)
  try {
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Lumika-Webhooks',
      'lumika-event-id': eventId,
      'lumika-signature': await sign(secret, body, now),
    }
    const signal = AbortSignal.any([ended, late.signal])
    const { status, retryAfter } = await transport.post({ url, headers, body, signal })
    // Where `fetch` does not follow a redirect it may tell no more than that there was one.
    return outcome({ status: status || 302 }, retryAfter)
  } catch (error) {
    return outcome({ error: reasonOf(error, ended.aborted, late.signal.aborted) })
  } finally {
    clearTimeout(timer)
  }
}

function reasonOf(error: unknown, isEnded: boolean, isLate: boolean): AttemptError {
  if (isEnded) return 'interrupted'
  if (isLate) return 'timeout'
  return isAddressError(error) ? error.code : 'connection_failed'
}
