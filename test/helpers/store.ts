/** A browser's storage, in memory. */
import type { KeyValueStore } from '../../widget/session.ts'

/** A storage like IndexedDB, that can be looked into. It outlives the session, as a browser's outlives a page. */
export function createMemoryStore(): KeyValueStore & { content: Map<string, unknown> } {
  const content = new Map<string, unknown>()
  return {
    content,
    entries: async () => structuredClone([...content]),
    async write(changes) {
      for (const [key, value] of changes) {
        if (value === undefined) content.delete(key)
        else content.set(key, structuredClone(value))
      }
    },
    async update(key, change) {
      content.set(key, structuredClone(change(structuredClone(content.get(key)))))
      return structuredClone(content.get(key))
    },
  }
}

/** One that keeps nothing. */
export const createEmptyStore = (): KeyValueStore => ({
  entries: () => Promise.resolve([]),
  write: () => Promise.resolve(),
  update: (_key, change) => Promise.resolve(change(undefined)),
})
