/** How webhooks get out, and where they may not go. */
import { isLocalName, isPublicAddress, literalAddress } from './addresses.ts'

/** A request to a receiver. */
export interface WebhookRequest {
  url: string
  headers: Record<string, string>
  body: string
  /** Ends it. */
  signal: AbortSignal
}

/** What a receiver answered. Its body counts for nothing. */
export interface WebhookAnswer {
  status: number
  /** The `Retry-After` header, as it came. */
  retryAfter: string | null
}

/** Takes webhooks to their receivers. */
export interface WebhookTransport {
  /** Looks whether an address may be sent to. @throws AddressError */
  check(url: URL): Promise<void>
  /**
   * Posts, without following redirects, and reads no more than `mostAnswerBytes` of the answer. Security: it checks the
   * address it connects to, since a name may have come to mean another one since `check`.
   * @throws AddressError, or whatever else went wrong
   */
  post(request: WebhookRequest): Promise<WebhookAnswer>
}

/** Longest answer that is read. */
export const mostAnswerBytes = 65_536

/** An address that webhooks do not go to. Recognise it by `name`: two copies of the class may be loaded. */
export class AddressError extends Error {
  override readonly name = 'AddressError'
  readonly code: 'private_address' | 'unknown_host'

  constructor(code: AddressError['code'], options?: ErrorOptions) {
    super(
      code === 'private_address' ? 'The address is not on the public internet.' : 'The name has no address.',
      options,
    )
    this.code = code
  }
}

/** Whether an error is an `AddressError`. */
export const isAddressError = (error: unknown): error is AddressError =>
  error instanceof Error && error.name === 'AddressError'

/** Refuses what a URL says to be private by itself; null: it is a name, which has to be looked up. @throws AddressError */
export function checkLiteral(url: URL): string | null {
  const address = literalAddress(url)
  if (isLocalName(url) || (address !== null && !isPublicAddress(address))) throw new AddressError('private_address')
  return address
}

/** Options of `createFetchTransport`. */
export interface FetchTransportOptions {
  /** Security: lets whoever makes webhooks reach the server's own network. @default false */
  allowPrivate?: boolean
  /** @default the runtime's `fetch` */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
}

/**
 * A transport for wherever `fetch` runs. Security: it refuses addresses that are private as they are written. `fetch` does
 * not tell where a name leads, so a public name of a private address gets through; `lumika serve` has a transport that
 * does not let it.
 */
export function createFetchTransport(options: FetchTransportOptions = {}): WebhookTransport {
  const { allowPrivate = false, fetch = (url, init) => globalThis.fetch(url, init) } = options
  const check = (url: URL): void => void (allowPrivate || checkLiteral(url))
  return {
    check: async (url) => check(url),
    async post({ url, headers, body, signal }) {
      check(new URL(url))
      const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
      await response.body?.cancel().catch(() => {})
      return { status: response.status, retryAfter: response.headers.get('retry-after') }
    },
  }
}
