import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryAdapter } from '../../../../adapters/memory.ts'
import type { MemoryAdapter, MemoryStore } from '../../../../adapters/memory.ts'
import { openBrowser } from '../../../helpers/browser.ts'
import type { SimulatedBrowser, SimulatedTab } from '../../../helpers/browser.ts'
import { dictation } from '../../../helpers/dictation.ts'
import { busyAdapter } from '../../../helpers/busy-adapter.ts'
import type { BusyAdapter } from '../../../helpers/busy-adapter.ts'

let backend: MemoryStore
let memory: MemoryAdapter
let adapter: BusyAdapter
let browser: SimulatedBrowser

beforeEach(() => {
  vi.useFakeTimers()
  start({ reply: (text) => `You said: ${text}` })
})
afterEach(() => {
  for (const tab of [...browser.tabs]) tab.close()
  vi.useRealTimers()
})

function start(options: Parameters<typeof createMemoryAdapter>[0]) {
  backend = new Map()
  memory = createMemoryAdapter({ delayMs: 0, store: backend, ...options })
  adapter = busyAdapter(memory, backend)
  browser = openBrowser(adapter)
}
const pass = async (ms = 0): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms))
const stored = () => [...backend.values()].flatMap(({ records }) => records)
const asked = () =>
  stored()
    .filter(({ actor }) => actor === 'customer')
    .map(({ body }) => body)
const conversation = () => [...backend.keys()][0] ?? ''
const leader = () => browser.tabs.find((tab) => tab.isLeading) as SimulatedTab

/** Tabs that show one conversation, in which something was said. */
async function openTabs(count: number, options: Parameters<SimulatedBrowser['open']>[0] = {}): Promise<SimulatedTab[]> {
  const first = browser.open(options)
  await pass()
  first.engine.send('Hi')
  await pass(1_000)
  const tabs = [first, ...Array.from({ length: count - 1 }, () => browser.open(options))]
  await pass(1_000)
  return tabs
}
const everywhere = (tabs: readonly SimulatedTab[], lines: string[]) => {
  for (const tab of tabs) expect(tab.lines()).toEqual(lines)
}
const talk = ['visitor: Hi', 'assistant: You said: Hi']

describe('A19: five tabs of one site', () => {
  test('show one conversation, have one leader, and ask once for all', async () => {
    const tabs = await openTabs(5)
    expect(backend.size).toBe(1)
    everywhere(tabs, talk)
    expect(browser.tabs.filter((tab) => tab.isLeading)).toHaveLength(1)
    const before = adapter.count('history')
    await pass(60_000)
    // Each look waits 25 s.
    expect(adapter.count('history') - before).toBeLessThanOrEqual(3)
    expect(adapter.most('history')).toBeLessThanOrEqual(5)
    memory.postOperatorMessage(conversation(), 'This is Sam.')
    await pass(500)
    everywhere(tabs, [...talk, 'person: This is Sam.'])
  })

  test('that all write: each message once in each tab, and one stream at a time', async () => {
    const tabs = await openTabs(5)
    adapter.forget()
    for (const [n, tab] of tabs.entries()) tab.engine.send(`${n}`)
    await pass(10_000)
    const all = stored().map(({ actor, body }) => `${actor === 'customer' ? 'visitor' : 'assistant'}: ${body}`)
    expect(all).toHaveLength(12)
    everywhere(tabs, all)
    expect(adapter.count('send')).toBe(5)
    expect(adapter.most('stream')).toBeLessThanOrEqual(2)
    for (const { told } of tabs) expect(new Set(told.map(({ id }) => id)).size).toBe(told.length)
  })

  test('see an answer grow, all at once, by one stream', async () => {
    const { reply, say, finish } = dictation()
    start({ reply })
    say('One')
    finish()
    const tabs = await openTabs(5)
    const more = dictation()
    start({ reply: more.reply })
    await pass()
    expect(tabs.length).toBe(5)
    for (const tab of tabs) tab.close()
    const [first] = [browser.open()]
    await pass()
    first?.engine.send('Go')
    await pass(100)
    const others = [browser.open(), browser.open()]
    await pass(100)
    adapter.forget()
    for (const piece of ['a', 'b', 'c']) {
      more.say(piece)
      await pass(10)
    }
    everywhere(browser.tabs, ['visitor: Go', 'assistant: abc (writing)'])
    more.finish()
    await pass(1_000)
    everywhere(browser.tabs, ['visitor: Go', 'assistant: abc'])
    expect(others).toHaveLength(2)
    expect(adapter.most('stream')).toBeLessThanOrEqual(2)
  })
})

describe.each([
  ['is closed', (tab: SimulatedTab) => tab.close(), 100],
  ['is frozen', (tab: SimulatedTab) => tab.freeze(), 5_000],
  ['is kept for a way back', (tab: SimulatedTab) => tab.leave(), 100],
] as const)('A19: where the leader %s', (_what, stop, ms) => {
  test('another takes over within 5 s, and goes on with the answer where it was', async () => {
    const { reply, say, finish } = dictation()
    start({ reply })
    const first = browser.open()
    await pass()
    first.engine.send('Go')
    say('One ')
    await pass(100)
    const others = [browser.open(), browser.open()]
    await pass(1_000)
    everywhere(others, ['visitor: Go', 'assistant: One  (writing)'])
    const old = leader()
    stop(old)
    const rest = [first, ...others].filter((tab) => tab !== old)
    await pass(ms)
    expect(rest.filter((tab) => tab.isLeading)).toHaveLength(1)
    say('two')
    await pass(100)
    everywhere(rest, ['visitor: Go', 'assistant: One two (writing)'])
    finish()
    await pass(1_000)
    everywhere(rest, ['visitor: Go', 'assistant: One two'])
    rest[0]?.engine.send('And')
    await pass(1_000)
    expect(asked()).toEqual(['Go', 'And'])
    for (const { told } of rest) expect(new Set(told.map(({ id }) => id)).size).toBe(told.length)
  })
})

describe('A10: a page that comes back', () => {
  test('from where it was kept shows what was said meanwhile, and leads or follows as the others do', async () => {
    const tabs = await openTabs(2)
    const old = leader()
    const other = tabs.find((tab) => tab !== old) as SimulatedTab
    old.leave()
    await pass(100)
    other.engine.send('Two')
    await pass(1_000)
    old.comeBack()
    await pass(1_000)
    everywhere(tabs, [...talk, 'visitor: Two', 'assistant: You said: Two'])
    old.engine.send('Three')
    await pass(1_000)
    expect(asked()).toEqual(['Hi', 'Two', 'Three'])
    expect(browser.tabs.filter((tab) => tab.isLeading)).toEqual([other])
  })

  test('from a freeze does so, too, and leads no more', async () => {
    const tabs = await openTabs(3)
    const old = leader()
    old.freeze()
    await pass(5_000)
    const other = leader()
    expect(other).not.toBe(old)
    other.engine.send('Two')
    await pass(1_000)
    old.thaw()
    await pass(2_000)
    expect(leader()).toBe(other)
    everywhere(tabs, [...talk, 'visitor: Two', 'assistant: You said: Two'])
    old.engine.send('Three')
    await pass(2_000)
    everywhere(tabs, [
      ...talk,
      ...['Two', 'Three'].flatMap((text) => [`visitor: ${text}`, `assistant: You said: ${text}`]),
    ])
  })
})

describe('B87: offline', () => {
  test('three messages, a reload in between, and online again: once, in order, in every tab', async () => {
    const tabs = await openTabs(2)
    adapter.isDown = true
    browser.setOnline(false)
    const [writer, other] = tabs as [SimulatedTab, SimulatedTab]
    writer.engine.send('1')
    writer.engine.send('2')
    await pass(20_000)
    writer.close()
    const again = browser.open()
    await pass(1_000)
    again.engine.send('3')
    await pass(40_000)
    adapter.isDown = false
    browser.setOnline(true)
    await pass(20_000)
    expect(asked()).toEqual(['Hi', '1', '2', '3'])
    const shown = stored().map(({ actor, body }) => `${actor === 'customer' ? 'visitor' : 'assistant'}: ${body}`)
    everywhere([other, again], shown)
  })

  test('two tabs write, and both are online again', async () => {
    const tabs = await openTabs(2)
    adapter.isDown = true
    browser.setOnline(false)
    for (const [n, tab] of tabs.entries()) tab.engine.send(`${n}`)
    await pass(30_000)
    adapter.isDown = false
    browser.setOnline(true)
    await pass(20_000)
    expect(asked().toSorted()).toEqual(['0', '1', 'Hi'])
    const shown = stored().map(({ actor, body }) => `${actor === 'customer' ? 'visitor' : 'assistant'}: ${body}`)
    everywhere(tabs, shown)
  })

  test('what a tab has left unsent when it is closed, another one sends', async () => {
    const tabs = await openTabs(2)
    adapter.isDown = true
    const writer = tabs.find((tab) => !tab.isLeading) as SimulatedTab
    writer.engine.send('Last words')
    await pass(100)
    writer.close()
    await pass(30_000)
    adapter.isDown = false
    await pass(30_000)
    expect(asked()).toEqual(['Hi', 'Last words'])
    everywhere(browser.tabs, [...talk, 'visitor: Last words', 'assistant: You said: Last words'])
  })

  test('two tabs that begin at the same time begin one conversation', async () => {
    const tabs = [browser.open(), browser.open()]
    await pass()
    for (const [n, tab] of tabs.entries()) tab.engine.send(`${n}`)
    await pass(10_000)
    expect(backend.size).toBe(1)
    expect(asked().toSorted()).toEqual(['0', '1'])
    const shown = stored().map(({ actor, body }) => `${actor === 'customer' ? 'visitor' : 'assistant'}: ${body}`)
    everywhere(tabs, shown)
  })
})

describe('what tabs share', () => {
  test('the text that is being written, and who has signed in', async () => {
    const [first, second] = await openTabs(2)
    first?.engine.keepDraft('I would')
    first?.engine.share({ identity: { conversationId: 'customer-42' } })
    await pass()
    expect(second?.shared).toEqual([{ draft: 'I would' }, { identity: { conversationId: 'customer-42' } }])
  })

  test('a new conversation, and its first message', async () => {
    const tabs = await openTabs(3)
    await tabs[0]?.engine.newConversation()
    await pass(100)
    everywhere(tabs, [])
    tabs[1]?.engine.send('New')
    await pass(5_000)
    everywhere(tabs, ['visitor: New', 'assistant: You said: New'])
    expect(backend.size).toBe(2)
  })

  test('what is unread: it is counted once, and not where somebody reads along', async () => {
    const tabs = await openTabs(3, { isOpen: false })
    // The first answer, which nobody has seen.
    expect(tabs.map(({ counted }) => counted)).toEqual([1, 0, 0])
    memory.postOperatorMessage(conversation(), 'One')
    await pass(15_000)
    expect(tabs.reduce((sum, { counted }) => sum + counted, 0)).toBe(2)
    const reader = browser.open()
    await pass(1_000)
    memory.postOperatorMessage(conversation(), 'Two')
    await pass(15_000)
    expect(reader.lines().at(-1)).toBe('person: Two')
    expect(tabs.reduce((sum, { counted }) => sum + counted, 0)).toBe(2)
  })
})

test('without locks or channels each tab works by itself', async () => {
  const tabs = await openTabs(2, { hasLocks: false })
  tabs[0]?.engine.send('One')
  await pass(5_000)
  everywhere(tabs, [...talk, 'visitor: One', 'assistant: You said: One'])
  tabs[1]?.engine.send('Two')
  await pass(5_000)
  expect(asked()).toEqual(['Hi', 'One', 'Two'])
})
