/** The widget's, the Dashboard's and the demo's files from the build folder, held in memory. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { extname, join } from 'node:path'
import { immutable, revalidated } from '../assets.ts'
import type { Asset, Assets, PinnedFile } from '../assets.ts'
import { StartError } from './errors.ts'

/** Options of `loadAssets`. */
export interface LoadAssetsOptions {
  /** The build folder. */
  folder: string
  /** The token the demo pages use; null: there is no demo. Asked for at each request. */
  demoToken: () => string | null
}

const types: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
}

/**
 * Reads every file once, so that a request can name no path outside the folder.
 * @throws StartError when the folder holds no build
 */
export function loadAssets({ folder, demoToken }: LoadAssetsOptions): Assets {
  const files = new Map<string, Asset>()
  const names = existsSync(join(folder, 'widget.js')) ? [...readdirSync(folder), ...inside(folder, 'locales')] : []
  const parts = names.filter((name) => /^(?:locales\/)?[a-z-]+-[\w-]{8}\.(?:js|json)$/i.test(name))
  if (!parts.some((name) => name.startsWith('panel-'))) {
    throw new StartError('The widget is not built. Run `npm run build` first.')
  }

  const widget = readAsset(join(folder, 'widget.js'), revalidated)
  const integrity = `sha384-${createHash('sha384').update(widget.body).digest('base64')}`
  const pinned = { path: `/widget-${widget.etag.slice(0, 8)}.js`, integrity }
  files.set('/widget.js', widget)
  files.set(pinned.path, { ...widget, cacheControl: immutable })
  for (const name of parts) files.set(`/${name}`, readAsset(join(folder, name), immutable))

  for (const name of ['dashboard/index.html', 'dashboard/preview.html', ...inside(folder, 'dashboard/assets')]) {
    if (/\.(br|gz)$/.test(name)) continue
    files.set(`/${name}`, readAsset(join(folder, name), name.endsWith('.html') ? revalidated : immutable))
  }

  const pages = new Map<string, string>()
  for (const name of readdirSync(join(folder, 'demo'))) {
    const path = join(folder, 'demo', name)
    if (extname(name) === '.html') pages.set(name, readFileSync(path, 'utf8'))
    else files.set(`/demo/${name}`, readAsset(path, revalidated))
  }
  for (const name of ['index.js', 'protocol.js', ...inside(folder, 'adapters'), ...inside(folder, 'chunks')]) {
    files.set(`/demo/lib/${name}`, readAsset(join(folder, name), name.startsWith('chunks/') ? immutable : revalidated))
  }

  return {
    pinned,
    get(path) {
      const file = files.get(path)
      if (file) return file
      const page = pages.get(pageName(path) ?? '')
      const token = page === undefined ? null : demoToken()
      return page === undefined || token === null ? undefined : demoPage(page, token, pinned)
    },
  }
}

/** `/demo` is the shop; the app answers for its own routes, too. */
function pageName(path: string): string | undefined {
  if (/^\/demo\/?$/.test(path)) return 'shop.html'
  if (/^\/demo\/app(\/[a-z]*)?$/.test(path)) return 'app.html'
  return /^\/demo\/(strict|hostile)$/.exec(path)?.[1]?.concat('.html')
}

/** Puts the token into a page. Tokens are plain letters, so escaping only guards against a change of mind. */
function demoPage(page: string, token: string, { path, integrity }: PinnedFile): Asset {
  const escaped = token.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  const values: Record<string, string> = { token: escaped, pinnedPath: path, integrity }
  const filled = page.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => values[name] ?? whole)
  return toAsset(Buffer.from(filled), '.html', revalidated)
}

function readAsset(path: string, cacheControl: string): Asset {
  const asset = toAsset(readFileSync(path), extname(path), cacheControl)
  if (existsSync(`${path}.br`)) asset.br = readFileSync(`${path}.br`)
  if (existsSync(`${path}.gz`)) asset.gzip = readFileSync(`${path}.gz`)
  return asset
}

function toAsset(body: Buffer<ArrayBuffer>, extension: string, cacheControl: string): Asset {
  const etag = createHash('sha256').update(body).digest('hex').slice(0, 32)
  return { type: types[extension] ?? 'application/octet-stream', cacheControl, etag, body }
}

const inside = (parent: string, folder: string): string[] =>
  existsSync(join(parent, folder)) ? readdirSync(join(parent, folder)).map((name) => `${folder}/${name}`) : []
