/** One subscription to the log for the whole process, shared by every stream, long poll and turn that waits. */
import type { ConversationLog, Lane } from '../storage/log.ts'

/** Something was appended to a lane; null: notices may have been missed, anything may have happened. */
export type WakeHandler = (notice: { lane: Lane; position: number } | null) => void

/** Listens to one conversation from the moment it is made, so that nothing slips between a read and the wait after it. */
export interface Listener {
  /**
   * Resolves with the next notice, at once when one came since the last call; also after `timeoutMs` and on abort.
   * The answer tells whether anything but a turn's lane may have grown.
   */
  next(timeoutMs: number, signal?: AbortSignal): Promise<boolean>
  close(): void
}

/** Hands out listeners. */
export interface Wakeups {
  /** Calls back on every notice of a conversation. Returns the function that ends it. */
  on(conversation: string, handler: WakeHandler): () => void
  listen(conversation: string): Listener
  /** Wakes whoever waits in a conversation, to look again. */
  wake(conversation: string): void
  /** Wakes everybody who waits, to look again. */
  wakeAll(): void
  close(): void
}

/** Makes the wake-ups of a log. */
export function createWakeups(log: ConversationLog): Wakeups {
  const handlers = new Map<string, Set<WakeHandler>>()

  const wakeAll = () => {
    for (const set of [...handlers.values()]) for (const handler of [...set]) handler(null)
  }

  const unwatch = log.watch((notice) => {
    if (notice === 'resync') return wakeAll()
    for (const handler of [...(handlers.get(notice.conversation) ?? [])]) handler(notice)
  })

  const on = (conversation: string, handler: WakeHandler) => {
    const set = handlers.get(conversation) ?? new Set()
    handlers.set(conversation, set.add(handler))
    return () => {
      set.delete(handler)
      if (set.size === 0 && handlers.get(conversation) === set) handlers.delete(conversation)
    }
  }

  return {
    on,
    listen: (conversation) => createListener((handler) => on(conversation, handler)),
    wake(conversation) {
      for (const handler of [...(handlers.get(conversation) ?? [])]) handler(null)
    },
    wakeAll,
    close: unwatch,
  }
}

function createListener(subscribe: (handler: WakeHandler) => () => void): Listener {
  let woken = false
  let records = false
  let resolve: (() => void) | null = null

  const close = subscribe((notice) => {
    woken = true
    if (!notice?.lane.startsWith('turn/')) records = true
    resolve?.()
  })

  const take = () => {
    const taken = records
    woken = false
    records = false
    return taken
  }

  return {
    close,
    next(timeoutMs, signal) {
      if (woken || signal?.aborted) return Promise.resolve(take())
      return new Promise((done) => {
        const finish = () => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', finish)
          resolve = null
          done(take())
        }
        const timer = setTimeout(finish, timeoutMs)
        signal?.addEventListener('abort', finish)
        resolve = finish
      })
    },
  }
}
