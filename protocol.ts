/**
 * The wire: what travels between a client and a Lumika server. Types, limits, paths and guards, and nothing else.
 * A leaf: it imports nothing, and everything may import it.
 */

/** Where the endpoints live, relative to the server's public address. */
export const paths = {
  sse: '/conversation/sse',
  stop: '/conversation/stop',
  history: '/conversation/history',
  config: '/widget/config',
} as const

/** Where a visitor does what few do. By themselves, since the panel does not call them. */
export const visitorPaths = {
  person: '/conversation/person',
  attachments: '/conversation/attachments',
  feedback: '/conversation/feedback',
  typing: '/conversation/typing',
  erase: '/conversation/erase',
} as const

/** The limits of attachments. */
export const attachmentLimits = {
  perMessage: 5,
  /** Files of one conversation, sent or not. */
  perConversation: 100,
  /** Longest name that is shown, in UTF-16 units; a longer one is cut, its ending kept. */
  name: 120,
} as const

/** Longest message, in Unicode code points, after trimming. By itself, since the widget needs no other limit. */
export const textCodePoints = 4_000

/** The limits every client may rely on. */
export const limits = {
  textCodePoints,
  /** History records returned when `limit` is left out. */
  historyDefault: 50,
  /** Most history records in one answer; a larger `limit` is lowered to it. */
  historyMax: 200,
  /** Longest time, in seconds, a history request may ask to be held open. */
  waitSeconds: 25,
  /** A comment line is sent at least this often on a silent stream, in milliseconds. */
  keepAliveMs: 15_000,
  /** How long a message without a `clientMessageId` may be re-attached to by the same text, in milliseconds. */
  attachMs: 60_000,
  /** Longest comment about a conversation, in Unicode code points. */
  commentCodePoints: 1_000,
  /** Longest `context` of a send, in bytes of JSON: what the site gives, and what the widget tells of its page. */
  contextBytes: 8_192,
} as const

/** The languages the chat speaks: BCP 47 tags in lower case, in the order of the alphabet. */
// prettier-ignore
export const languages = [
  'ar', 'bg', 'bn', 'ca', 'cs', 'da', 'de', 'el', 'en', 'es', 'et', 'fa', 'fi', 'fr', 'he',
  'hi', 'hr', 'hu', 'id', 'it', 'ja', 'ko', 'lt', 'lv', 'ms', 'nb', 'nl', 'pl', 'pt', 'pt-br',
  'ro', 'ru', 'sk', 'sl', 'sr', 'sv', 'ta', 'th', 'tr', 'uk', 'ur', 'vi', 'zh', 'zh-tw',
] as const
export type Language = (typeof languages)[number]

/** Of look and texts what is said here. */
interface Spoken {
  texts?: Partial<Record<Language | '*', object>> | undefined
}

/**
 * Look and texts as a widget is told them. A text that was set for all languages, and for some of them as well, is told among
 * the texts, for the language `*`: what a page sets for all of them has to count before both, and can't be told from it later.
 */
export function tellByLanguage<T extends Spoken>(look: T): T {
  const told = { ...look } as Spoken & Record<string, unknown>
  const others = Object.values(look.texts ?? {}) as Record<string, unknown>[]
  for (const name of ['title', 'greeting', 'placeholder']) {
    if (told[name] === undefined || !others.some((own) => own[name] !== undefined)) continue
    told.texts = { ...told.texts, '*': { ...told.texts?.['*'], [name]: told[name] } }
    delete told[name]
  }
  return told as T
}

/** What may be attached, and how a name of each ends. Never SVG or HTML, which are programs. */
export const attachmentTypes = {
  'image/png': ['png'],
  'image/jpeg': ['jpg', 'jpeg'],
  'image/gif': ['gif'],
  'image/webp': ['webp'],
  'application/pdf': ['pdf'],
} as const
export type AttachmentType = keyof typeof attachmentTypes

/** A file that goes with a message. A type, not an interface: it is a value of a record's data. */
export type Attachment = {
  /** Opaque and unguessable: whoever knows it may fetch the file. */
  id: string
  /** Made fit to be shown and saved; ends as files of its type do. */
  name: string
  /** By the file's first bytes, whatever its sender said. */
  type: AttachmentType
  /** Bytes. */
  size: number
  /** Of images, in pixels, where the file says so. */
  width?: number
  height?: number
}

/** Who wrote a record, as the customer sees it. A person's reply is `assistant` with `data.author`. */
export type Actor = 'customer' | 'assistant'

/** A button that answers: what stands on it, and what it sends. */
export type QuickReply = { label: string; text: string }

/** A button that leads somewhere: `http`, `https`, `mailto` or `tel`. */
export type RecordLink = { label: string; url: string }

/** A value that survives `JSON.parse(JSON.stringify(value))` unchanged. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** Extra facts about a record. Clients ignore fields they do not know. */
export interface RecordData {
  /** Set on a reply written by a person. */
  author?: { kind: 'operator'; name: string }
  /** The answer broke off before its end; `body` is what had arrived. */
  interrupted?: boolean
  /** The customer stopped the answer; `body` is what had arrived. */
  stopped?: boolean
  /** What the customer may answer with one press; a text alone is label and text. */
  quickReplies?: (string | QuickReply)[]
  /** Where the answer leads. */
  links?: RecordLink[]
  /** What the customer thinks of an answer. */
  rating?: 'up' | 'down'
  /** The sender's `clientMessageId`, by which the sender's own client recognises its message. */
  clientMessageId?: string
  /** Files, at most `attachmentLimits.perMessage`. */
  attachments?: Attachment[]
  [key: string]: Json | undefined
}

/** One record of a conversation, as `history` and the `message` event carry it. */
export interface ConversationRecord {
  /** Opaque, `[A-Za-z0-9_-]{1,64}`, never reused. */
  id: string
  actor: Actor
  /** `message`; clients ignore types they do not know. */
  type: string
  body: string
  data?: RecordData
  /** RFC 3339 with milliseconds, UTC. Never decreasing inside a conversation; for display only. */
  createdAt: string
}

/** The answer of `GET /conversation/history`. */
export interface HistoryPage {
  conversationId: string
  /** Oldest first. */
  messages: ConversationRecord[]
  /** The cursor to poll with next; null while there is nothing. */
  lastMessageId: string | null
  /** Whether more records lie beyond this page, in the direction asked for. */
  hasMore: boolean
  /** An answer is being written now; attach to it with `lastEventId=<turnId>.0`. */
  activeTurn?: { turnId: string; userMessageId: string }
  /** A person is typing a reply. */
  typing?: { name: string }
  /** Somebody of the team has resolved the conversation, and nothing was said since. */
  resolved?: boolean
}

/** The customer's message is stored durably. Always the first event, number 0. */
export interface AckEvent {
  type: 'ack'
  conversationId: string
  userMessageId: string
  turnId: string
  /** True when this send found a message that was stored before. */
  replayed: boolean
}
/** The next piece of the answer. */
export interface DeltaEvent {
  type: 'delta'
  text: string
}
/** A record became public: the finished answer, with its id. */
export interface MessageEvent {
  type: 'message'
  message: ConversationRecord
}
/** No automatic answer will come on this stream. */
export interface PendingEvent {
  type: 'pending'
  reason: 'approval' | 'human'
}
/** The answer failed; the customer's message stays stored. */
export interface FailureEvent {
  type: 'failure'
  code: FailureCode
  message: string
  retryable: boolean
}
/** Always the last event. */
export interface DoneEvent {
  type: 'done'
  lastMessageId: string
  /** The customer stopped the answer. */
  stopped?: boolean
}
/** One event of the stream; its SSE id is `<turnId>.<n>`, n dense from 0. */
export type StreamEvent = AckEvent | DeltaEvent | MessageEvent | PendingEvent | FailureEvent | DoneEvent

/** Why an answer failed after the customer's message was stored. */
export type FailureCode =
  'responder_failed' | 'responder_timeout' | 'responder_interrupted' | 'storage_unavailable' | 'token_revoked'

/** The codes of error answers. */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_text'
  | 'invalid_conversation_id'
  | 'invalid_client_message_id'
  | 'invalid_event_id'
  | 'invalid_turn_id'
  | 'invalid_cursor'
  | 'invalid_limit'
  | 'invalid_wait'
  | 'invalid_context'
  | 'invalid_attachment'
  | 'invalid_domain'
  | 'invalid_url'
  | 'private_address'
  | 'invalid_token'
  | 'operator_required'
  | 'role_required'
  | 'wrong_origin'
  | 'invalid_login'
  | 'wrong_password'
  | 'invalid_operator_key'
  | 'invalid_invitation'
  | 'domain_not_allowed'
  | 'request_not_allowed'
  | 'identity_required'
  | 'cursor_not_found'
  | 'not_found'
  | 'method_not_allowed'
  | 'idempotency_mismatch'
  | 'conflict'
  | 'owner_exists'
  | 'last_owner'
  | 'name_taken'
  | 'text_too_long'
  | 'body_too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'storage_unavailable'
  | 'shutting_down'
  | 'internal_error'

/** The body of every error answer. */
export interface ErrorBody {
  error: { code: ErrorCode; message: string }
}

/** 1 to 128 visible ASCII characters, compared byte for byte. */
export const isConversationId = (value: string): boolean => /^[\x21-\x7e]{1,128}$/.test(value)

/** `c_` and at least 128 random bits: whoever knows such an id may read and write the conversation. */
export const isCapabilityId = (value: string): boolean => /^c_[A-Za-z0-9_-]{22,126}$/.test(value)

/** The idempotency key of a send. */
export const isClientMessageId = (value: string): boolean => /^[A-Za-z0-9_-]{16,64}$/.test(value)

/** The id of a record, as a cursor. */
export const isRecordId = (value: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(value)

/** The id of an attachment. */
export const isAttachmentId = (value: string): boolean => /^[A-Za-z0-9_-]{22,64}$/.test(value)

/** Splits `<turnId>.<n>`; null for anything else. */
export function parseEventId(value: string): { turnId: string; n: number } | null {
  const match = value.length <= 64 ? /^([A-Za-z0-9_-]{1,48})\.(0|[1-9]\d{0,9})$/.exec(value) : null
  return match ? { turnId: match[1] as string, n: Number(match[2]) } : null
}

/** Length in Unicode code points, the unit of `limits.textCodePoints`. */
export function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
