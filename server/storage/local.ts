/**
 * What the logs of a single process share: one queue a conversation, numbering, idempotency, the newest entries of
 * hot conversations in memory, notices and the inbox. Where the entries are kept is the medium's business.
 */
import { assertLabels, cursorNotFound, isKeptLane, toEntry, toJson } from './entry.ts'
import { createHotConversations } from './hot-conversations.ts'
import type { Hot } from './hot-conversations.ts'
import { entryId, randomPart } from './ids.ts'
import { openInbox } from './inbox.ts'
import type { InboxStore } from './inbox.ts'
import { positionIn, pushEntry, tailAfter, tailBefore } from './lane-tail.ts'
import type { LaneTail } from './lane-tail.ts'
import { LogError, goneError } from './log.ts'
import type { AppendOptions, Appended, ConversationLog, Lane, LogEntry, LogPage, Notice } from './log.ts'

/** One conversation as a medium holds it. Calls never overlap. */
export interface StoredConversation {
  /** The length of a lane and its newest entries, without a gap. */
  tail(lane: Lane): Promise<LaneTail>
  /** The entries of a range, oldest first. Damaged ones are left out. */
  read(lane: Lane, from: number, to: number): Promise<LogEntry[]>
  /** The entry that holds a key. */
  holder(key: string): Promise<{ lane: Lane; entry: LogEntry } | null>
  /**
   * Stores the next entry; all or nothing, also when it throws. `json` is the text of the value, `supersedes` the id of
   * the entry whose keys it takes over.
   */
  append(lane: Lane, entry: LogEntry, json: string, supersedes?: string): Promise<void>
  /** Forgets a lane, or everything. */
  remove(lane?: Lane): Promise<void>
  /** Bytes of memory it holds on to, roughly. */
  weight(): number
}

/** Where a single-process log keeps its entries. */
export interface Medium {
  conversation(conversation: string): StoredConversation
  inbox: InboxStore
  /** Throws when the medium cannot be read or written right now. */
  check(): Promise<void>
  close(): Promise<void>
}

/** Options of every log. */
export interface LogOptions {
  /** The clock, in milliseconds. The Redis log takes the time of Redis. @default Date.now */
  now?: () => number
  /** 16 base64url characters, 96 random bits. @default from crypto */
  random?: () => string
  /** Hears what a person should look at. Never holds a text or an id. @default nothing */
  onAlert?: (message: string) => void
  /** Conversations a single-process log keeps in memory at most. @default 10000 */
  maxConversations?: number
  /** Bytes of entries a single-process log keeps in memory, roughly. @default 67108864 */
  maxBytes?: number
}

export async function openLocalLog(medium: Medium, options: LogOptions = {}): Promise<ConversationLog> {
  const {
    now = Date.now,
    random = randomPart,
    onAlert = () => {},
    maxConversations = 10_000,
    maxBytes = 64 * 1024 * 1024,
  } = options
  const listeners = new Set<(notice: Notice) => void>()
  const inbox = await openInbox(medium.inbox, onAlert)
  const hot = createHotConversations({ open: (name) => medium.conversation(name), maxConversations, maxBytes })
  const { exclusive, load, loaded } = hot
  let isClosed = false

  return {
    shared: false,

    async append<T>(conversation: string, lane: Lane, value: T, appendOptions: AppendOptions = {}) {
      // Before any wait, so that the caller may change its object as soon as this call returned.
      const json = toJson(value)
      return exclusive(conversation, lane, (state) =>
        commit(state, conversation, lane, json, appendOptions),
      ) as Promise<Appended<T>>
    },

    async find<T>(conversation: string, key: string) {
      return exclusive(conversation, 'public', (state) => state.stored.holder(key)) as Promise<{
        lane: Lane
        entry: LogEntry<T>
      } | null>
    },

    after<T>(conversation: string, lane: Lane, cursor: string | null, limit: number) {
      const tail = loaded(conversation, lane)
      const page =
        (tail && tailAfter(tail, cursor, limit)) ??
        exclusive(conversation, lane, (state) => readAfter(state, lane, cursor, limit))
      return page as LogPage<T> | Promise<LogPage<T>>
    },

    before<T>(conversation: string, lane: Lane, cursor: string | null, limit: number) {
      const tail = loaded(conversation, lane)
      const page =
        (tail && tailBefore(tail, cursor, limit)) ??
        exclusive(conversation, lane, (state) => readBefore(state, lane, cursor, limit))
      return page as LogPage<T> | Promise<LogPage<T>>
    },

    async recent(recentOptions = {}) {
      assertOpen()
      await medium.check()
      return inbox.page(recentOptions)
    },

    async label(conversation, stamp, labels) {
      assertOpen()
      assertLabels(labels)
      inbox.label(conversation, stamp, labels)
    },

    watch(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },

    async remove(conversation, lane) {
      return exclusive(conversation, lane ?? 'public', async (state) => {
        if (lane === undefined) return forget(state, conversation)
        await state.stored.remove(lane)
        hot.dropLane(state, lane)
      })
    },

    async removeIf(conversation, readTo) {
      return exclusive(conversation, 'public', async (state) => {
        if (!inbox.isFinished(conversation)) return false
        for (const lane of ['public', 'private'] as const) {
          const newest = (await load(state, lane)).entries.at(-1)
          if (newest && newest.id !== readTo[lane]) return false
        }
        await forget(state, conversation)
        return true
      })
    },

    async close() {
      if (isClosed) return
      isClosed = true
      await hot.close()
      try {
        await inbox.flush()
      } finally {
        listeners.clear()
        await medium.close()
      }
    },
  }

  async function commit(
    state: Hot,
    conversation: string,
    lane: Lane,
    json: string,
    { keys = [], supersedes, at, requires, opens, closes, isQuiet = false }: AppendOptions,
  ): Promise<Appended<unknown>> {
    if (requires !== undefined && !(await state.stored.holder(requires))) throw goneError()
    for (const key of keys) {
      const holder = await state.stored.holder(key)
      if (holder && holder.entry.id !== supersedes) {
        if (closes !== undefined) inbox.finish(conversation, closes)
        return { outcome: 'existing', ...holder }
      }
    }
    const tail = await load(state, lane)
    if (at !== undefined && tail.length !== at) return { outcome: 'conflict', length: tail.length }
    await load(state, 'public')
    await load(state, 'private')
    const time = Math.max(state.lastAt, now())
    const id = entryId(tail.length, random())
    const entry = toEntry(tail.length, id, new Date(time).toISOString(), keys, json)
    const isListed = opens !== undefined || isKeptLane(lane)
    if (isListed) await inbox.enter(conversation, isQuiet ? 0 : time, opens)
    let isStored = false
    try {
      await state.stored.append(lane, entry, json, supersedes)
      isStored = true
    } finally {
      if (isListed) inbox.leave(conversation, isStored && isKeptLane(lane) && !isQuiet ? time : undefined)
    }
    state.lastAt = time
    const gone = pushEntry(tail, entry)
    hot.grew(state, json, gone)
    if (closes !== undefined) inbox.finish(conversation, closes)
    announce({ conversation, lane, position: entry.position })
    return { outcome: 'stored', entry }
  }

  async function forget(state: Hot, conversation: string): Promise<void> {
    // Should this break off in the middle, somebody has to look at it.
    await inbox.enter(conversation, 0)
    try {
      await state.stored.remove()
      hot.forget(conversation, state)
    } finally {
      inbox.leave(conversation)
    }
    await inbox.remove(conversation)
  }

  async function readAfter(state: Hot, lane: Lane, cursor: string | null, limit: number): Promise<LogPage> {
    const tail = await load(state, lane)
    const page = tailAfter(tail, cursor, limit)
    if (page) return page
    const position = cursor === null ? -1 : positionIn(tail, cursor)
    const { length } = tail
    let to = Math.min(length, position + 1 + limit)
    let found = await state.stored.read(lane, Math.max(0, position), to)
    if (cursor !== null && found.shift()?.id !== cursor) throw cursorNotFound()
    // An empty page with more behind it would send the reader round in circles.
    while (found.length === 0 && to < length) {
      found = await state.stored.read(lane, to, Math.min(length, to + limit))
      to = Math.min(length, to + limit)
    }
    return { entries: found, hasMore: to < length }
  }

  async function readBefore(state: Hot, lane: Lane, cursor: string | null, limit: number): Promise<LogPage> {
    const tail = await load(state, lane)
    const page = tailBefore(tail, cursor, limit)
    if (page) return page
    const position = cursor === null ? tail.length : positionIn(tail, cursor)
    let from = Math.max(0, position - limit)
    let found = await state.stored.read(lane, from, cursor === null ? position : position + 1)
    if (cursor !== null && found.pop()?.id !== cursor) throw cursorNotFound()
    while (found.length === 0 && from > 0) {
      found = await state.stored.read(lane, Math.max(0, from - limit), from)
      from = Math.max(0, from - limit)
    }
    return { entries: found, hasMore: from > 0 }
  }

  function announce(notice: Notice): void {
    for (const listener of listeners) {
      try {
        listener(notice)
      } catch {
        // The entry is stored: whoever asked for it must hear so, whatever a listener does.
        onAlert('A listener of the conversation log failed.')
      }
    }
  }

  function assertOpen(): void {
    if (isClosed) throw new LogError('storage_unavailable', 'The conversation log was closed.')
  }
}
