/** Names of people, which come from outside: they vouch for somebody, so nothing in them may play tricks. */
import { withoutDirections } from '../clip.ts'

/** A name without what cannot be seen or turns what stands around it. */
export const plainName = (name: string): string =>
  withoutDirections(name)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()

/** The first letters of the first and the last word of a name; of emoji and the like whole ones. */
export function initialsOf(name: string, locale: string): string {
  const words = plainName(name).split(/\s+/u)
  // Firefox has it since 125.
  const segmenter = 'Segmenter' in Intl ? new Intl.Segmenter(locale) : undefined
  const first = (word = '') => {
    const letter = segmenter ? [...segmenter.segment(word)][0]?.segment : [...word][0]
    return letter?.slice(0, 8) ?? ''
  }
  const letters = first(words[0]) + (words.length > 1 ? first(words.at(-1)) : '')
  return letters.toLocaleUpperCase(locale)
}
