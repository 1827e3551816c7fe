import { describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../../../adapters/adapter.ts'
import type { AdapterErrorCode } from '../../../../adapters/adapter.ts'
import { dictation } from '../../../helpers/dictation.ts'
import { adapter, onSend, open, records, setUpBench, use } from '../../../helpers/engine-bench.ts'
import { sentKeys } from '../../../helpers/tab.ts'

const network = () => new AdapterError('network', 'No answer.')
const error = (code: AdapterErrorCode, status: number) => new AdapterError(code, 'No.', { status })

setUpBench()

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
    use({ reply })
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
    onSend(() => void times.push(Date.now()))
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
    onSend(() => void times.push(Date.now()))
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
