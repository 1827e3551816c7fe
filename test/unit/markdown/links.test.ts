import { describe, expect, test } from 'vitest'
import { imageSource } from '../../../widget/panel/markdown/images.ts'
import { safeUrl, targetOf } from '../../../widget/panel/markdown/links.ts'

describe('X67: what may be a link', () => {
  test.each([
    ['https://example.com/a?b=c#d', 'https://example.com/a?b=c#d'],
    ['HTTP://EXAMPLE.com', 'http://example.com/'],
    ['mailto:sam@example.com?subject=Hi', 'mailto:sam@example.com?subject=Hi'],
    ['tel:+4930123456', 'tel:+4930123456'],
    ['https://exa\u200bmple.com/', 'https://example.com/'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
  ])('%s is one', (address, href) => {
    expect(safeUrl(address)?.href).toBe(href)
  })

  test.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'java\tscript:alert(1)',
    'java\nscript:alert(1)',
    '\u0001javascript:alert(1)',
    'java\u0000script:alert(1)',
    '\u202ejavascript:alert(1)',
    'javascript&#58;alert(1)',
    '&#106;avascript:alert(1)',
    'javascript%3Aalert(1)',
    'javascript://example.com/%0aalert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:msgbox(1)',
    'blob:https://example.com/1',
    'file:///etc/passwd',
    'ftp://example.com/',
    'xmpp:sam@example.com',
    'about:blank',
    'view-source:https://example.com',
    'intent://example.com#Intent;end',
    '//example.com',
    '\\\\example.com',
    '/path',
    './path',
    'path',
    '?query',
    '#hash',
    '',
    'https:example.com',
    'https:/example.com',
    'https:///example.com',
    'https://',
    'https:\\\\example.com',
    'http://bank.example@evil.example/',
    'https://bank.example:secret@evil.example/',
    'mailto:',
    'tel:',
  ])('%j is none', (address) => {
    expect(safeUrl(address)).toBeNull()
  })
})

describe('X68: what is said about a link', () => {
  const said = (href: string, words: string) => targetOf(safeUrl(href) as URL, words)

  test.each([
    ['https://shop.example/terms', 'our terms'],
    ['https://shop.example/terms', 'shop.example'],
    ['https://shop.example/terms', 'https://shop.example/terms'],
    ['https://www.shop.example/', 'shop.example'],
    ['https://shop.example/', 'https://www.shop.example/'],
    ['https://shop.example/', 'version 2.5, e.g. this one'],
    ['https://xn--bcher-kva.example/', 'xn--bcher-kva.example'],
    ['mailto:sam@shop.example', 'sam@shop.example'],
    ['mailto:sam@shop.example', 'write to us'],
    ['tel:+4930123456', '+4930123456'],
    ['tel:+4930123456', 'call us'],
  ])('%s as %j needs nothing', (href, words) => {
    expect(said(href, words)).toBe('')
  })

  test.each([
    ['https://evil.example/', 'https://bank.example/', 'evil.example'],
    ['https://evil.example/', 'bank.example', 'evil.example'],
    ['https://evil.example/', 'Log in at BANK.example now', 'evil.example'],
    ['https://evil.example/', 'bank。example', 'evil.example'],
    ['https://evil.example/', 'bank․example', 'evil.example'],
    ['https://evil.example/', 'ba\u200bnk.exa\u00admple', 'evil.example'],
    ['https://evil.example/', 'ｂａｎｋ.example', 'evil.example'],
    ['https://evil.example/', 'bank.example, not evil.example', 'evil.example'],
    ['https://evil.example/?bank.example', 'www.bank.example', 'evil.example'],
    ['https://bank.example.evil.example/', 'bank.example', 'bank.example.evil.example'],
    ['https://аррӏе.example/', 'apple', 'xn--80ak6aa92e.example'],
    ['https://аррӏе.example/', 'https://аррӏе.example/', 'xn--80ak6aa92e.example'],
    ['https://evil.example/', '\u200b \u2060', 'evil.example'],
    ['mailto:eve@evil.example', 'sam@shop.example', 'eve@evil.example'],
    ['mailto:eve@shop.example', 'sam@shop.example', 'eve@shop.example'],
    ['tel:+19005550100', '+49 30 123456', '+19005550100'],
    ['tel:+19005550100', 'bank.example', '+19005550100'],
  ])('%s as %j shows %s', (href, words, target) => {
    expect(said(href, words)).toBe(target)
  })
})

describe('X69: what may be loaded as an image', () => {
  const hosts = ['img.example', 'CDN.example', 'img.example:8443']

  test.each(['https://img.example/a.png', 'https://cdn.example/a.png?b', 'https://img.example:8443/a.png'])(
    '%s, from a host that the site names',
    (address) => {
      expect(imageSource(address, hosts)).toBe(address)
    },
  )

  test.each([
    'https://evil.example/?q=secret',
    'http://img.example/a.png',
    'https://img.example:444/a.png',
    'https://img.example.evil.example/a.png',
    'https://evil.example/img.example/a.png',
    'https://img.example@evil.example/a.png',
    'https://sub.img.example/a.png',
    '//img.example/a.png',
    'data:image/png;base64,AAAA',
    'blob:https://img.example/1',
    '/a.png',
    '',
  ])('%j is not', (address) => {
    expect(imageSource(address, hosts)).toBeNull()
  })

  test('nothing, where the site names no host', () => {
    expect(imageSource('https://img.example/a.png', [])).toBeNull()
  })
})
