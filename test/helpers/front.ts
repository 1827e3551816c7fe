/** A proxy in front of a server that writes down what passes, and can refuse requests or cut answers. */
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that came by. */
export interface Passed {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** What has come of its body so far. */
  body: string
  /** 0 until the answer's head is known. */
  status: number
}

/** A running proxy. */
export interface Front {
  url: string
  /** Every request so far, oldest first. */
  passed: Passed[]
  /** Requests that are being answered. */
  readonly open: number
  /** Answers a request in the server's place; returns whether it did. */
  refuse: (request: Passed, response: ServerResponse) => boolean
  /** Looks at the bytes of an answer so far; a number destroys the connection once that many have gone through. */
  cut: (request: Passed, soFar: string) => number | null
  close(): Promise<void>
}

/** Starts one that lets everything through. */
export async function startFront(upstream: string): Promise<Front> {
  const passed: Passed[] = []
  let open = 0
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', upstream)
    const { method = '', headers } = request
    const entry: Passed = { method, path: pathname, query: searchParams, headers, body: '', status: 0 }
    passed.push(entry)
    request.on('data', (chunk: Buffer) => (entry.body += chunk.toString()))
    open++
    response.once('close', () => open--)
    response.once('close', () => (entry.status ||= response.headersSent ? response.statusCode : 0))
    if (!front.refuse(entry, response)) forward(front, entry, request, response, upstream)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const front: Front = {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    passed,
    get open() {
      return open
    },
    refuse: () => false,
    cut: () => null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return front
}

/** Time to read what has come before the connection ends: browsers throw away what is unread by then. */
const READ_MS = 200

function forward(
  front: Front,
  entry: Passed,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  upstream: string,
): void {
  const { host: _host, ...headers } = incoming.headers
  const onward = httpRequest(new URL(incoming.url ?? '/', upstream), { method: entry.method, headers })
  const leave = (): void => void outgoing.destroy()
  onward.on('error', leave)
  outgoing.once('close', () => onward.destroy())
  incoming.pipe(onward)
  onward.on('response', (answer) => {
    entry.status = answer.statusCode ?? 0
    outgoing.writeHead(entry.status, answer.rawHeaders)
    outgoing.flushHeaders()
    let soFar = ''
    answer.on('error', leave)
    answer.on('data', (chunk: Buffer) => {
      const known = soFar.length
      soFar += chunk.toString('latin1')
      const end = front.cut(entry, soFar)
      if (end === null) return outgoing.write(chunk)
      answer.removeAllListeners('data').removeAllListeners('end').resume()
      outgoing.write(chunk.subarray(0, end - known), () => setTimeout(leave, READ_MS))
    })
    answer.on('end', () => outgoing.end())
  })
}
