/**
 * The inbox of the single-process logs: an index in memory (about 200 bytes a conversation) and a journal that brings
 * it back. The journal is written before a commit that lists a conversation or opens a mark, and some time after
 * everything else, so after a crash it may name too much but never too little.
 */
import { isSystem, scopeOf } from './entry.ts'
import { createInboxOrder } from './inbox-order.ts'
import type { InboxOrder } from './inbox-order.ts'
import type { RecentConversation, RecentOptions, RecentPage } from './log.ts'

/** The state of one conversation; the last record of a conversation is the one that counts. */
export interface InboxRecord {
  conversation: string
  /** Time of the latest activity, in milliseconds. */
  at: number
  open: string[]
  /** The conversation was removed. */
  gone?: true
}

/** Where the records are kept, in order. */
export interface InboxStore {
  load(): Promise<InboxRecord[]>
  /** Durable when it resolves. Never called again before that. */
  append(records: InboxRecord[]): Promise<void>
  /** Puts these in the place of everything, all or nothing. */
  replace(records: InboxRecord[]): Promise<void>
}

export interface Inbox {
  /** Lists a conversation, and opens a mark, durably. Resolves at once when there is nothing to write. */
  enter(conversation: string, at: number, mark?: string): Promise<void>
  /** Moves a conversation up; written later. */
  touch(conversation: string, at: number): void
  /** Closes a mark; written later. */
  finish(conversation: string, mark: string): void
  remove(conversation: string): Promise<void>
  page(options: RecentOptions): RecentPage
  /** Writes what was put off. */
  flush(): Promise<void>
}

interface Line {
  at: number
  open: Set<string>
  /** Whether the journal knows the conversation with all its open marks. */
  isSaved: boolean
}

const flushDelayMs = 500
const retryDelayMs = 5_000

export async function openInbox(store: InboxStore, onAlert: (message: string) => void): Promise<Inbox> {
  const lines = new Map<string, Line>()
  const unfinished = new Set<string>()
  const everything = createInboxOrder()
  const scopes = new Map<string, InboxOrder>()
  const dirty = new Set<string>()
  let waiting: { records: InboxRecord[]; done: () => void; failed: (error: unknown) => void }[] = []
  let isWriting = false
  let written = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const loaded = await store.load()
  for (const record of loaded) {
    drop(record.conversation)
    if (!record.gone) put(record.conversation, record.at, new Set(record.open), true)
  }
  written = loaded.length
  if (written > lines.size) await compact()

  return {
    async enter(conversation, at, mark) {
      if (isSystem(conversation)) return
      const line = lines.get(conversation)
      if (line?.isSaved && (mark === undefined || line.open.has(mark))) return
      const open = new Set(line?.open)
      if (mark !== undefined) open.add(mark)
      // In memory first: a record written meanwhile for another reason must name the mark as well.
      put(conversation, Math.max(at, line?.at ?? 0), open, false)
      await write([record(conversation)])
      const saved = lines.get(conversation)
      if (saved) saved.isSaved = true
    },

    touch(conversation, at) {
      const line = lines.get(conversation)
      if (!line || line.at === at) return
      put(conversation, at, line.open, line.isSaved)
      putOff(conversation)
    },

    finish(conversation, mark) {
      const line = lines.get(conversation)
      if (!line?.open.delete(mark)) return
      if (line.open.size === 0) unfinished.delete(conversation)
      putOff(conversation)
    },

    async remove(conversation) {
      if (isSystem(conversation)) return
      drop(conversation)
      dirty.delete(conversation)
      await write([{ conversation, at: 0, open: [], gone: true }])
    },

    page({ scope, unfinished: onlyUnfinished, cursor, limit = 50 }) {
      if (onlyUnfinished) {
        const found = [...unfinished].filter((one) => scope === undefined || scopeOf(one) === scope).map(describe)
        return { conversations: found.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1)), cursor: null }
      }
      const order = scope === undefined ? everything : scopes.get(scope)
      const page = order?.page(cursor ?? null, limit) ?? { conversations: [], cursor: null }
      return { conversations: page.conversations.map(describe), cursor: page.cursor }
    },

    flush,
  }

  function describe(conversation: string): RecentConversation {
    const line = lines.get(conversation) as Line
    return { conversation, updatedAt: new Date(line.at).toISOString(), unfinished: [...line.open] }
  }

  function put(conversation: string, at: number, open: Set<string>, isSaved: boolean): void {
    const before = lines.get(conversation)
    const scope = scopeOf(conversation)
    let order = scopes.get(scope)
    if (!order) scopes.set(scope, (order = createInboxOrder()))
    if (before && before.at !== at) {
      everything.delete(before.at, conversation)
      order.delete(before.at, conversation)
    }
    if (before?.at !== at) {
      everything.add(at, conversation)
      order.add(at, conversation)
    }
    lines.set(conversation, { at, open, isSaved })
    if (open.size > 0) unfinished.add(conversation)
    else unfinished.delete(conversation)
  }

  function drop(conversation: string): void {
    const line = lines.get(conversation)
    if (!line) return
    everything.delete(line.at, conversation)
    scopes.get(scopeOf(conversation))?.delete(line.at, conversation)
    lines.delete(conversation)
    unfinished.delete(conversation)
  }

  function record(conversation: string): InboxRecord {
    const { at, open } = lines.get(conversation) as Line
    return { conversation, at, open: [...open] }
  }

  function putOff(conversation: string, delay = flushDelayMs): void {
    dirty.add(conversation)
    if (timer) return
    timer = setTimeout(() => {
      flush().catch(() => onAlert('The inbox could not be written; it is tried again.'))
    }, delay)
    // A process must be able to end; closing the log writes what is left.
    if (typeof timer === 'object') timer.unref()
  }

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const names = [...dirty].filter((conversation) => lines.has(conversation))
    dirty.clear()
    if (names.length === 0) return
    try {
      await write(names.map(record))
    } catch (error) {
      for (const name of names) if (lines.has(name)) putOff(name, retryDelayMs)
      throw error
    }
  }

  function write(records: InboxRecord[]): Promise<void> {
    return new Promise((done, failed) => {
      waiting.push({ records, done, failed })
      if (!isWriting) void writeWaiting()
    })
  }

  /** One write at a time, each with everything that gathered during the one before. */
  async function writeWaiting(): Promise<void> {
    isWriting = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      const records = batch.flatMap((one) => one.records)
      try {
        await store.append(records)
        written += records.length
        for (const one of batch) one.done()
      } catch (error) {
        for (const one of batch) one.failed(error)
      }
      if (written > 2 * lines.size + 1_000) await compact()
    }
    isWriting = false
  }

  async function compact(): Promise<void> {
    try {
      await store.replace([...lines.keys()].map(record))
      written = lines.size
    } catch {
      onAlert('The inbox could not be compacted; the longer form stays in use.')
      written = lines.size
    }
  }
}
