import { describe, expect, test } from 'vitest'
import { isOn, provenId, storageName } from '../../widget/options.ts'
import type { WidgetOptions } from '../../widget/options.ts'
import { rulesOf } from '../../widget/invite/rules.ts'
import { placeOf, valuesOf } from '../../widget/look/values.ts'
import { settingsOf } from '../../widget/panel/settings.ts'

const integrationToken = 'lwt_example'

/** A script tag's options: the words of its attributes. */
const fromTag = (html: string): WidgetOptions => {
  const holder = document.createElement('div')
  holder.innerHTML = `<script data-integration-token="${integrationToken}" ${html}></script>`
  const { attributes } = holder.firstElementChild as HTMLScriptElement
  // What browsers give for `{ ...dataset }`; happy-dom leaves out attributes without a value.
  const entries = [...attributes]
    .filter(({ name }) => name.startsWith('data-'))
    .map(({ name, value }) => {
      return [name.slice(5).replace(/-./g, (dash) => dash.charAt(1).toUpperCase()), value]
    })
  return Object.fromEntries(entries) as WidgetOptions
}

/** A look of which nothing is set. */
const plain = { font: '', radius: '', width: '', height: '', x: '', y: '', z: '' }

/** What options come to, for the launcher and for the panel. */
const meaning = (options: WidgetOptions) => ({
  look: valuesOf(options),
  place: placeOf(options),
  open: isOn(options.open),
  launcher: isOn(options.launcher ?? true),
  config: isOn(options.config ?? true),
  invite: rulesOf(options),
  // Words, however they come.
  ...{ locale: options.locale, position: options.position, theme: options.theme, accent: options.accent },
  ...settingsOf(options),
})

/** An attribute, the same by call, and what it comes to. */
type Twin = [attribute: string, option: Partial<WidgetOptions>, means: Partial<ReturnType<typeof meaning>>]
const words = { de: { title: 'Frag uns' } }
const hours = { timeZone: 'UTC', days: [{ day: 1, from: '09:00', to: '17:00' }] }
const form = { fields: [{ name: 'name', kind: 'text' as const, label: { en: 'Name' } }] }
const invite = [{ text: { en: 'May we help?' }, after: 5 }]

/** The compiler sees to it that none is missing. Code is what no attribute can hold. */
const twins: Record<Exclude<keyof WidgetOptions, 'adapter'>, Twin[]> = {
  integrationToken: [[`data-integration-token="${integrationToken}"`, { integrationToken }, { integrationToken }]],
  serverUrl: [
    [
      'data-server-url="https://chat.example.com"',
      { serverUrl: 'https://chat.example.com' },
      { serverUrl: 'https://chat.example.com' },
    ],
  ],
  name: [['data-name="shop"', { name: 'shop' }, { name: 'shop' }]],
  locale: [['data-locale="de"', { locale: 'de' }, { locale: 'de' }]],
  title: [['data-title="Ask us"', { title: 'Ask us' }, { title: 'Ask us' }]],
  greeting: [
    ['data-greeting="Good day"', { greeting: 'Good day' }, { greeting: 'Good day' }],
    ['data-greeting=""', { greeting: '' }, { greeting: '' }],
  ],
  placeholder: [
    ['data-placeholder="Your question"', { placeholder: 'Your question' }, { placeholder: 'Your question' }],
  ],
  texts: [[`data-texts='${JSON.stringify(words)}'`, { texts: words }, { texts: words }]],
  hours: [[`data-hours='${JSON.stringify(hours)}'`, { hours }, { hours }]],
  form: [[`data-form='${JSON.stringify(form)}'`, { form }, { form }]],
  invite: [[`data-invite='${JSON.stringify(invite)}'`, { invite }, { invite }]],
  position: [['data-position="left"', { position: 'left' }, { position: 'left' }]],
  theme: [['data-theme="dark"', { theme: 'dark' }, { theme: 'dark' }]],
  accent: [['data-accent="#ffee00"', { accent: '#ffee00' }, { accent: '#ffee00' }]],
  radius: [
    ['data-radius="0"', { radius: 0 }, { look: { ...plain, radius: '0px' } }],
    ['data-radius="7.5"', { radius: 7.5 }, { look: { ...plain, radius: '7.5px' } }],
  ],
  font: [
    [
      `data-font="'Source Serif', serif"`,
      { font: "'Source Serif', serif" },
      { look: { ...plain, font: "'Source Serif', serif" } },
    ],
  ],
  size: [
    ['data-size="small"', { size: 'small' }, { look: { ...plain, width: '340px', height: '520px' } }],
    ['data-size="medium"', { size: 'medium' }, { look: plain }],
    ['data-size="400x700"', { size: '400x700' }, { look: { ...plain, width: '400px', height: '700px' } }],
  ],
  offset: [
    ['data-offset="8"', { offset: 8 }, { look: { ...plain, x: '8px', y: '8px' } }],
    ['data-offset="24x80"', { offset: '24x80' }, { look: { ...plain, x: '24px', y: '80px' } }],
  ],
  zIndex: [['data-z-index="500"', { zIndex: 500 }, { look: { ...plain, z: '500' } }]],
  mode: [
    ['data-mode="page"', { mode: 'page' }, { place: document.documentElement }],
    ['data-mode="inline"', { mode: 'inline' }, { place: null }],
  ],
  target: [
    ['data-mode="inline" data-target="body"', { mode: 'inline', target: 'body' }, { place: document.body }],
    ['data-target="body"', { target: 'body' }, { place: null }],
  ],
  launcher: [['data-launcher="false"', { launcher: false }, { launcher: false }]],
  open: [
    ['data-open', { open: true }, { open: true }],
    ['data-open="true"', { open: true }, { open: true }],
    ['data-open="false"', { open: false }, { open: false }],
  ],
  sound: [['data-sound', { sound: true }, { sound: true }]],
  titleCount: [['data-title-count', { titleCount: true }, { titleCount: true }]],
  rating: [['data-rating="false"', { rating: false }, { rating: false }]],
  typing: [['data-typing="off"', { typing: false }, { typing: false }]],
  attachments: [['data-attachments', { attachments: true }, { attachments: true }]],
  erase: [['data-erase="false"', { erase: false }, { erase: false }]],
  pollInterval: [['data-poll-interval="30"', { pollInterval: 30 }, { pollMs: 30_000 }]],
  imageHosts: [
    [
      'data-image-hosts="a.example b.example"',
      { imageHosts: ['a.example', 'b.example'] },
      { imageHosts: ['a.example', 'b.example'] },
    ],
  ],
  feedback: [['data-feedback="off"', { feedback: 'off' }, { feedback: false }]],
  config: [['data-config="off"', { config: 'off' }, { config: false }]],
  context: [[`data-context='{"page":"billing"}'`, { context: { page: 'billing' } }, { context: { page: 'billing' } }]],
  conversationId: [
    [
      'data-conversation-id="7" data-user-hash="00ff"',
      { conversationId: '7', userHash: '00ff' },
      { conversationId: '7' },
    ],
  ],
  userHash: [
    [
      'data-conversation-id="customer-42" data-user-hash="00ff"',
      { conversationId: 'customer-42', userHash: '00ff' },
      { conversationId: 'customer-42', userHash: '00ff' },
    ],
  ],
  userJwt: [
    [
      'data-conversation-id="customer-42" data-user-jwt="a.b.c"',
      { conversationId: 'customer-42', userJwt: 'a.b.c' },
      { conversationId: 'customer-42', userJwt: 'a.b.c' },
    ],
  ],
}

describe('an option means the same by call and as an attribute', () => {
  test.each(Object.entries(twins).flatMap(([name, all]) => all.map((twin) => [name, ...twin] as const)))(
    '%s: %s',
    (name, attribute, option, means) => {
      expect(attribute).toContain(`data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`)
      expect(meaning(fromTag(attribute))).toMatchObject(means)
      expect(meaning({ integrationToken, ...option })).toEqual(meaning(fromTag(attribute)))
    },
  )

  test('and so does a tag that names none, or what is no option', () => {
    const usual = {
      ...{ integrationToken, look: plain, place: null, open: false, launcher: true, config: true, invite: [] },
      ...{ pollMs: 12_000, imageHosts: [], sound: false, titleCount: false, attachments: false },
      ...{ rating: true, feedback: true, typing: true, erase: true },
    }
    for (const attributes of ['', 'data-unknown="x" class="y"'])
      expect(meaning(fromTag(attributes))).toMatchObject(usual)
  })
})

describe('options', () => {
  test('an option set to undefined is an option left out', () => {
    const given = { integrationToken, title: undefined, open: undefined } as unknown as WidgetOptions
    expect(meaning(given)).toEqual(meaning({ integrationToken }))
  })

  test.each<[what: string, given: Partial<WidgetOptions>, used: Partial<ReturnType<typeof meaning>>]>([
    ['a poll of a second', { pollInterval: 1 }, { pollMs: 5_000 }],
    ['a poll of an hour', { pollInterval: 3_600 }, { pollMs: 60_000 }],
    ['a poll that is no number', { pollInterval: NaN }, { pollMs: 12_000 }],
    ['a panel with no place for a text box', { size: '20x20' }, { look: plain }],
    ['a size of one number', { size: '400' as 'small' }, { look: plain }],
    ['a size by a name of the language', { size: 'constructor' as 'small' }, { look: plain }],
    ['corners larger than a panel', { radius: 900 }, { look: plain }],
    ['a radius with more in it', { radius: '4px; color: red' as unknown as number }, { look: plain }],
    ['an offset of nothing', { offset: 'x' as '1x1' }, { look: plain }],
    ['an offset below the window', { offset: -20 }, { look: plain }],
    ['a place among words', { zIndex: 'above' as unknown as number }, { look: plain }],
    ['an element that there is not', { mode: 'inline', target: '#nowhere' }, { place: null }],
    ['a selector that is none', { mode: 'inline', target: '#1 >' }, { place: null }],
    ['a place there is not', { mode: 'sidebar' as 'page', target: 'body' }, { place: null }],
  ])('%s becomes something that works', (_what, given, used) => {
    expect(meaning({ integrationToken, ...given })).toMatchObject(used)
  })

  test.each(['', 'billing', '{"page":', '[1]', 'null', '"x"'])(
    'a context on the tag that is no JSON object, %j, is none',
    (json) => {
      expect(meaning(fromTag(`data-context='${json}'`))).not.toHaveProperty('context')
    },
  )

  test('an empty title, which nobody could call the chat by, is no title', () => {
    expect(meaning({ integrationToken, title: '' })).not.toHaveProperty('title')
  })
})

describe("I62: a site's own conversation id", () => {
  const id = (attributes: string) => provenId(fromTag(attributes))

  test('counts together with a proof', () => {
    expect(id('data-conversation-id="customer-42" data-user-hash="00ff"')).toBe('customer-42')
  })

  test('is refused without one, on the tag and by call', () => {
    expect(id('data-conversation-id="customer-42"')).toBeUndefined()
    expect(settingsOf({ integrationToken, conversationId: 'customer-42' })).not.toHaveProperty('conversationId')
  })

  test.each([
    'data-conversation-id="" data-user-hash=""',
    'data-conversation-id="" data-user-jwt="a.b.c"',
    'data-conversation-id="customer-42" data-user-hash="" data-user-jwt=""',
  ])('is no id where a template has nothing to fill in: %s', (attributes) => {
    expect(id(attributes)).toBeUndefined()
    const settings = settingsOf(fromTag(attributes))
    for (const name of ['conversationId', 'userHash', 'userJwt']) expect(settings).not.toHaveProperty(name)
  })

  test('goes along with the proofs that there are', () => {
    const settings = settingsOf(fromTag('data-conversation-id="customer-42" data-user-hash="" data-user-jwt="a.b.c"'))
    expect(settings).toMatchObject({ conversationId: 'customer-42', userJwt: 'a.b.c' })
    expect(settings).not.toHaveProperty('userHash')
  })

  test('B86: what the browser keeps is kept apart by server, integration, visitor and, without a token, name', () => {
    const names = [
      { integrationToken: 'a', serverUrl: 'https://one.example' },
      { integrationToken: 'a', serverUrl: 'https://two.example' },
      { integrationToken: 'b', serverUrl: 'https://one.example' },
      { integrationToken: 'a', serverUrl: 'https://one.example', conversationId: 'x', userHash: '00' },
      { integrationToken: 'a', serverUrl: 'https://one.example', conversationId: 'y', userHash: '00' },
      { serverUrl: 'https://one.example', name: 'shop' },
      { serverUrl: 'https://one.example', name: 'billing' },
    ].map(storageName)
    expect(new Set(names).size).toBe(names.length)
    // A name may change where a token says who it is.
    expect(storageName({ integrationToken: 'a', serverUrl: 'https://one.example', name: 'shop' })).toBe(names[0])
    // Without its proof an id is nobody's.
    expect(storageName({ integrationToken: 'a', serverUrl: 'https://one.example', conversationId: 'x' })).toBe(names[0])
  })
})
