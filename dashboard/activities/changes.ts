/** What somebody has changed in a text, word by word. */

/** A run of words: in both texts, only in the earlier, or only in the later. */
export interface Change {
  kind: 'same' | 'gone' | 'new'
  text: string
}

/** Texts are at most 4,000 characters long; more words than this would take too long to compare. */
const most = 1_500

/** The way from one text to another, by the longest words they have in common, in order. */
export function changesOf(before: string, after: string): Change[] {
  const [old, fresh] = [wordsOf(before), wordsOf(after)]
  if (old.length > most || fresh.length > most) return [...one('gone', before), ...one('new', after)]
  const lengths = commonLengths(old, fresh)
  const width = fresh.length + 1
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0
  const changes: Change[] = []
  const add = (kind: Change['kind'], text = ''): void => {
    const last = changes.at(-1)
    if (last?.kind === kind) last.text += text
    else changes.push({ kind, text })
  }
  let [i, j] = [0, 0]
  while (i < old.length && j < fresh.length) {
    if (old[i] === fresh[j]) {
      add('same', old[i++])
      j++
    } else if (at(i + 1, j) >= at(i, j + 1)) add('gone', old[i++])
    else add('new', fresh[j++])
  }
  while (i < old.length) add('gone', old[i++])
  while (j < fresh.length) add('new', fresh[j++])
  return changes
}

/** How much the rests of two lists, from each place on, have in common. */
function commonLengths(old: string[], fresh: string[]): Uint16Array {
  const width = fresh.length + 1
  const lengths = new Uint16Array((old.length + 1) * width)
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      const here = i * width + j
      const [right = 0, below = 0, both = 0] = [lengths[here + 1], lengths[here + width], lengths[here + width + 1]]
      lengths[here] = old[i] === fresh[j] ? both + 1 : Math.max(right, below)
    }
  }
  return lengths
}

/** Words, spaces and signs: the pieces together are the text. */
const wordsOf = (text: string): string[] => text.match(/\s+|[\p{L}\p{N}_'’]+|[^\s\p{L}\p{N}]/gu) ?? []

const one = (kind: Change['kind'], text: string): Change[] => (text ? [{ kind, text }] : [])
