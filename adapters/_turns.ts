/** The answers of a backend that lives in the page, while they are written and afterwards. */
import type { StreamEvent } from '../protocol.ts'

/** What goes on in a conversation. */
export interface LiveConversation {
  turns: Turn[]
  /** Settles when the turns so far have ended: one answer is written at a time. */
  idle: Promise<void>
  /** How often something has changed. */
  changes: number
  watchers: Set<() => void>
}

/** A message and the events of its answer; none while the message is not stored. */
export interface Turn {
  id: string
  conversationId: string
  clientMessageId: string
  text: string
  userMessageId: string
  events: StreamEvent[]
  controller: AbortController
  /** Settles when the message is stored; rejects when it is refused. */
  stored: Promise<void>
  /** Settles when the answer has ended; known once the message is stored. */
  written: Promise<void>
}

export const nothingGoingOn = (): LiveConversation => ({
  ...{ turns: [], idle: Promise.resolve(), changes: 0, watchers: new Set() },
})

export const hasEnded = (turn: Turn): boolean => turn.events.at(-1)?.type === 'done'

export const changed = (conversation: LiveConversation): void => {
  conversation.changes++
  for (const watcher of [...conversation.watchers]) watcher()
}

/** Settles at the next change, after `ms`, or when the signal is aborted. */
export function change({ watchers }: LiveConversation, signal?: AbortSignal, ms?: number): Promise<void> {
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

/** The result of some work, unless the signal is aborted before. @throws the signal's reason */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', leave)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
    if (signal.aborted) leave()
  })
}

/** The pieces of a reply until the signal is aborted, even if the reply takes no notice of it. */
export async function* untilAborted(
  reply: Promise<AsyncIterable<string>>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const aborted = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null)))
  if (signal.aborted) return
  const iterator = (await Promise.race([reply, aborted]))?.[Symbol.asyncIterator]()
  while (iterator) {
    const step = await Promise.race([iterator.next(), aborted])
    if (step === null) return void iterator.return?.()?.catch(() => {})
    if (step.done) return
    if (step.value) yield step.value
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** 22 characters, 128 random bits. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (found) => ({ '+': '-', '/': '_' })[found] ?? '')
}
