import { describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../../../adapters/adapter.ts'
import type { AdapterErrorCode } from '../../../../adapters/adapter.ts'
import { dictation } from '../../../helpers/dictation.ts'
import {
  adapter,
  backend,
  open,
  openEarly,
  records,
  setUpBench,
  store,
  talk,
  use,
} from '../../../helpers/engine-bench.ts'
import { keptBy, sentKeys } from '../../../helpers/tab.ts'

const network = () => new AdapterError('network', 'No answer.')
const error = (code: AdapterErrorCode, status: number) => new AdapterError(code, 'No.', { status })

setUpBench()

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
    use({ reply })
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
    const tab = openEarly()
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
    const tab = openEarly()
    const starting = tab.engine.start()
    await tab.pass()
    expect(await starting).toBe('I would')
  })

  test('a message sent before the storage was read goes to the conversation that was there', async () => {
    const before = await open()
    before.engine.send('Hi')
    await before.pass(1_000)
    before.engine.destroy()
    const tab = openEarly()
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

  test('a context goes along as it is when the message is sent, and is not asked for before', async () => {
    const context = vi.fn(() => ({ cart: ['a'] }))
    const tab = await open({ context })
    expect(context).not.toHaveBeenCalled()
    tab.engine.send('Hi')
    await tab.pass()
    expect(vi.mocked(adapter.send).mock.lastCall?.[0].context).toEqual({ cart: ['a'] })
    expect(context).toHaveBeenCalledOnce()
    expect(vi.mocked(adapter.send).mock.lastCall?.[0].proof).toBeUndefined()
  })
})
