/** A language model behind any OpenAI-compatible chat-completions endpoint: OpenAI, Ollama, vLLM, LM Studio and others. */
import { ask, defaultFetch, joined, mediaType, readEvents, readText, statusError } from './http.ts'
import type { Fetch } from './http.ts'
import { handoverTool, listenForHandover } from './openai-handover.ts'
import type { HandoverListener } from './openai-handover.ts'
import { ResponderError } from './responder.ts'
import type { Responder, ResponderAttachment, ResponderRequest } from './responder.ts'

/** Options of `createOpenAIResponder`. */
export interface OpenAIResponderOptions {
  /** The model's name, as the service knows it. */
  model: string
  /**
   * The service's address, used as given with `/chat/completions` added, so most need their `/v1`:
   * `http://localhost:11434/v1` for Ollama. @default 'https://api.openai.com/v1'
   */
  baseUrl?: string
  /** Sent as a bearer token. Security: goes to whoever `baseUrl` names, and into no message or log. @default none */
  apiKey?: string
  /** What the model is told before the conversation. @default none */
  systemPrompt?: string
  /** Longest answer, in tokens. An answer that reaches it is marked as broken off. @default the service's own */
  maxOutputTokens?: number
  /**
   * Whether the model may ask for a person, by a tool `hand_over_to_person` that it is offered. The assistant is silent after
   * that until somebody hands the conversation back. Model and service have to know tools. @default false
   */
  handover?: boolean
  /** Further fields of the request: `temperature`, `seed` … @default none */
  body?: Record<string, unknown>
  /** Further request headers. @default none */
  headers?: Record<string, string>
  /** How requests are made. @default the runtime's `fetch` */
  fetch?: Fetch
}

/** The part of an answer, or of a piece of one, that matters here. */
interface Completion {
  choices?: ({
    index?: number
    delta?: Spoken | null
    message?: Spoken | null
    finish_reason?: string | null
  } | null)[]
  error?: { code?: unknown; type?: unknown } | string | null
}

interface Spoken {
  content?: unknown
  refusal?: unknown
  reasoning?: unknown
  reasoning_content?: unknown
  tool_calls?: unknown
}

const who = 'The model service'
const MAX_BYTES = 33_554_432
/** How long the rest of a finished stream is waited for, so that its connection can be used again, in milliseconds. */
const LINGER_MS = 1_000

/**
 * Asks a language model.
 * @throws TypeError when the address or a header cannot be used
 */
export function createOpenAIResponder(options: OpenAIResponderOptions): Responder {
  const { model, apiKey, fetch = defaultFetch } = options
  const url = endpoint(options.baseUrl ?? 'https://api.openai.com/v1')
  const headers = requestHeaders(apiKey, options.headers)
  return {
    kind: 'openai',
    async *respond(request) {
      const controller = new AbortController()
      const leave = (): void => controller.abort(request.signal.reason)
      request.signal.addEventListener('abort', leave)
      if (request.signal.aborted) leave()
      let linger: ReturnType<typeof setTimeout> | undefined
      const progress: Progress = { hasText: false, tools: listenForHandover() }
      try {
        const { signal } = controller
        const body = JSON.stringify({
          ...options.body,
          model,
          messages: messagesFor(request, options),
          stream: true,
          ...toolsOf(options),
          ...limit(url, options),
        })
        const response = await ask({ url, headers, body, fetch, signal, who })
        if (!response.ok) throw await refusal(response, apiKey, signal)
        const type = mediaType(response)
        const text = readText(response, { signal, who, maxBytes: MAX_BYTES })
        if (type.endsWith('json')) yield* piecesOf(parse(await joined(text)), progress, apiKey)
        else if (type.includes('html')) throw failed(`${who} answered with a page of HTML. Check the base URL.`)
        else
          for await (const data of readEvents(text, { signal, who })) {
            if (data.trim() === '[DONE]') {
              progress.finish ??= 'stop'
              break
            }
            if (data.trim()) yield* piecesOf(parse(data), progress, apiKey)
            if (progress.finish) linger ??= setTimeout(() => controller.abort(), LINGER_MS)
          }
      } catch (error) {
        // Whatever goes wrong after the answer is complete changes nothing about it.
        if (!progress.finish || request.signal.aborted) throw error
      } finally {
        clearTimeout(linger)
        request.signal.removeEventListener('abort', leave)
      }
      const wish = options.handover ? progress.tools.heard() : null
      if (wish) return yield wish
      judge(progress)
    },
  }
}

interface Progress {
  hasText: boolean
  tools: HandoverListener
  finish?: string
}

/** The text in a chunk, or in a whole answer from a server that does not stream. */
function* piecesOf(completion: Completion, progress: Progress, apiKey: string | undefined): Generator<string> {
  if (completion.error) throw midway(completion.error, apiKey)
  for (const choice of Array.isArray(completion.choices) ? completion.choices : []) {
    if (!choice || (choice.index ?? 0) !== 0) continue
    const spoken = choice.delta ?? choice.message
    const text = textOf(spoken?.content) || textOf(spoken?.refusal)
    if (text) progress.hasText = true
    progress.tools.hear(spoken?.tool_calls)
    // An empty piece shows that a model is at work which thinks before it speaks.
    if (text || spoken?.reasoning || spoken?.reasoning_content || spoken?.tool_calls) yield text
    if (choice.finish_reason) progress.finish = choice.finish_reason
    else if (choice.message) progress.finish ??= 'stop'
  }
}

/** Content is a string, or a list of parts, or null. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: { text?: unknown } | null) => (typeof part?.text === 'string' ? part.text : '')).join('')
}

/** Whether the way an answer ended makes it a failure. */
function judge({ hasText, finish }: Progress): void {
  const code = hasText ? 'responder_interrupted' : 'responder_failed'
  if (!finish) throw new ResponderError('responder_interrupted', `${who} broke off its answer.`)
  if (finish === 'length') throw failed('The answer reached the limit of tokens. Raise maxOutputTokens.', code)
  if (finish === 'content_filter') throw failed(`${who}'s content filter ended the answer.`, code)
}

/** What was said; of files the names, since not every model can look at them. */
const withFiles = (text: string, attachments: ResponderAttachment[] = []): string =>
  [text, ...attachments.map(({ name, type }) => `[File: ${name} (${type})]`)].join('\n')

function messagesFor({ history, text, attachments }: ResponderRequest, { systemPrompt }: OpenAIResponderOptions) {
  return [
    ...(systemPrompt ? [{ role: 'system', content: systemPrompt }] : []),
    ...history.map(({ role, body, attachments: files }) => ({
      role: role === 'customer' ? 'user' : 'assistant',
      content: withFiles(body, files),
    })),
    { role: 'user', content: withFiles(text, attachments) },
  ]
}

function toolsOf({ handover, body }: OpenAIResponderOptions): { tools?: unknown[] } {
  if (!handover) return {}
  const others: unknown = body?.['tools']
  return { tools: [...(Array.isArray(others) ? (others as unknown[]) : []), handoverTool] }
}

/** OpenAI's newer models refuse the old name of this field, and most other services do not know the new one. */
function limit(url: string, { maxOutputTokens }: OpenAIResponderOptions): Record<string, number> {
  if (maxOutputTokens === undefined) return {}
  const isOpenAI = new URL(url).hostname === 'api.openai.com'
  return { [isOpenAI ? 'max_completion_tokens' : 'max_tokens']: maxOutputTokens }
}

function endpoint(baseUrl: string): string {
  const isUsable = URL.canParse(baseUrl) && /^https?:\/\/[^@/?#]+(\/[^?#]*)?$/i.test(baseUrl)
  if (!isUsable) throw new TypeError('The base URL must begin with https:// or http:// and hold no password.')
  return `${baseUrl.replace(/\/+$/, '')}/chat/completions`
}

/** Made once, so that a key that cannot be sent is found at the start, by an error that does not show it. */
function requestHeaders(apiKey: string | undefined, more: Record<string, string> | undefined): Headers {
  try {
    const headers = new Headers({ 'content-type': 'application/json', accept: 'text/event-stream, application/json' })
    if (apiKey?.trim()) headers.set('authorization', `Bearer ${apiKey.trim()}`)
    for (const [name, value] of Object.entries(more ?? {})) headers.set(name, value)
    return headers
  } catch {
    throw new TypeError('The API key or a header of the openai responder holds characters that cannot be sent.')
  }
}

/** The error for a refused request, with the service's own short code where it gives one. */
async function refusal(response: Response, apiKey: string | undefined, signal: AbortSignal): Promise<ResponderError> {
  const text = await joined(readText(response, { signal, who, maxBytes: 65_536 })).catch(() => '')
  const code = shortCode(tryParse(text)?.error, apiKey)
  const advice = { 401: 'Check the API key.', 404: 'Check the base URL and the name of the model.' }[response.status]
  return statusError(response, who, [code && `It says ${code}.`, advice].filter(Boolean).join(' '))
}

/** The error for an error object in a stream that began well, or in an answer with status 200. */
function midway(error: NonNullable<Completion['error']>, apiKey: string | undefined): ResponderError {
  const code = shortCode(error, apiKey)
  const status = /^[45]\d\d$/.test(code) ? Number(code) : undefined
  const isRetryable = status === undefined || status === 408 || status === 429 || status >= 500
  const message = `${who} reported an error in its answer${code && `: ${code}`}.`
  return new ResponderError('responder_failed', message, { isRetryable, ...(status && { status }) })
}

/** A service's messages may repeat the question or the key; its codes are safe to show. */
function shortCode(error: Completion['error'], apiKey: string | undefined): string {
  if (typeof error !== 'object' || error === null) return ''
  const code = [error.code, error.type]
    .map((value) => String(value ?? ''))
    .find((value) => /^[\w.-]{1,64}$/.test(value))
  return code && !(apiKey?.trim() && code.includes(apiKey.trim())) ? code : ''
}

function parse(data: string): Completion {
  const value = tryParse(data)
  if (!value) throw failed(`${who} sent something that is not a chat completion. Check the base URL.`)
  return value
}

function tryParse(data: string): Completion | undefined {
  try {
    const value: unknown = JSON.parse(data)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

const failed = (message: string, code: 'responder_failed' | 'responder_interrupted' = 'responder_failed') =>
  new ResponderError(code, message, { isRetryable: false })
