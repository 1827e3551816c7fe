/**
 * Whether customers are typing, for the people behind the chat. It is kept in memory for a few seconds. Replicas tell each
 * other by signals, which are not kept either: there are too many of them for a lane of the log.
 */
import type { ConversationLog } from '../storage/log.ts'
import { parseConversationKey, randomId } from './keys.ts'

/** A customer begins or ends to type. */
export interface TypingEvent {
  type: 'typing'
  key: string
  integrationId: string
  conversationId: string
  isTyping: boolean
}

/** Who is typing. */
export interface VisitorTyping {
  /**
   * A customer is typing, from now on for `lifeMs`, or has stopped. Nothing happens where there is no such conversation.
   * @returns whether there is one
   * @throws LogError
   */
  sign(conversation: string, isTyping: boolean): Promise<boolean>
  /** Everybody who is typing now. */
  all(): TypingEvent[]
  close(): void
}

/** Options of `createVisitorTyping`. */
export interface VisitorTypingOptions {
  log: Pick<ConversationLog, 'before' | 'signal' | 'onSignal'>
  /** Hears when a customer begins or ends to type, on whatever replica. */
  tell: (event: TypingEvent) => void
  /** How long a sign counts, in milliseconds. @default 6_000 */
  lifeMs?: number
  /** A sign that comes so soon after the one before, in milliseconds, is not passed on to others. @default 1_000 */
  pauseMs?: number
}

interface Typist {
  timer: ReturnType<typeof setTimeout>
  /** When others were told last, by `performance.now()`. */
  toldAt: number
}

/** Makes it for a process. */
export function createVisitorTyping(options: VisitorTypingOptions): VisitorTyping {
  const { log, tell, lifeMs = 6_000, pauseMs = 1_000 } = options
  const self = randomId()
  const typists = new Map<string, Typist>()
  let isClosed = false

  const eventOf = (conversation: string, isTyping: boolean): TypingEvent[] => {
    const names = parseConversationKey(conversation)
    return names ? [{ type: 'typing', key: conversation, ...names, isTyping }] : []
  }

  const stop = (conversation: string) => {
    clearTimeout(typists.get(conversation)?.timer)
    if (typists.delete(conversation)) eventOf(conversation, false).forEach(tell)
  }

  const take = (conversation: string, isTyping: boolean) => {
    if (isClosed) return
    if (!isTyping) return stop(conversation)
    const known = typists.get(conversation)
    clearTimeout(known?.timer)
    const timer = setTimeout(() => stop(conversation), lifeMs)
    if (typeof timer === 'object') timer.unref()
    typists.set(conversation, { timer, toldAt: known?.toldAt ?? -Infinity })
    if (!known) eventOf(conversation, true).forEach(tell)
  }

  const unwatch = log.onSignal?.((text) => {
    const [what, teller, conversation = '', state] = text.split(' ')
    // What one has said oneself may be old by now.
    if (what === 'typing' && teller !== self) take(conversation, state === 'on')
  })

  return {
    async sign(conversation, isTyping) {
      const known = typists.get(conversation)
      if (!known) {
        if ((await log.before(conversation, 'public', null, 1)).entries.length === 0) return false
        // Where nobody has heard of the beginning, the end is no news.
        if (!isTyping) return true
      }
      take(conversation, isTyping)
      const now = performance.now()
      const own = typists.get(conversation)
      if (own && now - own.toldAt < pauseMs) return true
      if (own) own.toldAt = now
      await log.signal?.(`typing ${self} ${conversation} ${isTyping ? 'on' : 'off'}`)
      return true
    },
    all: () => [...typists.keys()].flatMap((conversation) => eventOf(conversation, true)),
    close() {
      isClosed = true
      unwatch?.()
      for (const { timer } of typists.values()) clearTimeout(timer)
      typists.clear()
    },
  }
}
