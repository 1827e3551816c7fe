import { readFileSync } from 'node:fs'
import { marked } from 'marked'
import type { Lexer as MarkedLexer } from 'marked'
import { parseAst } from 'vite'
import { describe, expect, test } from 'vitest'
import { cutAfterLexer } from '../../../scripts/lexer-alone.mjs'

const source = readFileSync('node_modules/marked/lib/marked.esm.js', 'utf8')
const cut = (code: string) => cutAfterLexer(code, parseAst(code))

describe('marked’s lexer alone', () => {
  test('reads what the whole of marked reads', async () => {
    const url = `data:text/javascript;base64,${Buffer.from(cut(source)).toString('base64')}`
    const { Lexer } = (await import(/* @vite-ignore */ url)) as { Lexer: typeof MarkedLexer }
    const text = readFileSync('README.md', 'utf8') + readFileSync('CONTRIBUTING.md', 'utf8')
    expect(text).toMatch(/^\| /m)
    expect(JSON.stringify(Lexer.lex(text))).toBe(JSON.stringify(marked.lexer(text)))
  })

  test('has no renderer, and is a good deal smaller', () => {
    expect(cut(source)).not.toContain('<blockquote>')
    expect(cut(source).length).toBeLessThan(source.length * 0.85)
  })

  test.each([
    ['a lexer under another name', 'as Lexer', 'as Scanner', /no class Lexer/],
    ['no tokenizer', 'as Tokenizer', 'as Reader', /no class Tokenizer/],
  ])('fails the build when marked has %s', (_what, from, to, message) => {
    expect(() => cut(source.replace(from, to))).toThrow(message)
  })
})
