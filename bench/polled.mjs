/** A server that is polled: ours on some storage, or the bare minimum. Tells its addresses, and its CPU time when asked. */
import { createServer } from 'node:http'
import { serve } from 'srvx'
import { server as built } from './built.mjs'

const { createLumika, defaultLimits, openStorage } = built
const [storage = 'plain', conversations = '1'] = process.argv.slice(2)
const urls = storage === 'plain' ? await plain() : await lumika()

process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpu: user + system })
})
process.on('disconnect', () => process.exit())
process.send?.({ urls })

async function plain() {
  const answer = JSON.stringify({
    conversationId: `c_${'x'.repeat(22)}`,
    messages: [],
    lastMessageId: 'x'.repeat(20),
    hasMore: false,
  })
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', vary: 'Origin' }
  const server = createServer((_request, response) => response.writeHead(200, headers).end(answer))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return [`http://127.0.0.1:${port}/conversation/history?afterId=x`]
}

async function lumika() {
  const limits = Object.fromEntries(Object.keys(defaultLimits).map((name) => [name, 1e9]))
  const made = await createLumika({ storage: await openStorage(storage), limits })
  const { token } = await made.registry.create({ name: 'Bench', kind: 'api' })
  const server = serve({ port: 0, hostname: '127.0.0.1', fetch: made.fetch, silent: true, gracefulShutdown: false })
  await server.ready()
  const base = `${server.url}conversation`
  return Promise.all(
    Array.from({ length: Number(conversations) }, async (_, i) => {
      const query = new URLSearchParams({ integrationToken: token, conversationId: `customer-${i}` })
      await (await fetch(`${base}/sse?${query}&textContent=Hello`)).text()
      const { lastMessageId } = await (await fetch(`${base}/history?${query}`)).json()
      return `${base}/history?${query}&afterId=${lastMessageId}`
    }),
  )
}
