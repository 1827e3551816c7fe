/**
 * Reads an answer that grows. Blocks that no further text can change are read once and kept; only what comes after them
 * is read again with each piece. A text that comes in pieces and the same text at once give the same blocks.
 */
import type { Token } from 'marked'
import { convertBlock } from './convert.ts'
import { shownWhileWriting } from './ending.ts'
import { lexBlocks } from './lexer.ts'
import type { Lexed } from './lexer.ts'
import type { PlacedBlock } from './nodes.ts'

/** The longest block, in UTF-16 units, unless it is code. What is longer is shown as plain text. */
const MAX_BLOCK = 16_384
/** The same for code, which is found and shown in no time. */
const MAX_CODE = 131_072
/** How it is cut: browsers lay out anew what has changed, and take their time for a long line. */
const MAX_PIECE = 4_096
/** What comes after so many blocks is plain text. */
const MAX_BLOCKS = 500

/** Gives the blocks of a text, which may be the earlier one and something more. */
export type Reader = (text: string, isStreaming: boolean) => PlacedBlock[]

/** Makes a reader for one answer. */
export function createReader(imageHosts: readonly string[]): Reader {
  let finished: PlacedBlock[] = []
  /** The text of the finished blocks. */
  let known = ''
  /** Whether the text is amid a block that is too long. */
  let isAmid = false

  const finish = (blocks: PlacedBlock[], text: string): 'more' => {
    finished.push(...blocks)
    known += text
    return 'more'
  }

  /** Finishes what can be finished, and says what the rest of the text is. */
  const advance = (text: string): 'more' | 'open' | 'plain' => {
    const from = known.length
    if (isAmid || finished.length >= MAX_BLOCKS) {
      const rest = text.slice(from, from + MAX_PIECE)
      const gap = isAmid ? rest.indexOf('\n\n') : -1
      if (gap >= 0) isAmid = false
      else if (text.length <= from + MAX_PIECE) return 'plain'
      const piece = gap < 0 ? rest : rest.slice(0, gap + 1)
      return finish(plain(piece, from), piece)
    }
    const window = windowOf(text, from)
    const lexed = lex(window)
    const tokens = lexed ? lexed.tokens.slice(0, finishedCount(lexed.tokens, window)) : []
    if (lexed && tokens.length > 0) {
      const some = firstOf(tokens, MAX_BLOCKS - finished.length)
      return finish(convert(some, lexed, from, imageHosts), window.slice(0, lengthOf(some)))
    }
    if (text.length <= from + window.length) return 'open'
    // One block that goes on and on: up to the next empty line.
    isAmid = true
    return finish(plain(window, from), window)
  }

  const read = (source: string, at: number): PlacedBlock[] => {
    const lexed = lex(source)
    return lexed ? convert(lexed.tokens, lexed, at, imageHosts) : plain(source, at)
  }

  return (given, isStreaming) => {
    const text = given.replace(/\r\n?/g, '\n')
    if (!text.startsWith(known)) {
      finished = []
      known = ''
      isAmid = false
    }
    let state = advance(text)
    while (state === 'more') state = advance(text)
    const rest = text.slice(known.length)
    const source = isStreaming && state === 'open' ? shownWhileWriting(rest) : rest
    return [...finished, ...(state === 'open' ? read : plain)(source, known.length)]
  }
}

/** What of a text is looked at next. */
function windowOf(text: string, from: number): string {
  const window = text.slice(from, from + MAX_BLOCK)
  const fence = /^ {0,3}(`{3,}|~{3,})/.exec(window)?.[1]
  if (!fence) return window
  const code = text.slice(from, from + MAX_CODE)
  const end = new RegExp(`\n {0,3}${fence}`).exec(code)
  return end ? text.slice(from, from + end.index + MAX_BLOCK) : code
}

function lex(source: string): Lexed | null {
  try {
    const lexed = lexBlocks(source)
    return lengthOf(lexed.tokens) === source.length ? lexed : null
  } catch {
    // The parser has met its limits: a stack that is too small, or a text of which it makes nothing.
    return null
  }
}

/**
 * How many blocks are finished: those that have an end of their own, an empty line or a last mark, and after which
 * another has begun with a whole line. Only that line says whether it does not go on with what was before.
 */
function finishedCount(tokens: readonly Token[], source: string): number {
  let start = source.length
  for (let index = tokens.length - 1; index > 0; index--) {
    start -= tokens[index]?.raw.length ?? 0
    const before = tokens[index - 1]
    const isApart = before?.type === 'space' || before?.type === 'hr' || before?.type === 'heading'
    if (isApart && tokens[index]?.type !== 'space' && source.indexOf('\n', start) >= 0) return index
  }
  return 0
}

/** So many blocks, with the empty lines behind them. */
function firstOf(tokens: readonly Token[], blocks: number): Token[] {
  let left = blocks
  const end = tokens.findIndex(({ type }) => type !== 'space' && left-- === 0)
  return tokens.slice(0, end < 0 ? tokens.length : end)
}

const lengthOf = (tokens: readonly Token[]): number => tokens.reduce((length, { raw }) => length + raw.length, 0)

function convert(tokens: readonly Token[], lexed: Lexed, from: number, imageHosts: readonly string[]): PlacedBlock[] {
  const placed: PlacedBlock[] = []
  let at = from
  for (const token of tokens) {
    let block
    try {
      block = convertBlock(token, lexed, imageHosts)
    } catch {
      // Too large, or too deep for the parser.
      block = { kind: 'plain' as const, text: token.raw }
    }
    if (block) placed.push({ at, block })
    at += token.raw.length
  }
  return placed
}

const plain = (text: string, at: number): PlacedBlock[] =>
  text.trim() ? [{ at, block: { kind: 'plain', text: text.trimEnd() } }] : []
