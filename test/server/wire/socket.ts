/** A server on a real socket, and HTTP as bytes: heads that no client library would send, answers as they came. */
import { connect } from 'node:net'
import { serve } from 'srvx/node'
import type { Lumika } from '../../../server/index.ts'

/** Header fields in the order they are sent; a name may come twice. */
export type RawHeaders = [name: string, value: string][]

/** One request, written as it is. Characters up to U+00FF become one byte each. */
export interface RawRequest {
  method: string
  /** The request target: a path, or an absolute URL. */
  target: string
  /** `Host` is added unless given, `Connection: close` always. @default [] */
  headers?: RawHeaders
  body?: string
  /** @default '1.1' */
  version?: string
}

/** One answer. Status 0: the connection ended without one. */
export interface RawAnswer {
  status: number
  headers: RawHeaders
  /** All values of a field, joined; null when it is absent. */
  header(name: string): string | null
  body: string
}

/** A listening server. */
export interface Wire {
  url: string
  raw(request: RawRequest): Promise<RawAnswer>
  close(): Promise<void>
}

/** Puts a server on a free loopback port, with the limits of `lumika serve`. */
export async function openWire(lumika: Pick<Lumika, 'fetch'>): Promise<Wire> {
  const server = serve({
    port: 0,
    hostname: '127.0.0.1',
    silent: true,
    gracefulShutdown: false,
    node: { maxHeaderSize: 65_536 },
    fetch: (request) => lumika.fetch(request),
  })
  await server.ready()
  const url = (server.url ?? '').replace(/\/$/, '')
  const { port, host } = new URL(url)
  return { url, raw: (request) => exchange(Number(port), host, request), close: () => server.close(true) }
}

async function exchange(port: number, host: string, request: RawRequest): Promise<RawAnswer> {
  const { method, target, body = '', version = '1.1' } = request
  const headers: RawHeaders = [...(request.headers ?? []), ['Connection', 'close']]
  if (version === '1.1' && !headers.some(([name]) => name.toLowerCase() === 'host')) headers.unshift(['Host', host])
  if (body) headers.push(['Content-Length', String(body.length)])
  const head = [`${method} ${target} HTTP/${version}`, ...headers.map(([name, value]) => `${name}: ${value}`), '', '']
  const chunks: Buffer[] = []
  const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from(head.join('\r\n') + body, 'latin1')))
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk) => chunks.push(chunk))
    // A server that refuses a request resets the connection while it is still being written.
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  })
  return parse(Buffer.concat(chunks))
}

function parse(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n')
  const [start = '', ...lines] = bytes.toString('latin1', 0, Math.max(end, 0)).split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const header = (name: string) => {
    const values = headers.filter(([each]) => each === name).map(([, value]) => value)
    return values.length > 0 ? values.join(', ') : null
  }
  const rest = bytes.subarray(end + 4)
  const body = header('transfer-encoding') === 'chunked' ? unchunked(rest) : rest
  return { status: Number(start.split(' ')[1] ?? 0), headers, header, body: body.toString('utf8') }
}

function unchunked(bytes: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const line = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    if (!(size > 0)) break
    pieces.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
  return Buffer.concat(pieces)
}
