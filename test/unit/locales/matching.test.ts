/** Which language the chat speaks where somebody wishes for some. */
import { describe, expect, test } from 'vitest'
import { bestLocale, wordsIn } from '../../../widget/locales/languages.ts'

describe('the first wish that there is', () => {
  test.each([
    [['de'], 'de'],
    [['de-AT'], 'de'],
    [['DE_ch'], 'de'],
    [[' fr-Latn-CA-x-own '], 'fr'],
    [['tlh', 'es-419'], 'es'],
    [['en-GB', 'de'], 'en'],
    [['tlh'], 'en'],
    [['zh-Hant'], 'zh-tw'],
    [['zh-TW'], 'zh-tw'],
    [['zh-hk'], 'zh-tw'],
    [['zh-Hant-MO'], 'zh-tw'],
    [['zh-Hans-HK'], 'zh'],
    [['zh-SG'], 'zh'],
    [['no-NO'], 'nb'],
    [['nn'], 'nb'],
    [['pt-BR'], 'pt-br'],
    [['pt-PT'], 'pt'],
    [['iw-IL'], 'he'],
    [['in'], 'id'],
    [['sr-Latn-RS'], 'sr'],
    [['fa-AF'], 'fa'],
    [['', '-', '*', 'x-de'], 'en'],
    [['ar\u0000', 'constructor', '__proto__'], 'en'],
    [[], 'en'],
  ])('of %j is %s', (wishes, locale) => {
    expect(bestLocale(wishes)).toBe(locale)
  })

  test('comes with its words, but for English, which is there', async () => {
    expect(await wordsIn(['en', 'fr'])).toEqual({ locale: 'en' })
    expect((await wordsIn(['fr-FR'])).texts?.title).toBe('Discutez avec nous')
  })
})
