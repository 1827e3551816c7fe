import { describe, expect, test } from 'vitest'
import { assetAt, immutable, revalidated, serveAsset } from '../../server/assets.ts'
import type { Asset } from '../../server/assets.ts'

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const asset: Asset = {
  type: 'text/javascript; charset=utf-8',
  cacheControl: revalidated,
  etag: 'abc123',
  body: bytes('plain'),
  br: bytes('brotli'),
  gzip: bytes('gzip'),
}
const get = (headers: Record<string, string> = {}, method = 'GET', file = asset): Response =>
  serveAsset(new Request('http://localhost/widget.js', { method, headers }), file)

describe('a served file', () => {
  test('may be loaded and kept by any page', () => {
    const { status, headers } = get()
    expect(status).toBe(200)
    expect(Object.fromEntries(headers)).toEqual({
      'access-control-allow-origin': '*',
      'cache-control': 'no-cache',
      'content-length': '5',
      'content-type': 'text/javascript; charset=utf-8',
      'cross-origin-resource-policy': 'cross-origin',
      etag: '"abc123"',
      vary: 'Accept-Encoding',
      'x-content-type-options': 'nosniff',
    })
  })

  test('is kept for a year when its name carries a hash', () => {
    expect(get({}, 'GET', { ...asset, cacheControl: immutable }).headers.get('cache-control')).toBe(
      'public, max-age=31536000, immutable',
    )
  })

  test('that never changes has other names, for browsers that keep what failed', () => {
    const part = { ...asset, cacheControl: immutable }
    const files = new Map([
      ['/widget.js', asset],
      ['/panel-abc.js', part],
    ])
    for (const path of ['/panel-abc.js', '/~/panel-abc.js', '/~/~/panel-abc.js'])
      expect(assetAt(files, path)).toBe(part)
    expect(assetAt(files, '/widget.js')).toBe(asset)
    for (const path of ['/~/widget.js', '/~/', '/~', '/~panel-abc.js', '/~/none.js', '/a/~/panel-abc.js'])
      expect(assetAt(files, path)).toBeUndefined()
  })

  const encodings: [accept: string, encoding: string | null, body: string][] = [
    ['gzip, deflate, br, zstd', 'br', 'brotli'],
    ['gzip', 'gzip', 'gzip'],
    ['GZIP;q=0.5', 'gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip', 'gzip'],
    ['br;q=0.0, gzip;q=0', null, 'plain'],
    ['*', 'br', 'brotli'],
    ['*, br;q=0', 'gzip', 'gzip'],
    ['identity', null, 'plain'],
    ['', null, 'plain'],
    ['brotli', null, 'plain'],
  ]
  test.each(encodings)('for Accept-Encoding "%s" is sent as %s', async (accept, encoding, body) => {
    const response = get({ 'accept-encoding': accept })
    expect(response.headers.get('content-encoding')).toBe(encoding)
    expect(await response.text()).toBe(body)
    expect(response.headers.get('content-length')).toBe(String(body.length))
    expect(response.headers.get('etag')).toBe(encoding ? `"abc123-${encoding}"` : '"abc123"')
  })

  test('is sent plain when there is no compressed form', async () => {
    const { br, gzip, ...plain } = asset
    expect([br, gzip]).toHaveLength(2)
    expect(await get({ 'accept-encoding': 'br, gzip' }, 'GET', plain).text()).toBe('plain')
  })

  test.each(['"abc123"', '"abc123-br"', 'W/"abc123-gzip"', '"other", "abc123"', '*'])(
    'is not sent again to a client that holds %s',
    async (held) => {
      const response = get({ 'if-none-match': held, 'accept-encoding': 'br' })
      expect(response.status).toBe(304)
      expect(await response.text()).toBe('')
      expect(response.headers.get('etag')).toBe('"abc123-br"')
      expect(response.headers.get('content-encoding')).toBeNull()
    },
  )

  test.each(['"abc1234"', 'abc123', '"abc123', ''])('is sent to a client that holds %s', (held) => {
    expect(get({ 'if-none-match': held }).status).toBe(200)
  })

  test('answers HEAD with the same headers and no body', async () => {
    const response = get({}, 'HEAD')
    expect(response.headers.get('content-length')).toBe('5')
    expect(await response.text()).toBe('')
  })
})
