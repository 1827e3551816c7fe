/** A TCP connection whose every piece a test decides about: it may pass, be cut, reset, stalled, split or delayed. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** One connection through the wire. */
export interface Link {
  /** Both ends are closed in an orderly way, as when a proxy is restarted. */
  cut(): void
  /** Both ends get an RST, as when a machine is gone. */
  reset(): void
}

/** What is done with a piece on its way. The next one waits until it is done. */
export type Handling = (piece: Buffer, pass: (bytes: Uint8Array) => Promise<void>, link: Link) => Promise<void> | void

/** A running wire. */
export interface Wire {
  port: number
  url: string
  /** The port it leads to; new connections follow a change. */
  to: number
  /** What is done with what clients say; may be changed at any time. */
  up: Handling
  /** What is done with what the server says. */
  down: Handling
  /** Connections made so far. */
  readonly count: number
  /** Connections that are open. */
  readonly links: ReadonlySet<Link>
  close(): Promise<void>
}

/** Starts one that passes everything, on a free loopback port. */
export async function startWire(to: number): Promise<Wire> {
  const links = new Set<Link>()
  let count = 0
  const server = createServer((client) => {
    count++
    const target = connect(wire.to, '127.0.0.1')
    const link: Link = {
      cut() {
        client.end()
        target.end()
      },
      reset() {
        client.resetAndDestroy()
        target.resetAndDestroy()
      },
    }
    links.add(link)
    lead(client, target, (piece, pass) => wire.up(piece, pass, link))
    lead(target, client, (piece, pass) => wire.down(piece, pass, link))
    client.once('close', () => {
      links.delete(link)
      target.destroySoon()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const wire: Wire = {
    ...{ port, url: `http://127.0.0.1:${port}`, to, up: through, down: through, links },
    get count() {
      return count
    },
    async close() {
      for (const link of links) link.reset()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return wire
}

/** Leads what one end says to the other, piece by piece. */
function lead(
  from: Socket,
  to: Socket,
  handle: (piece: Buffer, pass: (bytes: Uint8Array) => Promise<void>) => unknown,
) {
  const pass = (bytes: Uint8Array) =>
    new Promise<void>((resolve) => {
      if (to.writable && bytes.length > 0) to.write(bytes, () => resolve())
      else resolve()
    })
  let queue: Promise<unknown> = Promise.resolve()
  from.setNoDelay()
  from.on('error', () => {})
  from.on('data', (piece: Buffer) => {
    queue = queue.then(() => handle(piece, pass))
  })
  from.once('end', () => void queue.then(() => to.end()))
}

/** Everything passes. */
export const through: Handling = (piece, pass) => pass(piece)

/** Every byte travels by itself. */
export const split: Handling = async (piece, pass) => {
  for (const byte of piece) await pass(Uint8Array.of(byte))
}

/** Every piece takes its time. */
export const delay =
  (ms: number): Handling =>
  async (piece, pass) => {
    await new Promise((resolve) => setTimeout(resolve, ms))
    await pass(piece)
  }

/** So many bytes pass, counted over all connections; what `then` does to the connection comes once. After that, all passes. */
export function after(bytes: number, then: (link: Link) => Promise<void> | void): Handling {
  let left = bytes
  let isOver = false
  return async (piece, pass, link) => {
    if (isOver) return pass(piece)
    await pass(piece.subarray(0, left))
    left -= piece.length
    if (left > 0) return
    isOver = true
    await then(link)
  }
}

/** Nothing more comes on this connection, which stays open. */
export const stall = (): Promise<void> => new Promise(() => {})
