/** What an answer consists of, as the components show it: text, and the few things around it that are known to be safe. */

/** A part of a line. */
export type Inline =
  | string
  | { kind: 'strong' | 'em' | 'del'; inlines: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'break' }
  /** `target` is what the link really leads to, where its text claims something else. */
  | { kind: 'link'; href: string; inlines: Inline[]; target: string }
  | { kind: 'image'; src: string; alt: string }

/** A part of an answer that stands by itself. */
export type Block =
  | { kind: 'paragraph'; inlines: Inline[] }
  | { kind: 'heading'; depth: number; inlines: Inline[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'list'; start: number | null; isTight: boolean; items: Block[][] }
  | { kind: 'table'; align: (string | null)[]; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'rule' }
  /** Text as it was written: markup of a page, or what is too large or too deep to be anything else. */
  | { kind: 'plain'; text: string }

/** A block of an answer, and where in the text it begins: as long as that stays, so does its place on the page. */
export interface PlacedBlock {
  at: number
  block: Block
}

/** The text of a part of a line, without anything around it. */
export function textOf(inlines: readonly Inline[]): string {
  return inlines
    .map((inline) => {
      if (typeof inline === 'string') return inline
      if ('inlines' in inline) return textOf(inline.inlines)
      return inline.kind === 'code' ? inline.text : inline.kind === 'image' ? inline.alt : ' '
    })
    .join('')
}
