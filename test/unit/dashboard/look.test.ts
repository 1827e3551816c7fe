import { describe, expect, test } from 'vitest'
import type { WidgetForm, WidgetHours, WidgetLook } from '../../../dashboard/api/types.ts'
import { formDraft, formOf, newQuestion, showable } from '../../../dashboard/integrations/form.ts'
import {
  copyMonday,
  dayNames,
  hoursDraft,
  hoursOf,
  indexOf,
  nextSpan,
  usualSpan,
} from '../../../dashboard/integrations/hours.ts'
import { languages } from '../../../dashboard/integrations/languages.ts'
import { isChanged, lookDraft, lookOf, refusedIn } from '../../../dashboard/integrations/look.ts'
import { names, nameInWords, ownCount, ownWordsOf, textsDraft, textsOf } from '../../../dashboard/integrations/texts.ts'
import { widgetLook } from '../../../server/routes/api/schemas.ts'

const zone = 'Europe/Lisbon'
const hours: WidgetHours = {
  timeZone: 'Europe/Berlin',
  days: [
    { day: 1, from: '09:00', to: '12:00' },
    { day: 1, from: '13:00', to: '24:00' },
    { day: 7, from: '00:00', to: '01:00' },
  ],
  offlineText: { en: 'We sleep.', de: 'Wir schlafen.' },
}
const form: WidgetForm = {
  intro: { fr: 'Qui êtes-vous ?' },
  fields: [
    { name: 'email', kind: 'email', label: { en: 'Email' }, required: true },
    { name: 'topic', kind: 'select', label: { en: 'Topic' }, options: [{ value: 'o1', label: { en: 'My order' } }] },
  ],
  consent: { text: { en: 'I agree.' }, url: 'https://shop.example/terms' },
}
const look: WidgetLook = {
  ...{ title: 'Ask us', greeting: 'Good day', placeholder: 'Your question', accent: '#0a7f5c', position: 'left' },
  ...{ theme: 'dark', locale: 'pt-BR', launcher: true, imageHosts: ['localhost:9000'], pollInterval: 30 },
  ...{ radius: 0, font: "'Source Serif', serif", size: '400x700', offset: '24x80', zIndex: -1 },
  invite: [{ text: { en: 'May we help?' }, after: 2.5, url: '/shop/*', once: true }, { text: { de: 'Hallo' } }],
  ...{ rating: false, feedback: false, sound: true, titleCount: true },
  ...{ texts: { de: { send: 'Los', launcher: { open: 'Frag uns' } } }, hours, form },
}

describe('the look in a form', () => {
  test('is saved as it was, with what has no field, and only what was changed is a change', () => {
    const draft = lookDraft(look, zone)
    expect(lookOf(look, draft)).toEqual(look)
    expect(widgetLook.parse(lookOf(look, draft))).toEqual(look)
    expect(isChanged(look, draft, zone)).toBe(false)
    draft.hours.offlineText['es'] = ' '
    expect(isChanged(look, draft, zone)).toBe(false)
    draft.hours.offlineText['es'] = ' Dormimos. '
    expect(isChanged(look, draft, zone)).toBe(true)
    expect(lookOf(look, draft).hours?.offlineText).toEqual({ ...hours.offlineText, es: 'Dormimos.' })
  })

  test('is all that can be set', () => expect(Object.keys(look).sort()).toEqual(Object.keys(widgetLook.shape).sort()))

  test('says nothing where nothing was set', () => {
    const usual = { size: 'medium', rating: true, feedback: true, sound: false, titleCount: false }
    for (const saved of [{}, { hours: null, form: null, invite: null }, usual])
      expect(lookOf(saved, lookDraft(saved, zone))).toEqual({})
  })

  test.each([
    ['widget.hours.days.0.to: has to be later.', { path: 'hours.days.0.to', text: 'Has to be later.' }],
    ['widget.form.fields.1.label.de: Too big: a: b.', { path: 'form.fields.1.label.de', text: 'Too big: a: b.' }],
    ['allowedDomains.0: has to be a host.', null],
    ['The server cannot be reached.', null],
  ])('%j is about a field, or about none', (message, refused) => expect(refusedIn(message)).toEqual(refused))
})

describe('hours in a form', () => {
  test('begin with those that are usual, by the clock of whoever edits', () => {
    const draft = hoursDraft(undefined, zone)
    expect(hoursOf(draft)).toBeUndefined()
    draft.isOn = true
    const days = [1, 2, 3, 4, 5].map((day) => ({ day, from: '09:00', to: '17:00' }))
    expect(hoursOf(draft)).toEqual({ timeZone: zone, days })
  })

  test('midnight ends a day as 00:00; spans are counted through the week, as the server counts them', () => {
    const { week } = hoursDraft(hours, zone)
    expect(week.map((spans) => spans.length)).toEqual([2, 0, 0, 0, 0, 0, 1])
    expect(week[0]?.[1]).toEqual({ from: '13:00', to: '00:00' })
    expect([indexOf(week, 0, 1), indexOf(week, 6, 0)]).toEqual([1, 2])
  })

  test('Monday is copied to the workdays, and each may be changed by itself afterwards', () => {
    const { week } = hoursDraft(hours, zone)
    copyMonday(week)
    expect(week.map((spans) => spans.length)).toEqual([2, 2, 2, 2, 2, 0, 1])
    week[1]?.splice(0, 1)
    if (week[2]?.[0]) week[2][0].from = '08:00'
    expect([week[0]?.length, week[0]?.[0]?.from]).toEqual([2, '09:00'])
  })

  test.each([
    [[], usualSpan()],
    [[{ from: '09:00', to: '12:30' }], { from: '13:00', to: '16:00' }],
    [[{ from: '09:00', to: '21:00' }], { from: '22:00', to: '00:00' }],
    [[{ from: '09:00', to: '23:00' }], { from: '', to: '' }],
    [[{ from: '09:00', to: '00:00' }], { from: '', to: '' }],
    [[{ from: '09:00', to: '' }], { from: '', to: '' }],
  ])('after %j comes %j', (spans, next) => expect(nextSpan(spans)).toEqual(next))

  test('weeks begin on Monday', () => {
    expect([dayNames('en')[0], dayNames('de')[6], dayNames('en').length]).toEqual(['Monday', 'Sonntag', 7])
  })
})

describe('the form in a form', () => {
  test('a choice is told as it was before its words were changed; a new one by its words', () => {
    const draft = formDraft(form)
    const [first] = draft.questions[1]?.options ?? []
    if (first) first.label['en'] = 'An order'
    draft.questions[1]?.options.push({ value: '', label: { en: '', de: ' Etwas anderes ' } })
    expect(formOf(draft)?.fields[1]?.options).toEqual([
      { value: 'o1', label: { en: 'An order' } },
      { value: 'Etwas anderes', label: { de: 'Etwas anderes' } },
    ])
  })

  test('choices are told for a choice alone, and a consent where it is asked for', () => {
    const draft = formDraft(form)
    if (draft.questions[1]) draft.questions[1].kind = 'text'
    Object.assign(draft, { hasConsent: false })
    expect(formOf(draft)).toEqual({
      intro: form.intro,
      fields: [form.fields[0], { name: 'topic', kind: 'text', label: { en: 'Topic' } }],
    })
    // What was typed is still there for whoever changes their mind.
    expect([draft.consentUrl, draft.questions[1]?.options.length]).toEqual(['https://shop.example/terms', 1])
  })

  test('a new question has a name of its own; of two with one name the preview is shown one', () => {
    expect(newQuestion([{ name: 'name' }, { name: 'question3' }]).name).toBe('question4')
    const [field] = form.fields
    if (field) expect(showable({ fields: [field, { ...field, kind: 'text' }] }).fields).toEqual([field])
  })
})

describe('texts in a form', () => {
  test('every name is one that the server takes, and the chat has words for it in every language', async () => {
    expect(names.length).toBeGreaterThan(80)
    const ours = Object.fromEntries(names.map((name) => [name, 'Ours']))
    const texts = textsOf({ de: ours, 'zh-tw': ours })
    expect(widgetLook.parse({ texts })).toEqual({ texts })
    expect(textsDraft(texts)).toEqual({ de: ours, 'zh-tw': ours })
    for (const { value } of languages) {
      const words = await ownWordsOf(value)
      expect(names.filter((name) => !words[name])).toEqual([])
    }
  })

  test('languages go by their own names, English first, then by their English names', () => {
    expect(languages.slice(0, 3)).toEqual([
      { value: 'en', label: 'English', text: '' },
      { value: 'ar', label: 'العربية', text: 'Arabic' },
      { value: 'bn', label: 'বাংলা', text: 'Bangla' },
    ])
    expect(languages.filter(({ value }) => /^(fr|pt-br|zh-tw)$/.test(value)).map(({ label }) => label)).toEqual([
      'Português (Brasil)',
      '中文（台灣）',
      'Français',
    ])
  })

  test('only what was changed is saved; what was emptied is the chat’s own again', () => {
    const draft = textsDraft({ de: { send: 'Los', launcher: { open: 'Frag uns' } } })
    expect(ownCount(draft)).toBe(2)
    Object.assign(draft['de'] ?? {}, { 'launcher.open': '', 'hours.back': ' Wieder da # ' })
    expect(textsOf(draft)).toEqual({ de: { send: 'Los', hours: { back: 'Wieder da #' } } })
  })

  test.each([
    ['send', 'Send'],
    ['newConversation', 'New conversation'],
    ['launcher.open', 'Launcher: open'],
    ['failures.rate_limited', 'Failures: rate limited'],
  ])('%j is called %j', (name, words) => expect(nameInWords(name)).toBe(words))
})
