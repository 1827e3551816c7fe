/** What a visitor is asked before the first message: keyboard, screen reader, and what becomes of the answers. */
import { fireEvent } from '@testing-library/svelte'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../adapters/adapter.ts'
import type { SendRequest } from '../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import type { Form } from '../../widget/features.ts'
import type { WidgetOptions } from '../../widget/options.ts'
import { createVisit, until } from '../helpers/widget.ts'
import type { Visit } from '../helpers/widget.ts'

vi.mock('idb-keyval', () => import('../helpers/idb-keyval.ts'))

const form: Form = {
  intro: { en: 'Who are you?', de: 'Wer sind Sie?' },
  fields: [
    { name: 'name', kind: 'text', label: { en: 'Name' }, required: true },
    { name: 'email', kind: 'email', label: { en: 'Email' } },
    {
      name: 'topic',
      kind: 'select',
      label: { en: 'Topic', de: 'Thema' },
      options: [
        { value: 'order', label: { en: 'My order' } },
        { value: 'else', label: { en: 'Something else' } },
      ],
    },
    { name: 'news', kind: 'checkbox', label: { en: 'Send me news' } },
  ],
  consent: { text: { en: 'I agree to the terms.' }, url: 'https://shop.example/terms' },
}

let visit: Visit
let sent: SendRequest[]
let adapter: ReturnType<typeof createMemoryAdapter>
async function come(options: Partial<WidgetOptions> = {}): Promise<void> {
  sent = []
  adapter = createMemoryAdapter({ reply: (text) => `You said ${text}`, delayMs: 0 })
  const spy = { ...adapter, send: (request: SendRequest) => (sent.push(request), adapter.send(request)) }
  visit = await createVisit({ adapter: spy, form, ...options })
  await visit.open()
}
afterEach(() => visit.leave())

const field = <E extends HTMLElement = HTMLInputElement>(name: string) =>
  visit.root.querySelector<E>(`[name="${name}"]`) as E
const fill = (name: string, value: string) => fireEvent.input(field(name), { target: { value } })
const tick = (name: string) => fireEvent.click(field(name))
const start = () => fireEvent.click(visit.inside.getByRole('button', { name: 'Start chat' }))
const isThere = () => until(() => expect(visit.root.querySelector('.ask')).toBeTruthy())
const isGone = () => until(() => expect(visit.root.querySelector('.ask')).toBeNull())
async function fillIn(): Promise<void> {
  await isThere()
  await fill('name', ' Ana ')
  await tick('-')
  await start()
  await isGone()
}

describe('the form before a conversation', () => {
  test('goes by its introduction, or by the title of the chat, which is not said twice', async () => {
    await come()
    await isThere()
    expect(visit.inside.getByRole('form', { name: 'Who are you?' })).toBeTruthy()
    visit.widget.update({ form: { fields: form.fields } })
    await until(() => expect(visit.inside.getByRole('form', { name: 'Chat with us' })).toBeTruthy())
    expect(visit.inside.getAllByText('Chat with us')).toHaveLength(1)
    visit.widget.update({ title: 'Ask us' })
    await until(() => expect(visit.inside.getByRole('form', { name: 'Ask us' })).toBeTruthy())
  })

  test('stands in the place of the text box, and its answers go along with the first message alone', async () => {
    await come()
    await isThere()
    expect(visit.inside.queryByRole('textbox', { name: 'Message' })).toBeNull()
    await fill('name', ' Ana ')
    await fill('email', 'ana@example.com')
    await fireEvent.change(field<HTMLSelectElement>('topic'), { target: { value: 'order' } })
    await tick('news')
    await tick('-')
    const before = Date.now()
    await start()
    await isGone()
    expect(visit.root.activeElement).toBe(visit.box())
    await visit.say('Where is it?')
    await visit.sees('You said Where is it?')
    await visit.say('Hello?')
    await visit.sees('You said Hello?')
    const { form: told, consent } = sent[0]?.context as { form: object; consent: { at: string } }
    expect(told).toEqual({ name: 'Ana', email: 'ana@example.com', topic: 'order', news: true })
    expect(consent).toMatchObject({ text: 'I agree to the terms.', url: 'https://shop.example/terms' })
    expect(Date.parse(consent.at)).toBeGreaterThanOrEqual(before)
    expect(sent[1]?.context).not.toHaveProperty('form')
    expect(sent[1]?.context).not.toHaveProperty('consent')
  })

  test('says at each field what is missing, and goes to the first of them', async () => {
    await come()
    await isThere()
    await fill('email', 'nobody')
    await start()
    for (const [name, said] of Object.entries({
      name: 'Please fill this in.',
      email: 'Please enter an email address, such as name@example.com.',
      '-': 'Please agree to this first.',
    })) {
      expect(field(name).getAttribute('aria-invalid')).toBe('true')
      const id = field(name).getAttribute('aria-describedby') ?? ''
      expect(visit.root.getElementById(id)?.textContent).toBe(said)
    }
    expect(field('topic').getAttribute('aria-invalid')).toBe('false')
    expect(visit.root.activeElement).toBe(field('name'))
    expect(field('name').getAttribute('aria-required')).toBe('true')
    // What was typed is still there.
    expect(field('email').value).toBe('nobody')
    expect(sent).toEqual([])
  })

  test('keeps what is half filled in while the panel is closed, and is in the language of the chat', async () => {
    await come({ locale: 'de' })
    await until(() => expect(visit.root.textContent).toContain('Wer sind Sie?'))
    await until(() => expect(visit.root.textContent).toContain('freiwillig'))
    await fill('name', 'Ana')
    visit.widget.close()
    visit.widget.open()
    await isThere()
    expect(field('name').value).toBe('Ana')
    expect(visit.root.activeElement).toBe(field('name'))
  })

  test('comes again with a new conversation, empty, and is not asked where somebody has written already', async () => {
    await come()
    await fillIn()
    await visit.say('Hi')
    await visit.sees('You said Hi')
    visit.widget.close()
    visit.widget.open()
    expect(visit.root.querySelector('.ask')).toBeNull()
    visit.widget.newConversation()
    await isThere()
    expect(field('name').value).toBe('')
    expect(field('-').checked).toBe(false)
  })

  test('whoever signs out leaves nothing of it behind', async () => {
    await come()
    await isThere()
    await fill('name', 'Ana')
    visit.widget.logout()
    await until(() => expect(field('name').value).toBe(''))
  })

  test('answers reach the server with a message that had to wait, even after a reload', async () => {
    await come()
    await fillIn()
    adapter.failNext('send', new AdapterError('network', 'no'))
    adapter.failNext('send', new AdapterError('network', 'no'))
    await visit.say('Hi')
    await until(() => expect(visit.kept().unsent).toHaveLength(1))
    expect(visit.kept().unsent[0]?.context).toMatchObject({ form: { name: 'Ana' } })
    await visit.reload()
    await visit.open()
    await visit.sees('You said Hi')
    expect(sent.at(-1)?.context).toMatchObject({ form: { name: 'Ana' }, consent: { text: 'I agree to the terms.' } })
  })

  test('a text that is being written is not taken from under the visitor’s hands', async () => {
    await come({ form: null })
    await visit.type('Is any')
    visit.widget.update({ form })
    await visit.settle()
    await visit.settle()
    expect(visit.box().value).toBe('Is any')
    visit.widget.close()
    await until(() => {
      visit.widget.open()
      if (!visit.root.querySelector('.ask')) visit.widget.close()
      expect(visit.root.querySelector('.ask')).toBeTruthy()
    })
    await fill('name', 'Ana')
    await tick('-')
    await start()
    await isGone()
    expect(visit.box().value).toBe('Is any')
  })
})
