/** B89, B86: what becomes of a conversation when the page gets another token. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../../adapters/memory.ts'
import type { MemoryAdapter, MemoryStore } from '../../../adapters/memory.ts'
import { findFormer } from '../../../widget/engine/former.ts'
import { readSession } from '../../../widget/engine/kept.ts'
import { createSession } from '../../../widget/session.ts'
import { createMemoryStore } from '../../helpers/store.ts'
import { openTab } from '../../helpers/tab.ts'
import type { Tab } from '../../helpers/tab.ts'

const server = 'https://chat.example'
const before = `lw_${'o'.repeat(24)}`
const after = `lw_${'n'.repeat(24)}`
const nameOf = (token: string, id = '') => `${server}|${token}|${id}`
const network = () => new AdapterError('network', 'No answer.')
const gone = () => new AdapterError('invalid_token', 'Gone.', { status: 401 })

let store: ReturnType<typeof createMemoryStore>
let backend: MemoryStore
let adapter: MemoryAdapter
const tabs: Tab[] = []

beforeEach(() => {
  vi.useFakeTimers()
  store = createMemoryStore()
  backend = new Map()
  adapter = spied()
})
afterEach(() => {
  for (const { engine } of tabs.splice(0)) engine.destroy()
  vi.useRealTimers()
})

/** An integration; with a store of its own it is another one. */
function spied(mine: MemoryStore = backend): MemoryAdapter {
  const made = createMemoryAdapter({ delayMs: 0, store: mine, reply: (text) => `You said: ${text}` })
  for (const method of ['send', 'history'] as const) vi.spyOn(made, method)
  return made
}

type Options = Partial<Parameters<typeof openTab>[0]> & { name?: string }
async function open({ name = nameOf(after), ...options }: Options = {}): Promise<Tab & { draft: string }> {
  const tab = openTab({
    adapter,
    store,
    session: createSession(name, store),
    findFormer: (sought) => findFormer({ ...sought, name }),
    ...options,
  })
  tabs.push(tab)
  const starting = tab.engine.start()
  await tab.pass()
  return Object.assign(tab, { draft: await starting })
}

/** Somebody has written under the old token, and left. */
async function talk(name = nameOf(before)): Promise<string> {
  const tab = await open({ name })
  tab.engine.send('Hi')
  await tab.pass(1_000)
  tab.engine.destroy()
  vi.mocked(adapter.history).mockClear()
  vi.mocked(adapter.send).mockClear()
  return keptBy(name).conversationId ?? ''
}
const keptBy = (name: string) =>
  readSession(new Map([...store.content].filter(([key]) => `${key}\n`.startsWith(`${name}\n`))), name)
const asked = () => vi.mocked(adapter.history).mock.calls.map(([request]) => request.conversationId)
const sent = () => vi.mocked(adapter.send).mock.calls.map(([request]) => request.text)

describe('B89: with a new token of the same integration', () => {
  test('the conversation goes on, and is kept under the new one alone', async () => {
    const id = await talk()
    const named = vi.fn()
    const tab = await open({ onNamed: named })
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: You said: Hi'])
    expect(named.mock.calls).toEqual([[nameOf(before)]])
    expect(tab.told).toEqual([])
    tab.engine.send('Me again')
    await tab.pass(1_000)
    expect(tab.lines()).toHaveLength(4)
    expect(backend.size).toBe(1)
    expect(keptBy(nameOf(after)).conversationId).toBe(id)
    expect(keptBy(nameOf(before))).toEqual({ unsent: [], draft: '' })
  })

  test('what was not sent is sent, once and in order, and the draft is there', async () => {
    await talk()
    const offline = await open({ name: nameOf(before) })
    for (let i = 0; i < 4; i++) adapter.failNext('send', network())
    offline.engine.send('One')
    offline.engine.send('Two')
    offline.engine.keepDraft('And th')
    await offline.pass(60_000)
    offline.engine.destroy()

    const tab = await open()
    expect(tab.draft).toBe('And th')
    await tab.pass(5_000)
    const all = ['Hi', 'One', 'Two'].flatMap((text) => [`visitor: ${text}`, `assistant: You said: ${text}`])
    expect([...tab.lines()].sort()).toEqual([...all].sort())
    expect(tab.lines().filter((line) => line.startsWith('visitor'))).toEqual([
      'visitor: Hi',
      'visitor: One',
      'visitor: Two',
    ])
    expect(backend.size).toBe(1)
    expect(keptBy(nameOf(after))).toMatchObject({ unsent: [], draft: 'And th' })
  })

  test('what is being written under the new one counts before what was', async () => {
    await talk()
    store.content.set(`${nameOf(before)}\ndraft`, 'old')
    store.content.set(`${nameOf(after)}\ndraft`, 'new')
    expect((await open()).draft).toBe('new')
    expect(keptBy(nameOf(after)).draft).toBe('new')
  })

  test('an empty conversation is never shown before it is known to be empty', async () => {
    await talk()
    const tab = await open()
    for (const { bubbles, isLoading } of tab.views) expect(isLoading || bubbles.length > 0).toBe(true)
  })

  test('no other one is begun while the server cannot be asked', async () => {
    const id = await talk()
    adapter.failNext('history', network())
    const tab = await open()
    expect(tab.view).toMatchObject({ connection: 'offline', isLoading: true })
    adapter.failNext('history', network())
    tab.engine.send('Hello?')
    await tab.pass(100)
    expect(keptBy(nameOf(after))).toMatchObject({ unsent: [{ text: 'Hello?' }] })
    expect(sent()).toEqual([])
    await tab.pass(5_000)
    expect(tab.lines()).toEqual(
      ['Hi', 'Hello?'].flatMap((text) => [`visitor: ${text}`, `assistant: You said: ${text}`]),
    )
    expect([...backend.keys()]).toEqual([id])
  })

  test('one that was left is not come back to', async () => {
    await talk()
    const tab = await open()
    void tab.engine.newConversation()
    await tab.pass()
    tab.engine.destroy()
    const next = await open()
    expect(next.lines()).toEqual([])
    expect(store.content.size).toBe(0)
  })

  test('and back again it goes on, too: two tokens may be good at the same time', async () => {
    const id = await talk()
    ;(await open()).engine.destroy()
    const tab = await open({ name: nameOf(before) })
    expect(tab.lines()).toHaveLength(2)
    expect(keptBy(nameOf(before)).conversationId).toBe(id)
    expect(keptBy(nameOf(after)).conversationId).toBeUndefined()
  })

  test('nothing is asked where the new one has a conversation already', async () => {
    await talk()
    const id = await talk(nameOf(after))
    await open()
    expect(new Set(asked())).toEqual(new Set([id]))
  })
})

describe('B86: with a token of another integration', () => {
  test('nothing of the conversation is shown, sent or stored', async () => {
    const id = await talk()
    const offline = await open({ name: nameOf(before) })
    adapter.failNext('send', gone())
    offline.engine.send('Secret')
    offline.engine.keepDraft('More sec')
    await offline.pass()
    offline.engine.destroy()
    const kept = structuredClone(store.content)

    const others: MemoryStore = new Map()
    const other = spied(others)
    const tab = await open({ adapter: other })
    expect(tab.draft).toBe('')
    expect(tab.view).toMatchObject({ bubbles: [], isLoading: false, connection: 'online' })
    expect(store.content).toEqual(kept)
    expect(other.send).not.toHaveBeenCalled()
    tab.engine.send('Hello')
    await tab.pass(1_000)
    expect(tab.lines()).toEqual(['visitor: Hello', 'assistant: You said: Hello'])
    expect(keptBy(nameOf(after)).conversationId).not.toBe(id)
    expect(keptBy(nameOf(before))).toMatchObject({
      conversationId: id,
      unsent: [{ text: 'Secret' }],
      draft: 'More sec',
    })
    for (const { bubbles } of tab.views) for (const { text } of bubbles) expect(text).not.toContain('Secret')
    expect(others.get(id)?.records ?? []).toEqual([])
  })

  test.each([
    ['a visitor who has signed in', nameOf(before, 'customer-42'), { conversationId: 'customer-42' }],
    ['an id that is proven otherwise', nameOf(before), { conversationId: 'customer-42' }],
    ['another server', `https://other.example|${before}|`, { conversationId: `c_${'x'.repeat(22)}` }],
    ['an adapter of the page', `${server}|Shop|`, { conversationId: `c_${'x'.repeat(22)}` }],
    ['nobody', nameOf(before), { conversationId: { evil: true } }],
  ])('nothing is asked about what is kept of %s', async (_what, name, record) => {
    store.content.set(name, record)
    const tab = await open()
    expect(tab.view.isLoading).toBe(false)
    expect(adapter.history).not.toHaveBeenCalled()
  })

  test('nor where the visitor has signed in, or the adapter is the page’s own', async () => {
    await talk()
    await open({ name: nameOf(after, 'customer-7'), conversationId: 'customer-7', proof: { userHash: '00' } })
    expect(asked()).toEqual(['customer-7'])
    vi.mocked(adapter.history).mockClear()
    await open({ findFormer: undefined })
    expect(asked()).toEqual([])
  })

  test('not more than eight are asked about, whatever somebody has put there', async () => {
    for (let i = 100; i < 200; i++)
      store.content.set(nameOf(`lw_${i}${'x'.repeat(21)}`), { conversationId: `c_${i}${'x'.repeat(19)}` })
    await open()
    expect(adapter.history).toHaveBeenCalledTimes(8)
  })
})

describe('B89: with a token that is gone', () => {
  test('the visitor is told, what was written is kept, and nothing is asked again', async () => {
    const tab = await open()
    for (let i = 0; i < 9; i++) adapter.failNext('send', gone())
    tab.engine.setOpen(true)
    for (const text of ['One', 'Two', 'Three']) tab.engine.send(text)
    await tab.pass(600_000)
    expect(tab.view.connection).toBe('disconnected')
    expect(tab.view.bubbles).toMatchObject(
      ['One', 'Two', 'Three'].map((text) => ({ text, state: 'failed', reason: 'invalid_token' })),
    )
    expect(sent()).toEqual(['One'])
    expect(asked().length).toBeLessThanOrEqual(1)
    expect(keptBy(nameOf(after)).unsent.map(({ text }) => text)).toEqual(['One', 'Two', 'Three'])
  })

  test('it is all sent by the next page that has a good one', async () => {
    await talk()
    const tab = await open({ name: nameOf(before) })
    adapter.failNext('send', gone())
    for (const text of ['One', 'Two']) tab.engine.send(text)
    await tab.pass(60_000)
    tab.engine.destroy()
    const next = await open()
    await next.pass(5_000)
    expect(next.lines().filter((line) => line.startsWith('visitor'))).toEqual(
      ['Hi', 'One', 'Two'].map((text) => `visitor: ${text}`),
    )
    expect(backend.size).toBe(1)
  })

  test('a new one that is gone, too, takes over nothing and begins nothing', async () => {
    const id = await talk()
    adapter.failNext('history', gone())
    adapter.failNext('history', gone())
    const tab = await open()
    expect(tab.view.connection).toBe('disconnected')
    tab.engine.setOpen(true)
    tab.engine.send('Hello?')
    await tab.pass(600_000)
    expect(tab.lines()).toEqual(['visitor: Hello? (failed)'])
    expect(adapter.history).toHaveBeenCalledTimes(2)
    expect(adapter.send).not.toHaveBeenCalled()
    tab.engine.destroy()
    const next = await open()
    await next.pass(1_000)
    expect(next.lines()).toHaveLength(4)
    expect([...backend.keys()]).toEqual([id])
  })
})
