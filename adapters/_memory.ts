/** What a backend in memory is made of. */
import type { ConversationRecord, StreamEvent } from '../protocol.ts'

/** Conversations by id: `new Map()`. What is inside may change. */
export type MemoryStore = Map<string, MemoryConversation>

/** A conversation in a `MemoryStore`. */
export interface MemoryConversation {
  records: ConversationRecord[]
  turns: MemoryTurn[]
  /** Settles when the turns so far have ended: one answer is written at a time. */
  idle: Promise<void>
  watchers: Set<() => void>
}

/** A message and the events of its answer. */
export interface MemoryTurn {
  id: string
  clientMessageId: string
  text: string
  userMessageId: string
  events: StreamEvent[]
  controller: AbortController
}

export const hasEnded = (turn: MemoryTurn): boolean => turn.events.at(-1)?.type === 'done'

export const changed = (conversation: MemoryConversation): void => {
  for (const watcher of [...conversation.watchers]) watcher()
}

/** Settles at the next change, after `ms`, or when the signal is aborted. */
export function change({ watchers }: MemoryConversation, signal?: AbortSignal, ms?: number): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      watchers.delete(settle)
      signal?.removeEventListener('abort', settle)
      clearTimeout(timer)
      resolve()
    }
    const timer = ms === undefined ? undefined : setTimeout(settle, ms)
    watchers.add(settle)
    signal?.addEventListener('abort', settle)
    if (signal?.aborted) settle()
  })
}

/** The pieces of a reply until the signal is aborted, even if the reply takes no notice of it. */
export async function* interruptible(
  start: () => Promise<string | AsyncIterable<string>>,
  delayMs: number,
  signal: AbortSignal,
) {
  const aborted = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null)))
  if (signal.aborted) return
  const reply = await Promise.race([start(), aborted])
  if (reply === null) return
  const iterator = (typeof reply === 'string' ? words(reply, delayMs) : reply)[Symbol.asyncIterator]()
  for (;;) {
    const step = await Promise.race([iterator.next(), aborted])
    if (step === null) return void iterator.return?.()?.catch(() => {})
    if (step.done) return
    if (step.value) yield step.value
  }
}

async function* words(text: string, delayMs: number): AsyncGenerator<string> {
  for (const word of text.match(/\s*\S+\s*$|\s*\S+/g) ?? [text]) {
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
    yield word
  }
}

/** 22 characters, 128 random bits. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (found) => ({ '+': '-', '/': '_' })[found] ?? '')
}
