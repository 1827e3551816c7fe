/** What operators' browsers get at `/dashboard`: one page for every address, under a policy that trusts nothing but our files. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'

let server: ServerProcess
let page: string

beforeAll(async () => {
  server = await startServer()
  page = await (await fetch(`${server.url}/dashboard`)).text()
})

afterAll(() => server?.kill())

const files = (): string[] => [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path)

describe('the Dashboard as it is served', () => {
  test('the first start says where it is', () => {
    expect(server.output()).toContain(`Dashboard     ${server.url}/dashboard\n`)
  })

  test.each([
    '/dashboard',
    '/dashboard/',
    '/dashboard/activities/int_x.abc',
    '/dashboard/join',
    '/dashboard/no/such/page',
  ])('%s is the page, asked about before each use', async (path) => {
    const response = await fetch(server.url + path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-cache')
    expect(await response.text()).toBe(page)
  })

  test('X79: its policy lets nothing run, connect or frame but what this server has sent as a file', async () => {
    const { headers } = await fetch(`${server.url}/dashboard/activities`)
    const policy = (headers.get('content-security-policy') ?? '').split('; ')
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
      ]),
    )
    expect(policy.join()).not.toMatch(/unsafe|http|\*|nonce|sha/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })

  test('X79: the page that shows the chat is sandboxed, and framed by nobody but the Dashboard', async () => {
    const response = await fetch(`${server.url}/dashboard/preview`)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const policy = (response.headers.get('content-security-policy') ?? '').split('; ')
    expect(policy).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      'sandbox allow-scripts allow-forms',
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ])
    expect(response.headers.get('x-frame-options')).toBe('SAMEORIGIN')
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    const text = await response.text()
    expect(text).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]* src=")/)
    // What visitors get, and beside it only what tells it what to show.
    expect([...text.matchAll(/src="([^"]+)"/g)].map(([, path]) => path)).toEqual([
      '/widget.js',
      expect.stringMatching(/^\/dashboard\/assets\/preview-[\w-]{8}\.js$/),
    ])
    // An address below it is the Dashboard's, with all of its policy.
    const below = await fetch(`${server.url}/dashboard/preview/x`)
    expect(below.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })

  test('a copy that is still good is told so, under the same policy', async () => {
    const etag = (await fetch(`${server.url}/dashboard`)).headers.get('etag') ?? ''
    const again = await fetch(`${server.url}/dashboard/activities`, { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
    expect(again.headers.get('content-security-policy')).toContain("script-src 'self'")
  })

  test('the page itself holds no script and no style, and names nothing of anybody else', () => {
    expect(page).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]* src=")/)
    expect(files().length).toBeGreaterThanOrEqual(2)
    for (const path of files()) expect(path).toMatch(/^\/dashboard\/assets\/[\w-]+-[\w-]{8}\.(js|css)$/)
  })

  test('its files are kept for ever, compressed before they are asked for, and light', async () => {
    let bytes = 0
    // What is imported at once comes along with what the page names.
    const wanted = new Set(files())
    for (const path of wanted) {
      const response = await fetch(server.url + path, { headers: { 'accept-encoding': 'br' } })
      expect(response.headers.get('cache-control')).toContain('immutable')
      expect(response.headers.get('content-encoding')).toBe('br')
      const text = await response.text()
      bytes += gzipSync(text, { level: 9 }).byteLength
      for (const [, file] of text.matchAll(/\b(?:import|from)\s*["']\.\/([\w-]+\.js)["']/g))
        wanted.add(`/dashboard/assets/${file}`)
    }
    expect(wanted.size).toBeGreaterThan(2)
    // 91 KB when it was first complete. Operators load it once with each version.
    expect(bytes).toBeLessThanOrEqual(102_400)
  })

  test('a file that is not there is not the page', async () => {
    const response = await fetch(`${server.url}/dashboard/assets/index-00000000.js`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { code: 'not_found' } })
  })

  test('nothing outside of the build can be named', async () => {
    for (const path of ['/dashboard/assets/..%2f..%2fpackage.json', '/dashboard/assets/%2e%2e/index.html']) {
      const response = await fetch(server.url + path)
      const text = await response.text()
      expect(response.status === 404 || text === page).toBe(true)
      expect(text).not.toContain('"dependencies"')
    }
  })
})
