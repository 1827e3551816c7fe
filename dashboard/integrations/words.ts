/** What is said by language, as it is edited. */
import { languages } from '../../protocol.ts'
import type { Words } from '../api/types.ts'

/** For all languages, so that each has a field: empty where nothing is said. */
export const wordsDraft = (saved: Words = {}): Words => ({
  ...Object.fromEntries(languages.map((language) => [language, ''])),
  ...saved,
})

/** What is said. Undefined: nothing, in no language. */
export function wordsOf(draft: Words): Words | undefined {
  const said = Object.entries(draft).flatMap(([language, text]) => (text.trim() ? [[language, text.trim()]] : []))
  return said.length > 0 ? (Object.fromEntries(said) as Words) : undefined
}
