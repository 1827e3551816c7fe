import { describe, expect, it } from 'vitest'
import { AdapterError } from '../../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../../adapters/memory.ts'
import type { MemoryStore } from '../../../adapters/memory.ts'
import { answerOf, collect, newId, newKey } from '../../contract/adapter.suite.ts'

const message = (text = 'hello') => ({ text, conversationId: newId(), clientMessageId: newKey() })

describe('memory adapter', () => {
  it('says of itself that there is no server, and repeats the text as it was', async () => {
    const events = await collect(createMemoryAdapter({ delayMs: 0 }).send(message('two  words\nand a line ')))
    expect(answerOf(events)).toBe('There is no server behind this chat. You wrote: two  words\nand a line')
  })

  it('shares a store as a reloaded page does, a running answer included', async () => {
    const store: MemoryStore = new Map()
    const sent = message()
    for await (const { event } of createMemoryAdapter({ store, delayMs: 1 }).send(sent))
      if (event.type === 'delta') break
    const reloaded = createMemoryAdapter({ store })
    const { activeTurn } = await reloaded.history(sent)
    const rest = await collect(reloaded.resume({ ...sent, lastEventId: `${activeTurn?.turnId}.0` }))
    expect(answerOf(rest)).toBe('There is no server behind this chat. You wrote: hello')
    expect((await reloaded.history(sent)).messages).toHaveLength(2)
  })

  it('an answer that fails ends with failure and done, and keeps what had come', async () => {
    const adapter = createMemoryAdapter({
      reply: async function* (text) {
        if (text === 'half') yield 'Half an'
        throw new Error('broken')
      },
    })
    const half = message('half')
    expect((await collect(adapter.send(half))).map(({ event }) => event)).toMatchObject([
      { type: 'ack' },
      { type: 'delta', text: 'Half an' },
      { type: 'message', message: { body: 'Half an', data: { interrupted: true } } },
      { type: 'failure', code: 'responder_interrupted', retryable: true },
      { type: 'done' },
    ])
    const none = message('none')
    const events = (await collect(adapter.send(none))).map(({ event }) => event)
    expect(events).toMatchObject([{ type: 'ack' }, { type: 'failure', code: 'responder_failed' }, { type: 'done' }])
    expect((await adapter.history(none)).messages).toHaveLength(1)
  })

  it('failNext and cutNext make trouble once, in order', async () => {
    const adapter = createMemoryAdapter({ delayMs: 0 })
    const [one, two] = [
      new AdapterError('network', 'one'),
      new AdapterError('storage_unavailable', 'two', { status: 503 }),
    ]
    adapter.failNext('send', one)
    adapter.failNext('send', two)
    adapter.cutNext(2)
    const sent = message()
    await expect(collect(adapter.send(sent))).rejects.toBe(one)
    await expect(collect(adapter.send(sent))).rejects.toBe(two)
    expect((await collect(adapter.send(sent))).map(({ event }) => event.type)).toEqual(['ack', 'delta'])
    expect((await collect(adapter.send(sent))).at(-1)?.event.type).toBe('done')
    adapter.failNext('history', two)
    await expect(adapter.history(sent)).rejects.toBe(two)
    expect((await adapter.history(sent)).messages).toHaveLength(2)
  })

  it('A23: an answer that is stopped while it waits for the one before is never begun', async () => {
    const asked: string[] = []
    const adapter = createMemoryAdapter({
      reply(text) {
        asked.push(text)
        return text === 'first' ? new Promise<string>(() => {}) : text
      },
    })
    const first = message('first')
    const second = { ...message('second'), conversationId: first.conversationId }
    const turnOf = async (sent: typeof first) => {
      for await (const { event } of adapter.send(sent)) if (event.type === 'ack') return event.turnId
      throw new Error('no ack')
    }
    const turns = [await turnOf(first), await turnOf(second)].reverse()
    for (const turnId of turns) await adapter.stop({ ...first, turnId })
    await collect(adapter.send({ ...message('third'), conversationId: first.conversationId }))
    expect(asked).toEqual(['first', 'third'])
  })

  it('a person can write first', async () => {
    const adapter = createMemoryAdapter({ now: () => 0 })
    const record = adapter.postOperatorMessage('c_1', 'Welcome', 'Ann')
    expect(record).toMatchObject({ actor: 'assistant', body: 'Welcome', createdAt: '1970-01-01T00:00:00.000Z' })
    expect(record.data).toEqual({ author: { kind: 'operator', name: 'Ann' } })
    expect((await adapter.history({ conversationId: 'c_1' })).messages).toEqual([record])
  })
})
