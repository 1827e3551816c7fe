/** What requests to our own server have in common, and what answers mean that cannot be used. */
import type { ErrorCode } from '../protocol.ts'
import type { Call } from './_call.ts'
import { objectFrom } from './_wire.ts'
import { AdapterError } from './adapter.ts'
import type { AdapterErrorCode, IdentityProof } from './adapter.ts'

export type Parameters = Record<string, string | number | undefined>

/** The address of the page is nobody's business; its origin is what the server decides by. */
export const requestInit = {
  credentials: 'omit',
  cache: 'no-store',
  redirect: 'manual',
  referrerPolicy: 'strict-origin',
} as const satisfies RequestInit

/** The parameters of a request, with the token and the proof. */
export function withToken(
  integrationToken: string,
  parameters: Parameters,
  proof: IdentityProof | undefined,
): URLSearchParams {
  const all = { integrationToken, ...parameters, userHash: proof?.userHash, userJwt: proof?.userJwt }
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(all)) if (value !== undefined) search.set(name, String(value))
  return search
}

/** What an answer that cannot be used means. */
export async function failureOf(call: Call, response: Response): Promise<AdapterError> {
  const { status } = response
  const seconds = Number(response.headers.get('retry-after') || NaN)
  const retryAfter = Number.isFinite(seconds) && seconds >= 0 ? { retryAfter: seconds } : {}
  if (mediaType(response) === 'application/json' && status >= 400) {
    const body = await call.step(response.text())
    const known = readError(body)
    if (known) return new AdapterError(known.code, known.message, { status, ...retryAfter })
  } else discard(response)

  const code: AdapterErrorCode =
    status === 414 || status === 431 ? 'text_too_long' : status === 429 ? 'rate_limited' : 'protocol'
  const message = `Something other than a Lumika server answered, with status ${status}. Check the server's address.`
  // A redirect that is not followed has status 0 in browsers, which would look like a network error.
  const isRetryable = status === 429 || status >= 500
  return new AdapterError(code, message, { status, isRetryable, ...retryAfter })
}

function readError(json: string): { code: ErrorCode; message: string } | null {
  try {
    const { code, message } = objectFrom(json)['error'] as Record<string, unknown>
    const isOurs = typeof code === 'string' && /^[a-z_]{1,64}$/.test(code) && typeof message === 'string'
    return isOurs ? { code: code as ErrorCode, message: message.slice(0, 500) } : null
  } catch {
    return null
  }
}

export const mediaType = (response: Response): string | undefined =>
  response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()

export function discard(response: Response): void {
  response.body?.cancel().catch(() => {})
}
