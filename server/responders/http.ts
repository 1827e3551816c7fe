/** What responders that ask another service share: a request, and readers for what comes back. */
import { createParser } from 'eventsource-parser'
import { ResponderError } from './responder.ts'

/** The part of `fetch` that responders use. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** The runtime's own, looked up at each call. */
export const defaultFetch: Fetch = (url, init) => globalThis.fetch(url, init)

/** A request to an answering service. */
export interface Question {
  url: string
  headers: HeadersInit
  body: string
  fetch: Fetch
  signal: AbortSignal
  /** What messages call the service: `The webhook`. */
  who: string
}

/** Longest single event, in characters, that is put together. */
const MAX_EVENT_CHARS = 1_048_576

/**
 * Posts and returns the head of the answer. Redirects are not followed: they would carry the question elsewhere.
 * @throws ResponderError when there is no answer; the signal's reason when it is aborted
 */
export async function ask({ url, headers, body, fetch, signal, who }: Question): Promise<Response> {
  try {
    return await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
  } catch (error) {
    signal.throwIfAborted()
    throw new ResponderError('responder_failed', `${who} cannot be reached. Is it running, and its address right?`, {
      cause: error,
    })
  }
}

/** The error for a status that is not 2xx. `hint` says what to do, or what the service named as the reason. */
export function statusError(response: Response, who: string, hint = ''): ResponderError {
  const { status } = response
  const isRedirect = response.type === 'opaqueredirect' || (status >= 300 && status < 400)
  if (isRedirect) {
    const message = `${who} answered with a redirect, which is not followed. Configure the address it leads to.`
    return new ResponderError('responder_failed', message, { status, isRetryable: false })
  }
  const wait = /^\d{1,6}$/.exec(response.headers.get('retry-after') ?? '')?.[0]
  const message = `${who} answered with status ${status}.${hint && ` ${hint}`}${wait ? ` It asks to wait ${wait} s.` : ''}`
  const isRetryable = status === 408 || status === 425 || status === 429 || status >= 500
  return new ResponderError('responder_failed', message, { status, isRetryable })
}

/** The media type of an answer, without parameters: `text/plain`. */
export const mediaType = (response: Response): string =>
  (response.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

/**
 * The bytes of an answer as text, as they come; wrong UTF-8 becomes U+FFFD. The connection is released however it ends.
 * @throws ResponderError `responder_interrupted` when the connection breaks or more than `maxBytes` come
 */
export async function* readText(
  response: Response,
  { signal, who, maxBytes }: { signal: AbortSignal; who: string; maxBytes: number },
): AsyncGenerator<string> {
  if (!response.body) return
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let bytes = 0
  try {
    for (;;) {
      const step = await reader.read().catch((error: unknown) => {
        signal.throwIfAborted()
        throw new ResponderError('responder_interrupted', `${who} broke off its answer.`, { cause: error })
      })
      if (step.done) break
      bytes += step.value.byteLength
      if (bytes > maxBytes) {
        const message = `${who} sent more than ${maxBytes} bytes.`
        throw new ResponderError('responder_interrupted', message, { isRetryable: false })
      }
      const text = decoder.decode(step.value, { stream: true })
      if (text) yield text
    }
    const rest = decoder.decode()
    if (rest) yield rest
  } finally {
    void reader.cancel().catch(() => {})
  }
}

/** All of it. */
export async function joined(pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}

/** The data of each unnamed event in a stream of text; none after an abort, even if it was received before. */
export async function* readEvents(
  pieces: AsyncIterable<string>,
  { signal, who }: { signal: AbortSignal; who: string },
): AsyncGenerator<string> {
  let events: string[] = []
  let isTooLong = false
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARS,
    onEvent: ({ event, data }) => void ((event ?? 'message') === 'message' && events.push(data)),
    onError: ({ type }) => (isTooLong ||= type === 'max-buffer-size-exceeded'),
  })
  for await (const piece of pieces) {
    parser.feed(piece)
    for (const data of events) {
      yield data
      signal.throwIfAborted()
    }
    events = []
    if (isTooLong) {
      throw new ResponderError('responder_interrupted', `${who} sent an endless event.`, { isRetryable: false })
    }
  }
}
