import { describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../../../adapters/memory.ts'
import { deferred, dictation } from '../../../helpers/dictation.ts'
import { adapter, backend, conversation, open, setUpBench, use } from '../../../helpers/engine-bench.ts'

const network = () => new AdapterError('network', 'No answer.')

setUpBench()

describe('an answer', () => {
  test('that is known before its own stream has begun is not written twice', async () => {
    const { reply, say, finish } = dictation()
    use({ reply })
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
    use({ reply })
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
    use({ reply })
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
    use({
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
    use({
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
