/** The responder seam: whatever writes the assistant's answers. */

/** One earlier message, oldest first, as context for the answer. */
export interface ResponderMessage {
  role: 'customer' | 'assistant' | 'operator'
  body: string
  /** RFC 3339. */
  createdAt: string
}

/** What a responder is asked. */
export interface ResponderRequest {
  integrationId: string
  conversationId: string
  /** One per customer message; the same when the same message is answered again after a crash. */
  turnId: string
  /** The message to answer. */
  text: string
  /** What was said before it, newest within a budget, oldest first; without `text` itself. */
  history: ResponderMessage[]
  /** What the page told us along with the message, as sent; never trusted. */
  context?: Record<string, unknown>
  /** Aborted when the customer stops the answer, a time-out passes or the server ends. */
  signal: AbortSignal
}

/** Writes answers. `respond` may be called many times at once. */
export interface Responder {
  /** What it is: `echo`, `openai`, `webhook`, `function`. Shown to operators. */
  readonly kind: string
  /**
   * Yields the pieces of the answer as they come; the answer is their concatenation.
   * @throws ResponderError, or anything: any other error is a `responder_failed`
   */
  respond(request: ResponderRequest): AsyncIterable<string>
}

/** Why an answer failed. */
export type ResponderErrorCode = 'responder_failed' | 'responder_timeout' | 'responder_interrupted'

/** The one error of the responder boundary. Its message goes to the operator's log, never to the customer. */
export class ResponderError extends Error {
  override readonly name = 'ResponderError'
  readonly code: ResponderErrorCode
  /** The answering service's HTTP status, where there was one. */
  readonly status: number | undefined
  /** Whether asking again later may help. */
  readonly isRetryable: boolean

  constructor(
    code: ResponderErrorCode,
    message: string,
    options: { status?: number; isRetryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.status = options.status
    this.isRetryable = options.isRetryable ?? true
  }
}
