/**
 * The built server around a responder that never ends, which tells its own weight: `GET /weight` collects garbage and
 * answers { heap (bytes), sockets, files }. Run with --expose-gc. Prints its address and a token as a line of JSON.
 */
import { readdirSync } from 'node:fs'
import { createFunctionResponder, createLumika, openStorage } from '../../dist/server/index.js'
import { serve } from 'srvx/node'

const storage = await openStorage('memory')
const endless = createFunctionResponder(async function* ({ signal }) {
  for (;;) {
    yield 'tick '
    await new Promise((resolve) => setTimeout(resolve, 500))
    if (signal.aborted) return
  }
})
const lumika = await createLumika({ storage, responders: { endless }, limits: { openPerConversation: Infinity } })
const { token } = await lumika.registry.create({ name: 'Weighed', kind: 'api' })
const server = serve({
  port: 0,
  hostname: '127.0.0.1',
  silent: true,
  fetch: (request) => (request.url.endsWith('/weight') ? weight() : lumika.fetch(request)),
})
await server.ready()
process.stdout.write(`${JSON.stringify({ url: server.url, token })}\n`)

async function weight() {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    globalThis.gc?.()
  }
  const node = server.node?.server
  const sockets = await new Promise((resolve) => node?.getConnections((_, count) => resolve(count)))
  return Response.json({
    heap: process.memoryUsage().heapUsed,
    sockets,
    files: readdirSync('/proc/self/fd').length,
  })
}
