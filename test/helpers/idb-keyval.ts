/** `idb-keyval` without a browser: in memory, and shared by all stores of one name, as IndexedDB is by all pages of an origin. */
const databases = new Map<string, Map<string, unknown>>()

/** What a database holds. Its content outlives widgets; empty it between tests. */
export function database(name: string): Map<string, unknown> {
  const found = databases.get(name) ?? new Map<string, unknown>()
  databases.set(name, found)
  return found
}

export const createStore = (name: string, store: string): string => `${name}/${store}`
export const get = async (key: string, name: string): Promise<unknown> => structuredClone(database(name).get(key))
export const set = async (key: string, value: unknown, name: string): Promise<void> =>
  void database(name).set(key, structuredClone(value))
export const del = async (key: string, name: string): Promise<void> => void database(name).delete(key)
