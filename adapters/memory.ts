/** A whole backend in memory: demos, docs and tests need no server. Everything is gone with the page. */
import type { ConversationRecord } from '../protocol.ts'
import type { AdapterCall, AdapterError, AdapterEvent, ChatAdapter } from './adapter.ts'
import { createLocalAdapter } from './_local.ts'
import { changed, nothingGoingOn, randomId, sleep } from './_turns.ts'
import type { LiveConversation } from './_turns.ts'

/** Conversations by id: `new Map()`. What is inside may change. */
export type MemoryStore = Map<string, MemoryConversation>

/** A conversation in a `MemoryStore`. */
export interface MemoryConversation extends LiveConversation {
  records: ConversationRecord[]
}

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
  failNext(method: AdapterCall, error: AdapterError): void
  /** The next stream, of a send or a resume, breaks off after `events` events; several are used up in order. */
  cutNext(events: number): void
}

/** A backend that lives in this object. */
export function createMemoryAdapter(options: MemoryAdapterOptions = {}): MemoryAdapter {
  const { delayMs = 30, store = new Map<string, MemoryConversation>(), now = Date.now } = options
  const reply = options.reply ?? ((text) => `There is no server behind this chat. You wrote: ${text}`)
  const failures: Record<AdapterCall, AdapterError[]> = { send: [], resume: [], history: [], stop: [] }
  const cuts: number[] = []

  const open = (id: string): MemoryConversation => {
    const found = store.get(id) ?? { ...nothingGoingOn(), records: [] }
    store.set(id, found)
    return found
  }
  const append = (id: string, record: ConversationRecord): void => {
    const conversation = open(id)
    conversation.records = [...conversation.records, record]
    changed(conversation)
  }
  const backend = createLocalAdapter({
    async answer({ text, signal }) {
      const made = await reply(text, signal)
      return typeof made === 'string' ? words(made, delayMs) : made
    },
    patienceMs: 0,
    records: { read: (id) => open(id).records, append },
    open,
    now,
  })

  const enter = (method: AdapterCall, signal: AbortSignal | undefined): void => {
    signal?.throwIfAborted()
    const failure = failures[method].shift()
    if (failure) throw failure
  }
  async function* cut(stream: AsyncIterable<AdapterEvent>): AsyncGenerator<AdapterEvent> {
    let left = cuts.shift() ?? Infinity
    for await (const made of stream) {
      // Cut before its first event, the message has arrived all the same.
      if (left <= 0) return
      yield made
      if (--left <= 0) return
    }
  }

  return {
    async *send(request) {
      enter('send', request.signal)
      yield* cut(backend.send(request))
    },
    async *resume(request) {
      enter('resume', request.signal)
      yield* cut(backend.resume(request))
    },
    async history(request) {
      enter('history', request.signal)
      return backend.history(request)
    },
    async stop(request) {
      enter('stop', request.signal)
      return backend.stop(request)
    },
    postOperatorMessage(conversationId, body, name = 'Sam') {
      const data = { author: { kind: 'operator', name } } as const
      const createdAt = new Date(now()).toISOString()
      const record = { id: `m${randomId()}`, actor: 'assistant', type: 'message', body, data, createdAt } as const
      append(conversationId, record)
      return record
    },
    failNext: (method, error) => void failures[method].push(error),
    cutNext: (events) => void cuts.push(events),
  }
}

async function* words(text: string, delayMs: number): AsyncGenerator<string> {
  for (const word of text.match(/\s*\S+\s*$|\s*\S+/g) ?? [text]) {
    if (delayMs > 0) await sleep(delayMs)
    yield word
  }
}
