/** What the visitor has filled in: whether it will do, and as what it is told. */
import type { Form, FormAnswers, FormField, Localized } from '../../features.ts'
import type { texts as english } from '../../locales/form.ts'

/** By the names of fields. */
export type Filled = Record<string, string | boolean>

/** Under what the consent is kept among the fields: no field can be called so. */
export const consentName = '-'

/** Longest answers, so that all of them and a consent fit into what goes along with a message. */
export const longest = { text: 150, email: 150 }

/** What is wrong, by field. */
export function problemsIn({ fields, consent }: Form, filled: Filled, texts: typeof english): Record<string, string> {
  const found = fields.map(({ name, kind, required }) => {
    const value = valueOf({ name, kind }, filled)
    if (required && !value) return [name, texts.missing]
    return [name, kind === 'email' && value && !isAddress(`${value}`) ? texts.email : '']
  })
  return Object.fromEntries([...found, [consentName, consent && !filled[consentName] ? texts.agree : '']])
}

/** As it goes along with the first message. What was left empty is left out. */
export function answersOf(
  { fields, consent }: Form,
  filled: Filled,
  say: (words: Localized) => string,
  now: number,
): FormAnswers {
  const given = fields.map((field) => [field.name, valueOf(field, filled)] as const)
  return {
    form: Object.fromEntries(given.filter(([, value]) => value !== '')),
    ...(consent && {
      consent: {
        text: say(consent.text),
        ...(consent.url && { url: consent.url }),
        at: new Date(now).toISOString(),
      },
    }),
  }
}

function valueOf({ name, kind }: Pick<FormField, 'name' | 'kind'>, filled: Filled): string | boolean {
  if (kind === 'checkbox') return filled[name] === true
  return `${filled[name] ?? ''}`.trim()
}

/** Only a typo is to be found here: what an address is, mail servers say. */
const isAddress = (text: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)
