/** Where the words of other languages come from on a page with a script tag: hashed files beside the panel. */
import type { Texts } from './texts.ts'

/** File and hash for subresource integrity, by language; the build writes it. */
declare const __LUMIKA_LOCALES__: Record<string, readonly [file: string, integrity: string]>

/** Once: what the build writes is as long as there are languages. */
const files = __LUMIKA_LOCALES__

/** The languages there are, beside English: BCP 47 tags in lower case. */
export const locales = Object.keys(files)

/** Loads a language. @throws when it cannot be loaded, or is not what was built */
export async function loadLocale(locale: string): Promise<Texts> {
  const [file = '', integrity = ''] = files[locale] ?? []
  const response = await fetch(new URL(file, import.meta.url), { integrity, credentials: 'omit', mode: 'cors' })
  return (await response.json()) as Texts
}
