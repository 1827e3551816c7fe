/**
 * `npm run dev`: the widget and the Dashboard from their sources, with hot reload, beside a server in memory. `-- --port`
 * names a port.
 */
import { readFile } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { toNodeHandler } from 'srvx/node'
import { createServer } from 'vite'

const root = resolve(import.meta.dirname, '..')
const operatorKey = 'operator-key-for-development'
const { port } = parseArgs({ options: { port: { type: 'string' } } }).values

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
          if (/^\/(conversation|api)\/|^\/(health|ready|openapi\.json|widget\/config)$/.test(path)) {
            return void handle(/** @type {never} */ (request), /** @type {never} */ (response))
          }
          if (path === '/widget.js') {
            return void response.setHeader('content-type', 'text/javascript').end(`(${loadModule})()`)
          }
          const page = pageAt(path, request.headers.accept ?? '')
          if (page) return void sendPage(page, path, response).catch(next)
          next()
        })
      },
    },
  ],
})

await vite.listen(port === undefined ? undefined : Number(port))
const url = (vite.resolvedUrls?.local[0] ?? '').replace(/\/$/, '')
await startLumika()
vite.watcher.on('change', (file) => {
  if (file.startsWith(join(root, 'server') + sep)) startLumika().catch((error) => vite.config.logger.error(error.stack))
  if (file.startsWith(join(root, 'demo') + sep)) vite.ws.send({ type: 'full-reload' })
})
process.stdout.write(`
lumika (development, in memory) on ${url}

  Dashboard     ${url}/dashboard
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
 * The page of an address. The sources have addresses beside it; browsers say which of them they want as a page.
 * @param {string} path
 * @param {string} accept
 */
function pageAt(path, accept) {
  if (/^\/demo\/?$/.test(path)) return 'demo/shop.html'
  if (/^\/demo\/app(\/[a-z]*)?$/.test(path)) return 'demo/app.html'
  if (path === '/demo/hostile') return 'demo/hostile.html'
  const isDashboard = /^\/dashboard\/?$/.test(path) || (path.startsWith('/dashboard/') && accept.includes('text/html'))
  return isDashboard ? 'dashboard/index.html' : null
}

/**
 * @param {string} file
 * @param {string} path
 * @param {import('node:http').ServerResponse} response
 */
async function sendPage(file, path, response) {
  const token = lumika?.registry.list()[0]?.tokens[0]?.value ?? ''
  const page = (await readFile(join(root, file), 'utf8'))
    .replaceAll('{{token}}', token)
    // Hot reload needs styles and connections that the finished page does not.
    .replace(/<meta\s+http-equiv="Content-Security-Policy"[^>]*>/, '')
    // One page for all addresses of the Dashboard.
    .replace('src="./main.ts"', 'src="/dashboard/main.ts"')
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.end(await vite.transformIndexHtml(path, page))
}

/** Runs in a page, as its `widget.js`: the sources are modules, which script tags of sites do not load. */
function loadModule() {
  const tag = /** @type {HTMLScriptElement} */ (document.currentScript)
  const { origin } = new URL(tag.src)
  const source = document.createElement('script')
  for (const { name, value } of tag.attributes) source.setAttribute(name, value)
  source.type = 'module'
  source.src = `${origin}/widget/embed.ts`
  source.dataset['serverUrl'] ??= origin
  tag.replaceWith(source)
}
