/** What tests of the engine stand on: one browser's storage, one backend, and an adapter that counts its calls. */
import { afterEach, beforeEach, expect, vi } from 'vitest'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import type { MemoryAdapter, MemoryAdapterOptions, MemoryStore } from '../../adapters/memory.ts'
import { createMemoryStore } from './store.ts'
import { linesOf, openTab } from './tab.ts'
import type { Tab } from './tab.ts'

/** The storage of the browser. */
export let store: ReturnType<typeof createMemoryStore>
/** What the server has, by conversation. */
export let backend: MemoryStore
/** How tabs that are opened reach the backend. Its methods are spies. */
export let adapter: MemoryAdapter

type Options = Partial<Parameters<typeof openTab>[0]>

let noticeSend = (): void => {}
const tabs: Tab[] = []

/** Makes all of it anew for each test of the file, on fake timers, with an assistant that repeats what it hears. */
export function setUpBench(): void {
  beforeEach(() => {
    vi.useFakeTimers()
    store = createMemoryStore()
    backend = new Map()
    noticeSend = () => {}
    use({ reply: (text) => `You said: ${text}` })
  })
  afterEach(() => {
    for (const { engine } of tabs.splice(0)) engine.destroy()
    vi.useRealTimers()
  })
}

/** Puts another assistant behind the tabs that are opened from now on. */
export function use(options: MemoryAdapterOptions): void {
  const made = createMemoryAdapter({ delayMs: 0, store: backend, ...options })
  const { send } = made
  made.send = (request) => {
    noticeSend()
    return send(request)
  }
  for (const method of ['send', 'resume', 'history', 'stop'] as const) vi.spyOn(made, method)
  adapter = made
}

/** Has a function called at each send. */
export function onSend(notice: () => void): void {
  noticeSend = notice
}

/** Opens a tab that has looked into the storage. */
export async function open(options: Options = {}): Promise<Tab> {
  const tab = openEarly(options)
  const starting = tab.engine.start()
  await tab.pass()
  await starting
  return tab
}

/** Opens a tab that has not looked into the storage yet. */
export function openEarly(options: Options = {}): Tab {
  const tab = openTab({ adapter, store, ...options })
  tabs.push(tab)
  return tab
}

/** Opens a tab in which one message has been sent and answered. */
export async function talk(): Promise<Tab> {
  const tab = await open()
  tab.engine.send('Hi')
  await tab.pass(1_000)
  expect(linesOf(tab.view)).toHaveLength(2)
  return tab
}

/** The name of the only conversation there is. */
export const conversation = (): string => [...backend.keys()][0] ?? ''

/** All that the server has stored. */
export const records = () => [...backend.values()].flatMap((each) => each.records)

/** An assistant's answer, in pieces. */
export const pieces = (...parts: string[]) =>
  async function* () {
    yield* parts
  }
