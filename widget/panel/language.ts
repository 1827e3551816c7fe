/** Which language the widget speaks. English is built in; what knows the others is loaded where one may be wanted. */
import type { wordsIn } from '../locales/languages.ts'
import { defaultTexts } from '../locales/texts.ts'
import type { Texts } from '../locales/texts.ts'

/** The language of one widget. */
export interface Language {
  /** Speaks a language, or what the page or the browser speaks. */
  use(wanted: string | undefined): void
}

/** Where the others come from. */
export type LoadLanguages = () => Promise<{ wordsIn: typeof wordsIn }>

/** Tells `onChange` when other words are to be shown. */
export function createLanguage(load: LoadLanguages, onChange: (texts: Texts, locale: string) => void): Language {
  let newest = ''
  return {
    use(wanted) {
      const wishes = [wanted, document.documentElement.lang, ...navigator.languages].filter(
        (wish) => !!wish,
      ) as string[]
      const mine = `${wishes}`
      if (mine === newest) return
      newest = mine
      if (/^en\b/i.test(mine)) return onChange(defaultTexts, 'en')
      load()
        .then((languages) => languages.wordsIn(wishes))
        .then(
          // Only the newest wish counts, however late the words of an earlier one come.
          ({ locale, texts = defaultTexts }) => mine === newest && onChange(texts, locale),
          // The words that are there are better than nothing; the next wish tries again.
          () => mine === newest && (newest = ''),
        )
    },
  }
}
