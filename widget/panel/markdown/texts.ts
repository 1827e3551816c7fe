/** The words that stand around an answer's blocks. */
export interface MarkdownTexts {
  copy: string
  copied: string
  /** What a block of code is called. */
  code: string
  table: string
}
