/** The words of a language. A locale is a JSON file of this shape; English is built in. */
import type { OwnTexts } from '../features.ts'
import type { LauncherTexts } from '../launcher.ts'
import type { texts as attach } from './attach.ts'
import english from './en.json'
import type { texts as form } from './form.ts'
import type { texts as hours } from './hours.ts'
import type { texts as menu } from './menu.ts'
import type { texts as messages } from './messages.ts'
import type { texts as rating } from './rating.ts'
import type { texts as reading } from './reading.ts'

/** Words that depend on a number, by plural category (Intl.PluralRules). # stands for the number. */
export type Plural = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>

/** All words of the widget. */
export interface Texts
  extends Omit<typeof english, 'tooLong' | 'left' | 'failures'>, Partial<Omit<typeof messages, 'failures'>> {
  failures: Pick<(typeof messages)['failures'], 'invalid_token'>
  /** English is in the part that shows them. */
  form?: Partial<typeof form>
  hours?: Partial<typeof hours>
  reading?: Partial<typeof reading>
  menu?: Partial<typeof menu>
  rating?: Partial<typeof rating>
  attach?: Partial<typeof attach>
  launcher: LauncherTexts
  tooLong: Plural
  left: Plural
}

/** What is shown until another language is loaded. */
export const defaultTexts: Texts = english

/** Words, and others in their places: those of the site, or of another language. */
export const blend = <T extends object>(texts: T, own: Partial<Texts> | OwnTexts | undefined): T & Texts =>
  merge(texts, own as OwnTexts) as T & Texts

/** Nothing in the place of words, which a page may write by mistake, changes none. */
const merge = (texts: unknown, own: OwnTexts | null | undefined): object => ({
  ...(texts as object | undefined),
  ...Object.fromEntries(
    Object.entries(own ?? {}).map(([name, words]) => [
      name,
      typeof words === 'object' ? merge((texts as Record<string, unknown> | undefined)?.[name], words) : words,
    ]),
  ),
})

/** The form for a number. */
export function plural(forms: Plural, count: number, locale: string): string {
  const form = forms[new Intl.PluralRules(locale).select(count)] ?? forms.other
  return form.replace('#', new Intl.NumberFormat(locale).format(count))
}
