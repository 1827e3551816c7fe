/** Somebody who only polls, page by page, as a program written from the documents does: every page has to go on where the one before ended. */
import { setTimeout as pause } from 'node:timers/promises'
import type { HistoryPage } from '../../protocol.ts'
import type { Chance } from './random.ts'

/** A reader of one conversation. */
export interface Reader {
  /** The ids of everything read, in the order in which it came. */
  readonly ids: readonly string[]
  /** Cursors that were not known any more. Storage that loses nothing knows every cursor it gave. */
  readonly lostCursors: number
  /** Reads what is left, until there is no more or the time is up. */
  finish(longestMs: number): Promise<void>
}

/** What a reader needs. */
export interface ReaderOptions {
  serverUrl: string
  integrationToken: string
  conversationId: string
  chance: Chance
}

/** Begins to read. */
export function startReader({ serverUrl, integrationToken, conversationId, chance }: ReaderOptions): Reader {
  const ids: string[] = []
  let afterId: string | undefined
  let lostCursors = 0
  let isFinishing = false

  /** Whether there was anything; null when the network or the storage was in the way. */
  const poll = async (): Promise<boolean | null> => {
    // From the very start: a cursor is only had once something was read.
    const limit = String(afterId === undefined ? 1 : chance.between(1, 5))
    const query = new URLSearchParams({ integrationToken, conversationId, limit, ...(afterId && { afterId }) })
    try {
      const url = `${serverUrl}/conversation/history?${query.toString()}`
      const response = await fetch(url, { signal: AbortSignal.timeout(8_000) })
      if (response.status === 404) lostCursors++
      if (response.status !== 200) return null
      const page = (await response.json()) as HistoryPage
      ids.push(...page.messages.map(({ id }) => id))
      afterId = page.lastMessageId ?? undefined
      return page.messages.length > 0
    } catch {
      return null
    }
  }

  const reading = (async () => {
    while (!isFinishing) {
      await poll()
      await pause(chance.between(50, 1_000))
    }
  })()

  return {
    ids,
    get lostCursors() {
      return lostCursors
    },
    async finish(longestMs) {
      isFinishing = true
      await reading
      for (const end = performance.now() + longestMs; performance.now() < end;) {
        const found = await poll()
        if (found === false) return
        if (found === null) await pause(250)
      }
    },
  }
}
