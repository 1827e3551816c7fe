/** The conversations of a widget, without a page: one at a time, looked after while the panel is open. Knows no DOM. */
import { createThread } from './thread.ts'
import type { ThreadOptions } from './thread.ts'

export type { View } from './thread.ts'

/** What an engine needs. */
export interface EngineOptions extends ThreadOptions {
  /** Time between two looks for new messages while the panel is open, in milliseconds. */
  pollMs: number
}

/** One widget's conversation. */
export interface Engine {
  /** Reads what the browser has kept, then the history. Resolves to the text that was being written. */
  start(): Promise<string>
  /** Looks for new messages, at once and from time to time, or no longer. */
  setOpen(isOpen: boolean): void
  send(text: string): void
  retry(clientMessageId: string): void
  stop(): void
  loadEarlier(): Promise<void>
  keepDraft(text: string): void
  /** Leaves this conversation and starts an empty one with the next message. A conversation of the site's stays. */
  newConversation(): void
  /** Forgets the visitor: what the browser keeps goes, and nothing is under way any more. */
  logout(): void
  destroy(): void
}

/** Makes the engine of a widget. */
export function createEngine(options: EngineOptions): Engine {
  const { session } = options
  let thread = createThread(options)
  let isLoaded = false
  let pollTimer: ReturnType<typeof setInterval> | undefined

  return {
    async start() {
      const kept = await session.load()
      isLoaded = true
      await thread.begin(kept)
      return kept.draft
    },
    setOpen(isOpen) {
      clearInterval(pollTimer)
      if (!isOpen) return
      if (isLoaded) void thread.sync()
      pollTimer = setInterval(() => void thread.sync(), options.pollMs)
    },
    send: (text) => thread.send(text),
    retry: (clientMessageId) => thread.retry(clientMessageId),
    stop: () => thread.stop(),
    loadEarlier: () => thread.loadEarlier(),
    keepDraft: (text) => session.keepDraft(text),
    newConversation() {
      if (options.conversationId !== undefined) return
      thread.leave()
      void session.clear()
      thread = createThread(options)
      if (isLoaded) void thread.begin({ unsent: [] })
    },
    logout() {
      thread.leave()
      void session.clear()
    },
    destroy() {
      clearInterval(pollTimer)
      thread.leave()
      session.close()
    },
  }
}
