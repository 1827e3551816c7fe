/** A proxy that cuts one answer to a message after as many bytes as its address says: `/after-57-0/conversation/sse`. */
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A running one. */
export interface Cutter {
  /**
   * The address of a server whose next answer to a message is cut after so many bytes of its body. No two are the same:
   * a chat takes up again what was said at its server's address.
   */
  after(bytes: number): string
  /** The places that were cut at. Each is cut at once; empty it to cut there again. */
  made: Set<number>
  close(): Promise<void>
}

/** Starts one on a free loopback port. */
export async function startCutter(upstream: string): Promise<Cutter> {
  const made = new Set<number>()
  let given = 0
  const server = createServer((incoming, outgoing) => {
    const [, place, path = ''] = /^\/after-(\d+)-\d+(\/.*)$/.exec(incoming.url ?? '') ?? []
    const { host: _host, ...headers } = incoming.headers
    const onward = httpRequest(new URL(path, upstream), { method: incoming.method, headers, agent: false })
    const leave = (): void => void outgoing.destroy()
    onward.on('error', leave)
    outgoing.once('close', () => onward.destroy())
    incoming.pipe(onward)
    onward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      outgoing.flushHeaders()
      if (incoming.method !== 'POST' || made.has(Number(place))) return void answer.pipe(outgoing)
      let left = Number(place)
      answer.on('error', leave)
      answer.on('end', () => outgoing.end())
      answer.on('data', (chunk: Buffer) => {
        if (left > chunk.length) outgoing.write(chunk)
        else {
          answer.removeAllListeners('data')
          outgoing.write(chunk.subarray(0, left), leave)
          made.add(Number(place))
        }
        left -= chunk.length
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    after: (bytes) => `http://localhost:${port}/after-${bytes}-${given++}`,
    made,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
