/** Parameters of a request: from the query and, for POST, from a form. Each at most once, everything unknown ignored. */
import {
  attachmentLimits,
  codePoints,
  isAttachmentId,
  isClientMessageId,
  isConversationId,
  isRecordId,
  limits,
  parseEventId,
} from '../../protocol.ts'
import type { ErrorCode } from '../../protocol.ts'
import type { Standing } from '../conversations/history.ts'
import { HttpError } from '../errors.ts'

/** Single-valued parameters by name. A Map: names such as `__proto__` are only names in it. */
export type Params = ReadonlyMap<string, string>

/** Largest form, in bytes: 4,000 emoji, percent-encoded, and a context fit in. */
const FORM_BYTES = 131_072

/** How long a body may take, in milliseconds: whoever sends it a byte at a time holds a connection no longer than this. */
const BODY_MS = 20_000

/** The parameters of a URL, as they come. */
export function queryParams(url: string): URLSearchParams {
  const start = url.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : url.slice(start + 1).replace(/#.*$/s, ''))
}

/** The parameters of a form and of its URL, as they come. @throws HttpError */
export async function formParams(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') {
    throw new HttpError(415, 'unsupported_media_type', 'Send the fields as application/x-www-form-urlencoded.')
  }
  const form = new URLSearchParams(await readText(request, FORM_BYTES))
  for (const [name, value] of queryParams(request.url)) form.append(name, value)
  return form
}

/** The body as text. @throws HttpError `body_too_large` */
export async function readText(request: Request, maxBytes: number): Promise<string> {
  const tooLarge = () => new HttpError(413, 'body_too_large', `The body may hold ${maxBytes} bytes at most.`)
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge()
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  const reader = request.body?.getReader()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new HttpError(400, 'invalid_request', 'The body took too long to arrive.')
    timer = setTimeout(() => reject(error), BODY_MS)
  })
  try {
    for (;;) {
      const step = await Promise.race([reader?.read(), late])
      if (!step || step.done) return text + decoder.decode()
      size += step.value.byteLength
      if (size > maxBytes) throw tooLarge()
      text += decoder.decode(step.value, { stream: true })
    }
  } finally {
    clearTimeout(timer)
    void reader?.cancel().catch(() => {})
  }
}

/** The parameters we know, each given once. @throws HttpError `invalid_request` */
export function single(entries: URLSearchParams): Params {
  const params = new Map<string, string>()
  for (const [name, value] of entries) {
    if (!names.has(name)) continue
    if (params.has(name)) throw new HttpError(400, 'invalid_request', `The parameter ${name} may be given once only.`)
    params.set(name, value)
  }
  return params
}

/** Proofs are not among them: a repeated proof is no proof, which is the identity check's to say. */
const names = new Set(
  'integrationToken textContent conversationId clientMessageId lastEventId context afterId beforeId limit wait turnId known messageId rating score comment isTyping attachments name'.split(
    ' ',
  ),
)

/** The message. @throws HttpError `invalid_text`, `text_too_long` */
export function textContent(params: Params, name = 'textContent'): string {
  const text = params.get(name)?.trim()
  if (!text) throw new HttpError(400, 'invalid_text', `Give the message in ${name}; it may not be empty.`)
  if (codePoints(text) > limits.textCodePoints) {
    throw new HttpError(413, 'text_too_long', `A message may hold ${limits.textCodePoints} characters at most.`)
  }
  return text
}

/** The conversation's id, if one is given. @throws HttpError `invalid_conversation_id` */
export function conversationId(params: Params): string | undefined {
  const id = params.get('conversationId')
  if (id === undefined) return undefined
  if (!isConversationId(id)) {
    throw new HttpError(400, 'invalid_conversation_id', 'A conversationId has 1 to 128 visible ASCII characters.')
  }
  return id
}

/** The conversation's id. @throws HttpError `invalid_conversation_id` */
export function requiredConversationId(params: Params): string {
  const id = conversationId(params)
  if (id === undefined) throw new HttpError(400, 'invalid_conversation_id', 'Name the conversation in conversationId.')
  return id
}

/** The idempotency key, if one is given. @throws HttpError `invalid_client_message_id` */
export const clientMessageId = (params: Params): string | undefined =>
  checked(
    params,
    'clientMessageId',
    isClientMessageId,
    'invalid_client_message_id',
    '16 to 64 characters of A-Z a-z 0-9 _ -',
  )

/** A cursor, if one is given. @throws HttpError `invalid_cursor` */
export const cursor = (params: Params, name: 'afterId' | 'beforeId'): string | undefined =>
  checked(params, name, isRecordId, 'invalid_cursor', 'the id of a record')

/** The turn to stop. @throws HttpError `invalid_turn_id` */
export function turnId(params: Params): string {
  const id = checked(params, 'turnId', (value) => parseEventId(`${value}.0`) !== null, 'invalid_turn_id', 'a turnId')
  if (id === undefined) throw new HttpError(400, 'invalid_turn_id', 'Name the answer to stop in turnId.')
  return id
}

/** The last event seen, from the header or the parameter. @throws HttpError `invalid_event_id` */
export function lastEventId(request: Request, params: Params): { turnId: string; n: number } | undefined {
  const id = request.headers.get('last-event-id') ?? params.get('lastEventId')
  if (id === undefined) return undefined
  const parsed = parseEventId(id)
  if (!parsed) throw new HttpError(400, 'invalid_event_id', 'A last event id has the form <turnId>.<number>.')
  return parsed
}

/** The size of a page. @throws HttpError `invalid_limit` */
export function limit(params: Params): number {
  const text = params.get('limit')
  if (text === undefined) return limits.historyDefault
  const value = /^\d+$/.test(text) ? Number(text) : 0
  if (value < 1) throw new HttpError(400, 'invalid_limit', 'A limit is a whole number from 1 on.')
  return Math.min(value, limits.historyMax)
}

/** Seconds to hold the answer. @throws HttpError `invalid_wait` */
export function wait(params: Params): number {
  const text = params.get('wait')
  if (text === undefined) return 0
  const value = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : -1
  if (value < 0 || value > limits.waitSeconds) {
    throw new HttpError(400, 'invalid_wait', `A wait is 0 to ${limits.waitSeconds} seconds.`)
  }
  return value
}

/** How the reader believes the conversation stands, if that is told. @throws HttpError `invalid_request` */
export function known(params: Params): Standing | undefined {
  const told = params.get('known')?.split(',').filter(Boolean)
  if (told?.some((name) => name !== 'typing' && name !== 'resolved')) {
    throw new HttpError(400, 'invalid_request', 'known may name typing and resolved, with a comma between.')
  }
  return told && { isTyping: told.includes('typing'), isResolved: told.includes('resolved') }
}

/** Whether the visitor is typing. @throws HttpError `invalid_request` */
export function isTyping(params: Params): boolean {
  const given = params.get('isTyping')
  if (given !== 'true' && given !== 'false') {
    throw new HttpError(400, 'invalid_request', 'isTyping has to be true or false.')
  }
  return given === 'true'
}

/** What the page told along with a message. @throws HttpError `invalid_context` */
export function context(params: Params): Record<string, unknown> | undefined {
  const text = params.get('context')
  if (text === undefined) return undefined
  const invalid = () =>
    new HttpError(400, 'invalid_context', `A context is a JSON object of ${limits.contextBytes} bytes at most.`)
  if (new TextEncoder().encode(text).length > limits.contextBytes) throw invalid()
  try {
    const value: unknown = JSON.parse(text)
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Falls through to the same answer: what is no JSON is no object either.
  }
  throw invalid()
}

/** The files that go with a message. @throws HttpError `invalid_attachment` */
export function attachments(params: Params, conversationId: string | undefined): string[] {
  const text = params.get('attachments')
  if (text === undefined || text === '') return []
  const ids = text.split(',')
  const isEach = ids.length <= attachmentLimits.perMessage && ids.every(isAttachmentId)
  const most = attachmentLimits.perMessage
  if (!isEach || new Set(ids).size < ids.length) {
    const message = `Give the ids of at most ${most} different files in attachments, with commas between them.`
    throw new HttpError(400, 'invalid_attachment', message)
  }
  if (conversationId !== undefined) return ids
  throw new HttpError(400, 'invalid_attachment', 'Files belong to a conversation. Name it in conversationId.')
}

/** What a file is called. @throws HttpError `invalid_attachment` */
export function fileName(params: Params): string {
  const name = params.get('name')
  if (!name || name.length > 4_096) throw new HttpError(400, 'invalid_attachment', 'Give the name of the file in name.')
  return name
}

function checked(
  params: Params,
  name: string,
  isValid: (value: string) => boolean,
  code: ErrorCode,
  form: string,
): string | undefined {
  const value = params.get(name)
  if (value !== undefined && !isValid(value)) throw new HttpError(400, code, `${name} has to be ${form}.`)
  return value
}
