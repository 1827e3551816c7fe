/** The one error of the HTTP boundary: what the caller did, in words that say what to do next. */
import type { ErrorCode } from '../protocol.ts'

/** Thrown anywhere below a route; becomes `{ "error": { "code", "message" } }`. Never holds a token, a text or an id. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number
  readonly code: ErrorCode
  /** Seconds for `Retry-After`. */
  readonly retryAfter: number | undefined

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    options: { retryAfter?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.status = status
    this.code = code
    this.retryAfter = options.retryAfter
  }
}
