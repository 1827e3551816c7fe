/** An answer, as the tabs of one browser see it grow, whoever reads it for them. */
import { describe, expect, test } from 'vitest'
import type { SimulatedTab } from '../../../helpers/browser.ts'
import { dictation } from '../../../helpers/dictation.ts'
import {
  adapter,
  asked,
  browser,
  everywhere,
  leader,
  openTabs,
  pass,
  setUpTabs,
  start,
  talk,
} from '../../../helpers/tabs-bench.ts'

setUpTabs()

test('A19: five tabs see an answer grow, all at once, by one stream', async () => {
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

test('A19: where the history is quicker than the ack, every tab sees the answer grow', async () => {
  const { reply, say, finish } = dictation()
  start({ reply: (text) => (text === 'Hi' ? 'You said: Hi' : reply()) }, 50)
  const tabs = await openTabs(3)
  const { send } = adapter
  adapter.send = async function* (request) {
    for await (const item of send(request)) {
      await new Promise((resolve) => setTimeout(resolve, 60))
      yield item
    }
  }
  tabs[0]?.engine.send('Go')
  say('One')
  await pass(3_000)
  everywhere(tabs, [...talk, 'visitor: Go', 'assistant: One (writing)'])
  say(' two')
  await pass(1_000)
  everywhere(tabs, [...talk, 'visitor: Go', 'assistant: One two (writing)'])
  finish()
  await pass(2_000)
  everywhere(tabs, [...talk, 'visitor: Go', 'assistant: One two'])
  for (const { told } of tabs) expect(new Set(told.map(({ id }) => id)).size).toBe(told.length)
})

test('A19: a tab that is opened after another took over sees all that there is of the answer', async () => {
  const { reply, say, finish } = dictation()
  start({ reply })
  const first = browser.open()
  await pass()
  first.engine.send('Go')
  say('One ')
  await pass(100)
  const second = browser.open()
  await pass(1_000)
  first.close()
  await pass(100)
  say('two ')
  await pass(100)
  expect(second.isLeading).toBe(true)
  const third = browser.open()
  await pass(1_000)
  everywhere([second, third], ['visitor: Go', 'assistant: One two  (writing)'])
  say('three')
  await pass(100)
  everywhere([second, third], ['visitor: Go', 'assistant: One two three (writing)'])
  expect(adapter.most('stream')).toBeLessThanOrEqual(2)
  finish()
  await pass(1_000)
  everywhere([second, third], ['visitor: Go', 'assistant: One two three'])
})
