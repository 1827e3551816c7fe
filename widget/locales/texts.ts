/** The words of a language. A locale is a JSON file of this shape; English is built in. */
import type { LauncherTexts } from '../launcher.ts'
import english from './en.json'

/** Words that depend on a number, by plural category (Intl.PluralRules). # stands for the number. */
export type Plural = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>

/** All words of the widget. */
export interface Texts extends Omit<typeof english, 'tooLong' | 'left'> {
  launcher: LauncherTexts
  tooLong: Plural
  left: Plural
}

/** What is shown until another language is loaded. */
export const defaultTexts: Texts = english

/** The form for a number. */
export function plural(forms: Plural, count: number, locale: string): string {
  const form = forms[new Intl.PluralRules(locale).select(count)] ?? forms.other
  return form.replace('#', new Intl.NumberFormat(locale).format(count))
}
