/** Tabs of one browser, and the backend that they share. Needs fake timers, and makes them. */
import { afterEach, beforeEach, expect, vi } from 'vitest'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import type { MemoryAdapter, MemoryStore } from '../../adapters/memory.ts'
import type { ConversationRecord } from '../../protocol.ts'
import { openBrowser } from './browser.ts'
import type { SimulatedBrowser, SimulatedTab } from './browser.ts'
import { busyAdapter } from './busy-adapter.ts'
import type { BusyAdapter } from './busy-adapter.ts'

export let backend: MemoryStore
export let memory: MemoryAdapter
export let adapter: BusyAdapter
export let browser: SimulatedBrowser

/** Gives each test of a file a browser of its own. */
export function setUpTabs(): void {
  beforeEach(() => {
    vi.useFakeTimers()
    start({ reply: (text) => `You said: ${text}` })
  })
  afterEach(() => {
    for (const tab of [...browser.tabs]) tab.close()
    vi.useRealTimers()
  })
}

/** Begins anew, with another backend. @param lagMs how long a message between tabs takes */
export function start(options: Parameters<typeof createMemoryAdapter>[0], lagMs?: number): void {
  backend = new Map()
  memory = createMemoryAdapter({ delayMs: 0, store: backend, ...options })
  adapter = busyAdapter(memory, backend)
  browser = openBrowser(adapter, lagMs)
}

/** Lets time pass, and what is due happen. */
export const pass = async (ms = 0): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms))
export const stored = (): ConversationRecord[] => [...backend.values()].flatMap(({ records }) => records)
/** The visitor's messages, as they are stored. */
export const asked = (): string[] =>
  stored()
    .filter(({ actor }) => actor === 'customer')
    .map(({ body }) => body)
export const conversation = (): string => [...backend.keys()][0] ?? ''
export const leader = (): SimulatedTab => browser.tabs.find((tab) => tab.isLeading) as SimulatedTab

/** Tabs that show one conversation, in which something was said. */
export async function openTabs(
  count: number,
  options: Parameters<SimulatedBrowser['open']>[0] = {},
): Promise<SimulatedTab[]> {
  const first = browser.open(options)
  await pass()
  first.engine.send('Hi')
  await pass(1_000)
  const tabs = [first, ...Array.from({ length: count - 1 }, () => browser.open(options))]
  await pass(1_000)
  return tabs
}
/** What was said there. */
export const talk = ['visitor: Hi', 'assistant: You said: Hi']

export const everywhere = (tabs: readonly SimulatedTab[], lines: string[]): void => {
  for (const tab of tabs) expect(tab.lines()).toEqual(lines)
}
