/** What the page may call: on a handle, and on `window.Lumika` before and after `widget.js` is there. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import type { LumikaGlobal, QueuedCall } from '../../widget/embed.ts'
import { readMarker } from '../../widget/marker.ts'
import { createVisit, until } from '../helpers/widget.ts'
import type { Visit } from '../helpers/widget.ts'

vi.mock('idb-keyval', () => import('../helpers/idb-keyval.ts'))

let visit: Visit
const marker = '|lwt_test|'
const launcher = () => visit.root.querySelector('.launcher') as HTMLButtonElement
const badge = () => launcher().textContent
const host = () => document.querySelector('lumika-chat') as HTMLElement
afterEach(() => {
  visit.leave()
  localStorage.clear()
})

/** A page view on which the panel is loaded, since there is a recent conversation. */
async function visitWithUnread(unread: number): Promise<void> {
  localStorage.setItem(`lumika:${marker}`, JSON.stringify({ unread, at: Date.now() - 1_000 }))
  let isReady = false
  visit = await createVisit({ adapter: createMemoryAdapter() })
  visit.widget.on('ready', () => (isReady = true))
  await until(() => expect(isReady).toBe(true))
}

describe('unread messages', () => {
  test('are counted while the panel is closed, told, and read by opening', async () => {
    let say: (text: string) => void = () => {}
    const adapter = createMemoryAdapter({
      async *reply() {
        yield await new Promise<string>((resolve) => (say = resolve))
      },
    })
    visit = await createVisit({ adapter })
    const heard: number[] = []
    visit.widget.on('unread', ({ count }) => heard.push(count))
    await visit.open()
    await visit.say('Hi')
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    visit.widget.close()
    say('Hello')
    await until(() => expect(visit.widget.unread).toBe(1))
    expect(badge()).toBe('1')
    expect(launcher().getAttribute('aria-label')).toBe('Open chat, 1 unread')
    expect(readMarker(marker)?.unread).toBe(1)
    visit.widget.open()
    expect(visit.widget.unread).toBe(0)
    expect(badge()).toBe('')
    expect(heard).toEqual([1, 0])
  })

  test('are shown at the next page view, before anything is loaded', async () => {
    localStorage.setItem(`lumika:${marker}`, JSON.stringify({ unread: 3, at: Date.now() - 90_000_000 }))
    const load = vi.fn(() => new Promise<never>(() => {}))
    visit = await createVisit({ adapter: createMemoryAdapter() }, load)
    expect(badge()).toBe('3')
    await visit.settle()
    // It is an old conversation: nobody looks after it until somebody opens it.
    expect(load).not.toHaveBeenCalled()
  })

  test('of a recent conversation are looked for at the next page view', async () => {
    localStorage.setItem(`lumika:${marker}`, JSON.stringify({ unread: 120, at: Date.now() - 1_000 }))
    const load = vi.fn(() => import('../../widget/panel/mount.ts'))
    visit = await createVisit({ adapter: createMemoryAdapter() }, load)
    expect(badge()).toBe('99+')
    await until(() => expect(load).toHaveBeenCalledTimes(1))
    expect(visit.inside.queryByRole('dialog')).toBeNull()
  })

  test('of a page view before go on counting, and are read by opening', async () => {
    await visitWithUnread(3)
    expect(badge()).toBe('3')
    visit.widget.open()
    expect(badge()).toBe('')
    expect(readMarker(marker)?.unread).toBe(0)
  })

  test('are none any more where another tab has left the conversation', async () => {
    await visitWithUnread(3)
    localStorage.removeItem(`lumika:${marker}`)
    window.dispatchEvent(new StorageEvent('storage', { key: `lumika:${marker}` }))
    expect(badge()).toBe('')
  })

  test.each(['', 'x', '{}', '[]', '{"unread":"<img>","at":1}', '{"unread":-5,"at":1}', '{"unread":3,"at":"now"}'])(
    'B85: %s is no count',
    async (text) => {
      localStorage.setItem(`lumika:${marker}`, text)
      visit = await createVisit({ adapter: createMemoryAdapter() })
      expect(badge()).toBe('')
    },
  )

  test('of another tab are shown in this one', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter() })
    localStorage.setItem(`lumika:${marker}`, JSON.stringify({ unread: 2, at: 1 }))
    window.dispatchEvent(new StorageEvent('storage', { key: `lumika:${marker}` }))
    expect(badge()).toBe('2')
    expect(visit.widget.unread).toBe(2)
  })
})

describe('a handle', () => {
  test('changes what was set, at once, and leaves the rest', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter(), title: 'Ask us', greeting: 'Good day' })
    visit.widget.update({ position: 'left', accent: '#ffdd00' })
    expect(host().dataset['position']).toBe('left')
    expect(host().style.getPropertyValue('--_on-accent')).toBe('#000')
    await visit.open()
    visit.widget.update({ title: 'Talk to us', placeholder: 'Your question' })
    await until(() => expect(visit.inside.getByRole('dialog', { name: 'Talk to us' })).toBeTruthy())
    expect(visit.box().placeholder).toBe('Your question')
    expect(visit.inside.getByText('Good day')).toBeTruthy()
  })

  test('changes the context of the next message', async () => {
    const adapter = createMemoryAdapter()
    const send = vi.spyOn(adapter, 'send')
    visit = await createVisit({ adapter, context: { step: 1 } })
    await visit.open()
    for (const step of [1, 2]) {
      visit.widget.update({ context: { step } })
      await visit.say(`step ${step}`)
      await until(() => expect(send).toHaveBeenCalledTimes(step))
    }
    expect(send.mock.calls.map(([{ context }]) => context?.['step'])).toEqual([1, 2])
  })

  test('sets the theme and the launcher', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter() })
    visit.widget.setTheme('dark')
    expect(host().dataset['theme']).toBe('dark')
    visit.widget.update({ launcher: false })
    expect(launcher().hidden).toBe(true)
    visit.widget.update({ launcher: true })
    expect(launcher().hidden).toBe(false)
  })

  test('I59: identify goes to the conversation of the visitor, and logout forgets it', async () => {
    const adapter = createMemoryAdapter({ delayMs: 0 })
    const send = vi.spyOn(adapter, 'send')
    visit = await createVisit({ adapter })
    await visit.open()
    await visit.say('As nobody')
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    visit.widget.identify({ conversationId: 'customer-42', userHash: '00ff' })
    await until(() => expect(visit.bubbles()).toHaveLength(0))
    await visit.say('As myself')
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    expect(send.mock.lastCall?.[0]).toMatchObject({ conversationId: 'customer-42', proof: { userHash: '00ff' } })
    visit.widget.logout()
    await until(() => expect(visit.bubbles().join()).not.toContain('myself'))
    expect(readMarker('|lwt_test|customer-42')).toBeNull()
    expect(host().outerHTML + visit.root.innerHTML).not.toContain('customer-42')
    await visit.say('As nobody again')
    await until(() => expect(send.mock.lastCall?.[0].conversationId).toMatch(/^c_/))
    expect(send.mock.lastCall?.[0].proof).toBeUndefined()
  })

  test('logout of somebody who has not signed in leaves an empty chat, which works', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter({ delayMs: 0, reply: () => 'Hello' }) })
    await visit.open()
    await visit.say('Hi')
    await until(() => expect(visit.bubbles()).toEqual(['You: Hi', 'Assistant: Hello']))
    visit.widget.logout()
    await until(() => expect(visit.bubbles()).toEqual([]))
    await until(() => expect(visit.kept()).toEqual({ unsent: [], draft: '' }))
    await visit.say('Me again')
    await until(() => expect(visit.bubbles()).toEqual(['You: Me again', 'Assistant: Hello']))
  })

  test('logout without anything kept loads nothing', async () => {
    const load = vi.fn(() => import('../../widget/panel/mount.ts'))
    visit = await createVisit({ adapter: createMemoryAdapter(), conversationId: 'a', userHash: '00' }, load)
    visit.widget.logout()
    await visit.settle()
    expect(load).not.toHaveBeenCalled()
  })

  test('off ends what on began', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter() })
    const listener = vi.fn()
    visit.widget.on('open', listener)
    visit.widget.off('open', listener)
    visit.widget.open()
    expect(listener).not.toHaveBeenCalled()
  })

  test('X78: comes back after the page has thrown everything out', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter() })
    expect(host().parentElement).toBe(document.documentElement)
    document.body.replaceWith(document.createElement('body'))
    expect(host().isConnected).toBe(true)
    const { root } = visit
    host().remove()
    visit.widget.open()
    expect(host().shadowRoot).toBe(root)
    expect(document.querySelectorAll('lumika-chat')).toHaveLength(1)
  })
})

describe('X75: window.Lumika', () => {
  const page = window as Window & { Lumika?: LumikaGlobal | QueuedCall[] }
  const lumika = () => page.Lumika as LumikaGlobal
  const run = async () => {
    vi.resetModules()
    await import('../../widget/embed.ts')
  }
  const tag = (attributes: string) =>
    `<script src="https://chat.example/widget.js" data-config="off" ${attributes}></script>`
  beforeEach(async () => {
    visit = await createVisit({ adapter: createMemoryAdapter() })
    await visit.widget.destroy()
    const settings = (window as { happyDOM?: { settings: { handleDisabledFileLoadingAsSuccess: boolean } } }).happyDOM
    if (settings) settings.settings.handleDisabledFileLoadingAsSuccess = true
    vi.stubGlobal('__LUMIKA_PANEL__', ['panel-0.js', ''])
  })
  afterEach(async () => {
    for (const widget of Object.values(lumika().widgets)) await widget.destroy()
    delete page.Lumika
    document.body.innerHTML = ''
    vi.unstubAllGlobals()
  })

  test('makes the calls that a page queued before the script was there', async () => {
    const open = vi.fn()
    page.Lumika = [['on', 'open', open], (it) => it.setTheme('dark'), ['open']]
    document.body.innerHTML = tag('data-integration-token="a"')
    await run()
    await until(() => expect(open).toHaveBeenCalledTimes(1))
    expect(host().dataset['theme']).toBe('dark')
    expect(lumika().isOpen).toBe(true)
    lumika().push(['close'])
    await until(() => expect(lumika().isOpen).toBe(false))
  })

  test('makes the calls after one that fails', async () => {
    const heard = vi.fn()
    const failed = vi.fn()
    process.once('uncaughtException', failed)
    page.Lumika = [
      () => {
        throw new Error('of the page')
      },
      heard,
    ]
    document.body.innerHTML = tag('data-integration-token="a"')
    await run()
    await until(() => expect(heard).toHaveBeenCalledTimes(1))
    await until(() => expect(failed).toHaveBeenCalledTimes(1))
  })

  test('is the first chat, and knows the others by name', async () => {
    document.body.innerHTML = tag('data-integration-token="a" data-name="sales"')
    await run()
    document.body.innerHTML = tag('data-integration-token="a" data-name="constructor" data-position="left"')
    await run()
    expect(Object.keys(lumika().widgets)).toEqual(['sales', 'constructor'])
    lumika().setTheme('light')
    expect([...document.querySelectorAll('lumika-chat')].map((each) => (each as HTMLElement).dataset['theme'])).toEqual(
      ['light', 'auto'],
    )
    lumika().widgets['constructor']?.open()
    expect(lumika().isOpen).toBe(false)
  })

  test('can be awaited, even before there is a chat', async () => {
    await run()
    expect(lumika().widgets).toEqual({})
    lumika().open()
    await (async () => lumika())()
    expect(document.querySelectorAll('lumika-chat')).toHaveLength(0)
  })
})
