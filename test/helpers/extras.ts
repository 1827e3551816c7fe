/** A backend in memory that can do more than carry messages, and tells what it was asked. */
import type { ChatAdapter, ChatExtras } from '../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import type { MemoryAdapter, MemoryStore } from '../../adapters/memory.ts'

/** The backend, and its other side. */
export interface ExtrasBackend {
  adapter: ChatAdapter
  memory: MemoryAdapter
  /** What was asked beside messages, in order. */
  asked: { call: string; [name: string]: unknown }[]
  /** Whether somebody has resolved the conversation. */
  isResolved: boolean
  /** The next calls fail. */
  isBroken: boolean
}

/** Makes one; answers say `You said …`. */
export function createExtrasBackend(): ExtrasBackend {
  const store: MemoryStore = new Map()
  const memory = createMemoryAdapter({ reply: (text) => `You said ${text}`, delayMs: 0, store })
  const asked: ExtrasBackend['asked'] = []
  const take = (call: string) => async (request: object) => {
    asked.push({ call, ...request })
    if (backend.isBroken) throw new TypeError('no')
  }
  const extras: ChatExtras = {
    rate: take('rate'),
    score: take('score'),
    setTyping: take('setTyping'),
    askForPerson: take('askForPerson'),
    async erase(request) {
      await take('erase')(request)
      store.delete(request.conversationId)
    },
  }
  const backend: ExtrasBackend = {
    memory,
    adapter: {
      ...memory,
      extras,
      history: async (request) => ({
        ...(await memory.history(request)),
        ...(backend.isResolved && { resolved: true }),
      }),
    },
    asked,
    isResolved: false,
    isBroken: false,
  }
  return backend
}
