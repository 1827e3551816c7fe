/** The parser: marked's lexer, kept from the work and the depth that a hostile text could ask of it. */
import { Lexer, Tokenizer } from 'marked'
import type { Token, Tokens } from 'marked'

/** How deep quotes and lists may lie in one another; what is deeper is text. */
const MAX_DEPTH = 10
/** The longest line or paragraph that is looked into, in UTF-16 units: the work can grow by the square of it. */
const MAX_INLINE = 4_096
/** How far below a line the underline is looked for that makes a heading of it, in UTF-16 units. */
const MAX_HEADING = 1_024
/** How many heads of tables may turn out to be none, for each of which the whole rest of the text was read. */
const MAX_WRONG_TABLES = 20

/** A text's blocks. Their `raw` together are as long as the text. */
export interface Lexed {
  tokens: Token[]
  /** The parts of a line or paragraph of one of the blocks, given the `tokens` of it. */
  linesOf(tokens: Token[]): Token[]
}

/** Divides a text (line ends are \n) into blocks. @throws what the parser throws: RangeError where a text is too much for it */
export function lexBlocks(text: string): Lexed {
  const lexer = new Lexer({ gfm: true, tokenizer: new BoundedTokenizer() })
  const tokens = lexer.blockTokens(text)
  const unread = new Map(lexer.inlineQueue.map(({ src, tokens: place }) => [place, src]))
  return {
    tokens,
    linesOf(place) {
      const src = unread.get(place)
      if (src === undefined) return place
      unread.delete(place)
      // An unclosed <a> or <pre> concerns nothing beyond its own paragraph.
      Object.assign(lexer.state, { inLink: false, inRawBlock: false })
      if (src.length > MAX_INLINE) place.push({ type: 'text', raw: src, text: src })
      else lexer.inlineTokens(src, place)
      return place
    },
  }
}

class BoundedTokenizer extends Tokenizer {
  #depth = 0
  #wrongTables = 0

  override blockquote(src: string): Tokens.Blockquote | undefined {
    return this.#deeper(() => super.blockquote(src))
  }

  override list(src: string): Tokens.List | undefined {
    return this.#deeper(() => super.list(src))
  }

  override table(src: string): Tokens.Table | undefined {
    const table = super.table(src)
    if (!table && /^.*\n[ |:]*-/.test(src) && ++this.#wrongTables > MAX_WRONG_TABLES) {
      throw new RangeError('These are too many tables that are none.')
    }
    return table
  }

  override lheading(src: string): Tokens.Heading | undefined {
    return super.lheading(src.slice(0, MAX_HEADING))
  }

  /** Nothing is a definition: it would be hidden, and turn what is already on the page into links. */
  override def(): undefined {
    return undefined
  }

  #deeper<T>(read: () => T): T | undefined {
    if (this.#depth >= MAX_DEPTH) return undefined
    this.#depth++
    try {
      return read()
    } finally {
      this.#depth--
    }
  }
}
