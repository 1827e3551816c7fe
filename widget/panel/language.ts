/** Which language the widget speaks, and where its words come from. */
import { loadLocale, locales } from '../locales/load.ts'
import { defaultTexts } from '../locales/texts.ts'
import type { Texts } from '../locales/texts.ts'

/** The language of one widget. */
export interface Language {
  /** Speaks a language, or what the page or the browser speaks. */
  use(wanted: string | undefined): void
}

/** Tells `onChange` when other words are to be shown. */
export function createLanguage(onChange: (texts: Texts, locale: string) => void): Language {
  let current = 'en'
  let turn = 0
  return {
    use(wanted) {
      const locale = bestLocale([wanted, document.documentElement.lang, ...navigator.languages])
      if (locale === current) return
      current = locale
      // Only the newest wish counts, however late the words of an earlier one come.
      const mine = ++turn
      if (locale === 'en') return onChange(defaultTexts, locale)
      loadLocale(locale).then(
        (texts) => mine === turn && onChange(texts, locale),
        // English is better than nothing; the next wish tries again.
        () => mine === turn && (current = 'en'),
      )
    },
  }
}

/** The first of the wishes that there is: as it is, or its language. */
export function bestLocale(wishes: readonly (string | undefined)[]): string {
  for (const wish of wishes) {
    const tag = wish?.toLowerCase().replace('_', '-')
    const found = tag && [tag, tag.split('-')[0]].find((each) => each === 'en' || locales.includes(each as string))
    if (found) return found
  }
  return 'en'
}
