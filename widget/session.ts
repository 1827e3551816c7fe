/**
 * What the browser keeps of a conversation: its id, each message that has not reached the server yet, and the text being
 * written. Each is a record of its own, so that tabs that write at the same time take nothing from each other.
 * Nothing is written before the visitor acts. What a broken IndexedDB does not take is kept in memory, for this visit.
 */
import { isRecord, readSession } from './engine/kept.ts'
import type { SessionData, UnsentMessage } from './engine/kept.ts'
import { indexedDbStore } from './storage.ts'
import type { KeyValueStore } from './storage.ts'

export type { SessionData, UnsentMessage } from './engine/kept.ts'
export type { KeyValueStore } from './storage.ts'

/** The memory of a widget. Nothing here rejects. */
export interface Session {
  /** What is kept now, of this tab and of others. */
  load(): Promise<SessionData>
  keepDraft(text: string): void
  /** Keeps a message until it is sent, and whether sending it was given up. */
  keep(message: UnsentMessage): void
  /** The message has been sent. */
  drop(clientMessageId: string): void
  /** Names the conversation. Resolves to its name: another tab may have been first. */
  claim(conversationId: string): Promise<string>
  /** Takes over what is kept under another name, where nothing is under this one. Resolves to what is kept then. */
  inherit(from: string): Promise<SessionData>
  /** Forgets everything. Resolves when it is forgotten. */
  clear(): Promise<void>
  /** Lets go of the browser's storage. */
  close(): void
  /** Whether what is saved would be gone with the page. */
  readonly isVolatile: boolean
  /** Called when `isVolatile` has changed. */
  onChange: () => void
}

/** Longest wait for IndexedDB: Safari 14 and blocked upgrades leave `open` pending for ever. */
const PATIENCE_MS = 2_000

/**
 * Makes the memory of a widget.
 * @param name tells widgets of one origin apart: server, token and, where one is given, the visitor
 */
export function createSession(name: string, store: KeyValueStore = indexedDbStore()): Session {
  /** What is not written yet, by key; undefined goes. */
  const pending = new Map<string, unknown>()
  /** What is being written. */
  let flying = new Map<string, unknown>()
  /** The places of the messages that are kept. */
  const orders = new Map<string, number>()
  let newest = 0
  /** Where nothing can be read nothing is written, either: nobody knows what that would take away. */
  let isReadable = true
  let isVolatile = false
  let isCleared = false
  let first: Promise<SessionData> | undefined
  let last: SessionData | undefined
  let writing: Promise<void> | undefined

  const report = (isBroken: boolean) => {
    if (isVolatile === isBroken) return
    isVolatile = isBroken
    session.onChange()
  }

  /** What the storage says; undefined where it does not work. A write may take its time. */
  const use = async <T>(work: Promise<T>, isWrite = false): Promise<T | undefined> => {
    const done = await patiently(work, () => (report(true), isWrite))
    // That there is something to be read says nothing of what could not be written.
    if (!done || isWrite || pending.size + flying.size === 0) report(!done)
    return done?.value
  }

  const load = async (): Promise<SessionData> => {
    const all = isReadable && (await use(store.entries()))
    // One that has worked before is only slow, and what was read stays true enough.
    if (!all && last) return last
    if (!all) isReadable = false
    // What was saved while the storage was being read is newer than what was read.
    const found = all && !isCleared ? all.filter(([key]) => isRecord(key, name)) : []
    const data = readSession(new Map([...found, ...flying, ...pending]), name)
    const others = all && data.conversationId === undefined ? all.filter(([key]) => !isRecord(key, name)) : []
    if (others.length > 0) data.others = others
    if (all) last = data
    for (const { clientMessageId, order } of data.unsent) {
      orders.set(clientMessageId, order)
      newest = Math.max(newest, order)
    }
    return data
  }

  const forget = async () => {
    const all = (await use(store.entries())) ?? []
    for (const [key] of all) if (isRecord(key, name) && !pending.has(key)) pending.set(key, undefined)
    isCleared = false
  }

  // One write at a time, of what is newest by then: a page that is left loses no more than the last key.
  const flush = async () => {
    try {
      await (first ??= load())
      while (isReadable && (isCleared || pending.size > 0)) {
        if (isCleared) await forget()
        flying = new Map(pending)
        pending.clear()
        const isWritten = await use(
          store.write(flying).then(() => true),
          true,
        )
        // What fails is tried again with whatever is saved next.
        for (const [key, value] of flying) if (!isWritten && !pending.has(key)) pending.set(key, value)
        flying = new Map()
        if (!isWritten) return
      }
    } finally {
      // At once: what is saved in the next moment begins a write of its own.
      writing = undefined
    }
  }
  const write = () => (writing ??= flush())

  const save = (key: string, value: unknown) => {
    pending.set(name + key, value)
    void write()
  }

  const session: Session = {
    load: () => (first = load()),
    keepDraft: (text) => save('\ndraft', text || undefined),
    keep({ clientMessageId, text, hasFailed, context, attachments }) {
      // Clocks are set back, and two messages may be of one millisecond.
      const order = orders.get(clientMessageId) ?? (newest = Math.max(newest + 1, Date.now()))
      orders.set(clientMessageId, order)
      save(`\n${clientMessageId}`, { clientMessageId, text, hasFailed, order, context, attachments })
    },
    drop(clientMessageId) {
      if (orders.delete(clientMessageId)) save(`\n${clientMessageId}`, undefined)
    },
    async claim(mine) {
      const idIn = (value: unknown) => readSession(new Map([[name, value]]), name).conversationId
      if (isCleared) await patiently(write(), () => false)
      const made = { conversationId: mine }
      const kept = isReadable && (await use(store.update(name, (old) => (idIn(old) ? old : made))))
      // In memory at least, where the next `load` finds it.
      if (!kept) pending.set(name, made)
      return idIn(kept) ?? mine
    },
    async inherit(from) {
      const all = new Map(await use(store.entries()))
      for (const [key, value] of all) {
        if (!isRecord(key, from)) continue
        const own = name + key.slice(from.length)
        if (!all.has(own) && !pending.has(own)) pending.set(own, value)
        pending.set(key, undefined)
      }
      // In one step: a page that is left in the middle leaves everything in the one place or the other.
      await write()
      return load()
    },
    clear() {
      pending.clear()
      flying = new Map()
      orders.clear()
      isCleared = true
      return write()
    },
    close: () => store.close?.(),
    get isVolatile() {
      return isVolatile
    },
    onChange: () => {},
  }
  return session
}

/** Waits for a promise. What takes too long is asked about: it may be waited for all the same. Undefined is a failure. */
async function patiently<T>(work: Promise<T>, isWaitedFor: () => boolean): Promise<{ value: T } | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => isWaitedFor() || resolve(undefined), PATIENCE_MS)
  })
  const done = await Promise.race([work.then((value) => ({ value })), tooLate]).catch(() => undefined)
  clearTimeout(timer)
  return done
}
