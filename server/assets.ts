/** Files the server hands out: the widget and the demo. Where they come from is the caller's business. */

/** One file, ready to be sent. */
export interface Asset {
  /** `Content-Type`. */
  type: string
  /** `Cache-Control`. */
  cacheControl: string
  /** Names the content: letters and digits, without quotes. */
  etag: string
  body: Uint8Array<ArrayBuffer>
  /** The body compressed with Brotli. @default not offered */
  br?: Uint8Array<ArrayBuffer>
  /** The body compressed with gzip. @default not offered */
  gzip?: Uint8Array<ArrayBuffer>
}

/** The files by their path. */
export interface Assets {
  /** The file at a path such as `/widget.js`; undefined when there is none. */
  get(path: string): Asset | undefined
  /** `widget.js` under a name of this version, for tags that pin it. @default there is none */
  pinned?: PinnedFile
}

/** A file that never changes, and the proof of it. */
export interface PinnedFile {
  path: string
  /** For subresource integrity. */
  integrity: string
}

/** A name that carries a hash of the content never changes its content. */
export const immutable = 'public, max-age=31536000, immutable'

/** Kept, but asked about before each use. */
export const revalidated = 'no-cache'

/**
 * The file at a path. Those that never change are also there as `/~/name`, `/~/~/name`, and so on: browsers that keep what
 * failed to load for as long as a page lives ask for them anew under such a name.
 */
export function assetAt(assets: Assets, path: string): Asset | undefined {
  const again = /^(?:\/~)+(?=\/)/.exec(path)?.[0] ?? ''
  const asset = assets.get(path.slice(again.length))
  return again && asset?.cacheControl !== immutable ? undefined : asset
}

/** Answers `GET` and `HEAD` for a file; any page may load it, whatever its origin. */
export function serveAsset(request: Request, asset: Asset): Response {
  const encoding = chooseEncoding(request.headers.get('accept-encoding'), asset)
  const headers = new Headers({
    'content-type': asset.type,
    'cache-control': asset.cacheControl,
    etag: `"${asset.etag}${encoding === 'identity' ? '' : `-${encoding}`}"`,
    vary: 'Accept-Encoding',
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'x-content-type-options': 'nosniff',
  })
  if (isKnown(request.headers.get('if-none-match'), asset.etag)) return new Response(null, { status: 304, headers })

  const body = encoding === 'identity' ? asset.body : (asset[encoding] ?? asset.body)
  if (encoding !== 'identity') headers.set('content-encoding', encoding)
  headers.set('content-length', String(body.byteLength))
  return new Response(request.method === 'HEAD' ? null : body, { headers })
}

type Encoding = 'br' | 'gzip' | 'identity'

/** The smallest form the client takes. Weights beyond "not at all" are ignored: what is smaller is better for both. */
function chooseEncoding(header: string | null, asset: Asset): Encoding {
  const refused = new Set<string>()
  const accepted = new Set<string>()
  for (const part of (header ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim())
    const isRefused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
    ;(isRefused ? refused : accepted).add(name)
  }
  const takes = (name: string): boolean => accepted.has(name) || (accepted.has('*') && !refused.has(name))
  if (asset.br && takes('br')) return 'br'
  if (asset.gzip && takes('gzip')) return 'gzip'
  return 'identity'
}

/** Whether the client holds this content already, in whatever encoding, by its `If-None-Match`. */
export function isKnown(header: string | null, etag: string): boolean {
  if (!header) return false
  if (header.trim() === '*') return true
  return header.split(',').some((entry) => {
    const name = /^(?:W\/)?"(.*)"$/.exec(entry.trim())?.[1]
    return name?.replace(/-(?:br|gzip)$/, '') === etag
  })
}
