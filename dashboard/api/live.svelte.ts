/** The feed of what changes, from the server, as it changes. It says where to look, not what is there. */

import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import type { Operator } from './types.ts'

/** Somebody who looks at a conversation. */
export interface Colleague extends Pick<Operator, 'id' | 'name'> {
  typing: boolean
  /** The draft whose words the person is changing. */
  draftId?: string
}

/** News of one conversation, or of all. */
export type News =
  /** `message`: the customer has written, which may be heard. */
  | { type: 'activity' | 'writing' | 'message'; key: string; integrationId: string }
  | { type: 'presence'; key: string; operators: Colleague[] }
  | { type: 'typing'; key: string; isTyping: boolean }
  /** Something may have been missed: look at everything again. */
  | { type: 'resync' }

/** Options of `Live`. */
export interface LiveOptions {
  /** Called when the feed broke off: it also does when the session is over, and does not say so. */
  onBroken: () => void
  /** How long to wait before the feed is asked for again, in milliseconds; doubled with each failure, up to 30 s. @default 1_000 */
  retryMs?: number
  /** How often everybody looks while there is no feed, in milliseconds. @default 10_000 */
  pollMs?: number
}

/** The feed, for as many listeners as there are. While it is broken, they are told to look every few seconds. */
export class Live {
  /** Whether news arrive by themselves now. */
  isConnected = $state(false)
  /** Who looks at what, by the key of the conversation. */
  readonly present = new SvelteMap<string, Colleague[]>()
  /** The conversations whose customers are typing, by their keys. */
  readonly typists = new SvelteSet<string>()
  #listeners: ((news: News) => void)[] = []
  #source: EventSource | null = null
  #failures = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #poll: ReturnType<typeof setInterval> | undefined
  readonly #retryMs: number
  readonly #pollMs: number

  readonly #onBroken: () => void

  constructor({ onBroken, retryMs = 1_000, pollMs = 10_000 }: LiveOptions) {
    this.#onBroken = onBroken
    this.#retryMs = retryMs
    this.#pollMs = pollMs
  }

  /** Calls back with all news until the returned function is called. */
  listen(listener: (news: News) => void): () => void {
    this.#listeners = [...this.#listeners, listener]
    return () => {
      this.#listeners = this.#listeners.filter((each) => each !== listener)
    }
  }

  start(): void {
    this.#connect()
    this.#poll = setInterval(() => {
      if (!this.isConnected && document.visibilityState === 'visible') this.#tell({ type: 'resync' })
    }, this.#pollMs)
    addEventListener('online', this.#again)
  }

  stop(): void {
    removeEventListener('online', this.#again)
    clearInterval(this.#poll)
    clearTimeout(this.#retry)
    this.#source?.close()
    this.#source = null
    this.isConnected = false
    this.#forget()
  }

  #again = (): void => {
    this.#source?.close()
    this.#failures = 0
    this.#connect()
  }

  #connect(): void {
    clearTimeout(this.#retry)
    const source = new EventSource('/api/activities/live')
    this.#source = source
    source.onmessage = ({ data }: MessageEvent<string>) => {
      const news = JSON.parse(data) as News | { type: 'ready' }
      if (news.type === 'presence') return this.#meet(news)
      if (news.type === 'typing') return void this.typists[news.isTyping ? 'add' : 'delete'](news.key)
      // Who is there is told anew.
      if (news.type === 'ready' || news.type === 'resync') this.#forget()
      if (news.type !== 'ready') return this.#tell(news)
      this.#failures = 0
      this.isConnected = true
      // What happened before the feed was there is seen by looking.
      this.#tell({ type: 'resync' })
    }
    source.onerror = () => {
      // Browsers come back by themselves after some failures and give up after others. One way for all of them.
      source.close()
      this.isConnected = false
      this.#forget()
      this.#onBroken()
      const wait = Math.min(30_000, this.#retryMs * 2 ** this.#failures++)
      this.#retry = setTimeout(() => this.#connect(), wait)
    }
  }

  #forget(): void {
    this.present.clear()
    this.typists.clear()
  }

  #meet({ key, operators }: Extract<News, { type: 'presence' }>): void {
    if (operators.length > 0) this.present.set(key, operators)
    else this.present.delete(key)
  }

  #tell(news: News): void {
    for (const listener of this.#listeners) listener(news)
  }
}
