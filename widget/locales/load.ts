/** Where the words of other languages come from: in the npm package, modules that the site's bundler splits off. */
import type { Texts } from './texts.ts'

const files = import.meta.glob<Texts>(['./*.json', '!./en.json'], { import: 'default' })

/** The languages there are, beside English: BCP 47 tags in lower case. */
export const locales = Object.keys(files).map((path) => path.slice('./'.length, -'.json'.length))

/** Loads a language. @throws when it cannot be loaded */
export async function loadLocale(locale: string): Promise<Texts> {
  const load = files[`./${locale}.json`]
  if (!load) throw new TypeError('There is no such language.')
  return load()
}
