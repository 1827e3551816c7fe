/** The languages there are, and which of them fits: loaded where somebody may want another one than English. */
import { loadLocale, locales } from './load.ts'
import type { Texts } from './texts.ts'

/** Languages that go by other names, and scripts and regions that tell which of two is meant. The first that fits counts. */
const aliases: readonly (readonly [RegExp, string])[] = [
  [/^zh-(hant|tw|hk|mo)\b/, 'zh-tw'],
  [/^(no|nn)\b/, 'nb'],
  [/^iw\b/, 'he'],
  [/^in\b/, 'id'],
]

/** The words of the first of the wishes that there is; English, which is there already, has none. @throws when not loaded */
export async function wordsIn(wishes: readonly string[]): Promise<{ locale: string; texts?: Texts }> {
  const locale = bestLocale(wishes)
  return locale === 'en' ? { locale } : { locale, texts: await loadLocale(locale) }
}

/** The first of the wishes that there is: as it is, by another name, or its language alone (RFC 4647, lookup). */
export function bestLocale(wishes: readonly string[]): string {
  for (const wish of wishes) {
    const tag = wish.trim().toLowerCase().replaceAll('_', '-')
    const alias = aliases.find(([pattern]) => pattern.test(tag))?.[1]
    const found = [alias, ...shorter(tag)].find((each) => each === 'en' || locales.includes(each as string))
    if (found) return found
  }
  return 'en'
}

/** `a-b-c`, `a-b`, `a`. */
const shorter = (tag: string): string[] => {
  const parts = tag.split('-')
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('-'))
}
