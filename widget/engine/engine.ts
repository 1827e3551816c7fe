/** The conversation without a page: sends, streams, catches up, and tells what it looks like. Knows no DOM. */
import type { AdapterEvent, ChatAdapter, IdentityProof } from '../../adapters/adapter.ts'
import type { ConversationRecord } from '../../protocol.ts'
import type { Session } from '../session.ts'
import { backOff, canMint, isAdapterError, randomId, sleep } from './retry.ts'
import { createTimeline } from './timeline.ts'
import type { Bubble, Outcome, Outgoing } from './timeline.ts'

/** What an engine needs. */
export interface EngineOptions {
  adapter: ChatAdapter
  session: Session
  /** The site's own id for the visitor, with its proof. @default an id of the widget's, kept in the session */
  conversationId?: string | undefined
  proof?: IdentityProof | undefined
  context?: Record<string, unknown> | undefined
  /** Time between two looks for new messages while the panel is open, in milliseconds. */
  pollMs: number
  /** Called after every change. */
  onChange: (view: View) => void
  /** Called once for each message from the other side that was not there before. */
  onMessage: (record: ConversationRecord) => void
}

/** Everything a panel shows. */
export interface View {
  bubbles: Bubble[]
  outcome: Outcome | null
  /** The history has not been read yet. */
  isLoading: boolean
  /** There are older messages to be read. */
  hasEarlier: boolean
  /** An answer is on its way. */
  isWriting: boolean
  connection: 'online' | 'offline' | 'disconnected'
}

/** One widget's conversation. */
export interface Engine {
  /** Reads what the browser has kept, then the history. Resolves to the text that was being written. */
  start(): Promise<string>
  /** Looks for new messages from time to time, or no longer. */
  setOpen(isOpen: boolean): void
  send(text: string): void
  retry(clientMessageId: string): void
  stop(): void
  loadEarlier(): Promise<void>
  keepDraft(text: string): void
  /** Leaves this conversation and starts an empty one with the next message. */
  newConversation(): void
  destroy(): void
}

/** How often a message is tried before the visitor is asked. */
const SEND_TRIES = 4
const RESUME_TRIES = 4
const PAGE = 50

/** Makes the conversation of a widget. */
export function createEngine(options: EngineOptions): Engine {
  const { adapter, session, proof, context } = options
  let timeline = createTimeline()
  let life = new AbortController()
  let conversationId = options.conversationId
  let cursor: string | null = null
  let isHydrated = false
  let hasEarlier = false
  let connection: View['connection'] = 'online'
  let isSending = false
  let syncing: Promise<void> | null = null
  let pollTimer: ReturnType<typeof setInterval> | undefined
  const followed = new Set<string>()

  const changed = () =>
    options.onChange({
      bubbles: timeline.bubbles(),
      outcome: timeline.outcome,
      isLoading: !isHydrated && conversationId !== undefined && connection !== 'disconnected',
      hasEarlier,
      isWriting: timeline.writing().length > 0,
      connection,
    })

  const keepUnsent = () =>
    session.save({
      unsent: timeline.outgoing
        .filter(({ userMessageId }) => !userMessageId)
        .map(({ clientMessageId, text, hasFailed }) => ({ clientMessageId, text, hasFailed })),
    })

  /** Sends what waits, one after the other: the next message goes out when the one before is stored. */
  async function pump(): Promise<void> {
    if (isSending) return
    isSending = true
    const { signal } = life
    try {
      for (;;) {
        const next = timeline.outgoing.find(({ hasFailed, userMessageId }) => !hasFailed && !userMessageId)
        if (!next || signal.aborted) return
        await new Promise<void>((settled) => void deliver(next, signal, settled))
      }
    } finally {
      isSending = false
      // A new conversation may have begun, with messages of its own, while this one was being left.
      if (signal.aborted && !life.signal.aborted) void pump()
    }
  }

  async function deliver(message: Outgoing, signal: AbortSignal, settled: () => void): Promise<void> {
    const { clientMessageId, text } = message
    for (let attempt = 1; ; attempt++) {
      const turn: Progress = { turnId: '', lastEventId: '', hasEnded: false }
      const request = { text, clientMessageId, signal, conversationId, proof, context }
      const error = await consume(adapter.send(defined(request)), turn, signal, message, settled)
      if (signal.aborted) return settled()
      if (turn.turnId) return finish(turn, signal)
      const { isWorthIt, reason, afterMs } = backOff(error, attempt)
      if (!isWorthIt || attempt >= SEND_TRIES) {
        timeline.update(clientMessageId, { hasFailed: true, reason })
        keepUnsent()
        changed()
        return settled()
      }
      await sleep(afterMs, signal)
    }
  }

  interface Progress {
    turnId: string
    lastEventId: string
    hasEnded: boolean
  }

  /** Takes a stream as far as it goes. Returns what ended it too early, if anything did. */
  async function consume(
    events: AsyncIterable<AdapterEvent>,
    turn: Progress,
    signal: AbortSignal,
    message?: Outgoing,
    onAck?: () => void,
  ): Promise<unknown> {
    try {
      for await (const { id, event } of events) {
        if (signal.aborted) return undefined
        turn.lastEventId = id
        if (event.type === 'ack') {
          turn.turnId = event.turnId
          followed.add(event.turnId)
          if (message) acknowledge(message, event.conversationId, event.userMessageId, event.turnId)
          onAck?.()
        } else if (event.type === 'delta') timeline.extend(turn.turnId, event.text)
        else if (event.type === 'message') {
          timeline.complete(turn.turnId, event.message)
          options.onMessage(event.message)
        } else if (event.type === 'pending') timeline.outcome = { kind: event.reason }
        else if (event.type === 'failure') timeline.outcome = { kind: 'failed', ...(message && { text: message.text }) }
        else {
          turn.hasEnded = true
          timeline.abandon(turn.turnId)
        }
        connection = 'online'
        changed()
      }
      return undefined
    } catch (error) {
      return error
    }
  }

  function acknowledge({ clientMessageId }: Outgoing, id: string, userMessageId: string, turnId: string): void {
    timeline.update(clientMessageId, { userMessageId })
    timeline.begin(turnId, clientMessageId)
    if (conversationId === undefined) {
      conversationId = id
      session.save({ conversationId })
      isHydrated = true
    }
    keepUnsent()
  }

  /** Sees an acknowledged turn to its end, over cuts, and then lets history say what there is. */
  async function finish(turn: Progress, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !turn.hasEnded && attempt <= RESUME_TRIES; attempt++) {
      if (attempt > 1) await sleep(backOff(undefined, attempt - 1).afterMs, signal)
      const { lastEventId } = turn
      if (signal.aborted || conversationId === undefined) return
      const request = defined({ conversationId, lastEventId, proof, signal })
      const error = await consume(adapter.resume(request), turn, signal)
      if (turn.lastEventId !== lastEventId) attempt = 0
      else if (error === undefined) break
    }
    if (signal.aborted) return
    timeline.abandon(turn.turnId)
    followed.delete(turn.turnId)
    await sync()
  }

  function attach(turnId: string, signal: AbortSignal): void {
    if (followed.has(turnId)) return
    followed.add(turnId)
    timeline.begin(turnId)
    void finish({ turnId, lastEventId: `${turnId}.0`, hasEnded: false }, signal)
  }

  /** Brings the timeline up to what the server has. Calls that come meanwhile share one more round. */
  function sync(): Promise<void> {
    const { signal } = life
    if (syncing) return syncing.then(() => (signal.aborted ? undefined : catchUp(signal)))
    syncing = catchUp(signal).finally(() => (syncing = null))
    return syncing
  }

  async function catchUp(signal: AbortSignal): Promise<void> {
    if (conversationId === undefined || connection === 'disconnected') return changed()
    try {
      for (let hasMore = true; hasMore;) {
        const page = await adapter.history(
          defined({ conversationId, afterId: cursor ?? undefined, limit: cursor ? 4 * PAGE : PAGE, proof, signal }),
        )
        if (signal.aborted) return
        const isFirst = cursor === null
        const fresh = isFirst ? timeline.replace(page.messages) : timeline.append(page.messages)
        // At the first look everything is old news.
        if (isHydrated) fresh.filter(({ actor }) => actor === 'assistant').forEach(options.onMessage)
        if (isFirst) hasEarlier = page.hasMore
        cursor = page.lastMessageId
        hasMore = !isFirst && page.hasMore
        if (page.activeTurn) attach(page.activeTurn.turnId, signal)
      }
      isHydrated = true
      connection = 'online'
    } catch (error) {
      if (signal.aborted) return
      if (isAdapterError(error) && error.code === 'cursor_not_found' && cursor !== null) {
        // The server was rolled back, or the conversation erased: what it has now is what counts.
        cursor = null
        return catchUp(signal)
      }
      const isRefused = isAdapterError(error) && (error.status === 401 || error.status === 403)
      connection = isRefused ? 'disconnected' : 'offline'
    }
    changed()
  }

  const reset = () => {
    life.abort()
    life = new AbortController()
    timeline = createTimeline()
    followed.clear()
    cursor = null
    isHydrated = false
    hasEarlier = false
    connection = 'online'
    syncing = null
  }

  return {
    async start() {
      changed()
      const kept = await session.load()
      conversationId ??= kept.conversationId
      for (const message of kept.unsent) {
        if (!timeline.outgoing.some(({ clientMessageId }) => clientMessageId === message.clientMessageId)) {
          timeline.add(message)
        }
      }
      await sync()
      void pump()
      return kept.draft
    },
    setOpen(isOpen) {
      clearInterval(pollTimer)
      if (!isOpen) return
      pollTimer = setInterval(() => void sync(), options.pollMs)
    },
    send(text) {
      timeline.add({ clientMessageId: randomId(), text, hasFailed: false })
      timeline.outcome = null
      if (conversationId === undefined && canMint()) {
        conversationId = `c_${randomId()}`
        session.save({ conversationId })
        // Nobody has used this id before: there is nothing to read.
        isHydrated = true
      }
      keepUnsent()
      changed()
      void pump()
    },
    retry(clientMessageId) {
      timeline.update(clientMessageId, { hasFailed: false, reason: '' })
      keepUnsent()
      changed()
      void pump()
    },
    stop() {
      const { signal } = life
      for (const turnId of timeline.writing()) {
        if (conversationId === undefined) return
        adapter.stop(defined({ conversationId, turnId, proof, signal })).catch(() => sync())
      }
    },
    async loadEarlier() {
      const { signal } = life
      const beforeId = timeline.firstId()
      if (beforeId === undefined || conversationId === undefined) return
      try {
        const page = await adapter.history(defined({ conversationId, beforeId, limit: PAGE, proof, signal }))
        if (signal.aborted) return
        timeline.prepend(page.messages)
        hasEarlier = page.hasMore
      } catch {
        connection = signal.aborted ? connection : 'offline'
      }
      changed()
    },
    keepDraft: (draft) => session.save({ draft }),
    newConversation() {
      reset()
      conversationId = options.conversationId
      session.clear()
      changed()
    },
    destroy() {
      clearInterval(pollTimer)
      life.abort()
    },
  }
}

/** Without the fields that are undefined: options that are left out stay left out. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as never
}
