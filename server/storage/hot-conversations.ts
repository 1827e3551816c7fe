/**
 * The conversations a single-process log has in memory: the newest entries of each, in bounds, and one queue a
 * conversation, so that nothing about it happens twice at once.
 */
import { assertConversation, assertLane, toJson } from './entry.ts'
import type { LaneTail } from './lane-tail.ts'
import type { StoredConversation } from './local.ts'
import { isLogError, LogError } from './log.ts'
import type { Lane, LogEntry } from './log.ts'

/** One conversation in memory. */
export interface Hot {
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

/** What is kept, and how much of it. */
export interface HotOptions {
  open: (conversation: string) => StoredConversation
  /** Conversations kept at most. */
  maxConversations: number
  /** Bytes of entries kept at most, roughly. */
  maxBytes: number
}

/** The conversations in memory. */
export interface HotConversations {
  /** The tail of a lane when it is in memory. On the path of every poll: keep it cheap. */
  loaded(conversation: string, lane: Lane): LaneTail | undefined
  /** The tail of a lane, from memory or from the medium. */
  load(state: Hot, lane: Lane): Promise<LaneTail>
  /** Runs one task after the other for each conversation. */
  exclusive<R>(conversation: string, lane: Lane, task: (state: Hot) => Promise<R>): Promise<R>
  /** An entry was added to a tail, and others fell out of it. */
  grew(state: Hot, json: string, gone: LogEntry[]): void
  dropLane(state: Hot, lane: Lane): void
  forget(conversation: string, state: Hot): void
  /** Refuses new tasks, and waits for those that run. */
  close(): Promise<void>
}

/** Nothing in memory yet. */
export function createHotConversations({ open, maxConversations, maxBytes }: HotOptions): HotConversations {
  /** Least recently used first. */
  const hot = new Map<string, Hot>()
  const queues = new Map<string, Promise<unknown>>()
  let bytes = 0
  let isClosed = false

  return {
    loaded,
    load,
    exclusive,
    forget,
    grew: (state, json, gone) => weigh(state, weightOf(json) - entriesWeight(gone)),
    dropLane(state, lane) {
      const tail = state.lanes.get(lane)
      if (tail) weigh(state, -tailWeight(tail))
      state.lanes.delete(lane)
    },
    async close() {
      isClosed = true
      await Promise.all(queues.values())
      hot.clear()
    },
  }

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

  function exclusive<R>(conversation: string, lane: Lane, task: (state: Hot) => Promise<R>): Promise<R> {
    assertConversation(conversation)
    assertLane(lane)
    const run = async (): Promise<R> => {
      if (isClosed) throw new LogError('storage_unavailable', 'The conversation log was closed.')
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
      stored: open(conversation),
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
}

/** Bytes in memory of an entry with this value, roughly. */
const weightOf = (json: string): number => 300 + 2 * json.length

const entriesWeight = (entries: LogEntry[]): number =>
  entries.reduce((sum, entry) => sum + weightOf(toJson(entry.value)), 0)

const tailWeight = (tail: LaneTail): number => 256 + entriesWeight(tail.entries)
