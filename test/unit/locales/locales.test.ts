/** Every language has every word, and says the same with it. */
import { readFileSync, readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { texts as form } from '../../../widget/locales/form.ts'
import { texts as hours } from '../../../widget/locales/hours.ts'
import { texts as messages } from '../../../widget/locales/messages.ts'
import { plural } from '../../../widget/locales/texts.ts'

const folder = 'widget/locales'
const read = (name: string) => JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8')) as Record<string, unknown>
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length))
/** English words of parts that few load are in those. */
const english: Record<string, unknown> = { ...read('en'), ...messages, form, hours }

/** Words by their path; forms by number count as one. */
function words(value: unknown, path = ''): Map<string, string[]> {
  if (typeof value === 'string') return new Map([[path, [value]]])
  const entries = Object.entries(value as Record<string, unknown>)
  if (/^(tooLong|left)$/.test(path)) return new Map([[path, entries.map(([, form]) => form as string)]])
  return new Map(entries.flatMap(([name, inner]) => [...words(inner, path ? `${path}.${name}` : name)]))
}

describe.each(names)('the language %s', (name) => {
  const own = words(name === 'en' ? english : read(name))

  test('has every word, and no other', () => {
    expect([...own.keys()].sort()).toEqual([...words(english).keys()].sort())
  })

  test('leaves no word empty that English has, and keeps the places of numbers', () => {
    for (const [path, [text = '']] of words(english)) {
      const forms = own.get(path) ?? []
      expect(
        forms.every((form) => (form === '') === (text === '')),
        path,
      ).toBe(true)
      // A form for one or two may say the number in words.
      if (text.includes('#')) expect(forms.at(-1), path).toContain('#')
      else expect(forms.join(), path).not.toContain('#')
    }
  })

  test('has a form for every kind of number the language knows', () => {
    const kinds = new Intl.PluralRules(name).resolvedOptions().pluralCategories
    for (const forms of [read(name)['tooLong'], read(name)['left']] as Record<string, string>[]) {
      expect(Object.keys(forms).every((kind) => (kinds as string[]).includes(kind))).toBe(true)
      for (const count of [0, 1, 2, 3, 11, 100, 1_234]) {
        expect(plural(forms as { other: string }, count, name)).not.toMatch(/#|undefined/)
      }
    }
  })

  test('weighs at most 2 KB', () => {
    expect(gzipSync(readFileSync(`${folder}/${name}.json`), { level: 9 }).byteLength).toBeLessThanOrEqual(2_048)
  })
})
