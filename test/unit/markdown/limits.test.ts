/** X71: no text makes the page stand still, and none is lost. */
import { describe, expect, test } from 'vitest'
import { createReader } from '../../../widget/panel/markdown/reader.ts'
import { wordsOf } from './text.ts'

const fill = (piece: string, length = 100_000) => piece.repeat(Math.ceil(length / piece.length))
const stairs = (step: (level: number) => string) => Array.from({ length: 440 }, (_, level) => step(level)).join('')
const table = (rows: number) => `| a | b |\n|---|---|\n${'| one | **two** |\n'.repeat(rows)}`

const monsters: [what: string, text: string][] = [
  ...[
    '*',
    '*a ',
    '*a_ **b ',
    '_a ',
    '~~a',
    '[',
    '![',
    '[a](',
    '[[a]',
    '[`a',
    '[a\\',
    '`',
    '`a ',
    '|',
    '<',
    '<a b="',
    '<!--',
  ].map((piece): [string, string] => [piece, fill(piece)]),
  ...[
    '> ',
    '>',
    '- ',
    '1. ',
    '- a\n',
    '- a\n\n',
    '> - a\n',
    '> - > - > - a\nb\n',
    '- [ ] a\n',
    '|\n|-\n',
    '#',
    '\\',
    '\t',
  ].map((piece): [string, string] => [piece, fill(piece)]),
  ...[
    'a\n',
    'a\n\n',
    '---\n',
    '# a\n',
    '```\n',
    '~~~a\n\n',
    '<div>\n',
    '[a]: b\n',
    'http://a.b ',
    'a@',
    'www.',
    '&#',
  ].map((piece): [string, string] => [piece, fill(piece)]),
  ['> 5,000 deep', `${'> '.repeat(5_000)}a`],
  ['stairs of quotes', stairs((level) => `${'>'.repeat(level)} a\n`)],
  ['stairs of lists', stairs((level) => `${'  '.repeat(level)}- a\n`)],
  ['a list of one item', `- a\n${fill('  b\n')}`],
  ['an address that never ends', `http://a.b${fill('.')}`],
  ['an address in brackets', `[a](${fill('(')}`],
  ['backticks in growing rows', stairs((level) => `${'`'.repeat(level)} `)],
  ['emphasis in emphasis', `${fill('*a **a ', 50_000)}b${fill('** a*', 50_000)}`],
  ['blanks in a heading', `# a${fill(' ')}#`],
  ['a table of 10,000 rows', table(10_000)],
  ['a table of 10,000 columns', `${fill('|a', 20_000)}|\n${fill('|-', 20_000)}|\n`],
]

describe('X71: a monster', () => {
  test.each(monsters)('%j is read within 50 ms a KB, and all of it is there', (_what, text) => {
    const begin = performance.now()
    const blocks = createReader([])(text, false)
    expect((performance.now() - begin) / (text.length / 1_000)).toBeLessThan(50)
    const letters = (words: string) => words.replace(/[^\p{L}\p{N}]/gu, '').length
    const shown = letters(blocks.map(({ block }) => wordsOf(block)).join(''))
    // Numbers of items, and what stands in the marks of links and languages, are shown in other ways.
    if (/^(?!\d|.*(http|www|<|\]\(|~~~)).*/s.test(text)) expect(shown).toBe(letters(text))
    else expect(blocks.length).toBeGreaterThan(0)
  })

  test.each(['*', '[', '![', '> ', '`', '|\n|-\n', '- - '])(
    '%j that comes in pieces costs little with each',
    (piece) => {
      const grow = createReader([])
      const text = fill(piece, 40_000)
      const begin = performance.now()
      let looks = 0
      for (let end = 1_000; end <= text.length; end += 1_000, looks++) grow(text.slice(0, end), true)
      expect((performance.now() - begin) / looks).toBeLessThan(100)
    },
  )
})

describe('X71: what is too large is plain text', () => {
  test('from the block on where it begins, and no further', () => {
    const kinds = createReader([])(`**a**\n\n${table(2_000)}\n**b**`, false).map(({ block }) => block.kind)
    expect(kinds[0]).toBe('paragraph')
    expect(kinds.slice(1, -1).every((kind) => kind === 'plain')).toBe(true)
    expect(kinds.at(-1)).toBe('paragraph')
  })

  test('but for code, however it comes', () => {
    const text = `\`\`\`\n${fill('a\n', 60_000)}\`\`\`\n\n**b**`
    const grow = createReader([])
    for (let end = 1_000; end <= text.length; end += 1_000) grow(text.slice(0, end), true)
    const blocks = createReader([])(text, false)
    expect(blocks.map(({ block }) => block.kind)).toEqual(['code', 'paragraph'])
    expect(grow(text, false)).toEqual(blocks)
  })

  test('what comes after 500 blocks', () => {
    const blocks = createReader([])(fill('**a**\n\n', 7_000), false)
    expect(blocks).toHaveLength(501)
    expect(blocks.at(-1)?.block.kind).toBe('plain')
  })

  test('and is the same in pieces as at once', () => {
    const text = `**a**\n\n${table(2_500)}\n**b**\n\n${fill('word ', 50_000)}\n\n${fill('*c*\n\n', 30_000)}`
    const grow = createReader([])
    for (let end = 700; end <= text.length; end += 700) grow(text.slice(0, end), true)
    expect(grow(text, false)).toEqual(createReader([])(text, false))
  })
})
