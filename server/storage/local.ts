/**
 * What the logs of a single process share: one queue a conversation, numbering, idempotency, the newest entries of
 * hot conversations in memory, notices and the inbox. Where the entries are kept is the medium's business.
 */
import { assertConversation, assertLane, cursorNotFound, isKeptLane, toEntry, toJson } from './entry.ts'
import { entryId, randomPart } from './ids.ts'
import { openInbox } from './inbox.ts'
import type { InboxStore } from './inbox.ts'
import { positionIn, pushEntry, tailAfter, tailBefore } from './lane-tail.ts'
import type { LaneTail } from './lane-tail.ts'
import { isLogError, LogError } from './log.ts'
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

interface Hot {
  stored: StoredConversation
  lanes: Map<Lane, LaneTail>
  /** The highest `createdAt` so far, in milliseconds. */
  lastAt: number
  /** Bytes of the entries in `lanes`, and of `stored` when it was last asked. */
  bytes: number
  storedBytes: number
  /** Calls that are using it: it must not be dropped under them. */
  users: number
  isDropped: boolean
}

export async function openLocalLog(medium: Medium, options: LogOptions = {}): Promise<ConversationLog> {
  const {
    now = Date.now,
    random = randomPart,
    onAlert = () => {},
    maxConversations = 10_000,
    maxBytes = 64 * 1024 * 1024,
  } = options
  /** Least recently used first. */
  const hot = new Map<string, Hot>()
  const queues = new Map<string, Promise<unknown>>()
  const listeners = new Set<(notice: Notice) => void>()
  const inbox = await openInbox(medium.inbox, onAlert)
  let bytes = 0
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

    watch(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },

    async remove(conversation, lane) {
      return exclusive(conversation, lane ?? 'public', async (state) => {
        await state.stored.remove(lane)
        if (lane === undefined) {
          forget(conversation, state)
          await inbox.remove(conversation)
        } else {
          const tail = state.lanes.get(lane)
          if (tail) weigh(state, -tailWeight(tail))
          state.lanes.delete(lane)
        }
      })
    },

    async close() {
      if (isClosed) return
      isClosed = true
      await Promise.all(queues.values())
      try {
        await inbox.flush()
      } finally {
        hot.clear()
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
    { keys = [], supersedes, at, opens, closes }: AppendOptions,
  ): Promise<Appended<unknown>> {
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
    if (opens !== undefined || isKeptLane(lane)) await inbox.enter(conversation, time, opens)
    await state.stored.append(lane, entry, json, supersedes)
    state.lastAt = time
    const gone = pushEntry(tail, entry)
    weigh(state, weightOf(json) - entriesWeight(gone))
    if (isKeptLane(lane)) inbox.touch(conversation, time)
    if (closes !== undefined) inbox.finish(conversation, closes)
    announce({ conversation, lane, position: entry.position })
    return { outcome: 'stored', entry }
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

  /** The tail of a lane when it is in memory. On the path of every poll: keep it cheap. */
  function loaded(conversation: string, lane: Lane): LaneTail | undefined {
    const state = hot.get(conversation)
    const tail = state?.lanes.get(lane)
    if (!state || !tail) return undefined
    hot.delete(conversation)
    hot.set(conversation, state)
    return tail
  }

  async function load(state: Hot, lane: Lane): Promise<LaneTail> {
    const known = state.lanes.get(lane)
    if (known) return known
    const tail = await state.stored.tail(lane)
    const last = tail.entries.at(-1)
    if (last) state.lastAt = Math.max(state.lastAt, Date.parse(last.createdAt))
    state.lanes.set(lane, tail)
    weigh(state, tailWeight(tail))
    return tail
  }

  /** Runs one task after the other for each conversation. */
  function exclusive<R>(conversation: string, lane: Lane, task: (state: Hot) => Promise<R>): Promise<R> {
    assertConversation(conversation)
    assertLane(lane)
    const run = async (): Promise<R> => {
      assertOpen()
      const state = use(conversation)
      try {
        return await task(state)
      } catch (error) {
        // What the medium holds now is unknown; it is read again before anything else is said about it.
        if (!isLogError(error, 'cursor_not_found')) forget(conversation, state)
        throw error
      } finally {
        state.users--
        weigh(state, state.stored.weight() - state.storedBytes)
        state.storedBytes = state.stored.weight()
        shrink()
      }
    }
    const before = queues.get(conversation)
    const result = before ? before.then(run) : run()
    const settled = result.then(
      () => {},
      () => {},
    )
    queues.set(conversation, settled)
    void settled.then(() => {
      if (queues.get(conversation) === settled) queues.delete(conversation)
    })
    return result
  }

  function use(conversation: string): Hot {
    const state: Hot = hot.get(conversation) ?? {
      stored: medium.conversation(conversation),
      lanes: new Map(),
      lastAt: 0,
      bytes: 0,
      storedBytes: 0,
      users: 0,
      isDropped: false,
    }
    hot.delete(conversation)
    hot.set(conversation, state)
    state.users++
    return state
  }

  function weigh(state: Hot, change: number): void {
    if (state.isDropped) return
    state.bytes += change
    bytes += change
  }

  function forget(conversation: string, state: Hot): void {
    if (state.isDropped) return
    state.isDropped = true
    hot.delete(conversation)
    bytes -= state.bytes
  }

  function shrink(): void {
    if (hot.size <= maxConversations && bytes <= maxBytes) return
    for (const [conversation, state] of hot) {
      if (state.users === 0) forget(conversation, state)
      if (hot.size <= maxConversations && bytes <= maxBytes) return
    }
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

/** Bytes in memory of an entry with this value, roughly. */
const weightOf = (json: string): number => 300 + 2 * json.length

const entriesWeight = (entries: LogEntry[]): number =>
  entries.reduce((sum, entry) => sum + weightOf(toJson(entry.value)), 0)

const tailWeight = (tail: LaneTail): number => 256 + entriesWeight(tail.entries)
