/** Free loopback ports. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

const given = new Set<number>()

/** A port nobody listens on, and nobody else of this process was told of: it may take them a moment to listen there. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  if (given.has(port)) return freePort()
  given.add(port)
  return port
}
