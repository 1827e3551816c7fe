/** Words in place of the chat's own, as they are edited. */
import ar from '../../widget/locales/ar.json'
import de from '../../widget/locales/de.json'
import en from '../../widget/locales/en.json'
import es from '../../widget/locales/es.json'
import { texts as form } from '../../widget/locales/form.ts'
import fr from '../../widget/locales/fr.json'
import { texts as hours } from '../../widget/locales/hours.ts'
import { texts as messages } from '../../widget/locales/messages.ts'
import type { WidgetLook, Words } from '../api/types.ts'

/** By language and name; a name in a group is `group.name`. Empty: the chat's own words. */
export type TextsDraft = Record<string, Words>

type Texts = NonNullable<WidgetLook['texts']>

/** The chat's own words, by language and name. */
export const builtIn: TextsDraft = Object.fromEntries(
  Object.entries({ ar, de, en: { ...en, ...messages, form, hours }, es, fr }).map(([language, texts]) => [
    language,
    flat(texts),
  ]),
)

/** Names of what can be said in other words. Those that depend on a number have a form for each, which nobody can set. */
export const names: readonly string[] = Object.entries(builtIn['en'] ?? {})
  .filter(([name, text]) => text && !/^(tooLong|left)\./.test(name))
  .map(([name]) => name)

/** What is saved in a form. */
export const textsDraft = (saved: Texts = {}): TextsDraft =>
  Object.fromEntries(
    Object.keys(builtIn).map((language) => [
      language,
      { ...Object.fromEntries(names.map((name) => [name, ''])), ...flat(saved[language] ?? {}) },
    ]),
  )

/** What is to be saved: what differs from the chat's own words. Undefined: nothing does. */
export function textsOf(draft: TextsDraft): Texts | undefined {
  const languages = Object.entries(draft).flatMap(([language, words]) => {
    const own = nested(words)
    return Object.keys(own).length > 0 ? [[language, own] as const] : []
  })
  return languages.length > 0 ? Object.fromEntries(languages) : undefined
}

/** How many words are the site's own. */
export const ownCount = (draft: TextsDraft): number =>
  Object.values(draft).reduce((sum, words) => sum + Object.values(words).filter((text) => text.trim()).length, 0)

/** A name in words: `launcher.open` is `Launcher: open`. */
export function nameInWords(name: string): string {
  const words = name
    .replace('.', ': ')
    .replaceAll('_', ' ')
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function flat(texts: object): Words {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, words]: [string, string | Words]) =>
      typeof words === 'string'
        ? [[name, words]]
        : Object.entries(words).map(([inner, text]) => [`${name}.${inner}`, text]),
    ),
  ) as Words
}

function nested(words: Words): Texts[string] {
  const found: Texts[string] = {}
  for (const [name, text] of Object.entries(words)) {
    if (!text.trim()) continue
    const [group = '', inner] = name.split('.')
    if (inner === undefined) found[group] = text.trim()
    else found[group] = { ...(found[group] as Words | undefined), [inner]: text.trim() }
  }
  return found
}
