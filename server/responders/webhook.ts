/** A responder in the site owner's own code, in any language: a signed POST, answered with text. */
import { ask, defaultFetch, joined, mediaType, readEvents, readText, statusError } from './http.ts'
import type { Fetch } from './http.ts'
import { ResponderError, handover, offer } from './responder.ts'
import type { Responder, ResponderPiece } from './responder.ts'
import { sign } from './signature.ts'

/** Options of `createWebhookResponder`. */
export interface WebhookResponderOptions {
  /** Where the questions go. Security: this address is trusted and is not checked against private networks. */
  url: string
  /** The key of the signatures, known to both sides; at least 16 characters, better 32 random ones. */
  secret: string
  /** Longest answer, in bytes. @default 1_048_576 */
  maxBytes?: number
  /** Further request headers. @default none */
  headers?: Record<string, string>
  /** How requests are made. @default the runtime's `fetch` */
  fetch?: Fetch
  /** The clock of the signatures, in milliseconds. @default Date.now */
  now?: () => number
}

const who = 'The webhook'

/**
 * Posts `{ turnId, integrationId, conversationId, text, attachments?, history, context? }` with `Lumika-Event-Id: <turnId>` and
 * `Lumika-Signature` (see `verify`). The answer is one of
 * - `application/json`: `{ "text": "…", "quickReplies"?, "links"?, "handover"?: true | { "reason": "…" } }`, the text left out
 *   or not
 * - `text/plain`: the text, streamed as it comes
 * - `text/event-stream`: unnamed events, each a `{ "delta": "…" }`, a `{ "text": "…" }` or plain text, until the
 *   connection is closed or an event `[DONE]`; an `{ "error": … }` is a failure; `{ "handover": … }` is the end; any
 *   of them may hold `quickReplies` and `links`
 * - status 204: no answer; a person may give one
 * `quickReplies`, texts or `{ "label", "text" }`, and `links`, `{ "label", "url" }`, are shown as buttons: at most 8 of each,
 * labels of up to 80 characters, addresses of http, https, mailto or tel; the rest is left out.
 * `handover` asks for a person: the assistant is silent from then on until it is handed back.
 * @throws TypeError when the address, the secret or a header cannot be used
 */
export function createWebhookResponder(options: WebhookResponderOptions): Responder {
  const { url, secret, maxBytes = 1_048_576, fetch = defaultFetch, now = Date.now } = options
  check(options)
  return {
    kind: 'webhook',
    async *respond({ turnId, integrationId, conversationId, text, attachments, history, context, signal }) {
      const body = JSON.stringify({ turnId, integrationId, conversationId, text, attachments, history, context })
      const headers = {
        ...options.headers,
        'content-type': 'application/json',
        accept: 'text/event-stream, text/plain, application/json',
        'lumika-event-id': turnId,
        'lumika-signature': await sign(secret, body, now),
      }
      const response = await ask({ url, headers, body, fetch, signal, who })
      const answer = readText(response, { signal, who, maxBytes })
      if (response.status === 204) return
      if (!response.ok) {
        void response.body?.cancel().catch(() => {})
        throw statusError(response, who)
      }
      const type = mediaType(response)
      if (type === 'text/event-stream') yield* deltas(readEvents(answer, { signal, who }))
      else if (type === 'text/plain') yield* answer
      else if (type === 'application/json') yield* whole(await joined(answer))
      else {
        void response.body?.cancel().catch(() => {})
        throw failed('answered with a content type that is none of application/json, text/plain, text/event-stream.')
      }
    },
  }
}

function* whole(json: string): Generator<ResponderPiece> {
  const object = objectIn(json) ?? {}
  const text = object['text'] ?? (object['handover'] ? '' : undefined)
  if (typeof text !== 'string') throw failed('answered with JSON that is not { "text": "…" }.')
  if (text) yield text
  yield* offersOf(object)
  if (object['handover']) yield handoverOf(object['handover'])
}

function* offersOf(object: Record<string, unknown>): Generator<ResponderPiece> {
  if (object['quickReplies'] !== undefined || object['links'] !== undefined) yield offer(object)
}

const handoverOf = (given: unknown): ResponderPiece => handover((given as { reason?: unknown }).reason)

async function* deltas(events: AsyncIterable<string>): AsyncGenerator<ResponderPiece> {
  for await (const data of events) {
    if (data.trim() === '[DONE]') return
    const object = objectIn(data)
    if (object?.['error']) throw failed('reported an error in its answer.', true)
    const text = object ? (object['delta'] ?? object['text']) : data
    if (typeof text === 'string') yield text
    if (object) yield* offersOf(object)
    if (object?.['handover']) return yield handoverOf(object['handover'])
  }
}

function objectIn(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

const failed = (what: string, isRetryable = false): ResponderError =>
  new ResponderError('responder_failed', `${who} ${what}`, { isRetryable })

/** At the start, so that a wrong setting is not found by the first customer, and by errors that show no secret. */
function check({ url, secret, headers }: WebhookResponderOptions): void {
  if (!URL.canParse(url) || !/^https?:\/\/[^@/?#]+([/?#].*)?$/i.test(url)) {
    throw new TypeError('The webhook URL must begin with https:// or http:// and hold no password.')
  }
  if (secret.length < 16) throw new TypeError('The webhook secret must have at least 16 characters.')
  try {
    new Headers(headers)
  } catch {
    throw new TypeError('A header of the webhook responder holds characters that cannot be sent.')
  }
}
