/** The adapter seam: how a widget reaches a backend. Implement these four methods and any backend can carry a chat. */
import type { Attachment, ErrorCode, HistoryPage, StreamEvent } from '../protocol.ts'

/** An event of the stream and its id, `<turnId>.<n>`, with which the stream can be taken up again. */
export interface AdapterEvent {
  id: string
  event: StreamEvent
}

/** Proof that this visitor may use a conversation id of the site's own making. */
export interface IdentityProof {
  /** Lowercase hex HMAC-SHA256(identitySecret, integrationId + "\n" + conversationId). */
  userHash?: string
  /** HS256 JWT with `sub` = conversationId, `aud` = integrationId. */
  userJwt?: string
}

/** One message to send. */
export interface SendRequest {
  text: string
  /** Left out: the backend starts a conversation and names it in `ack`. */
  conversationId?: string
  /** The idempotency key, `[A-Za-z0-9_-]{16,64}`: the same on every retry of the same message. */
  clientMessageId: string
  proof?: IdentityProof
  /** What the page wants the responder to know. */
  context?: Record<string, unknown>
  /** Ids of files that were uploaded before. */
  attachments?: readonly string[]
  signal?: AbortSignal
}

/** An answer to take up again. */
export interface ResumeRequest {
  conversationId: string
  /** The last event seen; `<turnId>.0` for the whole answer. */
  lastEventId: string
  proof?: IdentityProof
  signal?: AbortSignal
}

/** A part of the history. */
export interface HistoryRequest {
  conversationId: string
  afterId?: string
  beforeId?: string
  limit?: number
  /** Seconds the backend may hold the answer until something is new. */
  wait?: number
  /** How the conversation stood at the last answer. Where it is not so any more, nothing is waited for. @default as it stands now */
  known?: readonly ('typing' | 'resolved')[]
  proof?: IdentityProof
  signal?: AbortSignal
}

/** An answer to stop. */
export interface StopRequest {
  conversationId: string
  turnId: string
  proof?: IdentityProof
  signal?: AbortSignal
}

/**
 * What a widget needs from a backend. Every method rejects with an `AdapterError` (an aborted `signal`: with the
 * signal's reason). A stream that ends without `done` was cut: the caller resumes it or reads the history.
 */
export interface ChatAdapter {
  /** Sends a message and streams `ack`, the answer, `done`. */
  send(request: SendRequest): AsyncIterable<AdapterEvent>
  /** Streams what came after `lastEventId`. Ends at once when there is nothing more. */
  resume(request: ResumeRequest): AsyncIterable<AdapterEvent>
  /** Reads history. A conversation nobody has used has no messages; trouble is never an empty page. */
  history(request: HistoryRequest): Promise<HistoryPage>
  /** Asks for an answer to be stopped. A turn that has ended is no error. */
  stop(request: StopRequest): Promise<void>
  /** What else the backend can do. What it does not name is not offered to the visitor. */
  readonly extras?: ChatExtras
}

/** The calls that every backend answers. */
export type AdapterCall = Exclude<keyof ChatAdapter, 'extras'>

/** Which conversation, and the proof that it is this visitor's. */
export interface Whose {
  conversationId: string
  proof?: IdentityProof | undefined
}

/** A file to upload. */
export interface UploadRequest extends Whose {
  file: File
  /** Called now and then with the share that has arrived, 0 to 1. */
  onProgress?: (share: number) => void
  signal?: AbortSignal
}

/** What a backend can do beside carrying messages. Every method rejects with an `AdapterError`. */
export interface ChatExtras {
  /** Takes a file, to be named in a later message of the same conversation. */
  upload?(request: UploadRequest): Promise<Attachment>
  /** Where a file can be read. */
  attachmentUrl?(id: string): string
  /** What the visitor thinks of an answer; the last word counts. */
  rate?(request: Whose & { messageId: string; rating: 'up' | 'down' | 'none' }): Promise<void>
  /** What the visitor thinks of the conversation: 1 (very bad) to 5 (very good). */
  score?(request: Whose & { score: number; comment?: string }): Promise<void>
  /** Whether the visitor is typing. */
  setTyping?(request: Whose & { isTyping: boolean }): Promise<void>
  /** Deletes the conversation, here and there. */
  erase?(request: Whose): Promise<void>
  /** Asks for a person to answer. */
  askForPerson?(request: Whose): Promise<void>
}

/** `network`: no answer. `protocol`: an answer that is not ours. Anything else: the server's own code. */
export type AdapterErrorCode = ErrorCode | 'network' | 'protocol'

/** The one error of the adapter boundary. Recognise it by `name`: two copies of the class may share a page. */
export class AdapterError extends Error {
  override readonly name = 'AdapterError'
  readonly code: AdapterErrorCode
  /** The HTTP status; 0 where there was none. */
  readonly status: number
  /** Whether the same call may succeed later. */
  readonly isRetryable: boolean
  /** Seconds to wait before the next try, where the server named a time. */
  readonly retryAfter: number | undefined

  constructor(
    code: AdapterErrorCode,
    message: string,
    options: { status?: number; isRetryable?: boolean; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.status = options.status ?? 0
    this.isRetryable = options.isRetryable ?? (this.status === 0 || this.status === 429 || this.status >= 500)
    this.retryAfter = options.retryAfter
  }
}
