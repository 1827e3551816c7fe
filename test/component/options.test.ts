import { describe, expect, test } from 'vitest'
import { optionsFromTag, resolveOptions } from '../../widget/options.ts'
import type { WidgetOptions } from '../../widget/options.ts'

const integrationToken = 'lwt_example'

/** What a script tag's attributes mean. */
const fromTag = (html: string): Partial<WidgetOptions> => {
  const holder = document.createElement('div')
  holder.innerHTML = `<script ${html}></script>`
  return optionsFromTag((holder.firstElementChild as HTMLScriptElement).dataset)
}

describe('the script tag', () => {
  test.each<[attribute: string, options: Partial<WidgetOptions>]>([
    ['data-integration-token="abc"', { integrationToken: 'abc' }],
    ['data-server-url="https://chat.example.com"', { serverUrl: 'https://chat.example.com' }],
    ['data-title="Ask us"', { title: 'Ask us' }],
    ['data-greeting="Good day"', { greeting: 'Good day' }],
    ['data-placeholder="Your question"', { placeholder: 'Your question' }],
    ['data-position="left"', { position: 'left' }],
    ['data-theme="dark"', { theme: 'dark' }],
    ['data-accent="#0a7f5c"', { accent: '#0a7f5c' }],
    ['data-open', { open: true }],
    ['data-open="true"', { open: true }],
    ['data-open="false"', { open: false }],
    ['data-poll-interval="30"', { pollInterval: 30 }],
    ['data-conversation-id="customer-42"', { conversationId: 'customer-42' }],
    ['data-user-hash="00ff"', { userHash: '00ff' }],
    ['data-user-jwt="a.b.c"', { userJwt: 'a.b.c' }],
    ['data-unknown="x" class="y"', {}],
  ])('%s', (attribute, options) => {
    expect(fromTag(attribute)).toEqual(options)
  })
})

describe('options', () => {
  test('have defaults', () => {
    expect(resolveOptions({ integrationToken })).toMatchObject({
      title: 'Chat with us',
      greeting: 'Hello! How can we help?',
      placeholder: 'Write a message…',
      position: 'right',
      theme: 'auto',
      accent: '#3b5bdb',
      open: false,
      pollInterval: 12,
    })
  })

  test('an option set to undefined is an option left out', () => {
    const given = { integrationToken, title: undefined, open: undefined } as unknown as WidgetOptions
    expect(resolveOptions(given)).toMatchObject({ title: 'Chat with us', open: false })
  })

  test.each<[what: string, given: Partial<WidgetOptions>, used: Partial<WidgetOptions>]>([
    ['a poll of a second', { pollInterval: 1 }, { pollInterval: 5 }],
    ['a poll of an hour', { pollInterval: 3_600 }, { pollInterval: 60 }],
    ['a poll that is no number', { pollInterval: NaN }, { pollInterval: 12 }],
    ['a corner there is not', { position: 'top' as 'left' }, { position: 'right' }],
    ['a theme there is not', { theme: 'sepia' as 'dark' }, { theme: 'auto' }],
    ['an empty title, which nobody could call the chat by', { title: '' }, { title: 'Chat with us' }],
    ['a colour with more in it', { accent: 'red; background: url(https://evil.example)' }, { accent: '#3b5bdb' }],
  ])('%s becomes something that works', (_what, given, used) => {
    expect(resolveOptions({ integrationToken, ...given })).toMatchObject(used)
  })

  test('without a token and without an adapter there is nothing to talk to', () => {
    expect(() => resolveOptions({ integrationToken: '' })).toThrow(TypeError)
  })
})

describe("I62: a site's own conversation id", () => {
  test('counts together with a proof', () => {
    const given = { integrationToken, conversationId: 'customer-42', userHash: '00ff' }
    expect(resolveOptions(given)).toMatchObject({ conversationId: 'customer-42', userHash: '00ff' })
  })

  test('is refused without one, on the tag and by call', () => {
    const tag = fromTag('data-integration-token="abc" data-conversation-id="customer-42"') as WidgetOptions
    expect(resolveOptions(tag).conversationId).toBeUndefined()
    expect(resolveOptions({ integrationToken, conversationId: 'customer-42' }).conversationId).toBeUndefined()
  })

  test.each([
    'data-conversation-id="" data-user-hash=""',
    'data-conversation-id="" data-user-jwt="a.b.c"',
    'data-conversation-id="customer-42" data-user-hash="" data-user-jwt=""',
  ])('is no id where a template has nothing to fill in: %s', (attributes) => {
    const options = resolveOptions(fromTag(`data-integration-token="abc" ${attributes}`) as WidgetOptions)
    expect(options).toMatchObject({ conversationId: undefined, userHash: undefined, userJwt: undefined })
  })

  test('goes along with the proofs that there are', () => {
    const tag =
      'data-integration-token="abc" data-conversation-id="customer-42" data-user-hash="" data-user-jwt="a.b.c"'
    const options = resolveOptions(fromTag(tag) as WidgetOptions)
    expect(options).toMatchObject({ conversationId: 'customer-42', userHash: undefined, userJwt: 'a.b.c' })
  })
})
