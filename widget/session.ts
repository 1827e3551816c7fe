/**
 * What the browser keeps of a conversation: its id, what has not reached the server yet, and the text being written.
 * Nothing is written before the visitor acts. Without a working IndexedDB everything is kept in memory, for this visit.
 */
import { createStore, del, get, set } from 'idb-keyval'

/** A message on its way. */
export interface UnsentMessage {
  clientMessageId: string
  text: string
  /** Whether sending was given up: then the visitor decides. */
  hasFailed: boolean
}

/** What is kept. */
export interface SessionData {
  conversationId?: string | undefined
  unsent: UnsentMessage[]
  draft: string
}

/** The memory of a widget. */
export interface Session {
  /** What is kept; read once, then known. */
  load(): Promise<SessionData>
  /** Keeps changes. Never rejects. */
  save(changes: Partial<SessionData>): void
  /** Forgets everything. */
  clear(): void
}

/** A browser's storage, as far as a session needs it. Its promises may reject, and may never settle. */
export interface KeyValueStore {
  get(key: string): Promise<unknown>
  set(key: string, value: SessionData): Promise<void>
  delete(key: string): Promise<void>
}

/** Longest wait for IndexedDB: Safari 14 and blocked upgrades leave `open` pending for ever. */
const PATIENCE_MS = 2_000

/**
 * Makes the memory of a widget.
 * @param name tells widgets of one origin apart: server, token and, where one is given, the visitor
 */
export function createSession(name: string, store: KeyValueStore = indexedDbStore()): Session {
  let data: Partial<SessionData> = {}
  let loading: Promise<SessionData> | undefined
  let isUsable = true
  let isQueued = false
  let isEmpty = false
  let queue: Promise<unknown> = Promise.resolve()

  const read = async (): Promise<SessionData> => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const tooLate = new Promise<null>((resolve) => {
      timer = setTimeout(() => {
        isUsable = false
        resolve(null)
      }, PATIENCE_MS)
    })
    const found = await Promise.race([store.get(name), tooLate]).catch(() => {
      isUsable = false
      return null
    })
    clearTimeout(timer)
    // What was saved while the storage was being read is newer than what was read.
    return (data = { ...readSession(found), ...data }) as SessionData
  }

  const load = () => (loading ??= read())

  // One write at a time, of what is newest by then: a page that is left loses no more than the last key.
  // After reading: until then nobody knows what a write would take away.
  const write = () => {
    if (isQueued) return
    isQueued = true
    queue = queue
      .then(load)
      .then(() => {
        isQueued = false
        if (isUsable) return isEmpty ? store.delete(name) : store.set(name, data as SessionData)
      })
      .catch(() => (isUsable = false))
  }

  return {
    load,
    save(changes) {
      data = { ...data, ...changes }
      isEmpty = false
      write()
    },
    clear() {
      data = { conversationId: undefined, unsent: [], draft: '' }
      isEmpty = true
      write()
    },
  }
}

/** What is stored may be older, newer, or somebody else's: each part counts only if it is what it should be. */
function readSession(value: unknown): SessionData {
  const { conversationId, unsent, draft } = (value ?? {}) as Record<string, unknown>
  return {
    ...(typeof conversationId === 'string' && /^[\x21-\x7e]{1,128}$/.test(conversationId) && { conversationId }),
    unsent: Array.isArray(unsent) ? unsent.filter(isUnsent) : [],
    draft: typeof draft === 'string' ? draft : '',
  }
}

function isUnsent(value: unknown): value is UnsentMessage {
  const { clientMessageId, text } = (value ?? {}) as Partial<UnsentMessage>
  return typeof text === 'string' && typeof clientMessageId === 'string' && /^[\w-]{16,64}$/.test(clientMessageId)
}

function indexedDbStore(): KeyValueStore {
  // Opened at the first use: opening creates the database, and nothing may be stored before the visitor acts.
  let opened: ReturnType<typeof createStore> | undefined
  const database = () => (opened ??= createStore('lumika', 'sessions'))
  return {
    get: async (key) => get(key, database()),
    set: async (key, value) => set(key, value, database()),
    delete: async (key) => del(key, database()),
  }
}
