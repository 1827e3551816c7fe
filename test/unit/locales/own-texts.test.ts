/** Words of the site's own, in the places of the chat's. */
import { describe, expect, test } from 'vitest'
import { tellByLanguage } from '../../../protocol.ts'
import { blend, defaultTexts } from '../../../widget/locales/texts.ts'

describe('words of the site', () => {
  test('stand in the places of the chat’s, in groups of groups, too; those that there are not change nothing', () => {
    const rating = { send: 'Senden', scores: { '1': 'Übel', '5': 'Prima' } } as never
    const own = { title: 'Hi', launcher: { open: 'Ask' }, rating: { scores: { '5': 'Super' } }, more: { x: 'y' } }
    const texts = blend({ ...defaultTexts, rating }, own)
    expect(texts).toEqual({
      ...defaultTexts,
      title: 'Hi',
      launcher: { ...defaultTexts.launcher, open: 'Ask' },
      rating: { send: 'Senden', scores: { '1': 'Übel', '5': 'Super' } },
      more: { x: 'y' },
    })
  })

  test.each([undefined, null, {}, { launcher: null }])('that are %j change nothing', (own) => {
    expect(blend(defaultTexts, own as never)).toEqual(defaultTexts)
  })
})

describe('look and texts as a widget is told them', () => {
  test('a text for all languages is told as one of all only where a language has another one', () => {
    const look = { title: 'All', greeting: 'Hello', accent: '#000000', texts: { de: { greeting: 'Moin' } } }
    expect(tellByLanguage(look)).toEqual({
      ...{ title: 'All', accent: '#000000' },
      texts: { '*': { greeting: 'Hello' }, de: { greeting: 'Moin' } },
    })
    expect(look.greeting).toBe('Hello')
    for (const same of [{}, { title: 'All' }, { title: 'All', texts: { de: { send: 'Los' } } }])
      expect(tellByLanguage(same)).toEqual(same)
  })
})
