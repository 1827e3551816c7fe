/** One conversation, from when it is taken up until it is left: sends, streams, and catches up with the server. */
import type { Whose } from '../../adapters/adapter.ts'
import type { Attachment, ConversationRecord } from '../../protocol.ts'
import { createAnswers } from './answers.ts'
import type { Context, ThreadOptions } from './context.ts'
import type { SessionData, UnsentMessage } from './kept.ts'
import { createLooks } from './looks.ts'
import type { Looks } from './looks.ts'
import { createOutbox } from './outbox.ts'
import { randomId } from './retry.ts'
import { createTimeline } from './timeline.ts'

/** A conversation. */
export interface Thread extends Pick<Looks, 'look' | 'loadEarlier'> {
  /** The name it goes by, once it has one. */
  readonly conversationId: string | undefined
  /** Something has not come through, and nothing since. */
  readonly isBehind: boolean
  /** Goes on with what the browser has kept. Until then nothing is sent, since nobody knows where to. */
  begin(found: Pick<SessionData, 'conversationId' | 'unsent' | 'others'>): Promise<void>
  /** Sends what another tab has left unsent, and what had found no network. */
  adopt(unsent: readonly UnsentMessage[]): void
  /**
   * @param context what the backend is told along with it
   * @param attachments files that were uploaded before
   */
  send(text: string, context?: object, attachments?: readonly Attachment[]): void
  /** The name the conversation goes by, and its proof. It gets one where it has none. */
  whose(): Promise<Whose>
  retry(clientMessageId: string): void
  stop(): void
  /** Ends all that is under way; nothing is heard of it any more. */
  leave(): void
}

/** Makes a conversation; it has to be begun. */
export function createThread(options: ThreadOptions): Thread {
  const timeline = createTimeline()
  const life = new AbortController()
  const { signal } = life
  /** Messages that were reported. */
  const told = new Set<string>()
  let isReady = false
  let seeking: Promise<void> | null = null

  const seek = async (): Promise<void> => {
    const { others, adapter } = context
    const former = others && (await options.findFormer?.({ others, adapter, signal }))
    const kept = former === undefined || signal.aborted ? undefined : await options.session.inherit(former)
    if (signal.aborted) return
    context.others = undefined
    if (!kept) return
    context.conversationId = kept.conversationId
    outbox.restore(kept.unsent)
    options.onNamed?.(former)
  }

  const context: Context = {
    ...options,
    ...{ timeline, signal, connection: 'online', isHydrated: false, hasEarlier: false, others: undefined },
    ...{ typing: undefined, isResolved: false },
    seek: () => (seeking ??= seek().finally(() => (seeking = null))),
    changed() {
      if (signal.aborted) return
      const { isHydrated, hasEarlier, connection, conversationId, others, session, typing, isResolved } = context
      const isKnown = isHydrated || (isReady && conversationId === undefined && !others)
      options.onChange({
        bubbles: timeline.bubbles(),
        outcome: timeline.outcome,
        isLoading: !isKnown && connection !== 'disconnected',
        isWriting: timeline.writing().length > 0,
        isVolatile: session.isVolatile,
        hasEarlier,
        connection,
        typing,
        isResolved,
      })
    },
    tell(record: ConversationRecord) {
      if (record.actor !== 'assistant' || told.has(record.id)) return
      told.add(record.id)
      options.onMessage(record)
    },
  }
  const goOn = () => {
    outbox.revive()
    outbox.keep()
    context.changed()
    outbox.pump()
  }
  const sync = () => looks.sync()
  const answers = createAnswers(context, sync)
  const looks = createLooks(context, answers.attach, goOn)
  const outbox = createOutbox(context, answers, sync)

  options.session.onChange = context.changed
  context.changed()
  return {
    get conversationId() {
      return context.conversationId
    },
    get isBehind() {
      return context.connection === 'offline'
    },
    async begin({ conversationId, unsent, others }) {
      context.conversationId ??= conversationId
      if (options.findFormer && context.conversationId === undefined) context.others = others
      isReady = true
      outbox.restore(unsent)
      await looks.sync()
      if (signal.aborted) return
      outbox.keep()
      outbox.pump()
    },
    adopt(unsent) {
      outbox.restore(unsent)
      goOn()
    },
    look: looks.look,
    loadEarlier: looks.loadEarlier,
    send(text, context, attachments) {
      timeline.outcome = null
      timeline.add({ clientMessageId: randomId(), text, hasFailed: false, context, attachments })
      goOn()
    },
    async whose() {
      await outbox.name()
      const { conversationId = '', proof } = context
      return { conversationId, proof }
    },
    retry(clientMessageId) {
      timeline.update(clientMessageId, { hasFailed: false, reason: '' })
      goOn()
    },
    stop() {
      const { conversationId = '', proof, adapter } = context
      for (const turnId of timeline.writing())
        (async () => adapter.stop({ conversationId, turnId, proof, signal }))().catch(sync)
    },
    leave() {
      life.abort()
      looks.leave()
    },
  }
}
