/**
 * What to show of a text whose end is still being written, so that nothing flickers: marks that may turn out to be
 * something else are held back, and what is open (emphasis, code, a link) is shown as what it will be.
 */

/** Where the last paragraph, item or cell begins: behind an empty line, or behind the marks it begins with. */
const lastStart =
  /^[^]*(?:^|\n)(?:[ \t>]*\n|[ \t]*>[ \t>]*|(?:[ \t>]*(?:[-+*]|\d{1,9}[.)]|#{1,6})[ \t]+)+|[ \t>]*\|(?:(?:\\.|[^\n|\\])*\|)*)/

/** A last line of nothing but marks: it may become an item, a heading, a rule, a fence, an underline, a task. */
const marksAtEnd =
  /(^|\n)(?:[-+*=_#~`|:> \t]+|[ \t>]*(?:\d{1,9}[.)]?[ \t]*|(?:[-+*]|\d{1,9}[.)])[ \t]+\[[ xX]?\]?[ \t]*))$/

/** What is shown of an unfinished block, or of a few. */
export function shownWhileWriting(source: string): string {
  if (isInCode(source)) return source.replace(/\n[ \t>]*(?:`+|~+)[ \t]*$/, '\n')
  const text = withoutTableHead(source.replace(marksAtEnd, '$1'))
  // What is before the last paragraph is complete.
  const start = lastStart.exec(text)?.[0].length ?? 0
  return text.slice(0, start) + closed(withoutOpenLink(text.slice(start)))
}

/** Whether the text ends in a code block. */
function isInCode(text: string): boolean {
  let fence = ''
  for (const [, marks = '', after = ''] of text.matchAll(/^[ \t>]*(?:[-+*][ \t]+)?(`{3,}|~{3,})(.*)$/gm)) {
    if (!fence) fence = marks
    else if (marks.startsWith(fence) && !after.trim()) fence = ''
  }
  return fence !== ''
}

/** Leaves out a line that looks like the head of a table until the line below it says whether it is one. */
function withoutTableHead(text: string): string {
  const lines = text.split('\n')
  const at = lines.at(-1) === '' ? lines.length - 2 : lines.length - 1
  const isRow = (line = ''): boolean => /^[ \t>]*\|/.test(line)
  return isRow(lines[at]) && !isRow(lines[at - 1]) ? lines.slice(0, at).join('\n') + (at > 0 ? '\n' : '') : text
}

/** Shows the words of a link whose address is not complete; of an image nothing. */
function withoutOpenLink(given: string): string {
  // By itself it may be the beginning of an image.
  const text = given.replace(/(?<!\S)!$/, '')
  const end = /\](?:\([^()\n]*)?$/.exec(text)?.index ?? text.length
  const start = openBracket(text.slice(0, end))
  if (start < 0 || text[start - 1] === '\\') return text
  return text[start - 1] === '!' ? text.slice(0, start - 1) : text.slice(0, start) + text.slice(start + 1, end)
}

/** Where the last bracket that is open stands; -1 where there is none, or it belongs to code. */
function openBracket(text: string): number {
  let closed = 0
  for (let index = text.length - 1; index >= 0; index--) {
    if (text[index] === ']') closed++
    else if (text[index] === '[' && closed-- === 0) return text.slice(0, index).split('`').length % 2 ? index : -1
  }
  return -1
}

/** Closes emphasis and code that is open at the end. */
function closed(text: string): string {
  const open: string[] = []
  const marks = /\\[^]|`+|\*+|_+|~+/g
  for (let match = marks.exec(text); match; match = marks.exec(text)) {
    const [run] = match
    const after = match.index + run.length
    const before = text[match.index - 1] ?? ' '
    const isLast = after === text.length
    if (run.startsWith('\\')) continue
    if (run.startsWith('`')) {
      const end = endOfCode(text, after, run)
      if (end > 0) marks.lastIndex = end
      else return isLast ? close(text.slice(0, match.index), open) : close(text, [...open, run])
    }
    // The beginning of something, or a part of its end.
    else if (isLast) return open.length > 0 || /\s/.test(before) ? close(text.slice(0, match.index), open) : text
    else if (open.at(-1) === run && !/\s/.test(before)) open.pop()
    // One tilde stands for "about", and a mark between letters for itself.
    else if (run !== '~' && !/\s/.test(text[after] ?? '') && !/[\p{L}\p{N}]/u.test(before)) open.push(run)
  }
  return close(text, open)
}

/** Where a piece of code ends that begins at an index; -1 where it is open. */
function endOfCode(text: string, from: number, marks: string): number {
  const length = text.slice(from).search(new RegExp(`(?<!\`)${marks}(?!\`)`))
  return length < 0 ? -1 : from + length + marks.length
}

/** Marks close only what they touch. */
function close(text: string, open: readonly string[]): string {
  const words = text.trimEnd()
  return words + open.toReversed().join('') + text.slice(words.length)
}
