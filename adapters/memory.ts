/** A whole backend in memory: demos, docs and tests need no server. Everything is gone with the page. */
import { codePoints, limits, parseEventId } from '../protocol.ts'
import type { ConversationRecord, ErrorCode, RecordData, StreamEvent } from '../protocol.ts'
import { AdapterError } from './adapter.ts'
import type { AdapterEvent, ChatAdapter } from './adapter.ts'
import { change, changed, hasEnded, interruptible, randomId } from './_memory.ts'
import type { MemoryConversation, MemoryStore, MemoryTurn } from './_memory.ts'

export type { MemoryStore } from './_memory.ts'

/** Options of `createMemoryAdapter`. */
export interface MemoryAdapterOptions {
  /** Writes the answers; an error becomes a `failure`. @default says that there is no server, and repeats the text */
  reply?: (
    text: string,
    signal: AbortSignal,
  ) => string | AsyncIterable<string> | Promise<string | AsyncIterable<string>>
  /** Milliseconds before each word of an answer given as one string. @default 30 */
  delayMs?: number
  /** The conversations. Adapters given the same store see the same ones, as a reloaded page would. @default an empty one */
  store?: MemoryStore
  /** The clock, in milliseconds. @default Date.now */
  now?: () => number
}

/** The adapter, and what a demo or a test needs to play the other side. */
export interface MemoryAdapter extends ChatAdapter {
  /** A person replies; returns the public record. */
  postOperatorMessage(conversationId: string, body: string, name?: string): ConversationRecord
  /** The next call of `method` rejects with `error`; several are used up in order. */
  failNext(method: keyof ChatAdapter, error: AdapterError): void
  /** The next stream, of a send or a resume, breaks off after `events` events; several are used up in order. */
  cutNext(events: number): void
}

/** A backend that lives in this object. */
export function createMemoryAdapter(options: MemoryAdapterOptions = {}): MemoryAdapter {
  const { delayMs = 30, store = new Map(), now = Date.now } = options
  const reply = options.reply ?? ((text) => `There is no server behind this chat. You wrote: ${text}`)
  const failures: Record<keyof ChatAdapter, AdapterError[]> = { send: [], resume: [], history: [], stop: [] }
  const cuts: number[] = []

  const enter = (method: keyof ChatAdapter, signal: AbortSignal | undefined): void => {
    signal?.throwIfAborted()
    const failure = failures[method].shift()
    if (failure) throw failure
  }
  const open = (id: string): MemoryConversation => {
    const found = store.get(id) ?? { records: [], turns: [], idle: Promise.resolve(), watchers: new Set() }
    store.set(id, found)
    return found
  }
  const append = (to: MemoryConversation, actor: ConversationRecord['actor'], body: string, data?: RecordData) => {
    const id = `${to.records.length.toString(36)}-${randomId()}`
    const createdAt = new Date(now()).toISOString()
    const record: ConversationRecord = { id, actor, type: 'message', body, ...(data && { data }), createdAt }
    to.records.push(record)
    return record
  }

  const answer = async (conversation: MemoryConversation, turn: MemoryTurn): Promise<void> => {
    const { signal } = turn.controller
    const emit = (event: StreamEvent): void => {
      turn.events.push(event)
      changed(conversation)
    }
    let body = ''
    let hasFailed = false
    try {
      for await (const text of interruptible(async () => reply(turn.text, signal), delayMs, signal)) {
        emit({ type: 'delta', text })
        body += text
      }
    } catch {
      hasFailed = !signal.aborted
    }
    const stopped = signal.aborted
    if (body) {
      const data = stopped ? { stopped } : hasFailed ? { interrupted: true } : undefined
      emit({ type: 'message', message: append(conversation, 'assistant', body, data) })
    }
    if (hasFailed) {
      const code = body ? 'responder_interrupted' : 'responder_failed'
      emit({ type: 'failure', code, message: 'The answer failed. Send the message again.', retryable: true })
    }
    emit({ type: 'done', lastMessageId: conversation.records.at(-1)?.id ?? '', ...(stopped && { stopped }) })
  }

  async function* stream(
    in_: MemoryConversation,
    turn: MemoryTurn,
    from: number,
    signal?: AbortSignal,
    replayed = false,
  ) {
    const end = from + (cuts.shift() ?? Infinity)
    for (let n = from; n < end; n++) {
      while (n >= turn.events.length && !hasEnded(turn)) {
        await change(in_, signal)
        signal?.throwIfAborted()
      }
      const event = turn.events[n]
      if (!event) return
      const made: AdapterEvent = { id: `${turn.id}.${n}`, event: event.type === 'ack' ? { ...event, replayed } : event }
      yield made
    }
  }

  return {
    async *send({ text: given, conversationId = `c_${randomId()}`, clientMessageId, signal }) {
      enter('send', signal)
      const text = given.trim()
      if (!text) throw refused('invalid_text', 400, 'The message is empty. Write something.')
      if (codePoints(text) > limits.textCodePoints) throw refused('text_too_long', 413, 'Shorten the message.')
      const conversation = open(conversationId)
      const known = conversation.turns.find((turn) => turn.clientMessageId === clientMessageId)
      if (known && known.text !== text) throw refused('idempotency_mismatch', 409, 'Use a new key for another message.')
      if (known) return yield* stream(conversation, known, 0, signal, true)

      const userMessageId = append(conversation, 'customer', text, { clientMessageId }).id
      const id = `t${randomId()}`
      const events: StreamEvent[] = [{ type: 'ack', conversationId, userMessageId, turnId: id, replayed: false }]
      const turn = { id, clientMessageId, text, userMessageId, events, controller: new AbortController() }
      conversation.turns.push(turn)
      conversation.idle = conversation.idle.then(() => answer(conversation, turn))
      changed(conversation)
      yield* stream(conversation, turn, 0, signal)
    },

    async *resume({ conversationId, lastEventId, signal }) {
      enter('resume', signal)
      const last = parseEventId(lastEventId)
      if (!last) throw refused('invalid_event_id', 400, 'The event id is malformed.')
      const turn = open(conversationId).turns.find(({ id }) => id === last.turnId)
      if (!turn) throw refused('not_found', 404, 'There is no such answer.')
      yield* stream(open(conversationId), turn, last.n + 1, signal)
    },

    async history({ conversationId, afterId, beforeId, limit = limits.historyDefault, wait = 0, signal }) {
      enter('history', signal)
      const conversation = open(conversationId)
      const { records, turns } = conversation
      const position = (id: string): number => {
        const index = records.findIndex((record) => record.id === id)
        if (index < 0) throw refused('cursor_not_found', 404, 'Read the history from the start.')
        return index
      }
      const count = Math.min(limit, limits.historyMax)
      const after = afterId === undefined ? 0 : position(afterId) + 1
      if (records.length === after && wait > 0) await change(conversation, signal, wait * 1_000)
      signal?.throwIfAborted()
      const to = beforeId === undefined ? records.length : position(beforeId)
      const from = afterId === undefined ? Math.max(0, to - count) : after
      const messages = records.slice(from, Math.min(to, from + count))
      const active = turns.find((turn) => !hasEnded(turn))
      return {
        conversationId,
        messages,
        lastMessageId: messages.at(-1)?.id ?? afterId ?? null,
        hasMore: afterId === undefined ? from > 0 : from + count < to,
        ...(active && { activeTurn: { turnId: active.id, userMessageId: active.userMessageId } }),
      }
    },

    async stop({ conversationId, turnId, signal }) {
      enter('stop', signal)
      const turn = open(conversationId).turns.find(({ id }) => id === turnId)
      if (!turn) throw refused('not_found', 404, 'There is no such answer.')
      turn.controller.abort()
    },

    postOperatorMessage(conversationId, body, name = 'Sam') {
      const conversation = open(conversationId)
      const record = append(conversation, 'assistant', body, { author: { kind: 'operator', name } })
      changed(conversation)
      return record
    },
    failNext: (method, error) => void failures[method].push(error),
    cutNext: (events) => void cuts.push(events),
  }
}

const refused = (code: ErrorCode, status: number, message: string): AdapterError =>
  new AdapterError(code, message, { status })
