/** The responder seam: whatever writes the assistant's answers. */
import type { Attachment } from '../../protocol.ts'

/** A file that goes with a message. Strangers send them: neither its name nor what is in it is to be trusted. */
export interface ResponderAttachment extends Attachment {
  /** Where it can be fetched, for as long as the conversation is there. */
  url: string
}

import { offersIn } from '../offers.ts'
import type { Offers } from '../offers.ts'

/** One earlier message, oldest first, as context for the answer. */
export interface ResponderMessage {
  role: 'customer' | 'assistant' | 'operator'
  body: string
  /** RFC 3339. */
  createdAt: string
  attachments?: ResponderAttachment[]
}

/** What a responder is asked. */
export interface ResponderRequest {
  integrationId: string
  conversationId: string
  /** One per customer message; the same when the same message is answered again after a crash. */
  turnId: string
  /** The message to answer. */
  text: string
  /** The files that go with it. @default none */
  attachments?: ResponderAttachment[]
  /** What was said before it, newest within a budget, oldest first; without `text` itself. */
  history: ResponderMessage[]
  /** What the page told us along with the message, as sent; never trusted. */
  context?: Record<string, unknown>
  /** Aborted when the customer stops the answer, a time-out passes or the server ends. */
  signal: AbortSignal
}

/** The responder wants a person to go on. What it has said is published, and the assistant is silent until handed back. */
export interface ResponderSignal {
  type: 'handover'
  /** Why, for the people behind the chat; the customer never sees it. Cut at 1,000 characters. @default none */
  reason?: string
}

/** Buttons that come with the answer: at most 8 of each, labels of up to 80 characters; what cannot be shown is left out. */
export interface ResponderOffer extends Offers {
  type: 'offer'
}

/** What a responder yields: text, buttons (the last of each kind count), or a sign, which ends the answer. */
export type ResponderPiece = string | ResponderOffer | ResponderSignal

/** Offers what can be shown of something. */
export const offer = (given: unknown): ResponderOffer => ({ type: 'offer', ...offersIn(given) })

/** Whether something that a responder gives is an offer. */
export const isOffer = (piece: unknown): piece is ResponderOffer =>
  typeof piece === 'object' && (piece as Partial<ResponderOffer> | null)?.type === 'offer'

/** Asks for a person. What is no text, or an empty one, is no reason. */
export function handover(reason?: unknown): ResponderSignal {
  const words = typeof reason === 'string' ? reason.trim().slice(0, 1_000) : ''
  return { type: 'handover', ...(words && { reason: words }) }
}

/** Whether something that a responder gives asks for a person. */
export const isHandover = (piece: unknown): piece is ResponderSignal =>
  typeof piece === 'object' && (piece as Partial<ResponderSignal> | null)?.type === 'handover'

/** Writes answers. `respond` may be called many times at once. */
export interface Responder {
  /** What it is: `echo`, `openai`, `webhook`, `function`. Shown to operators. */
  readonly kind: string
  /**
   * Yields the pieces of the answer as they come; the answer is their concatenation. A `ResponderSignal` ends it.
   * @throws ResponderError, or anything: any other error is a `responder_failed`
   */
  respond(request: ResponderRequest): AsyncIterable<ResponderPiece>
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
