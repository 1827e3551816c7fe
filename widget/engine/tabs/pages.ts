/** Pages of history, asked for once however many tabs ask. */
import type { ChatAdapter, HistoryRequest } from '../../../adapters/adapter.ts'
import type { HistoryPage } from '../../../protocol.ts'
import { fieldsOfError } from './calls.ts'
import type { Reply } from './calls.ts'
import { keepNewest } from './newest.ts'

/** What reads the history for all tabs. */
export interface Pages {
  read(request: HistoryRequest, id: string, reply: (reply: Reply) => void): void
  /** Something was stored: a look that is under way may not see it, so nobody joins it any more. */
  renew(): void
}

/** A look at the history, and the callers that wait for it. */
interface Look {
  page: Promise<HistoryPage>
  life: AbortController
  users: Set<() => void>
}

type Standing = Pick<HistoryPage, 'typing' | 'resolved'>

const standingOf = ({ typing, resolved }: Standing): string => JSON.stringify({ typing, resolved })

/**
 * @param cancels where it is put how a call ends that nobody waits for any more, by its id
 * @param hasEnded whether an answer was read to its end
 * @param onNews something was read that other tabs may not know of
 */
export function createPages(
  adapter: ChatAdapter,
  cancels: Map<string, () => void>,
  hasEnded: (turnId: string) => boolean,
  onNews: () => void,
): Pages {
  const looks = new Map<string, Look>()
  const pages = new Map<string, HistoryPage>()
  /** The last record of the conversation, as far as anybody has read it. */
  let newest: string | null = null
  /** How it stood then, in JSON. */
  let standing = standingOf({})

  /** A page that somebody has read already, unless there was nothing on it. */
  const knownPage = (place: string): HistoryPage | undefined => {
    const page = pages.get(place)
    if (!page) return
    // It was the last one when it was read; more may have come since.
    const { typing: _, resolved: __, ...rest } = page
    const hasMore = page.hasMore || page.lastMessageId !== newest
    const known: HistoryPage = { ...rest, ...(JSON.parse(standing) as Standing), hasMore }
    if (page.activeTurn && hasEnded(page.activeTurn.turnId)) delete known.activeTurn
    return known
  }

  const begin = (request: HistoryRequest, key: string, place: string): Look => {
    const life = new AbortController()
    const read = async () => {
      try {
        const page = await adapter.history({ ...request, signal: life.signal })
        if (!request.beforeId) newest = page.lastMessageId
        const stood = standing
        standing = standingOf(page)
        const isLater = request.afterId && page.messages.length > 0
        if (isLater) keepNewest(pages, place, page)
        if (isLater || standing !== stood) onNews()
        return page
      } catch (error) {
        // A server that has lost records has lost what is kept here, too.
        if ((error as { code?: string } | null)?.code === 'cursor_not_found') pages.clear()
        throw error
      } finally {
        if (looks.get(key) === look) looks.delete(key)
      }
    }
    const look: Look = { page: read(), life, users: new Set() }
    looks.set(key, look)
    return look
  }

  return {
    renew: () => looks.clear(),
    read(request, id, reply) {
      const { wait: _, known: __, ...rest } = request
      const place = JSON.stringify(rest)
      const value = knownPage(place)
      if (value) return reply({ value })
      const key = JSON.stringify(request)
      const look = looks.get(key) ?? begin(request, key, place)
      const leave = () => {
        look.users.delete(leave)
        cancels.delete(id)
        if (look.users.size > 0) return
        if (looks.get(key) === look) looks.delete(key)
        look.life.abort()
      }
      look.users.add(leave)
      cancels.set(id, leave)
      look.page.then(
        (page) => cancels.delete(id) && reply({ value: page }),
        (error: unknown) => cancels.delete(id) && reply({ error: fieldsOfError(error) }),
      )
    },
  }
}
