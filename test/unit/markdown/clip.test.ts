import { describe, expect, test } from 'vitest'
import { clipped, withoutDirections } from '../../../widget/panel/clip.ts'

describe('X70: a text stays within its bubble', () => {
  test.each([
    ['5,000 line ends', `a${'\n'.repeat(5_000)}b`, 'a\n\n\nb'],
    ['lines of blanks', `a${'\n \t\u00a0'.repeat(5_000)}b`, 'a\n\n\nb'],
    ['other ways down', `a${'\v\f\u2028\u2029\u0085\r\n'.repeat(1_000)}b`, 'a\n\n\nb'],
    ['towers of marks', `a${'\u0301'.repeat(500)}b`, `a${'\u0301'.repeat(6)}b`],
  ])('%s', (_what, text, shown) => {
    expect(clipped(text)).toBe(shown)
  })

  test.each(['a\n\n\nb', 'é', 'Tiếng Việt', 'नमस्ते', 'שָׁלוֹם', '  indented', 'a\r\n\r\nb', '👩‍👩‍👧‍👦'])(
    '%j is left alone',
    (text) => {
      expect(clipped(text)).toBe(text)
    },
  )

  test('takes no longer for a long text than that needs', () => {
    const begin = performance.now()
    clipped('\n \t'.repeat(33_000) + '\u0301'.repeat(50_000) + ' '.repeat(50_000))
    expect(performance.now() - begin).toBeLessThan(500)
  })
})

test('X70: direction controls are taken out of a name', () => {
  const controls = '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'
  expect(withoutDirections(`S${controls}am`)).toBe('Sam')
})
