/** Each option by its name, and what it does to a chat that a visitor sees. */
import { createServer } from 'node:http'
import { fireEvent } from '@testing-library/svelte'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ChatAdapter } from '../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import type { WidgetOptions } from '../../widget/options.ts'
import { settingsOf } from '../../widget/panel/settings.ts'
import { createExtrasBackend } from '../helpers/extras.ts'
import { createVisit, until } from '../helpers/widget.ts'
import type { Visit } from '../helpers/widget.ts'

vi.mock('idb-keyval', () => import('../helpers/idb-keyval.ts'))

/** A server that only listens: what it was asked, by path and query. */
let server: Server
let serverUrl: string
const asked: URL[] = []
beforeAll(async () => {
  server = createServer((request, response) => {
    // happy-dom asks for permission where browsers do not.
    if (request.method !== 'OPTIONS') asked.push(new URL(request.url ?? '', serverUrl))
    const headers = { 'access-control-allow-origin': '*', 'content-type': 'application/json' }
    response.writeHead(200, headers).end('{"widget":{"title":"Set on the server"}}')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  serverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const visits: Visit[] = []
afterEach(() => {
  for (const visit of visits.splice(0)) visit.leave()
  localStorage.clear()
  asked.length = 0
})

async function visitWith(options: Partial<WidgetOptions>): Promise<Visit> {
  const visit = await createVisit(options)
  visits.push(visit)
  return visit
}
const host = () => document.querySelector('lumika-chat') as HTMLElement
const paths = () => asked.map(({ pathname }) => pathname)
const told = (name: string) => host().style.getPropertyValue(`--_${name}`)
const launcher = () => host().shadowRoot?.querySelector('.launcher') as HTMLElement
const memory = () => createMemoryAdapter({ reply: (text) => `You said ${text}` })

/** What a message looks like when it reaches the adapter. */
async function sentWith(options: Partial<WidgetOptions>) {
  const adapter = memory()
  const sent: Parameters<ChatAdapter['send']>[0][] = []
  const visit = await visitWith({
    ...options,
    adapter: { ...adapter, send: (call) => (sent.push(call), adapter.send(call)) },
  })
  await visit.open()
  await visit.say('Hi')
  await visit.sees('You said Hi')
  return sent[0]
}
/** A visitor who has a conversation with a backend that can do more than carry messages. */
async function talksTo(options: Partial<WidgetOptions>) {
  const backend = createExtrasBackend()
  const visit = await visitWith({ ...options, adapter: backend.adapter })
  await visit.open()
  await visit.say('Hi')
  await visit.sees('You said Hi')
  return { visit, backend }
}
/** Somebody writes while the chat is closed. */
async function arrivesUnread(options: Partial<WidgetOptions>) {
  const { visit, backend } = await talksTo({ ...options, pollInterval: 5 })
  await import('../../widget/panel/alerts/index.ts')
  visit.widget.close()
  await visit.settle()
  backend.memory.postOperatorMessage(visit.kept().conversationId ?? '', 'Are you there?')
  await until(() => expect(visit.widget.unread).toBe(1))
  return visit
}
const proven = { conversationId: 'customer-42', userHash: '00ff' }

/** The compiler sees to it that none is missing. */
const shows: Record<keyof WidgetOptions, () => Promise<void>> = {
  async integrationToken() {
    await visitWith({ serverUrl, integrationToken: 'lwt_mine', config: true })
    await until(() => expect(asked[0]?.searchParams.get('integrationToken')).toBe('lwt_mine'))
  },
  async serverUrl() {
    const visit = await visitWith({ serverUrl })
    await visit.open()
    await visit.say('Hi')
    await until(() => expect(paths()).toContain('/conversation/sse'))
  },
  async config() {
    const visit = await visitWith({ serverUrl, config: true })
    await until(() => expect(paths()).toContain('/widget/config'))
    await visit.open()
    await visit.sees('Set on the server')
    visit.leave()
    asked.length = 0
    const other = await visitWith({ serverUrl, config: 'off' })
    await other.open()
    await other.say('Hi')
    await until(() => expect(paths()).toContain('/conversation/sse'))
    expect(paths()).not.toContain('/widget/config')
  },
  async name() {
    const adapter = memory()
    const shop = await visitWith({ integrationToken: '', name: 'shop', adapter })
    await shop.open()
    await shop.say('Hi')
    await shop.sees('You said Hi')
    await shop.widget.destroy()
    const billing = await createVisit({ integrationToken: '', name: 'billing', adapter })
    visits.push(billing)
    await billing.open()
    expect(billing.bubbles()).toEqual([])
    await billing.widget.destroy()
    const again = await visitWith({ integrationToken: '', name: 'shop', adapter })
    await again.open()
    await until(() => expect(again.bubbles()).toHaveLength(2))
  },
  async locale() {
    const visit = await visitWith({ adapter: memory(), locale: 'de' })
    await visit.open()
    await visit.sees('Chat mit uns')
  },
  async title() {
    const visit = await visitWith({ adapter: memory(), title: 'Ask us' })
    await visit.open()
    expect(visit.inside.getByRole('dialog', { name: 'Ask us' })).toBeTruthy()
  },
  async texts() {
    const texts = { de: { title: 'Frag uns', outcomes: { human: 'Gleich.' } }, en: { title: 'Ask us' } }
    const visit = await visitWith({ adapter: memory(), locale: 'de', texts })
    await visit.open()
    await visit.sees('Frag uns')
    // What is not the site's own stays as it is.
    await visit.sees('Hallo! Wie können wir helfen?')
    visit.widget.setLocale('en')
    await visit.sees('Ask us')
  },
  async hours() {
    const hours = { timeZone: 'UTC', days: [], offlineText: { en: 'Nobody is there.' } }
    const visit = await visitWith({ adapter: memory(), hours })
    await visit.open()
    await visit.sees('Nobody is there.')
  },
  async form() {
    const form = { fields: [{ name: 'name', kind: 'text' as const, label: { en: 'Your name' } }] }
    const visit = await visitWith({ adapter: memory(), form })
    await visit.open()
    await until(() => expect(visit.inside.getByLabelText(/Your name/)).toBeTruthy())
  },
  async greeting() {
    const visit = await visitWith({ adapter: memory(), greeting: 'Good day' })
    await visit.open()
    await visit.sees('Good day')
  },
  async placeholder() {
    const visit = await visitWith({ adapter: memory(), placeholder: 'Your question' })
    await visit.open()
    expect(visit.box().placeholder).toBe('Your question')
  },
  async position() {
    await visitWith({ position: 'left' })
    expect(host().dataset.position).toBe('left')
  },
  async theme() {
    await visitWith({ theme: 'dark' })
    expect(host().dataset.theme).toBe('dark')
  },
  async accent() {
    await visitWith({ accent: '#ffee00' })
    expect(host().style.getPropertyValue('--_accent')).toBe('#ffee00')
    expect(host().style.getPropertyValue('--_on-accent')).toBe('#000')
  },
  async radius() {
    await visitWith({ radius: 0 })
    await until(() => expect(told('radius')).toBe('0px'))
  },
  async font() {
    const visit = await visitWith({ font: 'Georgia, serif' })
    await until(() => expect(told('font')).toBe('Georgia, serif'))
    visit.widget.update({ font: 'monospace' })
    expect(told('font')).toBe('monospace')
  },
  async size() {
    await visitWith({ size: 'large' })
    await until(() => expect([told('width'), told('height')]).toEqual(['460px', '760px']))
  },
  async offset() {
    await visitWith({ offset: '24x80' })
    // It is not shown in one place, and then in another.
    expect(launcher().hidden).toBe(true)
    await until(() => expect([told('x'), told('y'), launcher().hidden]).toEqual(['24px', '80px', false]))
  },
  async zIndex() {
    await visitWith({ zIndex: 500 })
    await until(() => expect(told('z')).toBe('500'))
  },
  async mode() {
    const visit = await visitWith({ adapter: memory(), mode: 'page', open: false })
    await until(() => expect(visit.inside.getByRole('region', { name: 'Chat with us' })).toBeTruthy())
    expect([host().dataset.mode, launcher().hidden, visit.widget.isOpen]).toEqual(['page', true, true])
    visit.widget.close()
    expect(visit.widget.isOpen).toBe(true)
  },
  async target() {
    const target = document.body.appendChild(document.createElement('section'))
    const visit = await visitWith({ adapter: memory(), mode: 'inline', target })
    await until(() => expect(visit.inside.getByRole('region')).toBeTruthy())
    expect(host().parentElement).toBe(target)
    // Nobody has been there yet.
    expect(visit.root.activeElement).toBe(null)
    target.remove()
  },
  async invite() {
    const visit = await visitWith({ adapter: memory(), invite: [{ text: { en: 'May we help?' } }] })
    await until(() => expect(visit.inside.getByRole('button', { name: 'May we help?' })).toBeTruthy())
  },
  async launcher() {
    await visitWith({ launcher: false })
    expect(launcher().hidden).toBe(true)
  },
  async open() {
    const visit = await visitWith({ adapter: memory(), open: true })
    await until(() => expect(visit.inside.getByRole('dialog')).toBeTruthy())
  },
  async pollInterval() {
    expect(settingsOf({ pollInterval: 30 }).pollMs).toBe(30_000)
  },
  async feedback() {
    const adapter = { ...memory(), extras: { rate: async () => {} } }
    const isAsked = async (options: Partial<WidgetOptions>) => {
      const visit = await visitWith({ adapter, name: `feedback ${options.feedback}`, ...options })
      await visit.open()
      await visit.say('Hi')
      await visit.sees('You said Hi')
      // It has to be compiled first.
      await import('../../widget/panel/reading/pieces/index.ts')
      if (options.feedback === undefined)
        await until(() => expect(visit.inside.getByRole('button', { name: 'Helpful' })).toBeTruthy())
      await visit.settle()
      const isThere = visit.inside.queryByRole('button', { name: 'Helpful' }) !== null
      await visit.widget.destroy()
      return isThere
    }
    expect(await isAsked({})).toBe(true)
    expect(await isAsked({ feedback: false })).toBe(false)
    expect(await isAsked({ feedback: 'off' })).toBe(false)
  },
  async sound() {
    const started = vi.fn()
    class Sound {
      currentTime = 0
      destination = {}
      createGain = () => ({ connect() {}, gain: new Sound.Values() })
      createOscillator = () => ({ connect() {}, frequency: new Sound.Values(), start: started, stop() {} })
      static Values = class {
        setValueAtTime() {}
        linearRampToValueAtTime() {}
        exponentialRampToValueAtTime() {}
      }
    }
    vi.stubGlobal('AudioContext', Sound)
    Object.assign(navigator, { userActivation: { hasBeenActive: true } })
    const quiet = await arrivesUnread({ sound: false })
    quiet.leave()
    localStorage.clear()
    expect(started).not.toHaveBeenCalled()
    await arrivesUnread({ sound: true })
    await until(() => expect(started).toHaveBeenCalledOnce())
    vi.unstubAllGlobals()
  },
  async titleCount() {
    const title = document.head.appendChild(document.createElement('title'))
    title.textContent = 'A page'
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
    await arrivesUnread({ titleCount: true })
    await until(() => expect(title.textContent).toBe('(1) A page'))
    hidden.mockRestore()
    document.dispatchEvent(new Event('visibilitychange'))
    expect(title.textContent).toBe('A page')
    title.remove()
  },
  async rating() {
    for (const rating of [true, false]) {
      const { visit, backend } = await talksTo({ rating })
      backend.isResolved = true
      visit.widget.close()
      visit.widget.open()
      if (rating) await visit.sees('How was this chat?')
      else await visit.settle()
      expect(!!visit.root.querySelector('.rate')).toBe(rating)
      visit.leave()
    }
  },
  async typing() {
    for (const typing of [true, false]) {
      const { visit, backend } = await talksTo({ typing })
      await visit.type('And')
      await visit.settle()
      expect(backend.asked.some(({ call }) => call === 'setTyping')).toBe(typing)
      visit.leave()
    }
  },
  async erase() {
    for (const erase of [true, false]) {
      const { visit } = await talksTo({ erase })
      await fireEvent.click(visit.inside.getByRole('button', { name: 'More' }))
      await visit.sees('Talk to a person')
      expect(!!visit.inside.queryByRole('menuitem', { name: 'Delete this conversation' })).toBe(erase)
      visit.leave()
    }
  },
  async attachments() {
    const { adapter } = createExtrasBackend()
    for (const [attachments, extras, isOffered] of [
      [true, { upload: () => Promise.reject(new Error()) }, true],
      [false, { upload: () => Promise.reject(new Error()) }, false],
      [true, {}, false],
    ] as const) {
      const visit = await visitWith({ attachments, adapter: { ...adapter, extras } })
      await visit.open()
      if (isOffered) await until(() => expect(visit.inside.getByRole('button', { name: 'Attach a file' })).toBeTruthy())
      await visit.settle()
      expect(!!visit.root.querySelector('.clip')).toBe(isOffered)
      visit.leave()
    }
  },
  async imageHosts() {
    const reply = () => 'Look: ![a teapot](https://img.example.com/a.png) ![no teapot](https://other.example/b.png)'
    const visit = await visitWith({ adapter: createMemoryAdapter({ reply }), imageHosts: ['img.example.com'] })
    await visit.open()
    await visit.say('Hi')
    const images = () => [...visit.root.querySelectorAll('img')].map(({ src }) => src)
    await until(() => expect(images()).toEqual(['https://img.example.com/a.png']))
  },
  async context() {
    document.title = 'A page'
    const { page, ...rest } = (await sentWith({ context: { title: 'Billing', plan: 'pro' } }))?.context ?? {}
    expect(page).toBe(location.origin + location.pathname)
    expect(rest).toEqual({
      ...{ title: 'Billing', plan: 'pro', locale: navigator.language },
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    })
  },
  async adapter() {
    expect(await sentWith({})).toMatchObject({ text: 'Hi' })
  },
  async conversationId() {
    expect(await sentWith(proven)).toMatchObject({ conversationId: 'customer-42' })
  },
  async userHash() {
    expect(await sentWith(proven)).toMatchObject({ proof: { userHash: '00ff' } })
  },
  async userJwt() {
    const { conversationId } = proven
    expect(await sentWith({ conversationId, userJwt: 'a.b.c' })).toMatchObject({ proof: { userJwt: 'a.b.c' } })
  },
}

describe('an option does what it says', () => {
  test.each(Object.entries(shows))('%s', (_name, show) => show())
})
