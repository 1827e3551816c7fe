import { describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../../../adapters/adapter.ts'
import type { AdapterErrorCode } from '../../../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../../../adapters/memory.ts'
import { adapter, backend, conversation, open, setUpBench, talk } from '../../../helpers/engine-bench.ts'

const network = () => new AdapterError('network', 'No answer.')
const error = (code: AdapterErrorCode, status: number) => new AdapterError(code, 'No.', { status })

/** A message and its answer. */
const said = (text: string) => [`visitor: ${text}`, `assistant: You said: ${text}`]

setUpBench()

describe('looking for news', () => {
  test("finds a person's message, and reports it once", async () => {
    const tab = await talk()
    tab.engine.setOpen(true)
    await tab.pass()
    const { id } = adapter.postOperatorMessage(conversation(), 'This is Sam.', 'Sam')
    await tab.pass(12_000)
    expect(tab.view.bubbles.at(-1)).toMatchObject({ author: 'person', name: 'Sam', text: 'This is Sam.' })
    await tab.pass(60_000)
    expect(tab.told.filter((record) => record.id === id)).toHaveLength(1)
    expect(tab.lines()).toHaveLength(3)
  })

  test('happens only while the panel is open, and at once when it is opened again', async () => {
    const tab = await talk()
    tab.engine.setOpen(true)
    tab.engine.setOpen(false)
    await tab.pass()
    vi.mocked(adapter.history).mockClear()
    await tab.pass(60_000)
    expect(adapter.history).not.toHaveBeenCalled()
    adapter.postOperatorMessage(conversation(), 'This is Sam.')
    tab.engine.setOpen(true)
    await tab.pass()
    expect(tab.lines().at(-1)).toBe('person: This is Sam.')
    vi.mocked(adapter.history).mockClear()
    await tab.pass(12_000)
    expect(adapter.history).toHaveBeenCalledTimes(1)
  })

  test('opening twice does not look twice as often', async () => {
    const tab = await talk()
    tab.engine.setOpen(true)
    tab.engine.setOpen(true)
    await tab.pass()
    vi.mocked(adapter.history).mockClear()
    await tab.pass(36_000)
    expect(adapter.history).toHaveBeenCalledTimes(3)
  })

  test('goes from page to page until nothing is left', async () => {
    const tab = await talk()
    for (let i = 0; i < 450; i++) adapter.postOperatorMessage(conversation(), `${i}`)
    tab.engine.setOpen(true)
    await tab.pass(12_000)
    expect(tab.lines()).toHaveLength(452)
    expect(tab.lines().at(-1)).toBe('person: 449')
    expect(tab.told).toHaveLength(451)
  })

  test('never overlaps: no slow answer can undo a newer one', async () => {
    const tab = await talk()
    let running = 0
    let most = 0
    const { history } = createMemoryAdapter({ store: backend })
    vi.mocked(adapter.history).mockImplementation(async (request) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 30_000))
      running--
      return history(request)
    })
    tab.engine.setOpen(true)
    for (let i = 0; i < 10; i++) {
      tab.engine.send(`${i}`)
      await tab.pass(5_000)
    }
    await tab.pass(120_000)
    expect(most).toBe(1)
    expect(tab.lines()).toHaveLength(22)
  })

  test('is not led on for ever by a server that always says there is more', async () => {
    const tab = await talk()
    const { history } = createMemoryAdapter({ store: backend })
    let calls = 0
    vi.mocked(adapter.history).mockImplementation(async (request) => {
      if (++calls > 1_000) throw network()
      return { ...(await history(request)), hasMore: true }
    })
    tab.engine.setOpen(true)
    await tab.pass(60_000)
    expect(calls).toBeLessThan(20)
    expect(tab.lines()).toHaveLength(2)
  })

  test('takes a record for itself however often it is sent, and skips kinds it does not know', async () => {
    const tab = await talk()
    const { history } = createMemoryAdapter({ store: backend })
    vi.mocked(adapter.history).mockImplementation(async (request) => {
      const page = await history(request)
      const event = { id: 'event-1', actor: 'assistant' as const, type: 'rating', body: '5', createdAt: '2026-01-01' }
      return { ...page, messages: [...page.messages, ...page.messages, event] }
    })
    adapter.postOperatorMessage(conversation(), 'This is Sam.')
    tab.engine.setOpen(true)
    await tab.pass(60_000)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: You said: Hi', 'person: This is Sam.'])
    expect(tab.told).toHaveLength(2)
  })

  test('begins anew where the server does not know the cursor, and shows nothing twice', async () => {
    const tab = await talk()
    tab.engine.setOpen(true)
    await tab.pass()
    adapter.failNext('history', error('cursor_not_found', 404))
    adapter.postOperatorMessage(conversation(), 'This is Sam.')
    await tab.pass(12_000)
    expect(vi.mocked(adapter.history).mock.lastCall?.[0].afterId).toBeUndefined()
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: You said: Hi', 'person: This is Sam.'])
    expect(tab.told).toHaveLength(2)
    expect(tab.view.connection).toBe('online')
  })

  test('F94: takes away what a server has lost before the look that would have shown it', async () => {
    const tab = await talk()
    tab.engine.setOpen(true)
    await tab.pass()
    vi.mocked(adapter.history).mockImplementation(() => Promise.reject(network()))
    tab.engine.send('Lost')
    await tab.pass(1_000)
    expect(tab.lines()).toEqual([...said('Hi'), ...said('Lost')])
    // Rolled back to where this tab has read, so that its place in the history is still known.
    for (const each of backend.values()) each.records = each.records.slice(0, 2)
    vi.mocked(adapter.history).mockImplementation(createMemoryAdapter({ store: backend }).history)
    await tab.pass(12_000)
    expect(tab.view.connection).toBe('online')
    expect(tab.lines()).toEqual(said('Hi'))
    tab.engine.send('After')
    await tab.pass(1_000)
    expect(tab.lines()).toEqual([...said('Hi'), ...said('After')])
  })

  test('keeps what was stored while a look was under way that does not show it', async () => {
    const tab = await talk()
    tab.engine.setOpen(true)
    await tab.pass()
    const { history } = createMemoryAdapter({ store: backend })
    vi.mocked(adapter.history).mockImplementation(async (request) => {
      const page = await history(request)
      await new Promise((resolve) => setTimeout(resolve, 5_000))
      return page
    })
    await tab.pass(12_000)
    tab.engine.send('Meanwhile')
    await tab.pass(2_000)
    for (let second = 0; second < 12; second++) {
      expect(tab.lines()).toEqual([...said('Hi'), ...said('Meanwhile')])
      await tab.pass(1_000)
    }
  })

  test('says that there is no connection, and that it is back', async () => {
    const tab = await talk()
    tab.engine.setOpen(true)
    await tab.pass()
    adapter.failNext('history', network())
    await tab.pass(12_000)
    expect(tab.view.connection).toBe('offline')
    expect(tab.lines()).toHaveLength(2)
    await tab.pass(12_000)
    expect(tab.view.connection).toBe('online')
  })

  test.each([401, 403])('B89: ends where the server refuses with %d, until a message gets through', async (status) => {
    const tab = await talk()
    tab.engine.setOpen(true)
    await tab.pass()
    adapter.failNext('history', error('invalid_token', status))
    await tab.pass(12_000)
    expect(tab.view.connection).toBe('disconnected')
    vi.mocked(adapter.history).mockClear()
    await tab.pass(60_000)
    expect(adapter.history).not.toHaveBeenCalled()
    tab.engine.send('Still there?')
    await tab.pass(1_000)
    expect(tab.view.connection).toBe('online')
    expect(tab.lines()).toHaveLength(4)
  })

  test('older messages are read when asked for', async () => {
    const before = await talk()
    before.engine.destroy()
    for (let i = 0; i < 118; i++) adapter.postOperatorMessage(conversation(), `${i}`)
    const tab = await open()
    expect(tab.lines()).toHaveLength(50)
    expect(tab.view.hasEarlier).toBe(true)
    void tab.engine.loadEarlier()
    await tab.engine.loadEarlier()
    expect(tab.lines()).toHaveLength(100)
    await tab.engine.loadEarlier()
    expect(tab.lines()).toHaveLength(120)
    expect(tab.lines()[0]).toBe('visitor: Hi')
    expect(tab.view.hasEarlier).toBe(false)
    expect(tab.told).toEqual([])
  })
})
