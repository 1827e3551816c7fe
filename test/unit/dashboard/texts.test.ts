import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changesOf } from '../../../dashboard/activities/changes.ts'
import { withLinks } from '../../../dashboard/ui/links.ts'

const textIn = (changes: ReturnType<typeof changesOf>, without: string): string =>
  changes
    .filter(({ kind }) => kind !== without)
    .map(({ text }) => text)
    .join('')

describe('what was changed in a draft', () => {
  test('are words, not letters', () => {
    expect(changesOf('It is fine in the oven.', 'It is safe in the oven!')).toEqual([
      { kind: 'same', text: 'It is ' },
      { kind: 'gone', text: 'fine' },
      { kind: 'new', text: 'safe' },
      { kind: 'same', text: ' in the oven' },
      { kind: 'gone', text: '.' },
      { kind: 'new', text: '!' },
    ])
  })

  test('leads from any text to any other', () => {
    const words = fc.array(fc.constantFrom('a', 'b', ' ', '\n', 'ü', '🙂', '.'), { maxLength: 40 })
    fc.assert(
      fc.property(words, words, (one, other) => {
        const [before, after] = [one.join(''), other.join('')]
        const changes = changesOf(before, after)
        expect([textIn(changes, 'new'), textIn(changes, 'gone')]).toEqual([before, after])
      }),
    )
  })

  test('a text of thousands of signs is compared as a whole', () => {
    const [before, after] = ['.'.repeat(4_000), '!'.repeat(4_000)]
    expect(changesOf(before, after)).toEqual([
      { kind: 'gone', text: before },
      { kind: 'new', text: after },
    ])
  })
})

describe('links in texts of strangers', () => {
  test.each<[string, string[]]>([
    ['See https://shop.example/a?b=1.', ['https://shop.example/a?b=1']],
    [
      '(http://shop.example), mailto:me@shop.example and tel:+351123!',
      ['http://shop.example/', 'mailto:me@shop.example', 'tel:+351123'],
    ],
    ['javascript:alert(1) data:text/html,x file:///etc/passwd //evil.test blob:https://x', []],
    ['https://shop.example@evil.test/', []],
    ['HTTPS://SHOP.EXAMPLE/Ä', ['https://shop.example/%C3%84']],
  ])('%s', (text, hrefs) => {
    const pieces = withLinks(text)
    expect(pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.href]))).toEqual(hrefs)
    expect(pieces.map((piece) => (typeof piece === 'string' ? piece : piece.text)).join('')).toBe(text)
  })
})
