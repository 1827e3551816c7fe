import { describe, expect, it } from 'vitest'
import { normaliseDomains } from '../../../server/access/domains.ts'
import { canonicalOrigin, decideOrigin, looksLikePageLoad } from '../../../server/access/origins.ts'
import type { OriginHeaders } from '../../../server/access/origins.ts'
import type { IntegrationKind } from '../../../server/access/integration.ts'

function decide(
  entries: string[],
  headers: Partial<OriginHeaders>,
  { kind = 'widget', publicOrigin = null }: { kind?: IntegrationKind; publicOrigin?: string | null } = {},
) {
  return decideOrigin({
    allowedDomains: normaliseDomains(entries),
    kind,
    headers: { origin: null, secFetchSite: null, referer: null, ...headers },
    publicOrigin,
  })
}
const ok = (origin: string) => ({ allowed: true, allowOrigin: origin })
const refused = { allowed: false, allowOrigin: null }
const allowed = { allowed: true, allowOrigin: null }

describe('an Origin that is allowed is echoed', () => {
  it.each([
    ['O36', 'example.com', 'https://example.com'],
    ['O37', '*.example.org', 'https://a.example.org'],
    ['O37', '*.example.org', 'https://a.b.example.org'],
    ['O38', 'http://example.com', 'http://example.com'],
    ['O38', 'http://example.com:8080', 'http://example.com:8080'],
    ['O38', 'example.com:8443', 'https://example.com:8443'],
    ['O38', 'example.com:443', 'https://example.com'],
    ['O38', 'https://example.com', 'https://example.com'],
    ['O38', '*.example.org:8443', 'https://a.example.org:8443'],
    ['O39', 'null', 'null'],
    ['O41', 'bücher.example', 'https://xn--bcher-kva.example'],
    ['O41', 'xn--bcher-kva.example', 'https://xn--bcher-kva.example'],
    ['O42', '[0:0:0:0:0:0:0:1]', 'http://[::1]:3000'],
    ['O42', '[::1]', 'https://[::1]'],
    ['O42', 'localhost', 'http://localhost:5173'],
    ['O42', 'localhost', 'https://localhost:5173'],
    ['O42', 'localhost', 'http://localhost'],
    ['O42', 'localhost:3000', 'http://localhost:3000'],
    ['O42', 'localhost:80', 'http://localhost'],
    ['O42', 'http://localhost', 'http://localhost:3000'],
    ['O42', '127.0.0.1', 'http://127.0.0.1:8080'],
    ['O42', '192.0.2.1', 'https://192.0.2.1'],
    ['O42', '[2001:db8::1]:8443', 'https://[2001:db8::1]:8443'],
  ])('%s: entry %s, Origin %s', (_, entry, origin) => {
    expect(decide(['unrelated.example', entry], { origin })).toEqual(ok(origin))
  })
})

describe('an Origin that is not allowed gets no Access-Control-Allow-Origin', () => {
  it.each([
    ['O36', 'example.com', 'https://evil-example.com'],
    ['O36', 'example.com', 'https://example.com.evil.com'],
    ['O36', 'example.com', 'https://notexample.com'],
    ['O36', 'example.com', 'https://example.com@evil.com'],
    ['O36', 'example.com', 'https://example.comx'],
    ['O36', 'example.com', 'https://example.co'],
    ['O37', 'example.com', 'https://www.example.com'],
    ['O37', '*.example.org', 'https://example.org'],
    ['O37', '*.example.org', 'https://evilexample.org'],
    ['O37', '*.example.org', 'https://example.org.evil.com'],
    ['O37', '*.example.org', 'https://.example.org'],
    ['O37', '*.example.org', 'http://a.example.org'],
    ['O38', 'example.com', 'http://example.com'],
    ['O38', 'http://example.com', 'https://example.com'],
    ['O38', 'example.com', 'https://example.com:8443'],
    ['O38', 'example.com:8443', 'https://example.com'],
    ['O38', 'example.com:8443', 'https://example.com:9443'],
    ['O38', 'example.com', 'http://example.com:443'],
    ['O38', 'example.com', 'ftp://example.com'],
    ['O38', 'example.com', 'wss://example.com'],
    ['O39', 'example.com', 'null'],
    ['O39', 'null', 'https://null'],
    ['O39', 'null', 'http://null'],
    ['O39', 'null', 'NULL'],
    ['O41', 'bücher.example', 'https://bücher.example'],
    ['O41', 'example.com', 'https://ехаmple.com'],
    ['O41', 'example.com', 'https://xn--mple-43d3fb.com'],
    ['O42', 'localhost', 'http://[::1]:3000'],
    ['O42', 'localhost', 'http://127.0.0.1:3000'],
    ['O42', 'localhost', 'http://sub.localhost:3000'],
    ['O42', 'localhost', 'http://localhost.evil.com'],
    ['O42', '127.0.0.1', 'http://127.1'],
    ['O42', 'localhost:3000', 'http://localhost:3001'],
    ['O42', 'localhost:443', 'http://localhost'],
    ['O42', 'http://localhost', 'https://localhost'],
    ['O42', '192.0.2.1', 'http://192.0.2.1'],
  ])('%s: entry %s, Origin %s', (_, entry, origin) => {
    expect(decide(['unrelated.example', entry], { origin })).toEqual(refused)
  })
})

const malformed: [string, string][] = [
  ['upper case', 'https://EXAMPLE.com'],
  ['upper-case scheme', 'HTTPS://example.com'],
  ['trailing dot', 'https://example.com.'],
  ['trailing slash', 'https://example.com/'],
  ['user', 'https://user@example.com'],
  ['path', 'https://example.com/path'],
  ['query', 'https://example.com?'],
  ['default port', 'https://example.com:443'],
  ['%2e', 'https://example%2ecom'],
  ['fullwidth dot', 'https://example．com'],
  ['two values', 'https://example.com, https://example.com'],
  ['two values', 'https://example.com,https://evil.com'],
  ['two values with a space', 'https://example.com https://evil.com'],
  ['empty', ''],
  ['a space', ' '],
  ['a line break', 'https://exam\nple.com'],
  ['no scheme', 'example.com'],
  ['10 KB', `https://${'a.'.repeat(5_000)}example.com`],
  ['an extension', 'chrome-extension://abcdefghijklmnop'],
]

describe('O40: an Origin no browser spells like that is refused, whatever the list says', () => {
  it.each(malformed)('%s: %j', (_, origin) => {
    for (const kind of ['widget', 'api'] as const) {
      expect(decide(['example.com', '*.example.com'], { origin }, { kind })).toEqual(refused)
      expect(decide([], { origin }, { kind })).toEqual(refused)
    }
    expect(canonicalOrigin(origin)).toBeNull()
  })

  it('an empty Origin is not an absent one', () => {
    expect(decide([], { origin: null })).toEqual(allowed)
    expect(decide([], { origin: '' })).toEqual(refused)
  })
})

describe('O43: the list', () => {
  it('an empty list lets any origin in, and requests without one', () => {
    expect(decide([], { origin: 'https://anything.example' })).toEqual(ok('https://anything.example'))
    expect(decide([], { origin: 'http://localhost:5173' })).toEqual(ok('http://localhost:5173'))
    expect(decide([], {})).toEqual(allowed)
    expect(decide([], { secFetchSite: 'same-origin' })).toEqual(allowed)
    expect(decide([], { referer: 'https://anything.example/' })).toEqual(allowed)
  })

  it('O39: an empty list does not let the opaque origin in: that takes its own entry', () => {
    expect(decide([], { origin: 'null' })).toEqual(refused)
  })

  it.each([undefined, null, 'example.com', [null], [{}], ['']])('a list that cannot be read denies: %j', (list) => {
    for (const kind of ['widget', 'api'] as const) {
      const decision = decideOrigin({
        allowedDomains: list as string[],
        kind,
        headers: { origin: 'https://example.com', secFetchSite: null, referer: null },
        publicOrigin: null,
      })
      expect(decision).toEqual(refused)
    }
  })
})

describe('without an Origin', () => {
  const entries = ['chat.example.com', '*.example.org']
  const publicOrigin = 'https://chat.example.com'

  it.each<[string, Partial<OriginHeaders>, IntegrationKind, string | null, boolean]>([
    ['O44: same-origin, the server is listed', { secFetchSite: 'same-origin' }, 'widget', publicOrigin, true],
    ['O44: same-origin, by a wildcard', { secFetchSite: 'same-origin' }, 'widget', 'https://a.example.org', true],
    [
      'O44: same-origin, an address with a path',
      { secFetchSite: 'same-origin' },
      'widget',
      `${publicOrigin}/chat/`,
      true,
    ],
    [
      'O44: same-origin, the server is not listed',
      { secFetchSite: 'same-origin' },
      'widget',
      'https://other.example',
      false,
    ],
    ['O44: same-origin, the server is not known', { secFetchSite: 'same-origin' }, 'widget', null, false],
    ['O44: same-origin, api token', { secFetchSite: 'same-origin' }, 'api', 'https://other.example', false],
    ['O44: cross-site', { secFetchSite: 'cross-site' }, 'widget', publicOrigin, false],
    ['O44: same-site', { secFetchSite: 'same-site' }, 'widget', publicOrigin, false],
    ['O44: none', { secFetchSite: 'none' }, 'widget', publicOrigin, false],
    ['O44: cross-site, api token', { secFetchSite: 'cross-site' }, 'api', publicOrigin, false],
    ['O44: none, api token', { secFetchSite: 'none' }, 'api', publicOrigin, false],
    ['O44: empty', { secFetchSite: '' }, 'api', publicOrigin, false],
    ['O44: two values', { secFetchSite: 'same-origin, same-origin' }, 'widget', publicOrigin, false],
    [
      'O44: Sec-Fetch decides over Referer',
      { secFetchSite: 'cross-site', referer: `${publicOrigin}/` },
      'widget',
      publicOrigin,
      false,
    ],
    ['O45: Referer of an allowed page', { referer: 'https://chat.example.com/a?b#c' }, 'widget', null, true],
    ['O45: Referer below a wildcard', { referer: 'https://a.b.example.org/' }, 'widget', null, true],
    ['O45: Referer of an allowed page, api token', { referer: 'https://chat.example.com/' }, 'api', null, true],
    ['O45: Referer of another page', { referer: 'https://evil.example/chat.example.com' }, 'widget', null, false],
    ['O45: Referer of another page, api token', { referer: 'https://evil.example/' }, 'api', null, false],
    ['O45: Referer over http', { referer: 'http://chat.example.com/' }, 'widget', null, false],
    ['O45: Referer with a user', { referer: 'https://chat.example.com@evil.example/' }, 'widget', null, false],
    ['O45: Referer that is none', { referer: 'about:blank' }, 'widget', null, false],
    ['O45: empty Referer', { referer: '' }, 'api', null, false],
    ['O45, O47: nothing, widget token', {}, 'widget', publicOrigin, false],
    ['O45, O47: nothing, api token', {}, 'api', publicOrigin, true],
  ])('%s', (_, headers, kind, server, isAllowed) => {
    expect(decide(entries, headers, { kind, publicOrigin: server })).toEqual(isAllowed ? allowed : refused)
  })

  it('O47: a program that forges an allowed Origin is let in: the list is no authentication', () => {
    expect(decide(entries, { origin: 'https://chat.example.com' })).toEqual(ok('https://chat.example.com'))
  })
})

describe('O48: what else is sent does not change the decision', () => {
  it('Referer and Sec-Fetch-Site are never preferred over Origin', () => {
    const good = { secFetchSite: 'same-origin', referer: 'https://example.com/' }
    const options = { publicOrigin: 'https://example.com' }
    expect(decide(['example.com'], { origin: 'https://evil.example', ...good }, options)).toEqual(refused)
    expect(decide(['example.com'], { origin: '', ...good }, options)).toEqual(refused)
    const bad = { secFetchSite: 'cross-site', referer: 'https://evil.example/' }
    expect(decide(['example.com'], { origin: 'https://example.com', ...bad })).toEqual(ok('https://example.com'))
  })
})

describe('requests that no client of ours sends', () => {
  const none = { secPurpose: null, purpose: null, secFetchMode: null, secFetchDest: null, accept: null }

  it.each([
    ['a program', {}],
    ['a program', { accept: '*/*' }],
    ['fetch', { secFetchMode: 'cors', secFetchDest: 'empty', accept: 'application/json' }],
    ['fetch on the same origin', { secFetchMode: 'same-origin', secFetchDest: 'empty', accept: '*/*' }],
    ['fetch in Node', { secFetchMode: 'cors', accept: '*/*' }],
    ['EventSource', { secFetchMode: 'cors', secFetchDest: 'empty', accept: 'text/event-stream' }],
    ['a library', { accept: 'application/json, text/plain, */*' }],
  ])('O46: not %s', (_, headers) => {
    expect(looksLikePageLoad({ ...none, ...headers }, true)).toBe(false)
    expect(looksLikePageLoad({ ...none, ...headers }, false)).toBe(false)
  })

  it.each([
    ['prefetch', { secPurpose: 'prefetch', secFetchMode: 'cors', secFetchDest: 'empty' }],
    ['prefetch for a prerender', { secPurpose: 'prefetch;prerender' }],
    ['prefetch of an older browser', { purpose: 'prefetch' }],
    ['navigation', { secFetchMode: 'navigate', secFetchDest: 'document' }],
    ['iframe', { secFetchMode: 'navigate', secFetchDest: 'iframe' }],
    ['img', { secFetchMode: 'no-cors', secFetchDest: 'image' }],
    ['img with crossorigin', { secFetchMode: 'cors', secFetchDest: 'image' }],
    ['script', { secFetchMode: 'no-cors', secFetchDest: 'script' }],
    ['module script', { secFetchMode: 'cors', secFetchDest: 'script' }],
    ['no-cors fetch', { secFetchMode: 'no-cors', secFetchDest: 'empty' }],
    ['an empty mode', { secFetchMode: '' }],
  ])('O46: %s', (_, headers) => {
    expect(looksLikePageLoad({ ...none, ...headers }, true)).toBe(true)
    expect(looksLikePageLoad({ ...none, ...headers }, false)).toBe(true)
  })

  it.each(['text/html,application/xhtml+xml,*/*;q=0.8', ' Text/HTML', 'image/avif,image/webp,*/*', 'image/png'])(
    'O46: where there is no Sec-Fetch, Accept %j may not send, but read',
    (accept) => {
      expect(looksLikePageLoad({ ...none, accept }, true)).toBe(true)
      expect(looksLikePageLoad({ ...none, accept }, false)).toBe(false)
    },
  )
})
