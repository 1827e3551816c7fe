import { describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../../../adapters/memory.ts'
import { dictation } from '../../../helpers/dictation.ts'
import {
  adapter,
  backend,
  conversation,
  open,
  openEarly,
  setUpBench,
  store,
  talk,
  use,
} from '../../../helpers/engine-bench.ts'
import { keptBy } from '../../../helpers/tab.ts'

const network = () => new AdapterError('network', 'No answer.')

setUpBench()

describe('a new conversation', () => {
  test('leaves nothing of the old one, not even while an answer is written', async () => {
    const { reply, say } = dictation()
    use({ reply })
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
    const tab = openEarly()
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
    use({ reply })
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

async function* nothing(after?: Promise<void>): AsyncGenerator<never> {
  await after
  yield* []
}
