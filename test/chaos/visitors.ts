/** Visitors: the widget's own engine and adapter, without a page, over a bad network. */
import { setTimeout as pause } from 'node:timers/promises'
import { createHttpAdapter } from '../../adapters/http.ts'
import { createEngine } from '../../widget/engine/engine.ts'
import type { Engine, View } from '../../widget/engine/engine.ts'
import { createSession } from '../../widget/session.ts'
import type { KeyValueStore } from '../../widget/session.ts'
import type { Chance } from './random.ts'

/** One visitor. */
export interface Visitor {
  conversationId: string
  /** Every text the visitor has sent, in order. */
  readonly sent: readonly string[]
  /** What the visitor sees. */
  view(): View
  /** Writes and reloads, until told to stop. */
  write(untilMs: number): Promise<void>
  /** Waits until everything sent is shown and answered, or nothing new has been shown for so long. */
  settle(patienceMs: number): Promise<boolean>
  leave(): void
}

/** What a visitor needs. */
export interface VisitorOptions {
  name: string
  serverUrl: string
  integrationToken: string
  chance: Chance
}

/** A visitor comes to the page. */
export async function createVisitor({ name, serverUrl, integrationToken, chance }: VisitorOptions): Promise<Visitor> {
  const kept = new Map<string, unknown>()
  const store: KeyValueStore = {
    get: (key) => Promise.resolve(structuredClone(kept.get(key))),
    set: (key, value) => Promise.resolve(void kept.set(key, structuredClone(value))),
    delete: (key) => Promise.resolve(void kept.delete(key)),
  }
  const conversationId = `${name}-${chance.between(1, 1e9)}`
  const sent: string[] = []
  let view: View | undefined
  let engine: Engine

  const load = async () => {
    engine = createEngine({
      adapter: createHttpAdapter({ serverUrl, integrationToken, silenceMs: 8_000 }),
      session: createSession(name, store),
      conversationId,
      pollMs: 2_000,
      onChange: (next) => (view = next),
      onMessage: () => {},
    })
    await engine.start()
    engine.setOpen(true)
  }
  const retryFailed = () => {
    for (const { clientMessageId } of view?.bubbles ?? []) if (clientMessageId) engine.retry(clientMessageId)
  }
  const isSettled = () => {
    const bubbles = view?.bubbles ?? []
    const own = bubbles.filter(({ author, state }) => author === 'visitor' && state === 'done')
    const answers = bubbles.filter(({ author, state }) => author === 'assistant' && state !== 'writing')
    return own.length >= sent.length && answers.length >= sent.length && view?.connection === 'online'
  }

  await load()
  return {
    conversationId,
    sent,
    view: () => view as View,
    async write(untilMs) {
      while (Date.now() < untilMs) {
        const text = `${name} says ${sent.length + 1}`
        sent.push(text)
        engine.send(text)
        await pause(chance.between(50, 1_500))
        retryFailed()
        // A reload in the middle of whatever is going on.
        if (chance.next() < 0.15) {
          engine.destroy()
          await load()
        }
      }
    },
    async settle(patienceMs) {
      // After a long storm many answers are still to be written, one after the other.
      for (let shown = 0, since = Date.now(); !isSettled() && Date.now() - since < patienceMs;) {
        retryFailed()
        // Scrolls back: after a reload only the newest messages are shown.
        if (view?.hasEarlier) await engine.loadEarlier()
        await pause(250)
        const now = view?.bubbles.filter(({ state }) => state !== 'writing').length ?? 0
        if (now !== shown) since = Date.now()
        shown = now
      }
      return isSettled()
    },
    leave: () => engine.destroy(),
  }
}
