/** Every language has every word, and says the same with it. */
import { readFileSync, readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { texts as attach } from '../../../widget/locales/attach.ts'
import { texts as form } from '../../../widget/locales/form.ts'
import { texts as hours } from '../../../widget/locales/hours.ts'
import { texts as menu } from '../../../widget/locales/menu.ts'
import { texts as messages } from '../../../widget/locales/messages.ts'
import { texts as rating } from '../../../widget/locales/rating.ts'
import { texts as reading } from '../../../widget/locales/reading.ts'
import { plural } from '../../../widget/locales/texts.ts'
import type { Plural } from '../../../widget/locales/texts.ts'

const folder = 'widget/locales'
const read = (name: string) => JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8')) as Record<string, unknown>
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length))
/** English words of parts that few load are in those. */
const english: Record<string, unknown> = { ...read('en'), ...messages, form, hours, reading, menu, rating, attach }

const isPlural = (value: object): value is Plural => 'other' in value && !('network' in value)

/** Texts by their path; of those that depend on a number, the forms. */
function words(value: object, path = ''): Map<string, string | Plural> {
  return new Map(
    Object.entries(value).flatMap(([name, inner]: [string, string | object]) => {
      const at = path ? `${path}.${name}` : name
      return typeof inner === 'string' || isPlural(inner) ? [[at, inner] as const] : [...words(inner, at)]
    }),
  )
}

const formsOf = (text: string | Plural = ''): string[] => (typeof text === 'string' ? [text] : Object.values(text))

/** What whole numbers there may be: signs, messages, files. */
const counts = [...Array(131).keys(), 200, 1_000, 12_345, 100_000, 1_000_000]

/** Words that are the same as in English because they are. */
const same: Record<string, readonly string[]> = {
  da: ['send', 'stop', 'form.start', 'rating.scores.3', 'rating.send'],
  de: ['code'],
  fr: ['messages', 'message', 'assistant', 'code', 'reading.image'],
  nb: ['send', 'form.start', 'rating.send'],
}

/** Scripts that a language is written in; all others are of Latin letters. */
const scripts: Record<string, string> = {
  ...{ ar: 'Arabic', fa: 'Arabic', ur: 'Arabic', he: 'Hebrew', el: 'Greek', th: 'Thai', ko: 'Hangul' },
  ...{ bg: 'Cyrillic', ru: 'Cyrillic', sr: 'Cyrillic', uk: 'Cyrillic' },
  ...{ bn: 'Bengali', hi: 'Devanagari', ta: 'Tamil', zh: 'Han', 'zh-tw': 'Han' },
}

test('there are more than forty', () => {
  expect(names.length).toBeGreaterThan(40)
})

describe.each(names)('the language %s', (name) => {
  const own = words(name === 'en' ? english : read(name))
  const expected = words(english)

  test('has every word, and no other', () => {
    expect([...own.keys()].sort()).toEqual([...expected.keys()].sort())
  })

  test('leaves no word empty that English has, and keeps the places of numbers and names, once each', () => {
    for (const [path, text] of expected) {
      const forms = own.get(path) ?? ''
      const hasPlace = formsOf(text).some((form) => form.includes('#'))
      for (const form of formsOf(forms)) {
        expect(form === '', path).toBe(text === '')
        expect(form.split('#').length, `${path}: ${form}`).toBeLessThanOrEqual(2)
        // Zero, one and two may be said in words.
        if (typeof forms === 'string') expect(form.includes('#'), path).toBe(hasPlace)
      }
      if (typeof forms !== 'string') expect(forms.other, path).toContain('#')
    }
  })

  test('has the forms that whole numbers of the language ask for, or one for all', () => {
    const rules = new Intl.PluralRules(name)
    const asked = [...new Set<string>([...counts.map((count) => rules.select(count)), 'other'])].sort()
    for (const [path, forms] of own) {
      if (typeof forms === 'string') continue
      expect([asked, ['other']], path).toContainEqual(Object.keys(forms).sort())
      // A form without the number is for one number alone: `one` is of 1, 21 and 31 in some languages.
      for (const [kind, form] of Object.entries(forms)) {
        if (form.includes('#')) continue
        expect(
          counts.filter((count) => rules.select(count) === kind),
          path,
        ).toEqual([['zero', 'one', 'two'].indexOf(kind)])
      }
      for (const count of [0, 1, 2, 5, 21, 1_234]) expect(plural(forms, count, name), path).not.toMatch(/#|undefined/)
    }
  })

  test('is written in its letters, cleanly, and not in English', () => {
    const script = new RegExp(`\\p{Script=${scripts[name] ?? 'Latin'}}`, 'u')
    for (const [path, text] of own) {
      for (const form of formsOf(text)) {
        expect(form, path).toBe(form.trim())
        // Marks of direction, joints of scripts that join none, and what only looks like a sign.
        expect(form, path).not.toMatch(/[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]|\.\.\.|'| {2}/)
        if (form && name !== 'ja') expect(form, path).toMatch(script)
        if (name === 'ja' && form) expect(form, path).toMatch(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u)
      }
      if (name !== 'en' && text && typeof text === 'string' && text === expected.get(path))
        expect(same[name] ?? [], `${path}: ${text}`).toContain(path)
    }
    expect(own.get('form.email')).toMatch(/[a-z]+@example\.com/)
  })

  test('weighs at most 2 KB as it is loaded', () => {
    expect(gzipSync(JSON.stringify(read(name)), { level: 9 }).byteLength).toBeLessThanOrEqual(2_048)
  })
})
