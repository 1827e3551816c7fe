/** What a browser keeps for the chats of an origin, seen and changed from the page. */
import type { Page } from '../../helpers/engines/page.ts'

/** A record by its key. */
export type Kept = [key: string, value: unknown]

/** All records, in the order of their keys; none where there is no database. */
export const keptOn = (page: Page): Promise<Kept[]> => page.evaluate(useDatabase, [])

/** Writes records, as anything on the page could. */
export const writeKept = async (page: Page, records: Kept[]): Promise<void> =>
  void (await page.evaluate(useDatabase, records))

/** Takes the whole database away. */
export const dropKept = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.deleteDatabase('lumika')
        request.onsuccess = () => resolve()
        request.onerror = () => reject(new Error('It could not be deleted.'))
      }),
  )

/** Runs in the page. */
function useDatabase(changes: Kept[]): Promise<Kept[]> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('lumika')
    let isNew = false
    // What looks must not make the database: it would not be the widget's.
    opening.onupgradeneeded = () => {
      isNew = true
      opening.transaction?.abort()
    }
    opening.onerror = (event) => {
      event.preventDefault()
      if (isNew) resolve([])
      else reject(new Error('The database cannot be opened.'))
    }
    opening.onsuccess = () => {
      const store = opening.result.transaction('sessions', 'readwrite').objectStore('sessions')
      for (const [key, value] of changes) store.put(value, key)
      const [keys, values] = [store.getAllKeys(), store.getAll()]
      store.transaction.oncomplete = () => {
        opening.result.close()
        resolve(keys.result.map((key, i) => [String(key), values.result[i]]))
      }
    }
  })
}

/** Runs in the page: what the panel tells about the chat. */
export function noticesOf(): string[] {
  const notices = document.querySelector('lumika-chat')?.shadowRoot?.querySelectorAll('.notice') ?? []
  return [...notices].map(({ textContent }) => textContent.replace(/\s+/g, ' ').trim())
}

/** Runs in the page: what stands in the text box. */
export function draftOf(): string | undefined {
  return document.querySelector('lumika-chat')?.shadowRoot?.querySelector('textarea')?.value
}
