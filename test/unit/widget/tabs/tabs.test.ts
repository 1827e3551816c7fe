/** The tabs of one browser: what they show and share, and who asks for all. */
import { describe, expect, test } from 'vitest'
import type { SimulatedTab } from '../../../helpers/browser.ts'
import {
  adapter,
  asked,
  backend,
  browser,
  conversation,
  everywhere,
  leader,
  memory,
  openTabs,
  pass,
  setUpTabs,
  start,
  stored,
  talk,
} from '../../../helpers/tabs-bench.ts'

setUpTabs()

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

  test('shows all that was said, also what came after a page that somebody has read before', async () => {
    start({ delayMs: 200, reply: (text) => `You said: ${text}` })
    const [away, other] = [browser.open(), browser.open()]
    await pass()
    other.engine.send('One')
    await pass(1)
    away.leave()
    await pass(1)
    other.engine.send('Two')
    await pass(7_000)
    away.comeBack()
    await pass(1_000)
    const texts = ['visitor: One', 'visitor: Two', 'assistant: You said: One', 'assistant: You said: Two']
    everywhere([away, other], texts)
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

  test('a tab that is opened while there is no server shows the conversation when there is one', async () => {
    const tabs = await openTabs(1)
    adapter.isDown = true
    const late = [browser.open(), browser.open({ isOpen: false })]
    await pass(20_000)
    expect(late[0]?.view).toMatchObject({ isLoading: true, connection: 'offline' })
    adapter.isDown = false
    await pass(30_000)
    everywhere([...tabs, ...late], talk)
    for (const { view } of late) expect(view.connection).toBe('online')
    adapter.forget()
    await pass(60_000)
    expect(adapter.most('history')).toBe(1)
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
