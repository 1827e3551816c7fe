/** One conversation, from when it is taken up until it is left: sends, streams, and catches up with the server. */
import type { AdapterEvent, ChatAdapter, IdentityProof } from '../../adapters/adapter.ts'
import type { ConversationRecord } from '../../protocol.ts'
import type { Session } from '../session.ts'
import type { SessionData } from './kept.ts'
import { backOff, canMint, isAdapterError, randomId, sleep } from './retry.ts'
import { createTimeline } from './timeline.ts'
import type { Bubble, Outcome, Outgoing } from './timeline.ts'

/** What a conversation needs. */
export interface ThreadOptions {
  adapter: ChatAdapter
  session: Session
  /** The site's own id for the visitor, with its proof. @default an id of the widget's, kept in the session */
  conversationId?: string | undefined
  proof?: IdentityProof | undefined
  context?: Record<string, unknown> | undefined
  /** Called at once, and after every change. */
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
  /** What the visitor writes is gone with the page: the browser keeps nothing. */
  isVolatile: boolean
}

/** A conversation. */
export interface Thread {
  /** Goes on with what the browser has kept. Until then nothing is sent, since nobody knows where to. */
  begin(found: Pick<SessionData, 'conversationId' | 'unsent'>): Promise<void>
  /** Brings it up to what the server has. */
  sync(): Promise<void>
  send(text: string): void
  retry(clientMessageId: string): void
  stop(): void
  loadEarlier(): Promise<void>
  /** Ends all that is under way; nothing is heard of it any more. */
  leave(): void
}

/** How often a message is tried before the visitor is asked, and a stream without news before history is. */
const TRIES = 4
const PAGE = 50

/** How far a stream was read. */
interface Progress {
  turnId: string
  lastEventId: string
  hasEnded: boolean
  /** The question, where it is known. */
  text?: string
}

/** Makes a conversation; it has to be begun. */
export function createThread(options: ThreadOptions): Thread {
  const { adapter, session, proof, context } = options
  const timeline = createTimeline()
  const life = new AbortController()
  const { signal } = life
  /** Turns that a stream is read of, and messages that were reported. */
  const followed = new Set<string>()
  const told = new Set<string>()
  /** The messages that the browser keeps, and whether it knows that they have failed. */
  const kept = new Map<string, boolean>()
  let { conversationId } = options
  let cursor: string | undefined
  let isReady = false
  let isHydrated = false
  let hasEarlier = false
  let connection: View['connection'] = 'online'
  let isSending = false
  let syncing: Promise<void> | null = null
  let syncingNext: Promise<void> | null = null

  const changed = () => {
    if (signal.aborted) return
    const isKnown = isHydrated || (isReady && conversationId === undefined)
    options.onChange({
      bubbles: timeline.bubbles(),
      outcome: timeline.outcome,
      isLoading: !isKnown && connection !== 'disconnected',
      hasEarlier,
      isWriting: timeline.writing().length > 0,
      connection,
      isVolatile: session.isVolatile,
    })
  }
  session.onChange = changed

  const tell = (record: ConversationRecord) => {
    if (record.actor !== 'assistant' || told.has(record.id)) return
    told.add(record.id)
    options.onMessage(record)
  }

  const waits = ({ hasFailed, userMessageId }: Outgoing) => !hasFailed && !userMessageId
  const isWaiting = (id: string) => timeline.outgoing.some((each) => each.clientMessageId === id && waits(each))

  const keepUnsent = () => {
    // Until it was read, nobody knows what is kept.
    if (!isReady) return
    const unsent = timeline.outgoing.filter(({ userMessageId }) => !userMessageId)
    for (const message of unsent) {
      const { clientMessageId, hasFailed } = message
      if (kept.get(clientMessageId) !== hasFailed) session.keep(message)
      kept.set(clientMessageId, hasFailed)
    }
    for (const id of kept.keys()) {
      if (!unsent.some(({ clientMessageId }) => clientMessageId === id) && kept.delete(id)) session.drop(id)
    }
  }

  /** Takes the name that this conversation has got first, in whichever tab. */
  const name = async (mine: string): Promise<void> => {
    conversationId = await session.claim(mine)
    // Nobody has used a new one: there is nothing to read.
    isHydrated ||= conversationId === mine
    changed()
  }

  /** Sends what waits, one after the other: the next message goes out when the one before is stored. */
  async function pump(): Promise<void> {
    if (isSending || !isReady) return
    isSending = true
    for (let next; (next = timeline.outgoing.find(waits));) {
      const message = next
      await new Promise<void>((settled) => void deliver(message, settled))
    }
    isSending = false
  }

  async function deliver({ clientMessageId, text }: Outgoing, settled: () => void): Promise<void> {
    if (conversationId === undefined && canMint()) await name(`c_${randomId()}`)
    if (signal.aborted) return
    if (!isHydrated) void sync()
    for (let attempt = 1; isWaiting(clientMessageId); attempt++) {
      const turn: Progress = { turnId: '', lastEventId: '', hasEnded: false, text }
      const request = { text, clientMessageId, signal, conversationId, proof, context }
      const error = await consume(turn, () => adapter.send(request), clientMessageId, settled)
      if (signal.aborted) return
      if (turn.turnId) return follow(turn)
      if (!isWaiting(clientMessageId)) break
      const { isWorthIt, reason, afterMs } = backOff(error, attempt)
      const hasFailed = !isWorthIt || attempt >= TRIES
      timeline.update(clientMessageId, { hasFailed, reason })
      if (!hasFailed) {
        changed()
        await sleep(afterMs, signal)
      }
      if (signal.aborted) return
    }
    keepUnsent()
    changed()
    settled()
  }

  /** Takes a stream as far as it goes. Returns what ended it too early, if anything did. */
  async function consume(
    turn: Progress,
    open: () => AsyncIterable<AdapterEvent>,
    clientMessageId?: string,
    onAck?: () => void,
  ): Promise<unknown> {
    try {
      for await (const { id, event } of open()) {
        if (signal.aborted) return
        if (event.type === 'ack' && clientMessageId) {
          const { turnId, userMessageId } = event
          if (conversationId === undefined) await name(event.conversationId)
          timeline.update(clientMessageId, { userMessageId })
          timeline.begin({ turnId, userMessageId, clientMessageId })
          keepUnsent()
          onAck?.()
          // History knew of the answer first, and it is being read already.
          if (followed.has(turnId)) return changed()
          followed.add(turnId)
          turn.turnId = turnId
        }
        turn.lastEventId = id
        if (event.type === 'delta') timeline.extend(turn.turnId, event.text)
        else if (event.type === 'message') {
          timeline.complete(turn.turnId, event.message)
          tell(event.message)
        } else if (event.type === 'pending') timeline.outcome = { kind: event.reason }
        else if (event.type === 'failure') timeline.outcome = { kind: 'failed', text: turn.text }
        else if (event.type === 'done') {
          turn.hasEnded = true
          timeline.abandon(turn.turnId)
        }
        connection = 'online'
        changed()
      }
    } catch (error) {
      return error
    }
  }

  /** Sees an answer to its end, over cuts, and then lets history say what there is. */
  async function follow(turn: Progress): Promise<void> {
    for (let attempt = 1; !turn.hasEnded; attempt++) {
      const { lastEventId } = turn
      const request = { conversationId: conversationId ?? '', lastEventId, proof, signal }
      const error = await consume(turn, () => adapter.resume(request))
      if (signal.aborted) return
      if (turn.lastEventId !== lastEventId) attempt = 0
      else if (error === undefined) break
      const { isWorthIt, afterMs } = backOff(error, attempt)
      if (turn.hasEnded || !isWorthIt || attempt >= TRIES) break
      await sleep(afterMs, signal)
      if (signal.aborted) return
    }
    timeline.abandon(turn.turnId)
    await sync()
    // Only now: where it is said to go on, it is the next look that takes it up again.
    followed.delete(turn.turnId)
  }

  function sync(): Promise<void> {
    // One at a time, lest an old page undoes a newer one; calls that come meanwhile share one more round.
    if (syncing) return (syncingNext ??= syncing.then(() => ((syncingNext = null), sync())))
    return (syncing = catchUp().finally(() => (syncing = null)))
  }

  async function catchUp(): Promise<void> {
    if (signal.aborted || conversationId === undefined || connection === 'disconnected') return changed()
    try {
      for (let hasMore = true; hasMore;) {
        const afterId = cursor
        const request = { conversationId, afterId, limit: afterId ? 4 * PAGE : PAGE, proof, signal }
        const { messages, lastMessageId, activeTurn, ...page } = await adapter.history(request)
        if (signal.aborted) return
        const fresh = afterId ? timeline.append(messages) : timeline.replace(messages)
        // At the first look everything is old news.
        if (isHydrated) fresh.forEach(tell)
        if (!afterId) hasEarlier = page.hasMore
        cursor = lastMessageId ?? undefined
        hasMore = page.hasMore && afterId !== undefined && cursor !== afterId
        if (activeTurn) attach(activeTurn)
        else timeline.close(fresh)
      }
      isHydrated = true
      connection = 'online'
    } catch (error) {
      if (signal.aborted) return
      const { code, status = 0 } = isAdapterError(error) ? error : { code: '' }
      if (code === 'cursor_not_found' && cursor) {
        // The server was rolled back, or the conversation erased: what it has now is what counts.
        cursor = undefined
        return catchUp()
      }
      // A server that asks for patience is there.
      if (status !== 429) connection = status === 401 || status === 403 ? 'disconnected' : 'offline'
    }
    changed()
  }

  function attach(turn: { turnId: string; userMessageId: string }): void {
    const { turnId } = turn
    if (followed.has(turnId)) return
    followed.add(turnId)
    timeline.begin(turn)
    void follow({ turnId, lastEventId: `${turnId}.0`, hasEnded: false })
  }

  const goOn = () => {
    keepUnsent()
    changed()
    void pump()
  }

  changed()
  return {
    async begin(found) {
      conversationId ??= found.conversationId
      isReady = true
      for (const { clientMessageId, hasFailed } of found.unsent) kept.set(clientMessageId, hasFailed)
      timeline.restore(found.unsent)
      keepUnsent()
      await sync()
      if (signal.aborted) return
      keepUnsent()
      void pump()
    },
    sync,
    send(text) {
      timeline.add({ clientMessageId: randomId(), text, hasFailed: false })
      timeline.outcome = null
      goOn()
    },
    retry(clientMessageId) {
      timeline.update(clientMessageId, { hasFailed: false, reason: '' })
      goOn()
    },
    stop() {
      for (const turnId of timeline.writing())
        (async () => adapter.stop({ conversationId: conversationId ?? '', turnId, proof, signal }))().catch(sync)
    },
    async loadEarlier() {
      const beforeId = timeline.firstId()
      if (beforeId === undefined || conversationId === undefined) return
      try {
        const page = await adapter.history({ conversationId, beforeId, limit: PAGE, proof, signal })
        timeline.prepend(page.messages)
        hasEarlier = page.hasMore
      } catch {
        connection = 'offline'
      }
      changed()
    },
    leave: () => life.abort(),
  }
}
