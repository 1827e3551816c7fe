import { fireEvent } from '@testing-library/svelte'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import type { PanelModule } from '../../widget/contract.ts'
import { createVisit, until } from '../helpers/widget.ts'
import type { Visit } from '../helpers/widget.ts'

vi.mock('idb-keyval', () => import('../helpers/idb-keyval.ts'))

const adapter = createMemoryAdapter({ delayMs: 0 })
const realPanel = () => import('../../widget/panel/mount.ts')
const launcher = () => visit.root.querySelector('.launcher') as HTMLButtonElement

let visit: Visit
afterEach(() => visit.leave())

describe('the launcher', () => {
  test('is a button that says what it does and what is open', async () => {
    visit = await createVisit({ adapter })
    expect(launcher().getAttribute('aria-label')).toBe('Open chat')
    expect(launcher().getAttribute('aria-haspopup')).toBe('dialog')
    expect(launcher().getAttribute('aria-expanded')).toBe('false')
    await visit.open()
    expect(launcher().getAttribute('aria-label')).toBe('Close chat')
    expect(launcher().getAttribute('aria-expanded')).toBe('true')
    await fireEvent.click(launcher())
    expect(launcher().getAttribute('aria-label')).toBe('Open chat')
    expect(visit.inside.queryByRole('dialog')).toBeNull()
  })

  test.each(['pointerenter', 'focus'])('loads the panel on %s, and opens nothing', async (intent) => {
    const load = vi.fn(realPanel)
    visit = await createVisit({ adapter }, load)
    expect(load).not.toHaveBeenCalled()
    launcher().dispatchEvent(new Event(intent))
    launcher().dispatchEvent(new Event(intent))
    await visit.settle()
    expect(load).toHaveBeenCalledTimes(1)
    expect(visit.widget.isOpen).toBe(false)
    expect(visit.inside.queryByRole('dialog')).toBeNull()
  })

  test('is all there is of the widget before somebody acts', async () => {
    const load = vi.fn(realPanel)
    const history = vi.spyOn(adapter, 'history')
    visit = await createVisit({ adapter }, load)
    await visit.settle()
    expect(load).not.toHaveBeenCalled()
    expect(history).not.toHaveBeenCalled()
    expect(visit.kept()).toEqual({ unsent: [], draft: '' })
    expect(document.querySelectorAll('lumika-chat')).toHaveLength(1)
    expect(customElements.get('lumika-chat')).toBeUndefined()
  })
})

describe('the handle', () => {
  test('does what it was asked before the panel is there, in order', async () => {
    visit = await createVisit({ adapter })
    visit.widget.send('One')
    visit.widget.send('Two')
    expect(visit.widget.isOpen).toBe(true)
    await until(() => expect(visit.bubbles()).toHaveLength(4))
    expect(visit.bubbles().filter((text) => text.startsWith('You'))).toEqual(['You: One', 'You: Two'])
  })

  test('opened and closed again while the panel is loading, it is closed', async () => {
    visit = await createVisit({ adapter })
    visit.widget.open()
    visit.widget.close()
    await until(() => expect(visit.root.adoptedStyleSheets.length).toBeGreaterThan(1))
    await visit.settle()
    expect(visit.inside.queryByRole('dialog')).toBeNull()
    visit.widget.toggle()
    await until(() => expect(visit.inside.getByRole('dialog')).toBeTruthy())
  })

  test('tells listeners what happens, until they leave', async () => {
    visit = await createVisit({ adapter })
    const heard: string[] = []
    for (const event of ['ready', 'open', 'close'] as const) visit.widget.on(event, () => heard.push(event))
    const onMessage = vi.fn()
    visit.widget.on('message', onMessage)
    await visit.open()
    await visit.say('Hello')
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    await visit.settle()
    const body = 'There is no server behind this chat. You wrote: Hello'
    expect(onMessage.mock.calls).toEqual([[{ id: expect.any(String), body, author: 'assistant' }]])
    visit.widget.close()
    expect(heard).toEqual(['open', 'ready', 'close'])
    visit.widget.on('open', () => heard.push('second'))()
    visit.widget.open()
    expect(heard).toEqual(['open', 'ready', 'close', 'open'])
  })

  test("G13: a listener's error is the page's, and stops nothing", async () => {
    vi.useFakeTimers()
    visit = await createVisit({ adapter })
    const second = vi.fn()
    visit.widget.on('open', () => {
      throw new Error('of the page')
    })
    visit.widget.on('open', second)
    visit.widget.open()
    expect(second).toHaveBeenCalledTimes(1)
    expect(() => vi.runOnlyPendingTimers()).toThrow('of the page')
    vi.useRealTimers()
  })

  test("leaves the focus where it is when the page closes a chat the visitor isn't in", async () => {
    visit = await createVisit({ adapter })
    await visit.open()
    const field = document.createElement('input')
    document.body.append(field)
    field.focus()
    visit.widget.close()
    expect(document.activeElement).toBe(field)
    field.remove()
  })

  test('is open from the start where the page says so', async () => {
    visit = await createVisit({ adapter, open: true })
    expect(visit.widget.isOpen).toBe(true)
    await until(() => expect(visit.inside.getByRole('dialog')).toBeTruthy())
  })

  test('X78: destroyed, it leaves nothing in the page and answers nothing any more', async () => {
    visit = await createVisit({ adapter })
    const onOpen = vi.fn()
    visit.widget.on('open', onOpen)
    await visit.open()
    await visit.widget.destroy()
    await visit.widget.destroy()
    expect(document.querySelector('lumika-chat')).toBeNull()
    for (const call of ['open', 'close', 'toggle', 'newConversation'] as const) visit.widget[call]()
    visit.widget.send('Hello?')
    await visit.settle()
    expect(visit.widget.isOpen).toBe(false)
    expect(onOpen).toHaveBeenCalledTimes(1)
    expect(document.querySelector('lumika-chat')).toBeNull()
  })

  test('X78: destroyed while the panel is loading, it stays away', async () => {
    visit = await createVisit({ adapter })
    const { root } = visit
    visit.widget.open()
    await visit.widget.destroy()
    await realPanel()
    await visit.settle()
    expect(root.querySelector('[role="dialog"]')).toBeNull()
  })

  test('B86: two widgets on a page share nothing', async () => {
    visit = await createVisit({ adapter })
    const other = await createVisit({ adapter, integrationToken: 'lwt_other' })
    const [first, second] = [...document.querySelectorAll('lumika-chat')].map((host) => host.shadowRoot)
    visit.widget.open()
    await until(() => expect(first?.querySelector('[role="dialog"]')).toBeTruthy())
    expect(second?.querySelector('[role="dialog"]')).toBeNull()
    other.leave()
  })
})

describe('G13: a panel that cannot be loaded', () => {
  test('is said on the launcher, and comes with the next click, with all that was asked for', async () => {
    let isDown = true
    const load = (): Promise<PanelModule> => (isDown ? Promise.reject(new Error('404')) : realPanel())
    visit = await createVisit({ adapter }, load)
    const onError = vi.fn()
    visit.widget.on('error', onError)
    visit.widget.send('Hello')
    await until(() => expect(launcher().getAttribute('aria-label')).toMatch(/could not be loaded. Try again/))
    expect(visit.widget.isOpen).toBe(false)
    expect(onError).toHaveBeenCalledWith({ code: 'panel_not_loaded' })
    isDown = false
    await fireEvent.click(launcher())
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    expect(launcher().getAttribute('aria-label')).toBe('Close chat')
  })

  test('is nobody’s error while it is only fetched ahead', async () => {
    visit = await createVisit({ adapter }, () => Promise.reject(new Error('404')))
    const onError = vi.fn()
    visit.widget.on('error', onError)
    launcher().dispatchEvent(new Event('pointerenter'))
    await visit.settle()
    expect(launcher().getAttribute('aria-label')).toBe('Open chat')
    expect(onError).not.toHaveBeenCalled()
  })

  test('or does not start is the same', async () => {
    const broken: PanelModule = {
      mountPanel() {
        throw new Error('broken')
      },
    }
    visit = await createVisit({ adapter }, async () => broken)
    visit.widget.open()
    await until(() => expect(launcher().getAttribute('aria-label')).toMatch(/could not be loaded/))
    expect(visit.widget.isOpen).toBe(false)
  })
})

describe('the look', () => {
  test.each([
    ['#3b5bdb', '#fff'],
    ['#ffd400', '#000'],
    ['#000000', '#fff'],
    ['#ffffff', '#000'],
  ])('on %s stands %s', async (accent, readable) => {
    visit = await createVisit({ adapter, accent, position: 'left', theme: 'dark' })
    const host = visit.root.host as HTMLElement
    expect(host.style.getPropertyValue('--_accent')).toBe(accent)
    expect(host.style.getPropertyValue('--_on-accent')).toBe(readable)
    expect(host.dataset).toMatchObject({ position: 'left', theme: 'dark' })
  })

  test.each(['red', '#12', 'red; background: url(https://evil.example)'])('%s is no colour', async (accent) => {
    visit = await createVisit({ adapter, accent })
    const { style } = visit.root.host as HTMLElement
    expect([style.getPropertyValue('--_accent'), style.background]).toEqual(['#3b5bdb', ''])
  })

  test('that cannot be loaded leaves a chat that looks like others', async () => {
    visit = await createVisit({ adapter, mode: 'page' }, undefined, () => Promise.reject(new Error('offline')))
    await until(() => expect(launcher().hidden).toBe(false))
    await visit.open()
    visit.widget.close()
    expect(visit.widget.isOpen).toBe(false)
  })

  test('goes with the element it stands in, and comes back in another', async () => {
    const place = document.body.appendChild(document.createElement('section'))
    visit = await createVisit({ adapter, mode: 'inline', target: place })
    const { host } = visit.root
    await until(() => expect(visit.inside.getByRole('region')).toBeTruthy())
    place.remove()
    const other = document.body.appendChild(document.createElement('section'))
    visit.widget.update({ target: other })
    expect([host.parentElement, visit.widget.isOpen]).toEqual([other, true])
    visit.widget.update({ mode: 'bubble' })
    expect([launcher().hidden, visit.widget.isOpen]).toEqual([false, true])
    visit.widget.close()
    visit.widget.update({ mode: 'inline' })
    expect([launcher().hidden, visit.widget.isOpen]).toEqual([true, true])
    other.remove()
  })
})
