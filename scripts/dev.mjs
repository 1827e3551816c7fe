/** `npm run dev`: the widget from its sources, with hot reload, on the demo pages beside a server in memory. */
import { readFile } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { toNodeHandler } from 'srvx/node'
import { createServer } from 'vite'

const root = resolve(import.meta.dirname, '..')
const operatorKey = 'operator-key-for-development'

/** @type {import('../server/index.ts').Lumika | undefined} */
let lumika
/** @type {import('unstorage').Storage | undefined} */
let storage

const vite = await createServer({
  root,
  plugins: [
    {
      name: 'lumika:dev',
      // The demo app imports the built package; here it gets the sources.
      resolveId: (id) => (id === '/demo/lib/index.js' ? join(root, 'widget/index.ts') : undefined),
      configureServer({ middlewares }) {
        const handle = toNodeHandler((request) => lumika?.fetch(request) ?? new Response(null, { status: 503 }))
        middlewares.use((request, response, next) => {
          const path = (request.url ?? '').replace(/\?.*/, '')
          if (/^\/(conversation|api)\/|^\/(health|ready|widget\/config)$/.test(path)) {
            return void handle(/** @type {never} */ (request), /** @type {never} */ (response))
          }
          if (/^\/demo\/?$/.test(path)) return void sendPage('shop.html', path, response).catch(next)
          if (/^\/demo\/app(\/[a-z]*)?$/.test(path)) return void sendPage('app.html', path, response).catch(next)
          if (path === '/demo/hostile') return void sendPage('hostile.html', path, response).catch(next)
          next()
        })
      },
    },
  ],
})

await vite.listen()
const url = (vite.resolvedUrls?.local[0] ?? '').replace(/\/$/, '')
await startLumika()
vite.watcher.on('change', (file) => {
  if (file.startsWith(join(root, 'server') + sep)) startLumika().catch((error) => vite.config.logger.error(error.stack))
  if (file.startsWith(join(root, 'demo') + sep)) vite.ws.send({ type: 'full-reload' })
})
process.stdout.write(`
lumika (development, in memory) on ${url}

  Demo          ${url}/demo (a shop), ${url}/demo/app (a single-page app)
  Operator key  ${operatorKey}
`)

/** Starts the server from its sources, or starts it anew: conversations and integrations stay. */
async function startLumika() {
  const server = /** @type {typeof import('../server/index.ts')} */ (await vite.ssrLoadModule('/server/index.ts'))
  storage ??= await server.openStorage('memory')
  await lumika?.close({ graceMs: 0 })
  lumika = await server.createLumika({ storage, publicUrl: url, operatorKey })
  if (lumika.registry.list().length === 0) {
    await lumika.registry.create({ name: 'Development', kind: 'widget', allowedDomains: ['localhost', '127.0.0.1'] })
  }
}

/**
 * @param {string} name
 * @param {string} path
 * @param {import('node:http').ServerResponse} response
 */
async function sendPage(name, path, response) {
  const token = lumika?.registry.list()[0]?.tokens[0]?.value ?? ''
  const page = (await readFile(join(root, 'demo', name), 'utf8'))
    .replaceAll('{{token}}', token)
    // Hot reload needs styles and connections that the finished page does not.
    .replace(/<meta\s+http-equiv="Content-Security-Policy"[^>]*>/, '')
    .replace('<script src="/widget.js"', `<script type="module" src="/widget/embed.ts" data-server-url="${url}"`)
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.end(await vite.transformIndexHtml(path, page))
}
