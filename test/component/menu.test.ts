/** The menu of a conversation: keyboard, what each entry does, and what becomes of the focus. */
import { fireEvent } from '@testing-library/svelte'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../adapters/adapter.ts'
import type { WidgetOptions } from '../../widget/options.ts'
import { createExtrasBackend } from '../helpers/extras.ts'
import type { ExtrasBackend } from '../helpers/extras.ts'
import { createVisit, until } from '../helpers/widget.ts'
import type { Visit } from '../helpers/widget.ts'

vi.mock('idb-keyval', () => import('../helpers/idb-keyval.ts'))

let visit: Visit
let backend: ExtrasBackend
beforeEach(() => (backend = createExtrasBackend()))
afterEach(() => {
  visit.leave()
  localStorage.clear()
})

const come = async (options: Partial<WidgetOptions> = {}) => {
  visit = await createVisit({ adapter: backend.adapter, ...options })
  await visit.open()
}
const talk = async () => {
  await visit.say('Hi')
  await visit.sees('You said Hi')
}
const more = () => visit.inside.queryByRole('button', { name: 'More' })
const entries = () => [...visit.root.querySelectorAll<HTMLElement>('.menu button')]
const unfold = async () => {
  await fireEvent.click(more() as HTMLElement)
  await until(() => expect(entries().length).toBeGreaterThan(1))
  await visit.settle()
}
const choose = async (name: string) => {
  await unfold()
  await fireEvent.click(entries().find(({ textContent }) => textContent.trim() === name) as HTMLElement)
}
const focused = () => visit.root.activeElement?.textContent.trim()
const press = (key: string) => fireEvent.keyDown(visit.root.activeElement as Element, { key })
const status = () => visit.root.querySelector('.told')?.textContent

describe('the menu', () => {
  test('is there once there is a conversation, and goes by the keyboard as menus do', async () => {
    await come()
    expect(more()).toBeNull()
    await talk()
    expect(more()?.getAttribute('aria-haspopup')).toBe('menu')
    expect(more()?.getAttribute('aria-expanded')).toBe('false')
    await unfold()
    expect(more()?.getAttribute('aria-expanded')).toBe('true')
    const names = [
      'Talk to a person',
      'Download this conversation',
      'Sound for new messages',
      'Delete this conversation',
    ]
    expect(entries().map(({ textContent }) => textContent.trim())).toEqual(names)
    expect(focused()).toBe(names[0])
    for (const [key, lands] of [
      ['ArrowDown', 1],
      ['ArrowUp', 0],
      ['ArrowUp', 3],
      ['ArrowDown', 0],
      ['End', 3],
      ['Home', 0],
      ['s', 2],
      ['d', 3],
      ['d', 1],
    ] as const) {
      await press(key)
      expect(focused(), key).toBe(names[lands])
    }
    await press('Escape')
    expect(entries()).toEqual([])
    expect(visit.root.activeElement).toBe(more())
    expect(visit.widget.isOpen).toBe(true)
    await press('ArrowDown')
    expect(focused()).toBe(names[0])
    await press('Tab')
    expect(entries()).toEqual([])
    await unfold()
    // Outside of it, wherever that is.
    await fireEvent.pointerDown(document.body)
    await until(() => expect(entries()).toEqual([]))
  })

  test('offers what the backend can do, and the site allows', async () => {
    const { extras, ...plain } = backend.adapter
    expect(extras).toBeTruthy()
    await come({ adapter: plain })
    await talk()
    await unfold()
    expect(entries()).toHaveLength(2)
    visit.widget.close()
    visit.widget.update({ adapter: backend.adapter, erase: false })
    visit.widget.open()
    await talk()
    await unfold()
    expect(entries()).toHaveLength(3)
  })

  test('asks for a person, and says so; or that it did not work', async () => {
    await come()
    await talk()
    await choose('Talk to a person')
    await until(() => expect(status()).toBe('We have told the team. A person will answer here.'))
    expect(backend.asked).toMatchObject([{ call: 'askForPerson', conversationId: expect.any(String) as string }])
    expect(visit.root.activeElement).toBe(more())
    backend.isBroken = true
    await choose('Talk to a person')
    await until(() => expect(status()).toBe('That did not work. Please try again.'))
    await visit.type('Well')
    expect(status()).toBe('')
  })

  test('keeps what the visitor says of the sound, and nothing before', async () => {
    await come()
    await talk()
    expect(localStorage.getItem('lumika:sound')).toBeNull()
    await choose('Sound for new messages')
    const sound = () => visit.root.querySelector('[role=menuitemcheckbox]')?.getAttribute('aria-checked')
    await until(() => expect(sound()).toBe('true'))
    expect(localStorage.getItem('lumika:sound')).toBe('on')
    await visit.reload()
    await visit.open()
    await visit.sees('You said Hi')
    await choose('Sound for new messages')
    await until(() => expect(sound()).toBe('false'))
    expect(localStorage.getItem('lumika:sound')).toBe('off')
  })

  test('deletes the conversation after asking once more, here and there', async () => {
    await come()
    await talk()
    await visit.type('Half a th')
    await choose('Delete this conversation')
    const dialog = () => visit.inside.queryByRole('alertdialog')
    await until(() => expect(dialog()).toBeTruthy())
    expect(focused()).toBe('Cancel')
    await press('Tab')
    expect(focused()).toBe('Delete')
    await press('Tab')
    expect(focused()).toBe('Cancel')
    await press('Escape')
    expect(dialog()).toBeNull()
    expect(visit.root.activeElement).toBe(more())
    expect(visit.widget.isOpen).toBe(true)
    expect(backend.asked.filter(({ call }) => call === 'erase')).toEqual([])

    backend.isBroken = true
    await choose('Delete this conversation')
    await fireEvent.click(visit.inside.getByRole('button', { name: 'Delete' }))
    await until(() => expect(status()).toBe('That did not work. Please try again.'))
    expect(visit.bubbles()).toHaveLength(2)
    expect(visit.box().value).toBe('Half a th')

    backend.isBroken = false
    await choose('Delete this conversation')
    await fireEvent.click(visit.inside.getByRole('button', { name: 'Delete' }))
    await until(() => expect(status()).toBe('The conversation has been deleted.'))
    expect([visit.bubbles(), more(), dialog(), visit.box().value]).toEqual([[], null, null, ''])
    expect(visit.root.activeElement).toBe(visit.box())
    await until(() => expect(visit.kept()).toEqual({ unsent: [], draft: '' }))
    await visit.reload()
    await visit.open()
    expect(visit.bubbles()).toEqual([])
  })

  test('whoever is signed in stays so when the conversation is deleted, and goes on under the same name', async () => {
    await come({ conversationId: 'customer-42', userHash: '00ff' })
    await talk()
    await choose('Delete this conversation')
    await fireEvent.click(visit.inside.getByRole('button', { name: 'Delete' }))
    await until(() => expect(visit.bubbles()).toEqual([]))
    expect(backend.asked.at(-1)).toMatchObject({ conversationId: 'customer-42', proof: { userHash: '00ff' } })
    await visit.say('Again')
    await visit.sees('You said Again')
    expect((await backend.memory.history({ conversationId: 'customer-42' })).messages).toHaveLength(2)
  })
})

describe('typing', () => {
  const told = () => backend.asked.filter(({ call }) => call === 'setTyping').map(({ isTyping }) => isTyping)

  test('is told in a conversation that has begun: once in a while, and when it ends', async () => {
    await come()
    await visit.type('H')
    await visit.type('He')
    await visit.settle()
    expect(told()).toEqual([])
    await talk()
    await visit.type('W')
    await visit.type('Wh')
    await visit.type('')
    await until(() => expect(told()).toEqual([true, false]))
    await visit.type('Why')
    await fireEvent.blur(visit.box())
    await until(() => expect(told()).toEqual([true, false, true, false]))
    await visit.say('Why?')
    await visit.sees('You said Why?')
    expect(told()).toEqual([true, false, true, false, true, false])
  })

  test('that the backend does not hear of stops nobody', async () => {
    await come()
    await talk()
    backend.isBroken = true
    await visit.say('Still there?')
    await visit.sees('You said Still there?')
  })

  test('whoever is refused tells nothing more', async () => {
    const { extras } = backend.adapter
    const setTyping = extras?.setTyping
    const refuse: typeof setTyping = async (request) => {
      await setTyping?.(request)
      throw new AdapterError('invalid_token', 'This token is gone.', { status: 401 })
    }
    await come({ adapter: { ...backend.adapter, extras: { ...extras, setTyping: refuse } } })
    await talk()
    await visit.type('Wh')
    await until(() => expect(told()).toEqual([true]))
    for (const words of ['', 'Why', '', 'Why?', '']) await visit.type(words)
    await visit.settle()
    expect(told()).toEqual([true])
  })
})
