import { describe, expect, test } from 'vitest'
import type { InviteRule } from '../../../widget/features.ts'
import { isFor, rulesOf, wordsIn } from '../../../widget/invite/rules.ts'

const at = (address: string) => new URL(address) as unknown as Location
const text = { en: 'Hello', de: 'Hallo', 'pt-BR': 'Oi' }

describe('an invitation', () => {
  test.each<[url: string | undefined, address: string, is: boolean]>([
    [undefined, 'https://shop.example/', true],
    ['*', 'https://shop.example/a', true],
    ['/shop/*', 'https://shop.example/shop/teapots', true],
    ['/shop/*', 'https://shop.example/shop', false],
    ['/shop/*', 'https://shop.example/en/shop/teapots', false],
    ['*/shop/*', 'https://shop.example/en/shop/teapots', true],
    ['/basket', 'https://shop.example/basket?step=2#pay', true],
    ['/basket', 'https://shop.example/baskets', false],
    ['https://*.example/*/sale', 'https://shop.example/teapots/sale', true],
    ['https://*.example/*/sale', 'https://shop.example/sale', false],
    ['/a*b*c', '/abc', true],
    ['/a*bc*c', '/abc', false],
    [`/${'*a'.repeat(50)}b`, `/${'a'.repeat(5_000)}`, false],
  ])('for %s is shown on %s: %s', (url, address, is) => {
    const rule: InviteRule = { text, ...(url && { url }) }
    expect(isFor(rule, at(new URL(address, 'https://shop.example').href))).toBe(is)
  })

  test.each<[languages: (string | undefined)[], said: string]>([
    [['de-AT', 'fr'], 'Hallo'],
    [[undefined, '', 'PT-br'], 'Oi'],
    [['ja', 'de'], 'Hallo'],
    [['ja'], 'Hello'],
    [['constructor'], 'Hello'],
  ])('for who reads %j says %s', (languages, said) => {
    expect(wordsIn(text, languages)).toBe(said)
  })

  test('says something where nothing is said in a language that is asked for', () => {
    expect(wordsIn({ fr: 'Bonjour' }, ['de'])).toBe('Bonjour')
  })

  test.each(['', '{', '{"text":{}}', 'null', '[null, 1, "x", {"after": 3}]'])('that is %j is none', (invite) => {
    expect(rulesOf({ invite: invite as never })).toEqual([])
  })

  test('is the same by call and as the words of a tag', () => {
    expect(rulesOf({ invite: JSON.stringify([{ text }]) as never })).toEqual(rulesOf({ invite: [{ text }] }))
  })
})
