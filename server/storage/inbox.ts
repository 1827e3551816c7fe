/**
 * The inbox of the single-process logs: an index in memory and a journal that brings it back. The journal is written
 * before a commit that lists a conversation, opens a mark or may change its labels, and some time after everything else,
 * so after a crash it may name too much, and call labels doubtful that are right, but never the other way round.
 */
import { isSystem } from './entry.ts'
import { createInboxIndex } from './inbox-index.ts'
import type { RecentOptions, RecentPage } from './log.ts'

/** The state of one conversation; the last record of a conversation is the one that counts. */
export interface InboxRecord {
  conversation: string
  /** Time of the latest activity, in milliseconds. */
  at: number
  open: string[]
  /** Left out: they have to be found out anew. */
  labels?: readonly string[]
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
  /**
   * An append begins: lists the conversation, opens a mark and calls its labels doubtful, durably. Resolves at once when
   * there is nothing to write.
   */
  enter(conversation: string, at: number, mark?: string): Promise<void>
  /** The append has ended, whatever came of it; with `at` the conversation moves up, which is written later. */
  leave(conversation: string, at?: number): void
  /** Closes a mark; written later. */
  finish(conversation: string, mark: string): void
  /** Lists a conversation under labels that were found out since `stamp`; written later. */
  label(conversation: string, stamp: string, labels: readonly string[]): void
  /** Whether no mark is open. */
  isFinished(conversation: string): boolean
  remove(conversation: string): Promise<void>
  page(options: RecentOptions): RecentPage
  /** Writes what was put off. */
  flush(): Promise<void>
}

const flushDelayMs = 500
/** How long what was removed stands in the journal: for each conversation in it, and at least, in milliseconds. */
const tidyDelayMs = 1
const leastTidyDelayMs = 1_000
const retryDelayMs = 5_000

export async function openInbox(store: InboxStore, onAlert: (message: string) => void): Promise<Inbox> {
  const index = createInboxIndex()
  const dirty = new Set<string>()
  let waiting: { records: InboxRecord[]; done: () => void; failed: (error: unknown) => void }[] = []
  let isWriting = false
  let writing: Promise<void> = Promise.resolve()
  let written = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  /** The journal names what was removed: names may be somebody's, and writing it anew costs more the longer it is. */
  let tidying: ReturnType<typeof setTimeout> | undefined
  let isUntidy = false

  const loaded = await store.load()
  for (const { conversation, at, open, labels = [], gone } of loaded) {
    index.drop(conversation)
    if (!gone) index.put(conversation, { at, labels, isSaved: true })
    for (const mark of open) index.mark(conversation, mark, true)
  }
  for (const { conversation, open, labels } of newestOf(loaded)) {
    // What was under way when the process ended may have come to something.
    const isDoubted = labels === undefined || open.length > 0
    if (index.get(conversation)) index.put(conversation, { isDoubted })
    if (isDoubted) index.doubt(conversation, true)
  }
  written = loaded.length
  if (written > index.size) await compact()

  return {
    async enter(conversation, at, mark) {
      if (isSystem(conversation)) return
      const known = index.get(conversation)
      const isKnown = known?.isSaved && known.isDoubted && (mark === undefined || known.open.has(mark))
      // In memory first: a record written meanwhile for another reason must name the mark as well.
      if (!isKnown) index.put(conversation, { at: Math.max(at, known?.at ?? 0) })
      if (mark !== undefined) index.mark(conversation, mark, true)
      change(conversation, 1)
      if (isKnown) return
      try {
        await write([record(conversation)])
      } catch (error) {
        change(conversation, -1)
        throw error
      }
      if (index.get(conversation)) index.put(conversation, { isSaved: true, isDoubted: true })
    },

    leave(conversation, at) {
      const line = index.get(conversation)
      if (!line) return
      change(conversation, -1)
      if (at === undefined || at === line.at) return
      index.put(conversation, { at })
      putOff(conversation)
    },

    finish(conversation, mark) {
      if (!index.get(conversation)?.open.has(mark)) return
      index.mark(conversation, mark, false)
      putOff(conversation)
    },

    label(conversation, stamp, labels) {
      const line = index.get(conversation)
      // Labelled meanwhile by somebody who has looked later.
      if (!line || line.stamp === null) return
      index.put(conversation, { labels })
      if (`${line.stamp}` !== stamp || line.running > 0) return
      index.doubt(conversation, false)
      putOff(conversation)
    },

    isFinished: (conversation) => !index.get(conversation)?.open.size,

    async remove(conversation) {
      if (isSystem(conversation)) return
      index.drop(conversation)
      dirty.delete(conversation)
      await write([{ conversation, at: 0, open: [], gone: true }])
      tidyLater()
    },

    page: (options) => index.page(options),

    async flush() {
      await flush()
      if (!tidying) return
      tidyNow()
      await writing
      clearTimeout(tidying)
    },
  }

  function tidyLater(): void {
    if (tidying) return
    tidying = setTimeout(tidyNow, Math.max(leastTidyDelayMs, tidyDelayMs * index.size))
    if (typeof tidying === 'object') tidying.unref()
  }

  function tidyNow(): void {
    clearTimeout(tidying)
    tidying = undefined
    isUntidy = true
    if (!isWriting) writing = writeWaiting()
  }

  /** An append begins or ends: whoever has looked before knows nothing of it. */
  function change(conversation: string, running: 1 | -1): void {
    const line = index.get(conversation)
    if (line) line.running += running
    index.doubt(conversation, true)
  }

  function record(conversation: string): InboxRecord {
    const { at, open, labels, stamp } = index.put(conversation, {})
    if (stamp !== null) return { conversation, at, open: [...open] }
    index.put(conversation, { isDoubted: open.size > 0 })
    return { conversation, at, open: [...open], labels }
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
    const names = [...dirty].filter((conversation) => index.get(conversation))
    dirty.clear()
    if (names.length === 0) return
    try {
      await write(names.map(record))
    } catch (error) {
      for (const name of names) if (index.get(name)) putOff(name, retryDelayMs)
      throw error
    }
  }

  function write(records: InboxRecord[]): Promise<void> {
    return new Promise((done, failed) => {
      waiting.push({ records, done, failed })
      if (!isWriting) writing = writeWaiting()
    })
  }

  /** One write at a time, each with everything that gathered during the one before. */
  async function writeWaiting(): Promise<void> {
    isWriting = true
    while (waiting.length > 0 || isUntidy) {
      const batch = waiting
      waiting = []
      const records = batch.flatMap((one) => one.records)
      try {
        if (records.length > 0) await store.append(records)
        written += records.length
        for (const one of batch) one.done()
      } catch (error) {
        for (const one of batch) one.failed(error)
      }
      if (isUntidy || written > 2 * index.size + 1_000) await compact()
    }
    isWriting = false
  }

  async function compact(): Promise<void> {
    const wasUntidy = isUntidy
    isUntidy = false
    try {
      await store.replace([...index.conversations()].map(record))
      written = index.size
    } catch {
      if (wasUntidy) tidyLater()
      onAlert('The inbox could not be compacted; the longer form stays in use.')
      written = index.size
    }
  }
}

/** The newest record of each conversation. */
function newestOf(records: InboxRecord[]): Iterable<InboxRecord> {
  return new Map(records.map((record) => [record.conversation, record])).values()
}
