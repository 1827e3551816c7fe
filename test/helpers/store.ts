/** A browser's storage, in memory. */
import type { KeyValueStore } from '../../widget/session.ts'

/** A storage like IndexedDB, that can be looked into. It outlives the session, as a browser's outlives a page. */
export function createMemoryStore(): KeyValueStore & { content: Map<string, unknown> } {
  const content = new Map<string, unknown>()
  return {
    content,
    get: async (key) => structuredClone(content.get(key)),
    set: async (key, value) => void content.set(key, structuredClone(value)),
    delete: async (key) => void content.delete(key),
  }
}
