/** Blocks as a text, for tests: what a reader sees of them, and what they are. */
import { textOf } from '../../../widget/panel/markdown/nodes.ts'
import type { Block, Inline, PlacedBlock } from '../../../widget/panel/markdown/nodes.ts'

/** What somebody reads. */
export function wordsOf(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
    case 'heading':
      return textOf(block.inlines)
    case 'code':
    case 'plain':
      return block.text
    case 'quote':
      return block.blocks.map(wordsOf).join('\n')
    case 'list':
      return block.items.flat().map(wordsOf).join('\n')
    case 'table':
      return [block.head, ...block.rows].map((row) => row.map(textOf).join(' ')).join('\n')
    case 'rule':
      return ''
  }
}

/** What a block is, in a line: `list(paragraph(a strong(b)))`. */
export function shapeOf(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `paragraph(${block.inlines.map(inlineShape).join('')})`
    case 'heading':
      return `heading${block.depth}(${block.inlines.map(inlineShape).join('')})`
    case 'code':
      return `code:${block.language}(${block.text})`
    case 'plain':
      return `plain(${block.text})`
    case 'quote':
      return `quote(${block.blocks.map(shapeOf).join('')})`
    case 'list':
      return `list${block.start ?? ''}${block.isTight ? '' : ':loose'}(${block.items.map((item) => item.map(shapeOf).join('')).join('|')})`
    case 'table':
      return `table(${[block.head, ...block.rows].map((row) => row.map((cell) => cell.map(inlineShape).join('')).join('|')).join('/')})`
    case 'rule':
      return 'rule'
  }
}

function inlineShape(inline: Inline): string {
  if (typeof inline === 'string') return inline
  switch (inline.kind) {
    case 'code':
      return `code(${inline.text})`
    case 'break':
      return 'break'
    case 'link':
      return `link:${inline.href}(${inline.inlines.map(inlineShape).join('')})${inline.target && `!${inline.target}`}`
    case 'image':
      return `image:${inline.src}(${inline.alt})`
    case 'strong':
    case 'em':
    case 'del':
      return `${inline.kind}(${inline.inlines.map(inlineShape).join('')})`
  }
}

export const shapesOf = (blocks: readonly PlacedBlock[]): string[] => blocks.map(({ block }) => shapeOf(block))
