/** Words in place of the chat's own, as they are edited. */
import { texts as attach } from '../../widget/locales/attach.ts'
import en from '../../widget/locales/en.json'
import { texts as form } from '../../widget/locales/form.ts'
import { texts as hours } from '../../widget/locales/hours.ts'
import { texts as menu } from '../../widget/locales/menu.ts'
import { texts as messages } from '../../widget/locales/messages.ts'
import { texts as rating } from '../../widget/locales/rating.ts'
import { texts as reading } from '../../widget/locales/reading.ts'
import type { OwnWords, WidgetLook, Words } from '../api/types.ts'

/** By language and name; a name in a group is `group.name`. Empty: the chat's own words. */
export type TextsDraft = Record<string, Words>

type Texts = NonNullable<WidgetLook['texts']>

const files = import.meta.glob<OwnWords>(['../../widget/locales/*.json', '!../../widget/locales/en.json'], {
  import: 'default',
})

/** The chat's own words in English, by name. */
export const english: Words = flat({ ...en, ...messages, form, hours, reading, menu, rating, attach })

/** The chat's own words in a language, by name. @throws when they can't be loaded */
export async function ownWordsOf(language: string): Promise<Words> {
  const load = files[`../../widget/locales/${language}.json`]
  return load ? flat(await load()) : english
}

/** Names of what can be said in other words. Those that depend on a number have a form for each, which nobody can set. */
export const names: readonly string[] = Object.entries(english)
  .filter(([name, text]) => text && !/^(tooLong|left|reading\.newMessages|attach\.tooMany)\./.test(name))
  .map(([name]) => name)

/** What is saved in a form. */
export const textsDraft = (saved: Texts = {}): TextsDraft =>
  Object.fromEntries(Object.entries(saved).map(([language, texts]) => [language, flat(texts)]))

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
    .replaceAll('.', ': ')
    .replaceAll('_', ' ')
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function flat(texts: OwnWords, group = ''): Words {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, words]) =>
      typeof words === 'string' ? [[group + name, words]] : Object.entries(flat(words, `${group}${name}.`)),
    ),
  )
}

function nested(words: Words): OwnWords {
  const found: OwnWords = {}
  for (const [path, text] of Object.entries(words)) {
    if (!text.trim()) continue
    const groups = path.split('.')
    const name = groups.pop() ?? ''
    let place = found
    for (const group of groups) place = (place[group] ??= {}) as OwnWords
    place[name] = text.trim()
  }
  return found
}
