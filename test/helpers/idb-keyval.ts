/** `idb-keyval` without a browser: in memory, and shared by all stores of one name, as IndexedDB is by all pages of an origin. */
const databases = new Map<string, Map<string, unknown>>()

/** What a database holds. Its content outlives widgets; empty it between tests. */
export function database(name: string): Map<string, unknown> {
  const found = databases.get(name) ?? new Map<string, unknown>()
  databases.set(name, found)
  return found
}

export const promisifyRequest = async (result: unknown): Promise<unknown> => result
export const createStore = (name: string, store: string) => {
  const content = database(`${name}/${store}`)
  return async (_mode: string, run: (store: unknown) => unknown): Promise<unknown> =>
    run({
      transaction: { db: {} },
      getAllKeys: () => [...content.keys()],
      getAll: () => structuredClone([...content.values()]),
      get: (key: string) => structuredClone(content.get(key)),
      put: (value: unknown, key: string) => content.set(key, structuredClone(value)),
      delete: (key: string) => content.delete(key),
    })
}
