/** Which words are shown, and when what knows the languages is loaded. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as languages from '../../widget/locales/languages.ts'
import { createLanguage } from '../../widget/panel/language.ts'

describe('the language of a widget', () => {
  const { documentElement: page } = document
  let asked: (() => void)[] = []
  let isBroken = false
  let shown: string[] = []
  const make = () =>
    createLanguage(
      () =>
        new Promise((resolve, reject) => {
          const answer = isBroken ? () => reject(new Error('no network')) : () => resolve(languages)
          asked.push(answer)
        }),
      (texts, locale) => shown.push(`${locale}: ${texts.send}`),
    )
  const answer = () => asked.splice(0).forEach((each) => each())

  beforeEach(() => {
    asked = []
    shown = []
    isBroken = false
  })
  afterEach(() => page.removeAttribute('lang'))

  it('is English at once where that is wanted, of the option, the page and the browser in this order', () => {
    page.lang = 'de'
    make().use('en-GB')
    page.lang = 'en'
    make().use(undefined)
    page.lang = ''
    expect(navigator.languages[0]).toMatch(/^en/)
    make().use('')
    expect([shown, asked]).toEqual([['en: Send', 'en: Send', 'en: Send'], []])
  })

  it('is another one once that is there, and is asked for once', async () => {
    const language = make()
    page.lang = 'fr-CA'
    language.use(undefined)
    language.use(undefined)
    expect([shown, asked.length]).toEqual([[], 1])
    answer()
    await expect.poll(() => shown).toEqual(['fr: Envoyer'])
    language.use('fr-CA')
    answer()
    language.use('tlh')
    answer()
    await expect.poll(() => shown.at(-1)).toBe('fr: Envoyer')
    language.use('en')
    expect(shown.at(-1)).toBe('en: Send')
  })

  it('is the newest wish, however late an earlier one is answered', async () => {
    const language = make()
    language.use('de')
    language.use('es')
    const [german, spanish] = asked.splice(0)
    spanish?.()
    await expect.poll(() => shown).toEqual(['es: Enviar'])
    german?.()
    language.use('ar')
    answer()
    await expect.poll(() => shown).toEqual(['es: Enviar', 'ar: إرسال'])
  })

  it('stays what it is where nothing can be loaded, and the same wish tries again', async () => {
    const language = make()
    isBroken = true
    language.use('de')
    answer()
    isBroken = false
    await expect
      .poll(() => {
        language.use('de')
        return asked.length
      })
      .toBe(1)
    expect(shown).toEqual([])
    answer()
    await expect.poll(() => shown).toEqual(['de: Senden'])
  })
})
