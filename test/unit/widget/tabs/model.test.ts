/** Whatever becomes of tabs and their network: in the end each shows the same, once, and one of them asks for all. */
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMemoryAdapter } from '../../../../adapters/memory.ts'
import type { MemoryStore } from '../../../../adapters/memory.ts'
import { openBrowser } from '../../../helpers/browser.ts'
import { busyAdapter } from '../../../helpers/busy-adapter.ts'
import { commands, wake } from './commands.ts'
import type { Expected, Real } from './commands.ts'

const runs = Number(process.env['LUMIKA_MODEL_RUNS'] ?? 100)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test(
  `A19, B87: ${runs} runs of tabs that open, close, freeze, write and lose their network`,
  { timeout: 3_600_000 },
  () =>
    fc.assert(
      fc.asyncProperty(fc.commands(commands(), { maxCommands: 30, size: 'max' }), async (list) => {
        const real = start()
        const model: Expected = { sent: new Map(), draft: undefined }
        try {
          await fc.asyncModelRun(() => ({ model, real }), list)
          await settle(real)
          checkMessages(model, real)
          checkShared(model, real)
          await checkOneAsksForAll(real)
        } finally {
          for (const tab of [...real.browser.tabs]) tab.close()
          vi.clearAllTimers()
        }
      }),
      { numRuns: runs },
    ),
)

function start(): Real {
  const backend: MemoryStore = new Map()
  const memory = createMemoryAdapter({ delayMs: 200, store: backend, reply: (text) => `You said: ${text}` })
  const adapter = busyAdapter(memory, backend)
  const pass = async (ms: number): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms))
  const browser = openBrowser(adapter)
  browser.open()
  browser.open({ isOpen: false })
  return { browser, adapter, memory, backend, pass }
}

/** Everybody is there again, with one tab more, and has had time for what is left to be done. */
async function settle({ browser, adapter, pass }: Real): Promise<void> {
  adapter.isDown = false
  browser.setOnline(true)
  for (const tab of browser.tabs) wake(tab)
  browser.open()
  await pass(90_000)
}

const linesIn = (backend: MemoryStore) =>
  [...backend.values()].map(({ records }) =>
    records.map(({ actor, body, data }) => {
      const author = actor === 'customer' ? 'visitor' : data?.author ? 'person' : 'assistant'
      return `${author}: ${body}`
    }),
  )

function checkMessages({ sent }: Expected, { browser, backend }: Real): void {
  const conversations = linesIn(backend)
  for (const [text, { isSure }] of sent) {
    const times = conversations.flat().filter((line) => line === `visitor: ${text}`).length
    expect(times, `how often ${text} is stored`).toBeLessThanOrEqual(1)
    if (isSure) expect(times, `how often ${text} is stored`).toBe(1)
  }
  const shown = browser.tabs.map((tab) => tab.lines())
  // All the same, and one of the conversations as it is stored, or an empty one.
  for (const lines of shown) expect(lines).toEqual(shown[0])
  expect([[], ...conversations]).toContainEqual(shown[0])
  const sure = [...sent].flatMap(([text, { isSure }]) => (isSure ? [`visitor: ${text}`] : []))
  expect(shown[0]).toEqual(expect.arrayContaining(sure))
  for (const { told } of browser.tabs) expect(new Set(told.map(({ id }) => id)).size).toBe(told.length)
}

function checkShared({ draft }: Expected, { browser }: Real): void {
  const { tabs } = browser
  if (draft !== undefined) expect(tabs.map((tab) => tab.draft)).toEqual(tabs.map(() => draft))
  expect(new Set(tabs.map(({ unread }) => unread)).size).toBe(1)
}

/** A while in which nobody takes another's place. */
async function checkOneAsksForAll({ browser, adapter, pass }: Real): Promise<void> {
  for (const [n, tab] of browser.tabs.entries()) tab.send(`last ${n}`)
  await pass(10_000)
  expect(browser.tabs.filter(({ isLeading }) => isLeading)).toHaveLength(1)
  adapter.forget()
  for (const [n, tab] of browser.tabs.entries()) tab.send(`very last ${n}`)
  await pass(60_000)
  // One answer is read while another message is stored.
  expect(adapter.most('stream')).toBeLessThanOrEqual(2)
  // The one that waits, and looks of tabs that were told of news.
  expect(adapter.most('history')).toBeLessThanOrEqual(browser.tabs.length + 1)
  adapter.forget()
  await pass(60_000)
  expect([adapter.most('stream'), adapter.most('history')]).toEqual([0, 1])
}
