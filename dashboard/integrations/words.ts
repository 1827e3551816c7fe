/** What is said by language, as it is edited. */
import type { Words } from '../api/types.ts'

/** English, which the others fall back on, has a field at once; a language without one says nothing. */
export const wordsDraft = (saved: Words = {}): Words => ({ en: '', ...saved })

/** What is said. Undefined: nothing, in no language. */
export function wordsOf(draft: Words): Words | undefined {
  const said = Object.entries(draft).flatMap(([language, text]) => (text.trim() ? [[language, text.trim()]] : []))
  return said.length > 0 ? (Object.fromEntries(said) as Words) : undefined
}
