/** A proxy that answers in the words of a test: `/name/conversation/sse` is what was set for that name. */
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { allEvents } from '../../helpers/sse.ts'

/** An event of the server's. */
export interface Frame {
  id: string
  /** JSON. */
  data: string
}

/** What is answered instead. */
export interface Reply {
  /** @default 200 */
  status?: number
  headers?: Record<string, string>
  /** Written one after the other, apart as far as a network allows. @default [] */
  chunks?: (string | Uint8Array)[]
  /** Written after them again and again, until the client leaves. @default '' */
  endless?: string
  /** What that waits for. @default nothing */
  after?: Promise<unknown>
}

/** What becomes of the requests for one name; what is left out goes through. */
export interface Scenario {
  /** Answers a send, which the server has got and answered with these events. */
  send?: ((frames: Frame[]) => Reply) | undefined
  /** Answers a stream that is taken up again. */
  resume?: (() => Reply) | undefined
  history?: (() => Reply) | undefined
}

/** One name's requests so far. */
export interface Log {
  requests: { kind: keyof Scenario; query: URLSearchParams }[]
  /** How many streams are being answered. */
  open: number
}

/** A running one. */
export interface Rewriter {
  /** The address of a server that behaves so. */
  serve(name: string, scenario: Scenario): { url: string; log: Log }
  close(): Promise<void>
}

/** Starts one on a free loopback port. */
export async function startRewriter(upstream: string): Promise<Rewriter> {
  const known = new Map<string, { scenario: Scenario; log: Log }>()
  const server = createServer((incoming, outgoing) => {
    const [, name = '', path = ''] = /^\/([^/]+)(\/.*)$/.exec(incoming.url ?? '') ?? []
    const { scenario, log } = known.get(name) ?? { scenario: {}, log: { requests: [], open: 0 } }
    const target = new URL(path, upstream)
    const kind = kindOf(incoming.method, target.pathname)
    if (kind) log.requests.push({ kind, query: target.searchParams })
    if (kind === 'send' || kind === 'resume') {
      log.open++
      outgoing.once('close', () => log.open--)
    }
    const reply = kind && kind !== 'send' ? scenario[kind] : undefined
    if (kind === 'send' && scenario.send) void rewrite(incoming, outgoing, target, scenario.send)
    else if (reply) void answer(outgoing, reply())
    else forward(incoming, outgoing, target)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    serve(name, scenario) {
      const log: Log = { requests: [], open: 0 }
      known.set(name, { scenario, log })
      return { url: `http://localhost:${port}/${name}`, log }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function kindOf(method: string | undefined, path: string): keyof Scenario | undefined {
  if (path === '/conversation/history') return 'history'
  if (path === '/conversation/sse') return method === 'POST' ? 'send' : 'resume'
  return undefined
}

async function rewrite(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: URL,
  words: (frames: Frame[]) => Reply,
): Promise<void> {
  const { origin = '', 'content-type': type = '' } = incoming.headers
  const headers = { origin, 'content-type': type }
  const body = await text(incoming)
  const events = await allEvents(await fetch(target, { method: 'POST', headers, body }))
  await answer(outgoing, words(events.map(({ id, ...event }) => ({ id, data: JSON.stringify(event) }))))
}

async function answer(outgoing: ServerResponse, reply: Reply): Promise<void> {
  const { status = 200, headers = {}, chunks = [], endless = '', after } = reply
  outgoing.writeHead(status, {
    'access-control-allow-origin': '*',
    ...(status === 200 && { 'content-type': 'text/event-stream' }),
    ...headers,
  })
  outgoing.flushHeaders()
  for (const chunk of chunks) {
    outgoing.write(chunk)
    // What is written at once is read at once.
    await sleep(1)
  }
  await after
  while (endless && !outgoing.destroyed) {
    outgoing.write(endless)
    await sleep(10)
  }
  outgoing.end()
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, target: URL): void {
  const { host: _host, ...headers } = incoming.headers
  const onward = httpRequest(target, { method: incoming.method, headers, agent: false })
  onward.on('error', () => outgoing.destroy())
  outgoing.once('close', () => onward.destroy())
  incoming.pipe(onward)
  onward.on('response', (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders)
    response.on('error', () => outgoing.destroy())
    response.pipe(outgoing)
  })
}
