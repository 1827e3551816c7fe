/** Visitors: the widget's own engine and adapter, without a page, over a bad network. */
import { setTimeout as pause } from 'node:timers/promises'
import type { ChatAdapter } from '../../adapters/adapter.ts'
import { createHttpAdapter } from '../../adapters/http.ts'
import { createEngine } from '../../widget/engine/engine.ts'
import type { Engine, View } from '../../widget/engine/engine.ts'
import { createSession } from '../../widget/session.ts'
import { createMemoryStore } from '../helpers/store.ts'
import type { Chance } from './random.ts'

/** One visitor. */
export interface Visitor {
  conversationId: string
  /** Every text the visitor has sent, in order. */
  readonly sent: readonly string[]
  /** The texts whose `ack` the visitor has got. */
  readonly accepted: ReadonlySet<string>
  /** The texts that were given up for a while, and sent again by hand: later ones may have gone first. */
  readonly setAside: ReadonlySet<string>
  /** What the visitor sees. */
  view(): View
  /** Writes and reloads, until told to stop. */
  write(isOver: () => boolean): Promise<void>
  /** Sends one message. */
  say(text: string): void
  /** Waits until everything sent is shown and answered, nothing new has been shown for so long, or the time is up. */
  settle(options: SettleOptions): Promise<boolean>
  leave(): void
}

/** How long is waited, in milliseconds. */
export interface SettleOptions {
  /** Without anything new. */
  patienceMs: number
  /** In all. */
  longestMs: number
}

/** What a visitor needs. */
export interface VisitorOptions {
  name: string
  serverUrl: string
  integrationToken: string
  chance: Chance
  /** Stands between the engine and its adapter, to see what goes through. @default nobody */
  watch?: (adapter: ChatAdapter) => ChatAdapter
  /** Whether every message is answered without an operator. @default true */
  isAnswered?: boolean
  /** Messages a visitor has under way at most: an impatient one writes faster than it is answered. @default any number */
  mostOpen?: number
}

/** A visitor comes to the page. */
export async function createVisitor(options: VisitorOptions): Promise<Visitor> {
  const { name, serverUrl, integrationToken, chance, watch = (adapter) => adapter } = options
  const { isAnswered = true, mostOpen = Infinity } = options
  const store = createMemoryStore()
  const conversationId = `${name}-${chance.between(1, 1e9)}`
  const sent: string[] = []
  const accepted = new Set<string>()
  const setAside = new Set<string>()
  let view: View | undefined
  let engine: Engine

  const look = (next: View) => {
    view = next
    for (const { author, state, text } of next.bubbles) {
      if (author === 'visitor' && state === 'failed') setAside.add(text)
    }
  }
  const load = async () => {
    engine = createEngine({
      adapter: noting(watch(createHttpAdapter({ serverUrl, integrationToken, silenceMs: 8_000 })), accepted),
      session: createSession(name, store),
      conversationId,
      pollMs: 2_000,
      onChange: look,
      onMessage: () => {},
    })
    await engine.start()
    engine.setOpen(true)
  }
  const retryFailed = () => {
    for (const { clientMessageId } of view?.bubbles ?? []) if (clientMessageId) engine.retry(clientMessageId)
  }
  const shown = () => {
    const bubbles = view?.bubbles ?? []
    const own = bubbles.filter(({ author, state }) => author === 'visitor' && state === 'done')
    const answers = bubbles.filter(({ author, state }) => author === 'assistant' && state !== 'writing')
    return { own: own.length, answers: answers.length }
  }
  const openCount = () => {
    const { own, answers } = shown()
    return sent.length - (isAnswered ? Math.min(own, answers) : own)
  }
  const isSettled = () => {
    return openCount() <= 0 && view?.connection === 'online'
  }
  const say = (text: string) => {
    sent.push(text)
    engine.send(text)
  }

  await load()
  return {
    conversationId,
    sent,
    accepted,
    setAside,
    view: () => view as View,
    say,
    async write(isOver) {
      while (!isOver()) {
        if (openCount() < mostOpen) say(`${name} says ${sent.length + 1}`)
        await pause(chance.between(50, 1_500))
        retryFailed()
        // A reload in the middle of whatever is going on.
        if (chance.next() < 0.15) {
          engine.destroy()
          await load()
        }
      }
    },
    async settle({ patienceMs, longestMs }) {
      const start = performance.now()
      // After a long storm many answers are still to be written, one after the other: more than ever counts as news.
      for (let most = 0, since = start; !isSettled();) {
        const now = performance.now()
        if (now - since > patienceMs || now - start > longestMs) return false
        retryFailed()
        // Scrolls back: after a reload only the newest messages are shown.
        if (view?.hasEarlier) await engine.loadEarlier()
        await pause(250)
        const { own, answers } = shown()
        if (own + answers > most) since = performance.now()
        most = Math.max(most, own + answers)
      }
      return true
    },
    leave: () => engine.destroy(),
  }
}

/** The same adapter, and a note of every text it got an `ack` for. */
function noting(adapter: ChatAdapter, accepted: Set<string>): ChatAdapter {
  return {
    ...adapter,
    async *send(request) {
      for await (const item of adapter.send(request)) {
        if (item.event.type === 'ack') accepted.add(request.text)
        yield item
      }
    },
  }
}
