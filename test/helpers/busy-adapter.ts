/** An adapter that waits for news as a server does, counts what is asked of it, and has a network that can fail. */
import { AdapterError } from '../../adapters/adapter.ts'
import type { AdapterCall, AdapterEvent, ChatAdapter } from '../../adapters/adapter.ts'
import type { MemoryStore } from '../../adapters/memory.ts'

/** The adapter, and what is known of its use. */
export interface BusyAdapter extends ChatAdapter {
  /** Nothing gets through. What is under way is cut. */
  isDown: boolean
  count(method: AdapterCall): number
  /** The most that were under way at once; a stream is one of `send` or `resume`. */
  most(kind: 'history' | 'stream'): number
  /** Counts anew. */
  forget(): void
}

/** Puts one around another. */
export function busyAdapter(inner: ChatAdapter, backend: MemoryStore): BusyAdapter {
  const counts = { send: 0, resume: 0, history: 0, stop: 0 }
  const open = { history: 0, stream: 0 }
  const most = { history: 0, stream: 0 }
  const enter = (kind: keyof typeof open) => {
    most[kind] = Math.max(most[kind], ++open[kind])
  }
  const network = () => new AdapterError('network', 'No answer.')
  const check = (signal?: AbortSignal) => {
    signal?.throwIfAborted()
    if (adapter.isDown) throw network()
  }

  /** Ends with the network, and with the caller's patience. */
  async function* cut(stream: AsyncIterable<AdapterEvent>, signal?: AbortSignal): AsyncGenerator<AdapterEvent> {
    const events = stream[Symbol.asyncIterator]()
    enter('stream')
    try {
      for (;;) {
        const next = events.next()
        const stopped = new Promise<never>((_, reject) => {
          const timer = setInterval(() => {
            if (!adapter.isDown && !signal?.aborted) return
            clearInterval(timer)
            reject(network())
          }, 10)
          void next.finally(() => clearInterval(timer)).catch(() => {})
        })
        const { value, done } = await Promise.race([next, stopped])
        check(signal)
        if (done) return
        yield value
      }
    } finally {
      open.stream--
    }
  }

  const adapter: BusyAdapter = {
    isDown: false,
    async *send(request) {
      counts.send++
      check(request.signal)
      yield* cut(inner.send(request), request.signal)
    },
    async *resume(request) {
      counts.resume++
      check(request.signal)
      yield* cut(inner.resume(request), request.signal)
    },
    async history({ wait = 0, ...request }) {
      counts.history++
      enter('history')
      try {
        const end = Date.now() + wait * 1_000
        for (;;) {
          check(request.signal)
          const known = backend.get(request.conversationId)?.records.at(-1)?.id
          if (Date.now() >= end || (known && known !== request.afterId)) return await inner.history(request)
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      } finally {
        open.history--
      }
    },
    async stop(request) {
      counts.stop++
      check(request.signal)
      return inner.stop(request)
    },
    count: (method) => counts[method],
    most: (kind) => most[kind],
    forget() {
      Object.assign(counts, { send: 0, resume: 0, history: 0, stop: 0 })
      Object.assign(most, open)
    },
  }
  return adapter
}
