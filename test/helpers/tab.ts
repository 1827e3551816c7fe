/** An engine as in a browser's tab: what it shows, what it reports, what it calls. */
import { vi } from 'vitest'
import type { MemoryAdapter } from '../../adapters/memory.ts'
import type { ConversationRecord } from '../../protocol.ts'
import { createEngine } from '../../widget/engine/engine.ts'
import type { Engine, EngineOptions, View } from '../../widget/engine/engine.ts'
import { createSession } from '../../widget/session.ts'
import { readSession } from '../../widget/engine/kept.ts'
import type { KeyValueStore, SessionData } from '../../widget/session.ts'

/** A tab. Another one with the same store is the page after a reload. */
export interface Tab {
  engine: Engine
  /** What is shown now. */
  readonly view: View
  /** All that was ever shown. */
  views: View[]
  /** The messages reported to the page, as they came. */
  told: ConversationRecord[]
  /** What is shown, as `author: text`, with the state where it is not `done`. */
  lines(): string[]
  /** Lets happen what is due within some milliseconds. */
  pass(ms?: number): Promise<void>
}

/** Opens one. Needs fake timers. */
export function openTab(
  options: Partial<EngineOptions> & { adapter: EngineOptions['adapter']; store: KeyValueStore },
): Tab {
  const { store, ...rest } = options
  const views: View[] = []
  const told: ConversationRecord[] = []
  const engine = createEngine({
    session: createSession('tab', store),
    pollMs: 12_000,
    onChange: (view) => views.push(view),
    onMessage: (record) => told.push(record),
    ...rest,
  })
  const view = () => views.at(-1) as View
  return {
    engine,
    get view() {
      return view()
    },
    views,
    told,
    lines: () => linesOf(view()),
    pass: async (ms = 0) => void (await vi.advanceTimersByTimeAsync(ms)),
  }
}

/** A view, as `author: text`, with the state where it is not `done`. */
export const linesOf = ({ bubbles }: View): string[] =>
  bubbles.map(({ author, text, state }) => `${author}: ${text}${state === 'done' ? '' : ` (${state})`}`)

/** The keys that messages were sent under, one for each call. */
export const sentKeys = (adapter: MemoryAdapter): string[] =>
  vi.mocked(adapter.send).mock.calls.map(([request]) => request.clientMessageId)

/** What a browser has stored for the tab. */
export const keptBy = (store: { content: Map<string, unknown> }): SessionData => readSession(store.content, 'tab')
