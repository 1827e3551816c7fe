/** Our own server, over HTTP. Every request is a simple one, so that no preflight delays it. */
import { paths } from '../protocol.ts'
import { startCall } from './_call.ts'
import type { Call } from './_call.ts'
import { toJson } from './_json.ts'
import { createEventReader } from './_sse.ts'
import { discard, failureOf, mediaType, requestInit, withToken } from './_http.ts'
import type { Parameters } from './_http.ts'
import { readEvent, readHistory } from './_wire.ts'
import { AdapterError } from './adapter.ts'
import type { AdapterEvent, ChatAdapter, IdentityProof } from './adapter.ts'

/** Options of `createHttpAdapter`. */
export interface HttpAdapterOptions {
  /** The server's address, with its path if it has one: `https://chat.example.com`. */
  serverUrl: string
  /** The integration's token. Security: a `widget` token is public; an `api` token must never be in a page. */
  integrationToken: string
  /** How requests are made. @default the page's `fetch`, looked up at each call */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Longest time without a byte before a request is given up, in milliseconds. The server writes every 15 s. @default 45_000 */
  silenceMs?: number
  /** Longest address of a send by GET; nginx takes no more than 8 KB by default. @default 8_000 */
  maxUrlLength?: number
  /** Longest event of a stream, in characters. @default 1_048_576 */
  maxEventSize?: number
}

/** Reaches a Lumika server. Sends by POST, and by GET where a server knows no POST. */
export function createHttpAdapter(options: HttpAdapterOptions): ChatAdapter {
  const { integrationToken, silenceMs = 45_000, maxUrlLength = 8_000, maxEventSize = 1_048_576 } = options
  const fetch = options.fetch ?? ((url: string, init: RequestInit) => globalThis.fetch(url, init))
  const server = options.serverUrl.replace(/\/+$/, '')
  let sendsByGet = false

  const request = (
    call: Call,
    method: 'GET' | 'POST',
    path: string,
    parameters: URLSearchParams,
  ): Promise<Response> => {
    const isPost = method === 'POST'
    const url = isPost ? server + path : `${server}${path}?${parameters}`
    const init: RequestInit = { ...requestInit, method, signal: call.signal, ...(isPost && { body: parameters }) }
    // Within the promise, since a signal that is aborted already makes some implementations throw.
    return call.step(Promise.resolve().then(() => fetch(url, init)))
  }

  const signed = (parameters: Parameters, proof: IdentityProof | undefined) =>
    withToken(integrationToken, parameters, proof)

  /** A send that is refused as too long was not sent: the text is still the caller's. */
  const sendByGet = (call: Call, parameters: URLSearchParams): Promise<Response> => {
    if (server.length + paths.sse.length + 1 + String(parameters).length > maxUrlLength)
      throw new AdapterError('text_too_long', 'The message is too long for this server. Shorten it.', { status: 414 })
    return request(call, 'GET', paths.sse, parameters)
  }

  const open = async (call: Call, parameters: URLSearchParams): Promise<Response> => {
    if (sendsByGet) return sendByGet(call, parameters)
    const response = await request(call, 'POST', paths.sse, parameters)
    if (![404, 405, 415].includes(response.status)) return response
    discard(response)
    const second = await sendByGet(call, parameters)
    sendsByGet = second.ok
    return second
  }

  async function* events(
    signal: AbortSignal | undefined,
    isResumed: boolean,
    start: (call: Call) => Promise<Response>,
  ): AsyncGenerator<AdapterEvent> {
    const call = startCall(signal, silenceMs)
    try {
      const response = await start(call)
      // What a resumed stream is answered with when nothing is left of it.
      if (response.status === 204 && isResumed) return
      await check(call, response, 'text/event-stream')
      if (!response.body) return
      const reader = response.body.getReader()
      const read = createEventReader(maxEventSize)
      try {
        for (let chunk = await call.step(reader.read()); !chunk.done; chunk = await call.step(reader.read())) {
          for (const { id, data } of read(chunk.value)) {
            const event = readEvent(id, data)
            if (event) yield event
            call.signal.throwIfAborted()
          }
        }
      } finally {
        reader.cancel().catch(() => {})
        call.abort()
      }
    } finally {
      call.close()
    }
  }

  async function exchange<T>(signal: AbortSignal | undefined, ms: number, run: (call: Call) => Promise<T>): Promise<T> {
    const call = startCall(signal, ms)
    try {
      return await run(call)
    } finally {
      call.close()
    }
  }

  return {
    send: ({ text, conversationId, clientMessageId, proof, context, attachments, signal }) =>
      events(signal, false, async (call) => {
        const fields = {
          ...{ conversationId, textContent: text, clientMessageId },
          context: context && contextOf(context),
          attachments: attachments?.join(),
        }
        return open(call, signed(fields, proof))
      }),

    resume: ({ conversationId, lastEventId, proof, signal }) =>
      events(signal, true, (call) => request(call, 'GET', paths.sse, signed({ conversationId, lastEventId }, proof))),

    history: ({ conversationId, afterId, beforeId, limit, wait, known, proof, signal }) =>
      exchange(signal, silenceMs + (wait ?? 0) * 1_000, async (call) => {
        const parameters = signed({ conversationId, afterId, beforeId, limit, wait, known: known?.join() }, proof)
        const response = await request(call, 'GET', paths.history, parameters)
        await check(call, response, 'application/json')
        return readHistory(await call.step(response.text()))
      }),

    stop: ({ conversationId, turnId, proof, signal }) =>
      exchange(signal, silenceMs, async (call) => {
        const response = await request(call, 'POST', paths.stop, signed({ conversationId, turnId }, proof))
        if (!response.ok) throw await failureOf(call, response)
        discard(response)
      }),
  }
}

/** Throws unless the answer is good, and of the type that is expected. */
async function check(call: Call, response: Response, type: string): Promise<void> {
  if (response.ok && response.status !== 204 && mediaType(response) === type && !response.redirected) return
  throw await failureOf(call, response)
}

function contextOf(context: Record<string, unknown>): string {
  try {
    return toJson(context)
  } catch {
    throw new AdapterError('invalid_context', 'The context is not JSON. Leave out what is not.', { status: 400 })
  }
}
