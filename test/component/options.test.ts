import { describe, expect, test } from 'vitest'
import { isOn, provenId, storageName } from '../../widget/options.ts'
import type { WidgetOptions } from '../../widget/options.ts'
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
  ...settingsOf(options),
})

describe('an option means the same by call and as an attribute', () => {
  test.each<[attribute: string, option: Partial<WidgetOptions>, means: Partial<ReturnType<typeof meaning>>]>([
    [
      '',
      {},
      {
        integrationToken,
        look: plain,
        place: null,
        open: false,
        launcher: true,
        pollMs: 12_000,
        imageHosts: [],
      },
    ],
    [
      'data-server-url="https://chat.example.com"',
      { serverUrl: 'https://chat.example.com' },
      { serverUrl: 'https://chat.example.com' },
    ],
    ['data-name="shop"', { name: 'shop' }, { name: 'shop' }],
    ['data-title="Ask us"', { title: 'Ask us' }, { title: 'Ask us' }],
    ['data-greeting="Good day"', { greeting: 'Good day' }, { greeting: 'Good day' }],
    ['data-greeting=""', { greeting: '' }, { greeting: '' }],
    ['data-placeholder="Your question"', { placeholder: 'Your question' }, { placeholder: 'Your question' }],
    ['data-radius="0"', { radius: 0 }, { look: { ...plain, radius: '0px' } }],
    ['data-radius="7.5"', { radius: 7.5 }, { look: { ...plain, radius: '7.5px' } }],
    [
      `data-font="'Source Serif', serif"`,
      { font: "'Source Serif', serif" },
      { look: { ...plain, font: "'Source Serif', serif" } },
    ],
    ['data-size="small"', { size: 'small' }, { look: { ...plain, width: '340px', height: '520px' } }],
    ['data-size="medium"', { size: 'medium' }, { look: plain }],
    ['data-size="400x700"', { size: '400x700' }, { look: { ...plain, width: '400px', height: '700px' } }],
    ['data-offset="8"', { offset: 8 }, { look: { ...plain, x: '8px', y: '8px' } }],
    ['data-offset="24x80"', { offset: '24x80' }, { look: { ...plain, x: '24px', y: '80px' } }],
    ['data-z-index="500"', { zIndex: 500 }, { look: { ...plain, z: '500' } }],
    ['data-mode="page"', { mode: 'page' }, { place: document.documentElement }],
    ['data-mode="inline" data-target="body"', { mode: 'inline', target: 'body' }, { place: document.body }],
    ['data-mode="inline"', { mode: 'inline' }, { place: null }],
    ['data-target="body"', { target: 'body' }, { place: null }],
    ['data-open', { open: true }, { open: true }],
    ['data-open="true"', { open: true }, { open: true }],
    ['data-open="false"', { open: false }, { open: false }],
    ['data-launcher="false"', { launcher: false }, { launcher: false }],
    ['data-poll-interval="30"', { pollInterval: 30 }, { pollMs: 30_000 }],
    [
      'data-image-hosts="a.example b.example"',
      { imageHosts: ['a.example', 'b.example'] },
      { imageHosts: ['a.example', 'b.example'] },
    ],
    [
      'data-conversation-id="customer-42" data-user-hash="00ff"',
      { conversationId: 'customer-42', userHash: '00ff' },
      { conversationId: 'customer-42', userHash: '00ff' },
    ],
    [
      'data-conversation-id="customer-42" data-user-jwt="a.b.c"',
      { conversationId: 'customer-42', userJwt: 'a.b.c' },
      { conversationId: 'customer-42', userJwt: 'a.b.c' },
    ],
    [`data-context='{"page":"billing"}'`, { context: { page: 'billing' } }, { context: { page: 'billing' } }],
    ['data-unknown="x" class="y"', {}, {}],
  ])('%s', (attribute, option, means) => {
    expect(meaning(fromTag(attribute))).toMatchObject(means)
    expect(meaning({ integrationToken, ...option })).toEqual(meaning(fromTag(attribute)))
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
