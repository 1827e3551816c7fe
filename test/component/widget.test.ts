import { fireEvent } from '@testing-library/svelte'
import { userEvent } from '@testing-library/user-event'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import { mountWidget } from '../../widget/index.ts'
import type { WidgetHandle } from '../../widget/index.ts'
import { createVisit, until } from '../helpers/widget.ts'
import type { Visit } from '../helpers/widget.ts'

vi.mock('idb-keyval', () => import('../helpers/idb-keyval.ts'))

let visit: Visit | undefined
const handles: WidgetHandle[] = []
afterEach(async () => {
  visit?.leave()
  visit = undefined
  for (const handle of handles.splice(0)) await handle.destroy()
})

const hosts = () => [...document.querySelectorAll('lumika-chat')]

describe('a chat in a single-page app', () => {
  test('is mounted, taken away and mounted again, however fast', async () => {
    const adapter = createMemoryAdapter({ delayMs: 0 })
    for (let i = 0; i < 20; i++) {
      const handle = mountWidget({ integrationToken: 'lwt_test', adapter, open: true })
      expect(hosts()).toHaveLength(1)
      void handle.destroy()
      expect(hosts()).toHaveLength(0)
    }
    visit = await createVisit({ adapter })
    await visit.open()
    await visit.say('Hello')
    await until(() => expect(visit?.bubbles()).toHaveLength(2))
    expect(hosts()).toHaveLength(1)
  })

  test('keeps nothing of another one on the same page', async () => {
    const adapters = [createMemoryAdapter({ delayMs: 0 }), createMemoryAdapter({ delayMs: 0 })]
    handles.push(
      ...adapters.map((adapter, i) => mountWidget({ integrationToken: `lwt_${i}`, adapter, title: `Chat ${i}` })),
    )
    const texts = () => hosts().map(({ shadowRoot }) => shadowRoot?.textContent ?? '')
    handles[0]?.send('Hello first')
    await until(() => expect(texts()[0]).toContain('You wrote: Hello first'))
    expect(texts()[1]).not.toContain('Hello first')
    expect(handles[1]?.isOpen).toBe(false)
    // Here, a shadow root that does not have the focus cannot tell.
    ;(hosts()[0]?.shadowRoot?.activeElement as HTMLElement | null)?.blur()
    handles[1]?.open()
    await until(() => expect(texts()[1]).toContain('Chat 1'))
    expect(texts()[1]).not.toContain('Hello first')
  })

  test('needs a token or an adapter, and leaves nothing behind without', () => {
    expect(() => mountWidget({ integrationToken: '' })).toThrow(TypeError)
    expect(hosts()).toHaveLength(0)
  })
})

describe('a panel that cannot be loaded', () => {
  test('is reported once, however much was asked for, and the chat counts as closed', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter() }, () => Promise.reject(new Error('404')))
    const heard: string[] = []
    for (const event of ['open', 'close', 'error'] as const) visit.widget.on(event, () => heard.push(event))
    visit.widget.open()
    visit.widget.send('One')
    visit.widget.send('Two')
    await visit.settle()
    expect(heard).toEqual(['open', 'close', 'error'])
  })

  test('can be tried again by the page itself', async () => {
    let isDown = true
    visit = await createVisit({ adapter: createMemoryAdapter() }, () =>
      isDown ? Promise.reject(new Error('404')) : import('../../widget/panel/mount.ts'),
    )
    const { widget, inside } = visit
    widget.on('error', () => {
      isDown = false
      widget.open()
    })
    widget.open()
    await until(() => expect(inside.getByRole('dialog')).toBeTruthy())
  })

  test('because its address is none is the same', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter() }, async () => {
      throw new TypeError('Invalid URL')
    })
    visit.widget.open()
    await visit.settle()
    expect(visit.inside.getByRole('button', { name: 'The chat could not be loaded. Try again' })).toBeTruthy()
  })
})

describe('the focus', () => {
  const slow = () =>
    createMemoryAdapter({
      async *reply() {
        yield 'One '
        await new Promise(() => {})
      },
    })

  test('goes to the text box when Stop goes away, so that Escape still closes', async () => {
    visit = await createVisit({ adapter: slow() })
    await visit.open()
    await visit.say('Count')
    await visit.sees('One')
    await userEvent.setup().click(visit.inside.getByRole('button', { name: 'Stop' }))
    await visit.sees('Stopped')
    expect(visit.root.activeElement).toBe(visit.box())
  })
})

describe('a new conversation', () => {
  test('keeps the text that is being written, over a reload, too', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter({ delayMs: 0 }) })
    await visit.open()
    await visit.say('Hello')
    await until(() => expect(visit?.bubbles()).toHaveLength(2))
    await visit.type('And another thing')
    await fireEvent.click(visit.inside.getByRole('button', { name: 'New conversation' }))
    expect(visit.bubbles()).toEqual([])
    expect(visit.box().value).toBe('And another thing')
    await visit.reload()
    await visit.open()
    await until(() => expect(visit?.box().value).toBe('And another thing'))
    expect(visit.bubbles()).toEqual([])
  })

  test("is not offered where the conversation is the site's", async () => {
    const proof = { conversationId: 'customer-42', userHash: '00' }
    visit = await createVisit({ adapter: createMemoryAdapter({ delayMs: 0 }), ...proof })
    await visit.open()
    await visit.say('Hello')
    await until(() => expect(visit?.bubbles()).toHaveLength(2))
    expect(visit.inside.queryByRole('button', { name: 'New conversation' })).toBeNull()
  })
})

describe('an answer', () => {
  test('is told to the page once', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter({ delayMs: 0, reply: () => 'Good day' }) })
    const messages: unknown[] = []
    visit.widget.on('message', (message) => messages.push(message))
    await visit.open()
    await visit.say('Hello')
    await until(() => expect(visit?.bubbles()).toHaveLength(2))
    await visit.settle()
    expect(messages).toEqual([{ id: expect.any(String), body: 'Good day', author: 'assistant' }])
  })
})

test('without a greeting there is no empty bubble', async () => {
  visit = await createVisit({ adapter: createMemoryAdapter(), greeting: '' })
  await visit.open()
  expect(visit.root.querySelectorAll('.bubble')).toHaveLength(0)
})
