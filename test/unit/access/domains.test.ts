import { describe, expect, it } from 'vitest'
import { normaliseDomain, normaliseDomains } from '../../../server/access/domains.ts'

describe('entries that have a normal form', () => {
  it.each([
    ['O43: as it is', 'example.com', 'example.com'],
    ['O43: surrounding spaces', '  example.com\t', 'example.com'],
    ['O43: upper case', 'Shop.EXAMPLE.com', 'shop.example.com'],
    ['O43: trailing dot', 'example.com.', 'example.com'],
    ['O43: https scheme', 'https://example.com', 'example.com'],
    ['O43: scheme in upper case', 'HTTPS://Example.com', 'example.com'],
    ['O43: trailing slash', 'https://example.com/', 'example.com'],
    ['O43: all at once', ' HTTPS://Example.COM.:443/ ', 'example.com'],
    ['O38: default port', 'example.com:443', 'example.com'],
    ['O38: other port', 'example.com:8443', 'example.com:8443'],
    ['O38: http kept', 'http://example.com', 'http://example.com'],
    ['O38: default port of http', 'http://example.com:80', 'http://example.com'],
    ['O38: https port on http', 'http://example.com:443', 'http://example.com:443'],
    ['O38: http port on https', 'example.com:80', 'example.com:80'],
    ['O37: wildcard', '*.example.org', '*.example.org'],
    ['O37: wildcard below a suffix of two labels', '*.example.co.uk', '*.example.co.uk'],
    ['O37: wildcard below a private suffix', '*.me.github.io', '*.me.github.io'],
    ['O37: wildcard over http and a port', 'http://*.Example.org:8080', 'http://*.example.org:8080'],
    ['O41: IDN', 'bücher.example', 'xn--bcher-kva.example'],
    ['O41: IDN in upper case', 'BÜCHER.example', 'xn--bcher-kva.example'],
    ['O41: IDN decomposed', 'bu\u0308cher.example', 'xn--bcher-kva.example'],
    ['O41: punycode', 'xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['O42: IPv6 in full', '[0:0:0:0:0:0:0:1]', '[::1]'],
    ['O42: IPv6 with leading zeros', '[2001:0DB8::0001]:8443', '[2001:db8::1]:8443'],
    ['O42: IPv4', '192.0.2.1', '192.0.2.1'],
    ['O42: this machine', 'localhost', 'localhost'],
    ['O42: this machine, a default port means that port', 'http://localhost:80', 'http://localhost:80'],
    ['a name of an internal network', 'intranet', 'intranet'],
    ['a name with an underscore', 'my_shop.example.com', 'my_shop.example.com'],
    ['O39: the opaque origin', ' null ', 'null'],
  ])('%s: %j', (_, entry, normal) => {
    expect(normaliseDomain(entry)).toBe(normal)
    expect(normaliseDomain(normal)).toBe(normal)
  })
})

describe('entries that are refused', () => {
  it.each([
    ['O43: empty', ''],
    ['O43: blank', '   '],
    ['O43: a path', 'example.com/path'],
    ['O43: a path after a scheme', 'https://example.com/a/'],
    ['O43: two slashes', 'example.com//'],
    ['O43: a backslash', 'example.com\\path'],
    ['O43: a query', 'example.com?a=b'],
    ['O43: a fragment', 'example.com#a'],
    ['O43: a user', 'user@example.com'],
    ['O43: a user and a password', 'https://user:pass@example.com'],
    ['O43: another scheme', 'ftp://example.com'],
    ['O43: a scheme only', 'https://'],
    ['O43: a scheme without slashes', 'javascript:alert(1)'],
    ['O43: no scheme, but slashes', '//example.com'],
    ['O43: two hosts in one entry', 'example.com, example.org'],
    ['O43: two hosts in one entry', 'example.com;example.org'],
    ['O43: a line break inside', 'exam\nple.com'],
    ['O43: percent-encoding', 'example%2ecom'],
    ['O43: an empty label', 'a..example.com'],
    ['O43: two trailing dots', 'example.com..'],
    ['O43: a leading dot', '.example.com'],
    ['O43: a dot', '.'],
    ['O43: characters no host has', 'exa!mple.com'],
    ['O43: a port that does not exist', 'example.com:65536'],
    ['O43: port 0', 'example.com:0'],
    ['O43: a port without digits', 'example.com:'],
    ['O43: a wildcard port', 'example.com:*'],
    ['O43: 10 KB', `${'a'.repeat(10_000)}.com`],
    ['O43: a label of 64', `${'a'.repeat(64)}.com`],
    ['O37: everything', '*'],
    ['O37: everything, with a dot', '*.'],
    ['O37: everything over https', 'https://*'],
    ['O37: a top-level domain', '*.com'],
    ['O37: a top-level domain', '*.org'],
    ['O37: a suffix of two labels', '*.co.uk'],
    ['O37: a suffix with its dot', '*.co.uk.'],
    ['O37: a suffix over http with a port', 'http://*.com:8080'],
    ['O37: an IDN suffix', '*.рф'],
    ['O37: a suffix by a wildcard rule', '*.foo.ck'],
    ['O37: a private suffix', '*.github.io'],
    ['O37: a private suffix', '*.vercel.app'],
    ['O37: a name nobody registered', '*.intranet'],
    ['O37: a suffix without a wildcard', 'com'],
    ['O37: a suffix without a wildcard', 'co.uk'],
    ['O37: a private suffix without a wildcard', 'github.io'],
    ['O37: two wildcards', '*.*.example.org'],
    ['O37: a wildcard inside', 'a.*.example.org'],
    ['O37: half a wildcard', '*example.org'],
    ['O42: a wildcard before an address', '*.127.0.0.1'],
    ['O42: a wildcard before an address', '*.[::1]'],
    ['O42: IPv6 without brackets', '::1'],
    ['O42: IPv6 that is none', '[::g]'],
    ['O42: IPv6 with a zone', '[fe80::1%25eth0]'],
    ['O42: IPv4 abbreviated', '127.1'],
    ['O42: IPv4 as one number', '3000'],
    ['O42: IPv4 in hexadecimal', '0x7f.0.0.1'],
    ['O42: IPv4 out of range', '256.1.1.1'],
    ['O39: a host called null', 'https://null'],
    ['O39: a host called null', 'null.'],
    ['O39: a host called null', 'null:443'],
  ])('%s: %j', (_, entry) => {
    expect(() => normaliseDomain(entry)).toThrow(
      expect.objectContaining({ name: 'HttpError', status: 422, code: 'invalid_domain' }),
    )
  })

  it('O43: says which entry, without what was pasted along', () => {
    expect(() => normaliseDomains(['a.example', 'Bad Entry.example'])).toThrow(/"Bad Entry\.example"/)
    for (const entry of ['https://user:hunter2@shop.example', 'shop.example/?integrationToken=hunter2']) {
      expect(() => normaliseDomain(entry)).toThrow(/"shop\.example"/)
      expect(() => normaliseDomain(entry)).not.toThrow(/hunter2/)
    }
  })
})

it('O43: a list keeps its order and each entry once', () => {
  expect(normaliseDomains(['B.example', 'a.example', 'https://b.example/', 'null'])).toEqual([
    'b.example',
    'a.example',
    'null',
  ])
  expect(normaliseDomains([])).toEqual([])
})
