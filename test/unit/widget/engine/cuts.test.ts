import { describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../../../adapters/adapter.ts'
import type { AdapterErrorCode } from '../../../../adapters/adapter.ts'
import { dictation } from '../../../helpers/dictation.ts'
import { adapter, open, pieces, records, setUpBench, use } from '../../../helpers/engine-bench.ts'
import { sentKeys } from '../../../helpers/tab.ts'

const network = () => new AdapterError('network', 'No answer.')
const error = (code: AdapterErrorCode, status: number) => new AdapterError(code, 'No.', { status })

setUpBench()

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
    use({ reply: pieces('One ', 'two ', 'three') })
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
    use({ reply: pieces('1', '2', '3', '4', '5', '6', '7', '8') })
    const tab = await open()
    for (let i = 0; i < 8; i++) adapter.cutNext(1)
    tab.engine.send('Hi')
    await tab.pass(30_000)
    expect(tab.lines()).toEqual(['visitor: Hi', 'assistant: 12345678'])
  })

  test('and cannot be taken up leaves it to the history', async () => {
    const { reply, say, finish } = dictation()
    use({ reply })
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
    use({ reply })
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
    use({ reply: dictation().reply })
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
    use({ reply: dictation().reply })
    const tab = await open()
    adapter.cutNext(1)
    adapter.failNext('resume', error('invalid_token', 401))
    tab.engine.send('Hi')
    await tab.pass(11_000)
    expect(adapter.resume).toHaveBeenCalledTimes(1)
  })
})

async function* nothing(after?: Promise<void>): AsyncGenerator<never> {
  await after
  yield* []
}
