/** Free loopback ports. */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Systems give ports away by themselves from 32768 or 49152 on. */
const [FIRST, LAST] = [11_000, 32_000]
const given = new Set<number>()

/**
 * A port nobody listens on, and nobody else of this process was told of. None of those that the system gives away: it may
 * take a program a moment to listen there, and somebody would have been given it meanwhile.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
