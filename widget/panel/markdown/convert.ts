/** From the parser's tokens to nodes that are safe to show. Whatever is not known here is shown as the text it is. */
import type { Token, Tokens } from 'marked'
import { withoutDirections } from '../clip.ts'
import { imageSource } from './images.ts'
import type { Lexed } from './lexer.ts'
import { safeUrl, targetOf } from './links.ts'
import { textOf } from './nodes.ts'
import type { Block, Inline } from './nodes.ts'

/** How deep emphasis and links may lie in one another. */
const MAX_DEPTH = 12
/** The largest block, in nodes: a page has to stay quick. */
const MAX_NODES = 3_000

/** Converts one block of a text. @throws RangeError when it is too large */
export function convertBlock(token: Token, { linesOf }: Lexed, imageHosts: readonly string[]): Block | null {
  let nodes = 0
  const count = (): void => {
    if (++nodes > MAX_NODES) throw new RangeError('The block is too large.')
  }

  const toBlocks = (tokens: Token[]): Block[] => {
    const blocks: Block[] = []
    let box = ''
    for (const each of tokens) {
      // In front of what it belongs to, not above it.
      if (each.type === 'checkbox') box = boxOf(each)
      else {
        const block = toBlock(each)
        if (box && block?.kind === 'paragraph') block.inlines.unshift(box)
        if (block) blocks.push(block)
        box = ''
      }
    }
    return blocks
  }

  const toBlock = (given: Token): Block | null => {
    count()
    const each = given as Tokens.Generic & Token
    switch (each.type) {
      case 'space':
        return null
      case 'hr':
        return { kind: 'rule' }
      case 'paragraph':
      case 'text':
        return { kind: 'paragraph', inlines: lines(each.tokens ?? []) }
      case 'heading':
        return { kind: 'heading', depth: each.depth, inlines: lines(each.tokens ?? []) }
      case 'code':
        return { kind: 'code', language: /^[\w.#+-]{1,20}/.exec(each.lang ?? '')?.[0] ?? '', text: each.text }
      case 'blockquote':
        return { kind: 'quote', blocks: toBlocks(each.tokens ?? []) }
      case 'list': {
        const { ordered, start, loose, items } = each as Tokens.List
        return {
          kind: 'list',
          start: ordered ? Number(start) : null,
          isTight: !loose,
          items: items.map((item) => toBlocks(item.tokens)),
        }
      }
      case 'table': {
        const { align, header, rows } = each as Tokens.Table
        const cells = (row: Tokens.TableCell[]) => row.map(({ tokens }) => (count(), lines(tokens)))
        return { kind: 'table', align, head: cells(header), rows: rows.map(cells) }
      }
      default:
        return { kind: 'plain', text: each.raw.trimEnd() }
    }
  }

  const lines = (tokens: Token[]): Inline[] => toInlines(linesOf(tokens), 0, false)

  const toInlines = (tokens: Token[], depth: number, isInLink: boolean): Inline[] => {
    const inlines: Inline[] = []
    for (const each of tokens) {
      for (const inline of toInline(each, depth, isInLink)) {
        const last = inlines.at(-1)
        if (typeof inline === 'string' && typeof last === 'string') inlines[inlines.length - 1] = last + inline
        else if (inline !== '') inlines.push(inline)
      }
    }
    return inlines
  }

  const toInline = (given: Token, depth: number, isInLink: boolean): Inline[] => {
    count()
    const each = given as Tokens.Generic & Token
    const inner = (isInside = isInLink) => toInlines(each.tokens ?? [], depth + 1, isInside)
    if (depth > MAX_DEPTH) return [each.raw]
    switch (each.type) {
      case 'strong':
      case 'em':
      case 'del':
        return [{ kind: each.type, inlines: inner() }]
      case 'codespan':
        return [{ kind: 'code', text: each.text }]
      case 'br':
        return [{ kind: 'break' }]
      case 'escape':
        return [each.text]
      case 'checkbox':
        return [boxOf(each)]
      case 'html':
        return /^<br\s*\/?>$/i.test(each.raw) ? [{ kind: 'break' }] : [each.raw]
      case 'link':
        return isInLink ? inner() : (toLink(each.href, inner(true)) ?? [each.raw])
      case 'image':
        return toImage(each as Tokens.Image, textOf(inner(true)), isInLink)
      default:
        // Not `text`, in which some entities are decoded, and others are made.
        return [each.raw]
    }
  }

  const toImage = ({ href, raw }: Tokens.Image, alt: string, isInLink: boolean): Inline[] => {
    const src = imageSource(href, imageHosts)
    if (src) return [{ kind: 'image', src, alt: withoutDirections(alt) }]
    return isInLink ? [alt] : (toLink(href, [alt]) ?? [alt || raw])
  }

  return toBlock(token)
}

/** Null where the address must not be followed. */
function toLink(address: string, given: Inline[]): Inline[] | null {
  const url = safeUrl(address)
  if (!url) return null
  const inlines = given.map(cleaned)
  const words = textOf(inlines)
  const target = targetOf(url, words)
  // Words that nobody can see are none.
  const isEmpty = !/[\p{L}\p{N}\p{P}\p{S}]/u.test(words) && !inlines.some((each) => typeof each === 'object')
  return [{ kind: 'link', href: url.href, inlines: isEmpty ? [url.href] : inlines, target: isEmpty ? '' : target }]
}

/** Words of a link vouch for where it leads, so they read in the order in which they are written. */
function cleaned(inline: Inline): Inline {
  if (typeof inline === 'string') return withoutDirections(inline)
  if (inline.kind === 'code') return { kind: 'code', text: withoutDirections(inline.text) }
  return 'inlines' in inline ? { ...inline, inlines: inline.inlines.map(cleaned) } : inline
}

const boxOf = (token: Token): string => ((token as Tokens.Checkbox).checked ? '☑ ' : '☐ ')
