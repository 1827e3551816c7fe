import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createReader } from '../../../widget/panel/markdown/reader.ts'
import { shapesOf, wordsOf } from './text.ts'

const read = (text: string, imageHosts: string[] = []) => shapesOf(createReader(imageHosts)(text, false))

describe('an answer', () => {
  test.each<[what: string, text: string, shapes: string[]]>([
    ['paragraphs', 'One\n\nTwo\nthree', ['paragraph(One)', 'paragraph(Two\nthree)']],
    ['headings', '# One\ntext\n\n###### Six', ['heading1(One)', 'paragraph(text)', 'heading6(Six)']],
    ['emphasis', '**a** *b* _c_ ~~d~~ `e`', ['paragraph(strong(a) em(b) em(c) del(d) code(e))']],
    ['emphasis in emphasis', '***a** b*', ['paragraph(em(strong(a) b))']],
    ['what only looks like it', '2 * 3 * 4, snake_case_name, ~5', ['paragraph(2 * 3 * 4, snake_case_name, ~5)']],
    ['escapes', '\\*a\\* \\[b\\]', ['paragraph(*a* [b])']],
    ['line breaks', 'a  \nb\\\nc<br>d<BR />e', ['paragraph(abreakbbreakcbreakdbreake)']],
    ['a list', '- a\n- b\n  - c', ['list(paragraph(a)|paragraph(b)list(paragraph(c)))']],
    ['a loose list', '- a\n\n- b', ['list:loose(paragraph(a)|paragraph(b))']],
    ['a numbered list', '3. a\n4. b', ['list3(paragraph(a)|paragraph(b))']],
    ['tasks', '- [ ] a\n- [x] b', ['list(paragraph(☐ a)|paragraph(☑ b))']],
    ['loose tasks', '- [ ] a\n\n- [x] b', ['list:loose(paragraph(☐ a)|paragraph(☑ b))']],
    ['code', '```js\na < b\n\n# c\n```', ['code:js(a < b\n\n# c)']],
    ['code in a list', '- a\n  ```\n  b\n  ```', ['list(paragraph(a)code:(b))']],
    ['indented code', '    a', ['code:(a)']],
    ['code of a strange language', '```"><b>\na\n```', ['code:(a)']],
    ['a quote', '> a\n> > b', ['quote(paragraph(a)quote(paragraph(b)))']],
    ['a table', '| a | b |\n|---|:-:|\n| `1` | **2** |', ['table(a|b/code(1)|strong(2))']],
    ['a rule', 'a\n\n---\n\nb', ['paragraph(a)', 'rule', 'paragraph(b)']],
    ['a link', '[a **b**](https://c.example "d")', ['paragraph(link:https://c.example/(a strong(b)))']],
    ['bare addresses', 'See https://a.example/b.', ['paragraph(See link:https://a.example/b(https://a.example/b).)']],
    ['addresses in brackets', '<https://a.example>', ['paragraph(link:https://a.example/(https://a.example))']],
    ['mailboxes', 'sam@a.example', ['paragraph(link:mailto:sam@a.example(sam@a.example))']],
    ['other line ends', 'a\r\n\r\nb\rc', ['paragraph(a)', 'paragraph(b\nc)']],
    ['nothing', '', []],
    ['only blanks', ' \n\n \n', []],
  ])('can have %s', (_what, text, shapes) => {
    expect(read(text)).toEqual(shapes)
  })
})

describe('X66: markup is the text it is', () => {
  test.each([
    '<img src=x onerror=alert(1)>',
    'a <b onclick="alert(1)">b</b>',
    '<svg><script>alert(1)</script></svg>',
    '<style>*{display:none}</style>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<!-- a --> b',
    '<?php a ?>',
    '<![CDATA[a]]>',
    '&lt;img src=x onerror=alert(1)&gt; &amp; &#60;b&#62; &nbsp;',
    '<a href="javascript:alert(1)">a</a>',
    '<details><summary>a</summary>b</details>',
  ])('%s', (text) => {
    expect(createReader([])(text, false).map(({ block }) => wordsOf(block))).toEqual([text])
  })
})

describe('X67, X69: what is no link and no image', () => {
  test.each<[text: string, shape: string]>([
    ['[a](javascript:alert(1))', 'paragraph([a](javascript:alert(1)))'],
    ['[a](//evil.example)', 'paragraph([a](//evil.example))'],
    ['<javascript:alert(1)>', 'paragraph(<javascript:alert(1)>)'],
    ['[a][b]\n\n[b]: https://evil.example', 'paragraph([a][b])'],
    ['![a](javascript:alert(1))', 'paragraph(a)'],
    ['![](data:image/svg+xml,a)', 'paragraph(![](data:image/svg+xml,a))'],
    ['![a](https://evil.example/?q=b)', 'paragraph(link:https://evil.example/?q=b(a))'],
    ['![a][b]\n\n[b]: https://evil.example', 'paragraph(![a][b])'],
    ['![a](https://img.example/b.png)', 'paragraph(image:https://img.example/b.png(a))'],
    [
      '[![a](https://img.example/b.png)](https://c.example)',
      'paragraph(link:https://c.example/(image:https://img.example/b.png(a)))',
    ],
    ['[![a](https://evil.example/b.png)](https://c.example)', 'paragraph(link:https://c.example/(a))'],
    ['[](https://evil.example)', 'paragraph(link:https://evil.example/(https://evil.example/))'],
  ])('%s', (text, shape) => {
    expect(read(text, ['img.example'])[0]).toBe(shape)
  })

  test('X68: a link that passes for another shows where it leads', () => {
    expect(read('[bank.example](https://evil.example)')).toEqual([
      'paragraph(link:https://evil.example/(bank.example)!evil.example)',
    ])
  })

  test('X70: direction controls in the words of a link are gone', () => {
    expect(read('[a\u202eb **c\u2066d** `e\u200ff`](https://g.example)')).toEqual([
      'paragraph(link:https://g.example/(ab strong(cd) code(ef)))',
    ])
  })
})

describe('an answer that grows', () => {
  const pieces = [
    ...['a', 'b c', '*', '**', '_', '`', '```', '~~', '~~~', '\n', '\n\n', '  \n', '    ', '\t', '\\', '|', '!['],
    ...['- ', '* ', '1. ', '2. ', '10) ', '> ', '# ', '---', '===', '[ ] ', '](', '[x](http://a.example)', '&amp;'],
    ...[
      '| a | b |\n|---|---|\n',
      '| 1 | 2 |',
      '<div>',
      '</div>',
      '<b>',
      '<!--',
      '-->',
      '<script>',
      'https://a.example ',
    ],
  ]

  test('becomes what it would be at once, however it comes', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 24 }), (parts) => {
        const text = parts.join('')
        const grow = createReader([])
        for (let end = 1; end <= text.length; end++) grow(text.slice(0, end), true)
        expect(grow(text, false)).toEqual(createReader([])(text, false))
      }),
      { numRuns: 500 },
    )
  })

  test('keeps the blocks that are finished', () => {
    const text = '# A\n\nOne **two**\n\n- three\n\n```\nfour\n```\n\nfive'
    const grow = createReader([])
    let before = grow('', true)
    for (let end = 1; end <= text.length; end++) {
      const now = grow(text.slice(0, end), true)
      // All but the last two: a block is finished by the first line of the next one.
      for (const [index, placed] of before.slice(0, -2).entries()) expect(now[index]).toBe(placed)
      before = now
    }
    expect(before).toHaveLength(5)
  })

  test('starts anew when it is another text', () => {
    const grow = createReader([])
    grow('One\n\nTwo\n\nThree', true)
    expect(shapesOf(grow('Four\n\nFive', false))).toEqual(['paragraph(Four)', 'paragraph(Five)'])
  })

  const answer = `# Returns

You can send it back within **30 days**, *unused*, in \`its box\`. See [our **terms**](https://a.example/b?c=1 "Terms") or
https://shop.example/x, **not
there**.

1. Open [My orders](https://shop.example/orders)
2. Choose **Return**:
   - keep the \`label\`
   - print it
3. Done, _really_ ~~not~~

- [ ] open
- [x] shut

| Country | Days |
|:--------|-----:|
| Norway  | **4** |
| France  | \`2\` |

> Quoted *words*

\`\`\`js
const a = 2
- b
\`\`\`

And an ![image](https://evil.example/a.png), 2 * 3 = 6, snake_case_name. Welcome!
`
  test('shows no mark that then goes away, and takes back no word', () => {
    const grow = createReader([])
    let before = ''
    for (let end = 1; end <= answer.length; end++) {
      const words = grow(answer.slice(0, end), true)
        .map(({ block }) => wordsOf(block))
        .join('')
        .replace(/\s+/g, '')
      expect(words.startsWith(before), `${before}\n${words}`).toBe(true)
      expect(words).not.toMatch(/\*\*|`|\]\(|~~|\||\[[ x]/)
      before = words
    }
    expect(before).toContain('Welcome!')
  })
})
