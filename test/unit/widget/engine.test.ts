import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../../adapters/adapter.ts'
import type { AdapterErrorCode } from '../../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../../adapters/memory.ts'
import type { MemoryAdapter, MemoryAdapterOptions, MemoryStore } from '../../../adapters/memory.ts'
import { deferred, dictation } from '../../helpers/dictation.ts'
import { createMemoryStore } from '../../helpers/store.ts'
import { keptBy, linesOf, openTab, sentKeys } from '../../helpers/tab.ts'
import type { Tab } from '../../helpers/tab.ts'

const network = () => new AdapterError('network', 'No answer.')
const error = (code: AdapterErrorCode, status: number) => new AdapterError(code, 'No.', { status })

let store: ReturnType<typeof createMemoryStore>
let backend: MemoryStore
let adapter: MemoryAdapter
let onSend = (): void => {}
const tabs: Tab[] = []

beforeEach(() => {
  vi.useFakeTimers()
  store = createMemoryStore()
  backend = new Map()
  onSend = () => {}
  adapter = spied({ reply: (text) => `You said: ${text}` })
})
afterEach(() => {
  for (const { engine } of tabs.splice(0)) engine.destroy()
  vi.useRealTimers()
})

describe('a message', () => {
  test('stands there at once, and then as the server has it', async () => {
    const tab = await open()
    tab.engine.send('Hi')
    expect(tab.lines()).toEqual(['visitor: Hi (sending)'])
    await tab.pass()
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: You said: Hi'])
    expect(tab.view.bubbles.map(({ createdAt }) => createdAt)).toEqual(records().map(({ createdAt }) => createdAt))
    expect(tab.view).toMatchObject({ isLoading: false, isWriting: false, connection: 'online', outcome: null })
  })

  test('and its answer grow in place: each is one bubble from its first to its last sight', async () => {
    const tab = await open()
    tab.engine.send('Hi')
    await tab.pass(1_000)
    const keys = tab.views.flatMap(({ bubbles }) => bubbles.map(({ author, key }) => `${author} ${key}`))
    expect(new Set(keys).size).toBe(2)
    for (const { bubbles } of tab.views) expect(bubbles.length).toBeLessThanOrEqual(2)
  })

  test('the answer shows piece by piece', async () => {
    const { reply, say, finish } = dictation()
    adapter = spied({ reply })
    const tab = await open()
    tab.engine.send('Hi')
    await tab.pass()
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant:  (writing)'])
    expect(tab.view.isWriting).toBe(true)
    say('One ')
    await tab.pass()
    say('two')
    await tab.pass()
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One two (writing)'])
    finish()
    await tab.pass()
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One two'])
    expect(tab.view.isWriting).toBe(false)
  })

  test('A14: of one text twice is two messages', async () => {
    const tab = await open()
    tab.engine.send('ok')
    tab.engine.send('ok')
    await tab.pass(1_000)
    expect(tab.lines()).toEqual(['visitor: ok', 'visitor: ok', 'assistant: You said: ok', 'assistant: You said: ok'])
    expect(new Set(sentKeys(adapter)).size).toBe(2)
    expect(new Set(tab.view.bubbles.map(({ key }) => key)).size).toBe(4)
  })

  test('waits for the one before it', async () => {
    const tab = await open()
    adapter.failNext('send', network())
    tab.engine.send('first')
    tab.engine.send('second')
    await tab.pass()
    expect(adapter.send).toHaveBeenCalledTimes(1)
    await tab.pass(10_000)
    expect(
      records()
        .filter(({ actor }) => actor === 'customer')
        .map(({ body }) => body),
    ).toEqual(['first', 'second'])
  })
})

describe('a send that fails', () => {
  test('is tried four times under one key, with growing waits, and then waits for the visitor', async () => {
    const tab = await open()
    const times: number[] = []
    onSend = () => void times.push(Date.now())
    for (let i = 0; i < 4; i++) adapter.failNext('send', network())
    tab.engine.send('Hi')
    await tab.pass(60_000)
    expect(tab.lines()).toEqual(['visitor: Hi (failed)'])
    expect(tab.view.bubbles[0]?.reason).toBe('network')
    expect(new Set(sentKeys(adapter)).size).toBe(1)
    expect(times).toHaveLength(4)
    const waits = times.slice(1).map((time, i) => time - (times[i] ?? 0))
    waits.forEach((wait, i) => {
      expect(wait).toBeGreaterThanOrEqual(500 * 2 ** i)
      expect(wait).toBeLessThanOrEqual(1_000 * 2 ** i)
    })

    tab.engine.retry(tab.view.bubbles[0]?.clientMessageId ?? '')
    expect(tab.lines()).toEqual(['visitor: Hi (sending)'])
    await tab.pass(1_000)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: You said: Hi'])
    expect(new Set(sentKeys(adapter)).size).toBe(1)
  })

  test('comes back no sooner than the server asks', async () => {
    const tab = await open()
    const times: number[] = []
    onSend = () => void times.push(Date.now())
    adapter.failNext('send', new AdapterError('rate_limited', 'Wait.', { status: 429, retryAfter: 7 }))
    tab.engine.send('Hi')
    await tab.pass(1_000)
    expect(tab.view.bubbles).toMatchObject([{ state: 'sending', reason: 'rate_limited' }])
    await tab.pass(19_000)
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(7_000)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: You said: Hi'])
  })

  test('F105: is not offline where the server asks for patience', async () => {
    const tab = await open()
    adapter.failNext('history', new AdapterError('rate_limited', 'Wait.', { status: 429, retryAfter: 7 }))
    tab.engine.send('Hi')
    await tab.pass(20_000)
    expect(tab.view.connection).toBe('online')
  })

  test.each([61, 3_600, 1e12])('does not wait %d s: the visitor is asked', async (retryAfter) => {
    const tab = await open()
    adapter.failNext('send', new AdapterError('rate_limited', 'Wait.', { status: 429, retryAfter }))
    tab.engine.send('Hi')
    await tab.pass()
    expect(tab.lines()).toEqual(['visitor: Hi (failed)'])
    await tab.pass(10_000)
    expect(adapter.send).toHaveBeenCalledTimes(1)
  })

  test.each([
    ['idempotency_mismatch', 409],
    ['text_too_long', 413],
    ['invalid_token', 401],
    ['identity_required', 403],
    ['invalid_text', 400],
  ] as const)('with %s is not tried again', async (code, status) => {
    const tab = await open()
    adapter.failNext('send', error(code, status))
    tab.engine.send('Hi')
    await tab.pass(60_000)
    expect(adapter.send).toHaveBeenCalledTimes(1)
    expect(tab.view.bubbles).toMatchObject([{ text: 'Hi', state: 'failed', reason: code }])
  })

  test('does not hold up the one after it for ever', async () => {
    const tab = await open()
    adapter.failNext('send', error('invalid_text', 400))
    tab.engine.send('bad')
    tab.engine.send('good')
    await tab.pass(1_000)
    expect(tab.lines()).toEqual(['visitor: good', 'assistant: You said: good', 'visitor: bad (failed)'])
  })

  test('by an adapter that throws at once is a failed send, too', async () => {
    const tab = await open()
    vi.mocked(adapter.send).mockImplementationOnce(() => {
      throw error('invalid_text', 400)
    })
    tab.engine.send('bad')
    tab.engine.send('good')
    await tab.pass(1_000)
    expect(tab.lines()).toEqual(['visitor: good', 'assistant: You said: good', 'visitor: bad (failed)'])
  })
})

describe('a stream that is cut', () => {
  test('before anything came is sent again: one message, one answer', async () => {
    const tab = await open()
    adapter.cutNext(0)
    tab.engine.send('Hi')
    await tab.pass(10_000)
    expect(sentKeys(adapter)).toHaveLength(2)
    expect(new Set(sentKeys(adapter)).size).toBe(1)
    expect(records()).toHaveLength(2)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: You said: Hi'])
    expect(tab.told).toHaveLength(1)
  })

  test.each([1, 2, 3, 4, 5])('after %d events is taken up there, and nothing is said twice', async (events) => {
    adapter = spied({ reply: pieces('One ', 'two ', 'three') })
    const tab = await open()
    adapter.cutNext(events)
    tab.engine.send('Hi')
    await tab.pass(10_000)
    expect(adapter.send).toHaveBeenCalledTimes(1)
    expect(vi.mocked(adapter.resume).mock.calls[0]?.[0].lastEventId).toMatch(new RegExp(`\\.${events - 1}$`))
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One two three'])
    for (const { bubbles } of tab.views) {
      expect(bubbles.length).toBeLessThanOrEqual(2)
      expect('One two three'.startsWith(bubbles[1]?.text ?? '')).toBe(true)
    }
    expect(tab.told.map(({ body }) => body)).toEqual(['One two three'])
  })

  test('again and again is taken up again and again', async () => {
    adapter = spied({ reply: pieces('1', '2', '3', '4', '5', '6', '7', '8') })
    const tab = await open()
    for (let i = 0; i < 8; i++) adapter.cutNext(1)
    tab.engine.send('Hi')
    await tab.pass(30_000)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: 12345678'])
  })

  test('and cannot be taken up leaves it to the history', async () => {
    const { reply, say, finish } = dictation()
    adapter = spied({ reply })
    const tab = await open()
    tab.engine.setOpen(true)
    adapter.cutNext(2)
    for (let i = 0; i < 20; i++) adapter.failNext('resume', network())
    tab.engine.send('Hi')
    say('One ')
    await tab.pass(1_000)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One  (writing)'])
    say('two')
    finish()
    await tab.pass(30_000)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One two'])
    expect(tab.told).toHaveLength(1)
  })

  test('and found finished by a look meanwhile is shown once, not as two halves', async () => {
    const { reply, say, finish } = dictation()
    adapter = spied({ reply })
    const tab = await open()
    adapter.cutNext(2)
    for (let i = 0; i < 3; i++) adapter.failNext('resume', network())
    tab.engine.send('Hi')
    say('One ')
    await tab.pass(100)
    say('two')
    finish()
    await tab.pass()
    tab.engine.setOpen(true)
    await tab.pass()
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One two'])
    await tab.pass(20_000)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One two'])
    expect(tab.told).toHaveLength(1)
  })

  test('for good is asked for only now and then', async () => {
    adapter = spied({ reply: dictation().reply })
    const tab = await open()
    tab.engine.setOpen(true)
    let calls = 0
    vi.mocked(adapter.resume).mockImplementation(() => {
      if (++calls > 1_000) throw error('not_found', 404)
      return nothing()
    })
    adapter.cutNext(1)
    tab.engine.send('Hi')
    await tab.pass(60_000)
    expect(calls).toBeGreaterThan(1)
    expect(calls).toBeLessThanOrEqual(6)
    expect(vi.mocked(adapter.history).mock.calls.length).toBeLessThanOrEqual(14)
  })

  test('by somebody who refuses to go on is not asked four times', async () => {
    adapter = spied({ reply: dictation().reply })
    const tab = await open()
    adapter.cutNext(1)
    adapter.failNext('resume', error('invalid_token', 401))
    tab.engine.send('Hi')
    await tab.pass(11_000)
    expect(adapter.resume).toHaveBeenCalledTimes(1)
  })
})

describe('an answer', () => {
  test('that is known before its own stream has begun is not written twice', async () => {
    const { reply, say, finish } = dictation()
    adapter = spied({ reply })
    const hold = deferred()
    const { send } = createMemoryAdapter({ store: backend, reply })
    vi.mocked(adapter.send).mockImplementation(async function* (request) {
      for await (const event of send(request)) {
        await hold.promise
        yield event
      }
    })
    const tab = await open()
    tab.engine.send('Hi')
    say('One ')
    await tab.pass()
    tab.engine.setOpen(true)
    await tab.pass(12_000)
    hold.resolve()
    say('two')
    await tab.pass()
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One two (writing)'])
    finish()
    await tab.pass()
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One two'])
    expect(tab.told).toHaveLength(1)
  })

  test('is reported to the page once, however often it is looked for', async () => {
    const tab = await open()
    tab.engine.setOpen(true)
    tab.engine.send('Hi')
    await tab.pass(60_000)
    expect(tab.told.map(({ body }) => body)).toEqual(['You said: Hi'])
  })

  test('A23: is stopped by the visitor, and what had come stays', async () => {
    const { reply, say } = dictation()
    adapter = spied({ reply })
    const tab = await open()
    tab.engine.send('Hi')
    say('One ')
    await tab.pass()
    tab.engine.stop()
    await tab.pass()
    expect(adapter.stop).toHaveBeenCalledTimes(1)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One  (stopped)'])
    tab.engine.stop()
    expect(adapter.stop).toHaveBeenCalledTimes(1)
  })

  test('that cannot be stopped goes on', async () => {
    const { reply, say, finish } = dictation()
    adapter = spied({ reply })
    const tab = await open()
    adapter.failNext('stop', network())
    tab.engine.send('Hi')
    say('One ')
    await tab.pass()
    tab.engine.stop()
    await tab.pass()
    say('two')
    finish()
    await tab.pass()
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One two'])
  })

  test('that fails leaves the question, and a way to ask again', async () => {
    adapter = spied({
      reply: () => {
        throw new Error('down')
      },
    })
    const tab = await open()
    tab.engine.send('Hi')
    await tab.pass(1_000)
    expect(tab.lines()).toEqual(['visitor: Hi'])
    expect(tab.view.outcome).toEqual({ kind: 'failed', text: 'Hi' })
    expect(tab.view.isWriting).toBe(false)
    tab.engine.send('Hi')
    expect(tab.view.outcome).toBeNull()
  })

  test('that breaks off keeps what had come, and can be asked for again', async () => {
    adapter = spied({
      async *reply() {
        yield 'One '
        throw new Error('down')
      },
    })
    const tab = await open()
    tab.engine.send('Hi')
    await tab.pass(1_000)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One  (interrupted)'])
    expect(tab.view.outcome).toEqual({ kind: 'failed', text: 'Hi' })
  })

  test.each(['approval', 'human'] as const)('that waits for %s says so until it comes', async (reason) => {
    const { send } = createMemoryAdapter({ store: backend, reply: () => '' })
    vi.mocked(adapter.send).mockImplementation(async function* (request) {
      for await (const { id, event } of send(request)) {
        if (event.type === 'done') yield { id, event: { type: 'pending', reason } }
        yield { id: event.type === 'done' ? id.replace('.1', '.2') : id, event }
      }
    })
    const tab = await open()
    tab.engine.setOpen(true)
    tab.engine.send('Hi')
    await tab.pass(1_000)
    expect(tab.view.outcome).toEqual({ kind: reason })
    expect(tab.view.isWriting).toBe(false)
    adapter.postOperatorMessage(conversation(), 'Here I am')
    await tab.pass(12_000)
    expect(tab.view.outcome).toBeNull()
    expect(tab.lines()).toEqual(['visitor: Hi', 'person: Here I am'])
  })
})

describe('after a reload', () => {
  test('everything is there once, and nothing is news', async () => {
    const before = await open()
    before.engine.send('Hi')
    await before.pass(1_000)
    before.engine.destroy()
    const tab = await open()
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: You said: Hi'])
    await tab.pass(1_000)
    expect(tab.told).toEqual([])
    expect(adapter.send).toHaveBeenCalledTimes(1)
  })

  test('a running answer is taken up again, and completed once', async () => {
    const { reply, say, finish } = dictation()
    adapter = spied({ reply })
    const before = await open()
    before.engine.send('Hi')
    say('One ')
    await before.pass()
    before.engine.destroy()
    const tab = await open()
    await tab.pass()
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One  (writing)'])
    say('two')
    finish()
    await tab.pass()
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: One two'])
    expect(tab.told.map(({ body }) => body)).toEqual(['One two'])
    expect(vi.mocked(adapter.resume).mock.calls[0]?.[0].lastEventId).toMatch(/\.0$/)
  })

  test('what was not sent goes out, once, in its order, before what is new', async () => {
    const before = await open()
    for (let i = 0; i < 2; i++) adapter.failNext('send', network())
    before.engine.send('first')
    before.engine.send('second')
    await before.pass()
    before.engine.destroy()
    const tab = openTab({ adapter, store })
    tabs.push(tab)
    tab.engine.send('third')
    void tab.engine.start()
    await tab.pass(20_000)
    const sent = records().filter(({ actor }) => actor === 'customer')
    expect(sent.map(({ body }) => body)).toEqual(['first', 'second', 'third'])
    expect(tab.lines().filter((line) => line.startsWith('visitor'))).toEqual([
      'visitor: first',
      'visitor: second',
      'visitor: third',
    ])
    expect(keptBy(store).unsent).toEqual([])
  })

  test('G1: what had arrived without the visitor hearing of it is not sent again', async () => {
    const before = await open()
    adapter.cutNext(0)
    before.engine.send('Hi')
    await before.pass()
    before.engine.destroy()
    expect(keptBy(store).unsent).toHaveLength(1)
    const tab = await open()
    await tab.pass(10_000)
    expect(adapter.send).toHaveBeenCalledTimes(1)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: You said: Hi'])
    expect(keptBy(store).unsent).toEqual([])
  })

  test('what had failed waits for the visitor', async () => {
    const before = await open()
    adapter.failNext('send', error('identity_required', 403))
    before.engine.send('Hi')
    await before.pass()
    before.engine.destroy()
    const tab = await open()
    await tab.pass(60_000)
    expect(adapter.send).toHaveBeenCalledTimes(1)
    expect(tab.view.bubbles).toMatchObject([{ text: 'Hi', state: 'failed' }])
    tab.engine.retry(tab.view.bubbles[0]?.clientMessageId ?? '')
    await tab.pass(1_000)
    expect(new Set(sentKeys(adapter)).size).toBe(1)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: You said: Hi'])
  })

  test('the text being written is there', async () => {
    const before = await open()
    before.engine.keepDraft('I would')
    await before.pass()
    const tab = openTab({ adapter, store })
    tabs.push(tab)
    const starting = tab.engine.start()
    await tab.pass()
    expect(await starting).toBe('I would')
  })

  test('a message sent before the storage was read goes to the conversation that was there', async () => {
    const before = await open()
    before.engine.send('Hi')
    await before.pass(1_000)
    before.engine.destroy()
    const tab = openTab({ adapter, store })
    tabs.push(tab)
    void tab.engine.start()
    tab.engine.send('Hi again')
    await tab.pass(1_000)
    expect(backend.size).toBe(1)
    expect(tab.lines()).toEqual([
      'visitor: Hi',
      'assistant: You said: Hi',
      'visitor: Hi again',
      'assistant: You said: Hi again',
    ])
  })

  test('B85: what is stored cannot pass for something the server has said', async () => {
    const clientMessageId = 'k'.repeat(22)
    const message = { clientMessageId, text: 'Hi', hasFailed: 'no', userMessageId: 'x', reason: 'evil' }
    store.content.set('tab', { conversationId: 'c_1' })
    store.content.set(`tab\n${clientMessageId}`, message)
    const tab = await open()
    await tab.pass(1_000)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: You said: Hi'])
    expect(sentKeys(adapter)).toEqual([clientMessageId])
    expect(new Set(tab.view.bubbles.map(({ key }) => key)).size).toBe(tab.view.bubbles.length)
  })
})

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

describe('a new conversation', () => {
  test('leaves nothing of the old one, not even while an answer is written', async () => {
    const { reply, say } = dictation()
    adapter = spied({ reply })
    const tab = await open()
    tab.engine.send('old')
    say('One ')
    await tab.pass()
    const old = conversation()
    void tab.engine.newConversation()
    expect(tab.lines()).toEqual([])
    await tab.pass()
    expect(store.content.size).toBe(0)
    say('two')
    await tab.pass(1_000)
    expect(tab.lines()).toEqual([])
    expect(tab.view).toMatchObject({ isWriting: false, isLoading: false, hasEarlier: false, outcome: null })
    tab.engine.send('new')
    await tab.pass(1_000)
    expect(tab.lines()[0]).toBe('visitor: new')
    expect(keptBy(store).conversationId).not.toBe(old)
    expect([...backend.keys()]).toEqual([old, keptBy(store).conversationId])
  })

  test('can be written in at once, whatever became of the old one', async () => {
    vi.mocked(adapter.send).mockImplementationOnce(() => nothing(new Promise(() => {})))
    const tab = await open()
    tab.engine.send('old')
    await tab.pass()
    void tab.engine.newConversation()
    tab.engine.send('new')
    await tab.pass(1_000)
    expect(tab.lines()).toEqual(['visitor: new', 'assistant: You said: new'])
  })

  test('does not hear of a history that was asked for before', async () => {
    const tab = await talk()
    const { history } = createMemoryAdapter({ store: backend })
    vi.mocked(adapter.history).mockImplementationOnce(async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 5_000))
      const { signal: _, ...rest } = request
      return history(rest)
    })
    tab.engine.setOpen(true)
    await tab.pass(100)
    void tab.engine.newConversation()
    await tab.pass(10_000)
    expect(tab.lines()).toEqual([])
  })

  test('begun before the storage was read is not the one that was stored', async () => {
    const before = await talk()
    before.engine.destroy()
    const tab = openTab({ adapter, store })
    tabs.push(tab)
    void tab.engine.start()
    void tab.engine.newConversation()
    tab.engine.send('new')
    await tab.pass(1_000)
    expect(backend.size).toBe(2)
    expect(tab.lines()).toEqual(['visitor: new', 'assistant: You said: new'])
  })

  test("is not to be had where the site names the visitor's conversation", async () => {
    const tab = await open({ conversationId: 'customer-42', proof: { userHash: '00' } })
    tab.engine.send('Hi')
    await tab.pass(1_000)
    void tab.engine.newConversation()
    await tab.pass()
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: You said: Hi'])
  })
})

describe('the end', () => {
  test('X78: leaves no timer and makes no call, whatever was going on', async () => {
    const { reply, say } = dictation()
    adapter = spied({ reply })
    const tab = await open()
    tab.engine.setOpen(true)
    tab.engine.send('one')
    say('One ')
    await tab.pass()
    for (let i = 0; i < 4; i++) adapter.failNext('send', network())
    tab.engine.send('two')
    await tab.pass(100)
    vi.clearAllMocks()
    const seen = tab.views.length
    tab.engine.destroy()
    await tab.pass()
    expect(vi.getTimerCount()).toBe(0)
    say('two')
    await tab.pass(120_000)
    for (const method of ['send', 'resume', 'history', 'stop'] as const) expect(adapter[method]).not.toHaveBeenCalled()
    expect(tab.views).toHaveLength(seen)
  })
})

describe('at the start', () => {
  test('nothing is stored and nothing is asked for a visitor who does nothing', async () => {
    const tab = await open()
    tab.engine.setOpen(true)
    await tab.pass(60_000)
    expect(store.content.size).toBe(0)
    expect(adapter.history).not.toHaveBeenCalled()
    expect(tab.view).toMatchObject({ bubbles: [], isLoading: false })
  })

  test('an empty conversation is never shown before it is known to be empty', async () => {
    const before = await talk()
    before.engine.destroy()
    const tab = await open()
    for (const { bubbles, isLoading } of tab.views) expect(isLoading || bubbles.length > 0).toBe(true)
  })

  test("a site's own conversation is read with its proof", async () => {
    const proof = { userHash: '00ff' }
    await open({ conversationId: 'customer-42', proof })
    expect(vi.mocked(adapter.history).mock.calls).toMatchObject([[{ conversationId: 'customer-42', proof }]])
  })

  test('a context goes along as the page has given it', async () => {
    const tab = await open({ context: { cart: ['a'] } })
    tab.engine.send('Hi')
    await tab.pass()
    expect(vi.mocked(adapter.send).mock.lastCall?.[0].context).toEqual({ cart: ['a'] })
    expect(vi.mocked(adapter.send).mock.lastCall?.[0].proof).toBeUndefined()
  })
})

function spied(options: MemoryAdapterOptions): MemoryAdapter {
  const made = createMemoryAdapter({ delayMs: 0, store: backend, ...options })
  const { send } = made
  made.send = (request) => {
    onSend()
    return send(request)
  }
  for (const method of ['send', 'resume', 'history', 'stop'] as const) vi.spyOn(made, method)
  return made
}

async function open(options: Partial<Parameters<typeof openTab>[0]> = {}): Promise<Tab> {
  const tab = openTab({ adapter, store, ...options })
  tabs.push(tab)
  const starting = tab.engine.start()
  await tab.pass()
  await starting
  return tab
}

/** A tab in which one message has been sent and answered. */
async function talk(): Promise<Tab> {
  const tab = await open()
  tab.engine.send('Hi')
  await tab.pass(1_000)
  expect(linesOf(tab.view)).toHaveLength(2)
  return tab
}

/** The only conversation there is. */
const conversation = (): string => [...backend.keys()][0] ?? ''
const records = () => [...backend.values()].flatMap((each) => each.records)

async function* nothing(after?: Promise<void>): AsyncGenerator<never> {
  await after
  yield* []
}

const pieces = (...parts: string[]) =>
  async function* () {
    yield* parts
  }
