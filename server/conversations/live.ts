/** What changes, as it changes, for whoever looks at all conversations: on every process, whoever has changed it. */
import { limits } from '../../protocol.ts'
import type { ConversationLog, Notice } from '../storage/log.ts'
import { parseConversationKey } from './keys.ts'
import type { PresenceEvent } from './presence.ts'
import type { PublicValue } from './values.ts'
import type { TypingEvent } from './visitor-typing.ts'

/** News. They say where to look, not what is there: whoever missed some loses nothing by looking. */
export type LiveEvent =
  /** From here on nothing is missed. */
  | { type: 'ready' }
  /** Something was added to a conversation: a message, a note, a draft, a decision. */
  | { type: 'activity'; key: string; integrationId: string; conversationId: string }
  /** The customer has written: what may be heard. It comes after the `activity` of the same message. */
  | { type: 'message'; key: string; integrationId: string; conversationId: string }
  /** An answer, which may become a draft, is being written. */
  | { type: 'writing'; key: string; integrationId: string; conversationId: string }
  /** Who looks at a conversation, and who is typing. */
  | PresenceEvent
  /** The customer begins or ends to type. */
  | TypingEvent
  /** News may have been missed: look at everything again. */
  | { type: 'resync' }

/** The feed of a log. */
export interface Live {
  /**
   * News until the reader has gone, is not allowed any more, or the feed closes; null: nothing for a while. Of one
   * conversation a slow reader hears once, however much has happened.
   */
  follow(reader: {
    signal: AbortSignal
    isAllowed: () => Promise<boolean>
  }): AsyncGenerator<LiveEvent | null, void, undefined>
  /** Tells all readers of this process. */
  tell(event: PresenceEvent | TypingEvent): void
  close(): void
}

/** Options of `createLive`. */
export interface LiveOptions {
  log: ConversationLog
  /** Who looks at what, and who types, told to every reader at first. @default nobody */
  present?: () => (PresenceEvent | TypingEvent)[]
  /** Longest silence, in milliseconds. @default a second less than clients are promised */
  keepAliveMs?: number
}

/** Conversations a reader may be behind with before it is told to look at everything. */
const most = 1_000

/** Makes the feed of a log. */
export function createLive(options: LiveOptions): Live {
  const { log, present = () => [], keepAliveMs = limits.keepAliveMs - 1_000 } = options
  const readers = new Set<(event: News) => void>()
  const closing = new AbortController()
  const tellAll = (event: News) => {
    for (const tell of [...readers]) tell(event)
  }
  const unwatch = log.watch((notice) => {
    const event = eventOf(notice)
    if (!event) return
    tellAll(event)
    if (notice === 'resync' || notice.lane !== 'public' || readers.size === 0) return
    const message = { ...event, type: 'message' } as News
    // Where it cannot be read now nobody hears it; it is seen all the same.
    isCustomers(log, notice).then(
      (isHeard) => isHeard && tellAll(message),
      () => {},
    )
  })

  return {
    async *follow({ signal, isAllowed }) {
      let news = new Map<string, LiveEvent>()
      let wake = () => {}
      const tell = (event: News) => {
        if (event.type === 'resync' || news.size >= most) news = new Map([['', { type: 'resync' }]])
        // Behind a resync everything else is old news.
        else if (!news.has('')) news.set(`${event.type} ${event.key}`, event)
        wake()
      }
      const ended = AbortSignal.any([signal, closing.signal])
      const stop = () => wake()
      ended.addEventListener('abort', stop)
      readers.add(tell)
      try {
        yield { type: 'ready' }
        yield* present()
        while (!ended.aborted) {
          if (news.size === 0) {
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, keepAliveMs)
              wake = () => (clearTimeout(timer), resolve())
            })
            if (ended.aborted) return
            if (news.size === 0) {
              if (!(await isAllowed())) return
              yield null
            }
          }
          const batch = news
          news = new Map()
          yield* batch.values()
          // Who came or went meanwhile may have been missed, too.
          if (batch.has('')) yield* present()
        }
      } finally {
        readers.delete(tell)
        ended.removeEventListener('abort', stop)
      }
    },
    tell: tellAll,
    close() {
      closing.abort()
      unwatch()
    },
  }
}

type News = Exclude<LiveEvent, { type: 'ready' }>

/** A notice for readers; null for what belongs to the system. */
function eventOf(notice: Notice): News | null {
  if (notice === 'resync') return { type: 'resync' }
  const names = parseConversationKey(notice.conversation)
  if (!names) return null
  return { type: notice.lane.startsWith('turn/') ? 'writing' : 'activity', key: notice.conversation, ...names }
}

/** Whether the customer has written what was added. Others may have written since. */
async function isCustomers(
  log: ConversationLog,
  { conversation, position }: Exclude<Notice, 'resync'>,
): Promise<boolean> {
  const { entries } = await log.before<PublicValue>(conversation, 'public', null, 10)
  return entries.some((entry) => entry.position === position && entry.value.actor === 'customer')
}
