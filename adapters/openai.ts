/** A language model straight from the page: any OpenAI-compatible chat-completions endpoint, without a server of ours. */
import { startCall } from './_call.ts'
import { messagesFor, piecesOf, refusalOf } from './_completions.ts'
import { toJson } from './_json.ts'
import { createLocalAdapter } from './_local.ts'
import type { LocalQuestion } from './_local.ts'
import { createMemoryRecords } from './_records.ts'
import type { RecordStore } from './_records.ts'
import { nothingGoingOn } from './_turns.ts'
import type { LiveConversation } from './_turns.ts'
import type { ChatAdapter } from './adapter.ts'

export { createLocalStorageStore } from './_records.ts'
export type { RecordStore } from './_records.ts'

/** Options of `createOpenAIAdapter`. */
export interface OpenAIAdapterOptions {
  /**
   * The service's address, used as given with `/chat/completions` added: `http://localhost:11434/v1` for Ollama, or a
   * path of the page's own server. A service of another origin has to allow the page's (CORS).
   * Security: visitors can send there whatever they like, so what is not on their own machine needs limits of its own.
   */
  baseUrl: string
  /** The model's name, as the service knows it. */
  model: string
  /**
   * Sent as a bearer token. Security: whatever stands in a page is public. Anybody who opens the page can copy the key
   * and use it elsewhere at your expense. Leave it out, and let a proxy that you trust add the real one. @default none
   */
  apiKey?: string
  /** What the model is told before the conversation. Security: visitors can read and change it. @default none */
  systemPrompt?: string
  /** Longest answer, in tokens. An answer that reaches it is marked as broken off. @default the service's own */
  maxOutputTokens?: number
  /** How much of the conversation goes along with a question: the newest that fits. @default 40 messages, 24,000 characters */
  budget?: { messages?: number; characters?: number }
  /** Further fields of the request: `temperature`, `seed` … @default none */
  body?: Record<string, unknown>
  /** Further request headers. Security: as public as `apiKey`. @default none */
  headers?: Record<string, string>
  /** Where conversations are kept; `createLocalStorageStore()` makes a reload find them. @default in memory, with the page */
  store?: RecordStore
  /** How requests are made. @default the page's `fetch`, looked up at each call */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Longest time without a byte before an answer is given up, in milliseconds. Loading a model takes a while. @default 120_000 */
  silenceMs?: number
  /** The clock, in milliseconds. @default Date.now */
  now?: () => number
}

/** How long a message is held back to see whether the service takes it at all, in milliseconds. */
const PATIENCE_MS = 1_000

/**
 * Asks a language model. A service that refuses at once, or cannot be reached, makes `send` throw, so the message can be
 * tried again; once a message is stored, whatever goes wrong is a `failure` of its answer.
 * @throws TypeError when the key or a header cannot be sent
 */
export function createOpenAIAdapter(options: OpenAIAdapterOptions): ChatAdapter {
  const { apiKey, model, systemPrompt, silenceMs = 120_000, now = Date.now } = options
  const fetch = options.fetch ?? ((url: string, init: RequestInit) => globalThis.fetch(url, init))
  const url = `${options.baseUrl.replace(/\/+$/, '')}/chat/completions`
  const headers = requestHeaders(options)
  const budget = { messages: 40, characters: 24_000, ...options.budget }
  const live = new Map<string, LiveConversation>()

  const answer = async ({ text, earlier, signal }: LocalQuestion): Promise<AsyncIterable<string>> => {
    const messages = messagesFor(systemPrompt, earlier, text, budget)
    const body = toJson({ ...options.body, model, messages, stream: true, ...limit(options) })
    const call = startCall(signal, silenceMs)
    try {
      const response = await call.step(
        Promise.resolve().then(() =>
          fetch(url, {
            method: 'POST',
            ...{ headers, body, signal: call.signal },
            // Neither cookies nor the page's address are the service's business; a redirect would carry the text elsewhere.
            ...{ credentials: 'omit', cache: 'no-store', redirect: 'manual', referrerPolicy: 'strict-origin' },
          }),
        ),
      )
      if (!response.ok) throw await refusalOf(call, response, apiKey)
      return piecesOf(call, response)
    } catch (error) {
      call.close()
      throw error
    }
  }

  return createLocalAdapter({
    answer,
    patienceMs: PATIENCE_MS,
    records: options.store ?? createMemoryRecords(),
    open(id) {
      const found = live.get(id) ?? nothingGoingOn()
      live.set(id, found)
      return found
    },
    now,
  })
}

/** Made once, so that a key that cannot be sent is found at the start, by an error that does not show it. */
function requestHeaders({ apiKey, headers = {} }: OpenAIAdapterOptions): Headers {
  try {
    const made = new Headers({ 'content-type': 'application/json', accept: 'text/event-stream, application/json' })
    if (apiKey?.trim()) made.set('authorization', `Bearer ${apiKey.trim()}`)
    for (const [name, value] of Object.entries(headers)) made.set(name, value)
    return made
  } catch {
    throw new TypeError('Lumika: the API key or a header holds characters that cannot be sent.')
  }
}

/** OpenAI's newer models refuse the old name of this field, and most other services do not know the new one. */
function limit({ baseUrl, maxOutputTokens }: OpenAIAdapterOptions): Record<string, number> {
  if (maxOutputTokens === undefined) return {}
  return { [/^https:\/\/api\.openai\.com\//.test(baseUrl) ? 'max_completion_tokens' : 'max_tokens']: maxOutputTokens }
}
