/** Which invitation a page has. */
import type { InviteRule, Localized } from '../features.ts'
import type { WidgetOptions } from '../options.ts'

/** The rules, by call or as the words of a tag. What is no list of texts is none. */
export function rulesOf({ invite }: WidgetOptions): InviteRule[] {
  try {
    const rules: unknown = typeof invite === 'string' ? JSON.parse(invite) : invite
    return Array.isArray(rules) ? rules.filter((rule: InviteRule | null) => rule && typeof rule.text === 'object') : []
  } catch {
    return []
  }
}

/** Whether a rule is for a page. */
export function isFor({ url = '*' }: InviteRule, { origin, pathname }: Location): boolean {
  const [start = '', ...parts] = url.split('*')
  let rest = url.startsWith('/') ? pathname : origin + pathname
  if (!rest.startsWith(start)) return false
  rest = rest.slice(start.length)
  const end = parts.pop()
  if (end === undefined) return !rest
  // By hand: a pattern with many stars would keep a regular expression busy.
  for (const part of parts) {
    const at = rest.indexOf(part)
    if (at < 0) return false
    rest = rest.slice(at + part.length)
  }
  return rest.endsWith(end)
}

/** The words for the first of some languages; else English, else the first there are. */
export function wordsIn(words: Localized, languages: readonly (string | undefined)[]): string {
  const byName = new Map(Object.entries(words).map(([name, text]) => [name.toLowerCase(), text]))
  for (const language of [...languages, 'en']) {
    const name = `${language ?? ''}`.toLowerCase()
    const text = byName.get(name) ?? byName.get(name.split('-')[0] ?? '')
    if (text) return text
  }
  return Object.values(words)[0] ?? ''
}
