/** Servers that answer as a test wants, and the HTTP adapter before them. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'
import { createHttpAdapter } from '../../../adapters/http.ts'
import type { HttpAdapterOptions } from '../../../adapters/http.ts'
import { newId, newKey } from '../../contract/adapter.suite.ts'

/** A request, as it came. */
export interface Seen {
  method: string
  path: string
  query: URLSearchParams
  form: URLSearchParams
  headers: IncomingMessage['headers']
}

/** What is done with a request. */
export type Answer = (response: ServerResponse, seen: Seen) => void

/** What is closed after a test, newest last. */
export const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A server that answers as a test wants, and an adapter for it. */
export async function start(answer: Answer, options: Partial<HttpAdapterOptions> = {}) {
  const requests: Seen[] = []
  const open = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    open.add(response)
    response.once('close', () => open.delete(response))
    const url = new URL(request.url ?? '', 'http://localhost')
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      const { method = '', headers } = request
      const seen = { method, headers, path: url.pathname, query: url.searchParams, form: new URLSearchParams(body) }
      requests.push(seen)
      answer(response, seen)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  const serverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/chat/`
  return { adapter: createHttpAdapter({ serverUrl, integrationToken: 'tok_1', ...options }), requests, open }
}

/** The turn of `events`. */
export const turnId = 'tAAAAAAAAAAAAAAAAAAAAAA'
/** A short answer. */
export const events = [
  { type: 'ack', conversationId: 'c_1', userMessageId: '0-a', turnId, replayed: false },
  { type: 'delta', text: 'Hi' },
  {
    type: 'message',
    message: { id: '1-a', actor: 'assistant', type: 'message', body: 'Hi', createdAt: '2026-01-01T00:00:00.000Z' },
  },
  { type: 'done', lastMessageId: '1-a' },
]
/** Events as they are streamed. */
export const frames = (list: unknown[]): string =>
  list.map((event, n) => `id: ${turnId}.${n}\ndata: ${JSON.stringify(event)}\n\n`).join('')
/** Streams `events`. */
export const stream: Answer = (response) =>
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=latin1' }).end(frames(events))
/** Answers with a body as it is. */
export const answerWith =
  (status: number, type: string, body: string, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { ...(type && { 'content-type': type }), ...headers }).end(body)
/** Answers with a value as JSON. */
export const json = (value: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  answerWith(status, 'application/json', JSON.stringify(value), headers)

/** Something to send. */
export const message = (parts: object = {}) => ({
  text: 'hello',
  conversationId: newId(),
  clientMessageId: newKey(),
  ...parts,
})
/** What a piece of work fails with. */
export const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: unknown) => error,
  )
