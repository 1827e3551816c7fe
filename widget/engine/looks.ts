/** What the server has: read from the last record on, and backwards where the visitor asks for it. */
import type { Answers } from './answers.ts'
import type { Context } from './context.ts'
import { isAdapterError } from './retry.ts'

/** The looks at the history of one conversation. */
export interface Looks {
  /** Looks at once. One at a time, lest an old page undoes a newer one. */
  sync(): Promise<void>
  /**
   * Looks, and waits so many seconds for news; a look at once ends it. Resolves to the number of new records, 1 where it
   * was ended, -1 where it failed, and null where there is nothing to be looked at.
   */
  look(wait: number): Promise<number | null>
  loadEarlier(): Promise<void>
  /** Ends what is under way. */
  leave(): void
}

const PAGE = 50

/** @param onBack the server could not be reached, and can be again */
export function createLooks(context: Context, attach: Answers['attach'], onBack: () => void): Looks {
  const { timeline, signal } = context
  let cursor: string | undefined
  let syncing: Promise<unknown> | null = null
  let syncingNext: Promise<void> | null = null
  /** The look that waits for news, if one does. */
  let waiting: AbortController | null = null

  const hasNothing = () => context.conversationId === undefined && !context.others
  /** How the conversation stands, as far as it is shown. What has changed between two looks is news, too. */
  const known = () => {
    const stands = { typing: context.typing !== undefined, resolved: context.isResolved }
    return (['typing', 'resolved'] as const).filter((name) => stands[name])
  }
  const isIdle = () => signal.aborted || hasNothing() || context.connection === 'disconnected'

  const catchUp = async (wait: number): Promise<number | null> => {
    const look = new AbortController()
    if (isIdle()) return (context.changed(), null)
    if (wait) waiting = look
    let found = 0
    try {
      await context.seek()
      const forget = timeline.awaiting()
      for (let hasMore = context.conversationId !== undefined; hasMore;) {
        const afterId = cursor
        const { conversationId = '', proof } = context
        const page = {
          conversationId,
          afterId,
          limit: afterId ? 4 * PAGE : PAGE,
          ...(wait && !found && { wait, known: known() }),
          proof,
        }
        const { messages, lastMessageId, activeTurn, ...rest } = await context.adapter.history({
          ...page,
          signal: wait ? look.signal : signal,
        })
        if (signal.aborted) return null
        const fresh = afterId ? timeline.append(messages) : timeline.replace(messages)
        // What was stored before this look and is not there was rolled back, though no cursor was lost with it.
        if (!afterId || !messages.length) forget()
        found += fresh.length
        // At the first look everything is old news.
        if (context.isHydrated) fresh.forEach(context.tell)
        context.typing = rest.typing?.name
        context.isResolved = !!rest.resolved
        if (!afterId) context.hasEarlier = rest.hasMore
        cursor = lastMessageId ?? undefined
        hasMore = rest.hasMore && afterId !== undefined && cursor !== afterId
        if (activeTurn) attach(activeTurn)
        else timeline.close(fresh)
      }
      context.isHydrated ||= context.conversationId !== undefined
      const wasOffline = context.connection === 'offline'
      context.connection = 'online'
      if (wasOffline) {
        onBack()
        found ||= 1
      }
    } catch (error) {
      if (signal.aborted) return null
      if (look.signal.aborted) return 1
      context.typing = undefined
      const { code, status = 0 } = isAdapterError(error) ? error : { code: '' }
      if (code === 'cursor_not_found' && cursor) {
        // The server was rolled back, or the conversation erased: what it has now is what counts.
        cursor = undefined
        return catchUp(0)
      }
      // A server that asks for patience is there.
      if (status !== 429) context.connection = status === 401 || status === 403 ? 'disconnected' : 'offline'
      found = -1
    } finally {
      if (waiting === look) waiting = null
    }
    context.changed()
    return found
  }

  const run = (wait: number): Promise<number | null> => {
    const mine = catchUp(wait).finally(() => syncing === mine && (syncing = null))
    syncing = mine
    return mine
  }

  const sync = (): Promise<void> => {
    waiting?.abort()
    // Calls that come meanwhile share one more round.
    if (syncing) return (syncingNext ??= syncing.then(() => ((syncingNext = null), sync())))
    return run(0).then(() => {})
  }

  return {
    sync,
    async look(wait) {
      if (!wait) waiting?.abort()
      while (syncing) await syncing
      // First it has to be known that there is a connection again.
      return run(context.connection === 'offline' ? 0 : wait)
    },
    async loadEarlier() {
      const beforeId = timeline.firstId()
      const { conversationId, proof } = context
      if (beforeId === undefined || conversationId === undefined) return
      try {
        const page = await context.adapter.history({ conversationId, beforeId, limit: PAGE, proof, signal })
        timeline.prepend(page.messages)
        context.hasEarlier = page.hasMore
      } catch {
        context.connection = 'offline'
      }
      context.changed()
    },
    leave: () => waiting?.abort(),
  }
}
