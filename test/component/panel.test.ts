import { fireEvent } from '@testing-library/svelte'
import { userEvent } from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import { createVisit, until } from '../helpers/widget.ts'
import type { Visit } from '../helpers/widget.ts'

const offline = () => new AdapterError('network', 'No answer.')
const refused = () => new AdapterError('domain_not_allowed', 'Not here.', { status: 403 })

vi.mock('idb-keyval', () => import('../helpers/idb-keyval.ts'))

let visit: Visit
afterEach(() => visit.leave())

describe('an open panel', () => {
  beforeEach(async () => {
    visit = await createVisit({ adapter: createMemoryAdapter({ delayMs: 0 }) })
  })

  test('is a dialog named by its title, with a log, a text box and a button', async () => {
    await visit.open()
    const dialog = visit.inside.getByRole('dialog', { name: 'Chat with us' })
    expect(dialog.contains(visit.inside.getByRole('log', { name: 'Messages' }))).toBe(true)
    expect(dialog.contains(visit.box())).toBe(true)
    expect(visit.inside.getByRole('button', { name: 'Send' }).hasAttribute('disabled')).toBe(true)
    expect(visit.inside.getByText('Hello! How can we help?')).toBeTruthy()
  })

  test('has the focus in its text box', async () => {
    await visit.open()
    expect(visit.root.activeElement).toBe(visit.box())
  })

  test('shows a sent message and its answer once', async () => {
    await visit.open()
    await visit.say('Do you ship to Norway?')
    await visit.sees('There is no server behind this chat. You wrote: Do you ship to Norway?')
    expect(visit.bubbles()).toEqual([
      'You: Do you ship to Norway?',
      'Assistant: There is no server behind this chat. You wrote: Do you ship to Norway?',
    ])
    expect(visit.box().value).toBe('')
  })

  test('F105: a message that has to wait says so, and is sent later', async () => {
    visit.leave()
    const adapter = createMemoryAdapter({ delayMs: 0 })
    let isRefused = false
    visit = await createVisit({
      adapter: {
        ...adapter,
        send(request) {
          if (isRefused) return adapter.send(request)
          isRefused = true
          throw new AdapterError('rate_limited', 'Too many messages.', { status: 429, retryAfter: 1 })
        },
      },
    })
    await visit.open()
    await visit.say('Hi')
    await visit.sees('Many messages at once. It will be sent in a moment…')
    await visit.sees('There is no server behind this chat. You wrote: Hi')
    expect(visit.bubbles()[0]).toBe('You: Hi')
  })

  test('two messages of one text are two messages', async () => {
    await visit.open()
    await visit.say('yes')
    await visit.say('yes')
    await until(() => expect(visit.bubbles()).toHaveLength(4))
    expect(visit.bubbles().filter((text) => text === 'You: yes')).toHaveLength(2)
  })

  test('Enter sends, Shift+Enter makes a new line', async () => {
    await visit.open()
    const user = userEvent.setup()
    await user.type(visit.box(), 'one{Shift>}{Enter}{/Shift}two{Enter}')
    await until(() => expect(visit.bubbles()[0]).toBe('You: one\ntwo'))
  })

  test('an Enter that ends the choice of an input method sends nothing', async () => {
    await visit.open()
    await visit.type('にほん')
    const enter = { key: 'Enter', bubbles: true, cancelable: true }
    visit.box().dispatchEvent(new KeyboardEvent('keydown', { ...enter, isComposing: true }))
    visit.box().dispatchEvent(new KeyboardEvent('keydown', { ...enter, keyCode: 229 } as KeyboardEventInit))
    await visit.settle()
    expect(visit.bubbles()).toEqual([])
    expect(visit.box().value).toBe('にほん')
  })

  test('an empty message is not sent', async () => {
    await visit.open()
    await visit.type(' \n ')
    expect(visit.inside.getByRole('button', { name: 'Send' }).hasAttribute('disabled')).toBe(true)
  })

  test('A14: says before sending that a text is too long, and keeps it', async () => {
    await visit.open()
    await visit.type('😀'.repeat(4_000))
    expect(visit.inside.queryByText(/too long/)).toBeNull()
    await visit.type('😀'.repeat(4_002))
    expect(visit.inside.getByText('2 characters too long')).toBeTruthy()
    expect(visit.inside.getByRole('button', { name: 'Send' }).hasAttribute('disabled')).toBe(true)
    await userEvent.setup().type(visit.box(), '{Enter}')
    expect(visit.bubbles()).toEqual([])
    expect(visit.box().value).toBe('😀'.repeat(4_002))
  })

  test('Escape closes it, and gives the focus back to the launcher', async () => {
    await visit.open()
    await fireEvent.keyDown(visit.box(), { key: 'Escape' })
    expect(visit.inside.queryByRole('dialog')).toBeNull()
    expect(visit.root.activeElement).toBe(visit.inside.getByRole('button', { name: 'Open chat' }))
  })

  test('key presses stay inside', async () => {
    await visit.open()
    const heard = vi.fn()
    document.addEventListener('keydown', heard)
    await userEvent.setup().type(visit.box(), 'a')
    document.removeEventListener('keydown', heard)
    expect(heard).not.toHaveBeenCalled()
  })

  test('X66: markup is shown as the text it is', async () => {
    const markup = '<img src=x onerror=alert(1)><svg><script>alert(1)</script></svg>&lt;b&gt;'
    await visit.open()
    await visit.say(markup)
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    expect(visit.bubbles()[0]).toBe(`You: ${markup}`)
    expect(visit.root.querySelector('img, script, b')).toBeNull()
  })

  test('X70: every bubble is isolated, in the direction of its own text', async () => {
    await visit.open()
    await visit.say('مرحبا')
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    for (const bubble of visit.root.querySelectorAll('.bubble')) expect(bubble.getAttribute('dir')).toBe('auto')
  })

  test('X73: nothing in it has a style attribute', async () => {
    await visit.open()
    await visit.say('Hello')
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    expect(visit.root.querySelector('[style]')).toBeNull()
  })

  test('a person is shown by name', async () => {
    const adapter = createMemoryAdapter({ delayMs: 0 })
    visit.leave()
    visit = await createVisit({ adapter })
    await visit.open()
    await visit.say('Hello')
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    adapter.postOperatorMessage(visit.kept().conversationId ?? '', 'This is Sam.', 'Sam')
    await visit.reload()
    await visit.open()
    await visit.sees('This is Sam.')
    expect(visit.inside.getByText('Sam')).toBeTruthy()
  })
})

describe('while an answer is written', () => {
  test('A23: it grows, and Stop ends it and keeps what had come', async () => {
    const adapter = createMemoryAdapter({
      async *reply() {
        yield 'One '
        yield 'two '
        await new Promise(() => {})
      },
    })
    visit = await createVisit({ adapter })
    await visit.open()
    await visit.say('Count')
    await visit.sees('One two')
    const stop = visit.inside.getByRole('button', { name: 'Stop' })
    await userEvent.setup().click(stop)
    await visit.sees('Stopped')
    expect(visit.inside.queryByRole('button', { name: 'Stop' })).toBeNull()
    expect(visit.bubbles()).toEqual(['You: Count', 'Assistant: One two '])
  })

  test('a reload shows both messages, whole and once', async () => {
    let finish = (): void => {}
    const adapter = createMemoryAdapter({
      async *reply() {
        yield 'One '
        await new Promise<void>((resolve) => (finish = resolve))
        yield 'two'
      },
    })
    visit = await createVisit({ adapter })
    await visit.open()
    await visit.say('Count')
    await visit.sees('One')
    await visit.reload()
    await visit.open()
    await visit.sees('One')
    expect(visit.inside.getByRole('button', { name: 'Stop' })).toBeTruthy()
    finish()
    await visit.sees('One two')
    await until(() => expect(visit.inside.queryByRole('button', { name: 'Stop' })).toBeNull())
    expect(visit.bubbles()).toEqual(['You: Count', 'Assistant: One two'])
  })
})

describe('what goes wrong', () => {
  test('a message that is refused says so, and Retry sends it under the same key', async () => {
    const adapter = createMemoryAdapter({ delayMs: 0 })
    const send = vi.spyOn(adapter, 'send')
    visit = await createVisit({ adapter })
    adapter.failNext('send', refused())
    await visit.open()
    await visit.say('Hello')
    await visit.sees(/Not sent/)
    expect(visit.inside.getByRole('alert').textContent).toMatch(/not available on this site/)
    await userEvent.setup().click(visit.inside.getByRole('button', { name: 'Retry' }))
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    expect(visit.inside.queryByRole('alert')).toBeNull()
    const [first, second] = send.mock.calls.map(([request]) => request.clientMessageId)
    expect(first).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(second).toBe(first)
  })

  test('G1: a failed message outlives a reload, with its key', async () => {
    const adapter = createMemoryAdapter({ delayMs: 0 })
    const send = vi.spyOn(adapter, 'send')
    visit = await createVisit({ adapter })
    adapter.failNext('send', refused())
    await visit.open()
    await visit.say('Hello')
    await visit.sees(/Not sent/)
    await visit.reload()
    await visit.open()
    await visit.sees(/Not sent/)
    expect(visit.bubbles()).toEqual(['You: Hello'])
    await userEvent.setup().click(visit.inside.getByRole('button', { name: 'Retry' }))
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    expect(new Set(send.mock.calls.map(([request]) => request.clientMessageId)).size).toBe(1)
  })

  test('what was being written outlives a reload', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter() })
    await visit.open()
    await visit.type('I would like to')
    await visit.reload()
    await visit.open()
    await until(() => expect(visit.box().value).toBe('I would like to'))
  })

  test('an answer that fails says so, and can be asked for again', async () => {
    let tries = 0
    const adapter = createMemoryAdapter({
      delayMs: 0,
      reply() {
        if (tries++ === 0) throw new Error('down')
        return 'Here it is.'
      },
    })
    visit = await createVisit({ adapter })
    await visit.open()
    await visit.say('Where is my parcel?')
    await visit.sees(/could not be written/)
    await userEvent.setup().click(visit.inside.getByRole('button', { name: 'Ask again' }))
    await visit.sees('Here it is.')
    expect(visit.inside.queryByText(/could not be written/)).toBeNull()
  })

  test('a history that cannot be read is never shown as an empty one', async () => {
    const adapter = createMemoryAdapter({ delayMs: 0 })
    visit = await createVisit({ adapter })
    await visit.open()
    await visit.say('Hello')
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    await visit.settle()
    // Reading, joining the other tabs, opening and trying again are a look each.
    for (let i = 0; i < 8; i++) adapter.failNext('history', offline())
    await visit.reload()
    await visit.open()
    await visit.sees(/No connection/)
    expect(visit.inside.queryByText('Hello! How can we help?')).toBeNull()
    await visit.sees(/Loading/)
  })
})

describe('a new conversation', () => {
  test('is empty, and has an id of its own', async () => {
    visit = await createVisit({ adapter: createMemoryAdapter({ delayMs: 0 }) })
    await visit.open()
    await visit.say('Hello')
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    const { conversationId } = visit.kept()
    expect(conversationId).toMatch(/^c_[A-Za-z0-9_-]{22}$/)
    await userEvent.setup().click(visit.inside.getByRole('button', { name: 'New conversation' }))
    await until(() => expect(visit.bubbles()).toEqual([]))
    expect(visit.kept().conversationId).toBeUndefined()
    await visit.say('Hello again')
    await until(() => expect(visit.bubbles()).toHaveLength(2))
    expect(visit.kept().conversationId).not.toBe(conversationId)
  })
})
