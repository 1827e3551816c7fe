/** IndexedDB, as far as a session needs it. */
import { createStore, promisifyRequest } from 'idb-keyval'
import type { UseStore } from 'idb-keyval'

/** A browser's storage. Its promises may reject, and may never settle. */
export interface KeyValueStore {
  /** Everything that is kept, of all widgets. */
  entries(): Promise<[key: string, value: unknown][]>
  /** Writes values; undefined takes a key away. */
  write(changes: ReadonlyMap<string, unknown>): Promise<void>
  /** Changes a value in one step. Resolves to what it is then. */
  update(key: string, change: (old: unknown) => unknown): Promise<unknown>
  /** Lets go of it, once what is under way has been done. @default there is nothing to let go of */
  close?(): void
}

/** The database of this page's origin. */
export function indexedDbStore(): KeyValueStore {
  // Opened at the first use: opening creates the database, and nothing may be stored before the visitor acts.
  let opened: UseStore | undefined
  let isClosed = false
  const open = () => (opened = createStore('lumika', 'sessions'))

  // A connection that was closed under us, as when the visitor clears what sites keep, is opened once more.
  const use = async <T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => Promise<T>): Promise<T> => {
    const politely = (store: IDBObjectStore) => {
      const { db } = store.transaction
      // Nobody has to wait for us to delete the database.
      db.onversionchange = () => db.close()
      const done = run(store)
      // What comes late opens it once more.
      return isClosed ? done.finally(() => db.close()) : done
    }
    if (!opened) return open()(mode, politely)
    return opened(mode, politely).catch(() => open()(mode, politely))
  }

  return {
    entries: () =>
      use('readonly', async (store) => {
        const [keys, values] = await Promise.all([
          promisifyRequest(store.getAllKeys()),
          promisifyRequest<unknown[]>(store.getAll()),
        ])
        return keys.map((key, i) => [key as string, values[i]])
      }),
    write: (changes) =>
      use('readwrite', (store) => {
        for (const [key, value] of changes) {
          if (value === undefined) store.delete(key)
          else store.put(value, key)
        }
        return promisifyRequest(store.transaction)
      }),
    update: (key, change) =>
      use('readwrite', async (store) => {
        const value = change(await promisifyRequest<unknown>(store.get(key)))
        store.put(value, key)
        await promisifyRequest(store.transaction)
        return value
      }),
    close() {
      // An open connection with listeners stays as long as the page does.
      const close = async () => opened?.('readonly', ({ transaction }) => transaction.db.close())
      // Where a browser lets nobody open one it throws at once, in a sandboxed frame.
      close().catch(() => {})
      opened = undefined
      isClosed = true
    },
  }
}
