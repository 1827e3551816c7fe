/** The chat-completions format: what is asked, and what comes back. */
import type { ConversationRecord } from '../protocol.ts'
import type { Call } from './_call.ts'
import { createEventReader } from './_sse.ts'
import { AdapterError } from './adapter.ts'
import type { AdapterErrorCode } from './adapter.ts'

/** One message of a chat, as the service takes it. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** The part of an answer, or of a piece of one, that matters here. */
interface Completion {
  choices?: ({
    index?: number
    delta?: { content?: unknown } | null
    message?: { content?: unknown } | null
    finish_reason?: string | null
  } | null)[]
  error?: unknown
}

/** Longest answer, in bytes. */
const MAX_BYTES = 33_554_432

/**
 * A question in its context: what was said before it, the newest within a budget, in turns. Roles alternate, since the
 * templates of many local models refuse two messages of one role in a row; an unanswered question leaves such a pair.
 */
export function messagesFor(
  systemPrompt: string | undefined,
  earlier: ConversationRecord[],
  text: string,
  budget: { messages: number; characters: number },
): ChatMessage[] {
  const messages: ChatMessage[] = [{ role: 'user', content: text }]
  const newest = budget.messages > 0 ? earlier.slice(-budget.messages) : []
  let left = budget.characters
  for (const { actor, body } of newest.toReversed()) {
    left -= body.length
    if (left < 0) break
    const role = actor === 'customer' ? 'user' : 'assistant'
    const next = messages[0]
    if (next?.role === role) next.content = `${body}\n\n${next.content}`
    else messages.unshift({ role, content: body })
  }
  if (messages[0]?.role === 'assistant') messages.shift()
  if (systemPrompt) messages.unshift({ role: 'system', content: systemPrompt })
  return messages
}

/** The text of an answer as it comes, from a stream or from one JSON object. The connection is released however it ends. */
export async function* piecesOf(call: Call, response: Response): AsyncGenerator<string> {
  let hasText = false
  let finish: string | undefined
  try {
    for await (const data of payloads(call, response)) {
      if (data.trim() === '[DONE]') finish ??= 'stop'
      else if (data.trim()) {
        const choice = choiceIn(data)
        const content = textOf((choice?.delta ?? choice?.message)?.content)
        if (content) {
          hasText = true
          yield content
        }
        finish = choice?.finish_reason ?? (choice?.message ? 'stop' : finish)
      }
      if (finish) break
    }
  } finally {
    call.close()
  }
  if (!finish) throw new AdapterError('network', `${who} broke off its answer.`)
  if (finish === 'length') throw failed('The answer reached the limit of tokens.')
  if (finish === 'content_filter') throw failed(`${who}'s content filter ended the answer.`)
  if (!hasText) throw failed(`${who} gave an empty answer.`)
}

/** The error for an answer that refuses the question. */
export async function refusalOf(call: Call, response: Response, apiKey: string | undefined): Promise<AdapterError> {
  const { status } = response
  const body = await joined(bytesOf(call, response)).catch(() => '')
  const code = shortCode(body, apiKey)
  const seconds = Number(response.headers.get('retry-after') || NaN)
  const message = `${who} answered with status ${status}.${code && ` It says ${code}.`}${advice[status] ?? ''}`
  return new AdapterError(codes[status] ?? (status >= 500 ? 'internal_error' : 'protocol'), message, {
    status,
    // A redirect, which is not followed, has status 0 in browsers. A quota that is used up stays so for now.
    isRetryable: (status === 408 || status === 429 || status >= 500) && code !== 'insufficient_quota',
    ...(seconds >= 0 && { retryAfter: seconds }),
  })
}

const who = 'The model service'
const codes: Record<number, AdapterErrorCode> = {
  ...{ 400: 'invalid_request', 401: 'invalid_token', 403: 'invalid_token', 404: 'not_found' },
  ...{ 408: 'network', 413: 'text_too_long', 422: 'invalid_request', 429: 'rate_limited' },
}
const advice: Record<number, string> = {
  401: ' Check the API key.',
  403: ' Check the API key, and whether the service allows this page.',
  404: ' Check the base URL and the name of the model.',
}

const failed = (message: string): AdapterError => new AdapterError('protocol', message, { isRetryable: false })

/** The data of each event; of an answer in one object, that. */
async function* payloads(call: Call, response: Response): AsyncGenerator<string> {
  const type = response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type.includes('html')) throw failed(`${who} answered with a page of HTML. Check the base URL.`)
  if (type.endsWith('json')) return yield await joined(bytesOf(call, response))
  const read = createEventReader(MAX_BYTES)
  for await (const bytes of bytesOf(call, response)) for (const { data } of read(bytes)) yield data
}

async function* bytesOf(call: Call, response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  let size = 0
  try {
    while (reader) {
      const { done, value } = await call.step(reader.read())
      if (done) return
      size += value.byteLength
      if (size > MAX_BYTES) throw failed(`${who} sent more than ${MAX_BYTES} bytes.`)
      yield value
    }
  } finally {
    reader?.cancel().catch(() => {})
  }
}

async function joined(parts: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of parts) text += decoder.decode(bytes, { stream: true })
  return text + decoder.decode()
}

function choiceIn(data: string) {
  const completion = parse(data)
  if (!completion) throw failed(`${who} sent something that is not a chat completion. Check the base URL.`)
  if (completion.error) throw new AdapterError('internal_error', `${who} reported an error in its answer.`)
  const choices = Array.isArray(completion.choices) ? completion.choices : []
  return choices.find((choice) => choice && (choice.index ?? 0) === 0)
}

/** Content is a string, or a list of parts, or null. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: { text?: unknown } | null) => (typeof part?.text === 'string' ? part.text : '')).join('')
}

/** A service's messages may repeat the question or the key; its codes are safe to show. */
function shortCode(body: string, apiKey: string | undefined): string {
  const { code, type } = (parse(body)?.error ?? {}) as { code?: unknown; type?: unknown }
  const found = [code, type].map((value) => String(value ?? '')).find((value) => /^[\w.-]{1,64}$/.test(value))
  return found && !(apiKey && found.includes(apiKey)) ? found : ''
}

function parse(json: string): Completion | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
