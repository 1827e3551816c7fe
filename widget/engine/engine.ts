/** The conversations of a widget, without a page: one at a time, looked after alone or with other tabs. Knows no DOM. */
import type { ChatAdapter } from '../../adapters/adapter.ts'
import type { ConversationRecord } from '../../protocol.ts'
import type { ThreadOptions } from './context.ts'
import { randomId, sleep } from './retry.ts'
import { createThread } from './thread.ts'
import type { Thread } from './thread.ts'
import type { Shared, Tabs, TabsOptions } from './tabs/tabs.ts'

export type { View } from './context.ts'

/** What an engine needs. */
export interface EngineOptions extends Omit<ThreadOptions, 'onMessage'> {
  /** Time between two looks for new messages while the panel is closed, in milliseconds. */
  pollMs: number
  /** Tabs that share a conversation have this in common. @default '' */
  name?: string
  /** Loads what joins the other tabs, once there is a conversation. @default the tab works by itself */
  loadTabs?: () => Promise<{ join: (options: TabsOptions) => Tabs }>
  /** `isCounted`: nobody reads along, and no other tab counts it. */
  onMessage: (record: ConversationRecord, isCounted: boolean) => void
  /** Called when the browser keeps nothing of the conversation any more. */
  onForgotten?: () => void
  /** What another tab shares beside the conversation. */
  onShared?: (shared: Shared) => void
}

/** One widget's conversation. */
export interface Engine {
  /** Reads what the browser has kept, then the history. Resolves to the text that was being written. */
  start(): Promise<string>
  /** Looks for new messages, at once and from time to time, or as a closed panel does. */
  setOpen(isOpen: boolean): void
  send: Thread['send']
  whose: Thread['whose']
  retry(clientMessageId: string): void
  stop(): void
  loadEarlier(): Promise<void>
  keepDraft(text: string): void
  share(shared: Shared): void
  /** Goes on with the conversation that the browser keeps now, if it is another one. Resolves to the text that is being written. */
  refresh(): Promise<string>
  /** Leaves this conversation and starts an empty one with the next message. A conversation of the site's stays. */
  newConversation(): Promise<void>
  /** The conversation is no more: begins an empty one, under its name where that is the site's. */
  restart(): Promise<void>
  /** Forgets the visitor: what the browser keeps goes, and nothing is under way any more. */
  logout(): Promise<void>
  destroy(): void
}

/** Longest wait for the other tabs before a message goes out without them, in milliseconds. */
const PATIENCE_MS = 5_000

/** Makes the engine of a widget. */
export function createEngine(options: EngineOptions): Engine {
  const { session, loadTabs } = options
  const life = new AbortController()
  let tabs: Tabs | null = null
  let joining: Promise<unknown> | null = null
  let isLoaded = false
  let isOpen = false
  let pollTimer: ReturnType<typeof setInterval> | undefined

  const backend = () => tabs?.adapter ?? options.adapter
  /** Streams wait for the other tabs, one of which may be reading the same. */
  let isTogether: Promise<unknown> = Promise.resolve()
  const adapter: ChatAdapter = {
    async *send(request) {
      await isTogether
      yield* backend().send(request)
    },
    async *resume(request) {
      await isTogether
      yield* backend().resume(request)
    },
    history: async (request) => backend().history(request),
    stop: async (request) => backend().stop(request),
  }

  const threadOptions: ThreadOptions = {
    ...options,
    adapter,
    onMessage: (record) => options.onMessage(record, tabs?.isCounting() ?? true),
    onNamed(former) {
      void join()
      options.onNamed?.(former)
    },
  }
  let thread = createThread(threadOptions)

  const join = async () => {
    if (joining || !loadTabs) return
    joining = loadTabs()
    const mine = joining
    try {
      const module = (await mine) as Awaited<ReturnType<typeof loadTabs>>
      if (mine !== joining || life.signal.aborted) return
      const { name = '', pollMs } = options
      tabs = module.join({
        ...{ name: `lumika:1:${name}`, id: randomId(), adapter: options.adapter, pollMs },
        look: (wait) => thread.look(wait),
        isBehind: () => thread.isBehind,
        adopt: () => void adopt(),
        onShared: (shared) => options.onShared?.(shared),
      })
      clearInterval(pollTimer)
      tabs.setOpen(isOpen)
    } catch {
      // The tab works by itself; the next opening tries again.
      joining = null
    }
  }

  const part = () => {
    tabs?.leave()
    tabs = joining = null
  }

  const adopt = async () => {
    const { conversationId, unsent } = await session.load()
    if (conversationId === thread.conversationId || options.conversationId) thread.adopt(unsent)
  }

  const begin = async (kept: Awaited<ReturnType<typeof session.load>>) => {
    const isNamed = (kept.conversationId ?? options.conversationId) !== undefined
    if (isNamed && loadTabs) isTogether = Promise.race([join(), sleep(PATIENCE_MS, life.signal)])
    await thread.begin(kept)
  }

  /** Another conversation, and nothing of the one before. */
  const change = () => {
    thread.leave()
    part()
    thread = createThread(threadOptions)
    setOpen(isOpen)
  }

  const startAnew = async () => {
    const isForgotten = session.clear()
    change()
    if (isLoaded) void thread.begin({ unsent: [] })
    await isForgotten
    // Whoever is signed in stays signed in.
    if (options.conversationId === undefined) options.onForgotten?.()
  }

  const setOpen = (open: boolean) => {
    isOpen = open
    clearInterval(pollTimer)
    if (tabs) return tabs.setOpen(open)
    if (!open) return
    if (isLoaded) void thread.look(0)
    if (thread.conversationId !== undefined) void join()
    pollTimer = setInterval(() => void thread.look(0), options.pollMs)
  }

  return {
    async start() {
      const kept = await session.load()
      isLoaded = true
      await begin(kept)
      // What was taken over holds a draft, too.
      return kept.others ? (await session.load()).draft : kept.draft
    },
    setOpen,
    send: (...message) => thread.send(...message),
    whose: () => thread.whose(),
    retry: (clientMessageId) => thread.retry(clientMessageId),
    stop: () => thread.stop(),
    loadEarlier: () => thread.loadEarlier(),
    keepDraft(draft) {
      session.keepDraft(draft)
      tabs?.share({ draft })
    },
    share: (shared) => tabs?.share(shared),
    async refresh() {
      const kept = await session.load()
      const isOther = !options.conversationId && kept.conversationId !== thread.conversationId
      if (isOther && !life.signal.aborted) {
        change()
        void begin(kept)
      }
      return kept.draft
    },
    async newConversation() {
      if (options.conversationId === undefined) await startAnew()
    },
    restart: startAnew,
    async logout() {
      // Whoever has not signed in goes on as somebody else. For others the site names the next one.
      if (options.conversationId === undefined) return startAnew()
      thread.leave()
      part()
      await session.clear()
      options.onForgotten?.()
    },
    destroy() {
      clearInterval(pollTimer)
      life.abort()
      thread.leave()
      part()
      session.close()
    },
  }
}
