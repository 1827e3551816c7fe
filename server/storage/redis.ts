/**
 * The log for many processes: lists in Redis, one script as the commit point, one channel for the news. It also runs
 * on Redis Cluster. What survives a crash of Redis itself is Redis's own affair: turn its append-only file on.
 *
 * Keys: `<prefix>{<conversation>}:lane:<lane>` (list of entries), `…:keys` (hash: which entry took a key), `…:facts`,
 * `…:turns` (set of the turn lanes that live), `<prefix>{inbox}:*`, and the channels `<prefix>appends` and
 * `<prefix>signals`.
 */
import type { Cluster, Redis } from 'ioredis'
import { assertConversation, assertLabels, assertLane, cursorNotFound, fromLine, isKeptLane, toJson } from './entry.ts'
import { positionOf, randomPart } from './ids.ts'
import type { LogOptions } from './local.ts'
import { LogError, goneError } from './log.ts'
import type { Appended, AppendOptions, ConversationLog, Lane, LogEntry, LogPage, Notice, ReadTo } from './log.ts'
import { bounded, connectRedis, subscriberOf } from './redis-client.ts'
import { createRedisInbox } from './redis-inbox.ts'
import { openRedisNotices } from './redis-notices.ts'
import { commitScript, dropConversationScript, dropLaneScript } from './redis-scripts.ts'

/** Options of the Redis log. */
export interface RedisLogOptions extends LogOptions {
  /** How every key and channel begins. @default 'lumika:' */
  prefix?: string
  /** Seconds a turn's lane lives after its latest entry. @default 3600 */
  turnSeconds?: number
}

type Reply = ['stored', string] | ['existing', Lane, string, number] | ['conflict', number] | ['gone']

interface Scripts {
  lumikaCommit(...args: string[]): Promise<Reply>
  lumikaDropLane(...args: string[]): Promise<unknown>
  lumikaDropConversation(...args: string[]): Promise<number>
}

/** Entries read at once when a lane is removed. */
const batch = 500

/** Opens connections of its own beside the given one, which it neither uses nor closes. */
export async function openRedisLog(source: Redis | Cluster, options: RedisLogOptions = {}): Promise<ConversationLog> {
  const { random = randomPart, prefix = 'lumika:', turnSeconds = 3_600, onAlert = () => {} } = options
  const client = await connectRedis(source)
  client.defineCommand('lumikaCommit', { numberOfKeys: 4, lua: commitScript })
  client.defineCommand('lumikaDropLane', { numberOfKeys: 2, lua: dropLaneScript })
  client.defineCommand('lumikaDropConversation', { numberOfKeys: 5, lua: dropConversationScript })
  const scripts = client as unknown as Scripts
  const inbox = createRedisInbox(client, prefix)
  const channel = `${prefix}appends`
  const signals = `${prefix}signals`
  const listeners = new Set<(notice: Notice) => void>()
  const signalListeners = new Set<(text: string) => void>()
  const connect = () => subscriberOf(client)
  const onSignal = announcer(signalListeners)
  const subscribe = () => openRedisNotices({ connect, channel, onNotice: announcer(listeners), signals, onSignal })
  // Once more: a process that is starting is busy, and may take an answer that is there for one that is missing.
  const notices = await subscribe()
    .catch(subscribe)
    .catch((cause: unknown) => {
      client.disconnect()
      throw new LogError('storage_unavailable', 'Redis accepts no subscription.', { cause })
    })
  let isClosed = false

  return {
    shared: true,

    async append<T>(conversation: string, lane: Lane, value: T, appendOptions: AppendOptions = {}) {
      const json = toJson(value)
      return run(conversation, lane, () => commit(conversation, lane, json, appendOptions)) as Promise<Appended<T>>
    },

    find<T>(conversation: string, key: string) {
      return run(conversation, 'public', async () => {
        const holder = parseHolder(await client.hget(keyOf(conversation, 'keys'), key))
        if (!holder) return null
        const entry = await entryAt(conversation, holder.lane, holder.position)
        return entry?.id === holder.id ? { lane: holder.lane, entry: entry as LogEntry<T> } : null
      })
    },

    after<T>(conversation: string, lane: Lane, cursor: string | null, limit: number) {
      const position = cursor === null ? -1 : positionOf(cursor)
      if (cursor !== null && position < 0) throw cursorNotFound()
      return run(conversation, lane, async () => {
        const found = await range(conversation, lane, Math.max(0, position), position + 1 + limit)
        if (cursor !== null && found.shift()?.id !== cursor) throw cursorNotFound()
        return { entries: found.slice(0, limit), hasMore: found.length > limit } as LogPage<T>
      })
    },

    before<T>(conversation: string, lane: Lane, cursor: string | null, limit: number) {
      const position = cursor === null ? -1 : positionOf(cursor)
      if (cursor !== null && position < 0) throw cursorNotFound()
      return run(conversation, lane, async () => {
        const found =
          cursor === null
            ? await range(conversation, lane, -(limit + 1), -1)
            : await range(conversation, lane, Math.max(0, position - limit - 1), position)
        if (cursor !== null && found.pop()?.id !== cursor) throw cursorNotFound()
        return { entries: found.slice(-limit), hasMore: found.length > limit } as LogPage<T>
      })
    },

    recent: (recentOptions = {}) => run('~', 'public', () => inbox.page(recentOptions)),

    label(conversation, stamp, labels) {
      assertLabels(labels)
      return run(conversation, 'public', () => inbox.label(conversation, stamp, labels))
    },

    watch(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },

    signal: (text) => run('~', 'public', async () => void (await client.publish(signals, text))),

    onSignal(listener) {
      signalListeners.add(listener)
      return () => void signalListeners.delete(listener)
    },

    remove: (conversation, lane) =>
      run(conversation, lane ?? 'public', async () => {
        if (lane === undefined) await forget(conversation)
        else await dropLane(conversation, lane)
      }),

    removeIf: (conversation, readTo) => run(conversation, 'public', () => forget(conversation, readTo)),

    async close() {
      if (isClosed) return
      isClosed = true
      listeners.clear()
      signalListeners.clear()
      notices.close()
      client.disconnect()
    },
  }

  async function commit(
    conversation: string,
    lane: Lane,
    json: string,
    { keys = [], supersedes = '', at, requires = '', opens = '', closes = '', isQuiet = false }: AppendOptions,
  ): Promise<Appended<unknown>> {
    const isKept = isKeptLane(lane)
    // Before the inbox is touched; once more, and for good, in the script.
    if (isKept && requires !== '' && !(await client.hexists(keyOf(conversation, 'keys'), requires))) throw goneError()
    const part = random()
    const own = isKept ? part : ''
    const isNewMark = (isKept || opens !== '') && (await inbox.enter(conversation, opens, own))
    const reply = await scripts.lumikaCommit(
      ...[`lane:${lane}`, 'keys', 'facts', 'turns'].map((name) => keyOf(conversation, name)),
      ...[lane, json, part, at?.toString() ?? '', supersedes, isKept ? '' : turnSeconds.toString()],
      ...[channel, conversation, JSON.stringify(keys), requires, ...keys],
    )
    switch (reply[0]) {
      case 'stored': {
        // The entry is stored: an inbox in the wrong order is no reason to say otherwise. An open mark is.
        const left = inbox.leave(conversation, isKept && !isQuiet, closes, own)
        await (closes === '' ? left.catch(() => {}) : left)
        return { outcome: 'stored', entry: entryOf(reply[1]) }
      }
      case 'existing':
        quietly(inbox.cancel(conversation, own))
        await inbox.leave(conversation, false, closes, '')
        if (isNewMark) await inbox.leave(conversation, false, opens, '')
        return { outcome: 'existing', lane: reply[1], entry: entryOf(reply[2]), now: reply[3] }
      case 'conflict':
        quietly(inbox.cancel(conversation, own))
        if (isNewMark) await inbox.leave(conversation, false, opens, '')
        return { outcome: 'conflict', length: reply[1] }
      case 'gone':
        // Erased in the moment after the first look: what that left of it in the inbox goes, too.
        if (isNewMark) await inbox.leave(conversation, false, opens, '')
        if (isKept) {
          await inbox.cancel(conversation, own)
          await forget(conversation, { public: null, private: null })
        }
        throw goneError()
    }
  }

  /** Whatever is appended meanwhile finds a conversation that is there, or one that begins anew. */
  async function forget(conversation: string, readTo?: ReadTo): Promise<boolean> {
    const removal = await inbox.removing(conversation)
    const own = ['turns', 'keys', 'facts', 'lane:public', 'lane:private'].map((name) => keyOf(conversation, name))
    const ids = readTo ? [readTo.public ?? '', readTo.private ?? ''] : []
    const isGone =
      !(readTo && removal.isUnfinished) &&
      (await scripts.lumikaDropConversation(...own, keyOf(conversation, 'lane:'), ...ids)) === 1
    await (isGone ? removal.done() : removal.cancel())
    return isGone
  }

  async function dropLane(conversation: string, lane: Lane): Promise<void> {
    const held: string[] = []
    for (let from = 0, count = batch; count === batch; from += batch) {
      const entries = await range(conversation, lane, from, from + batch - 1)
      count = entries.length
      for (const { keys, position, id } of entries) for (const key of keys) held.push(key, `${lane} ${position} ${id}`)
    }
    await scripts.lumikaDropLane(keyOf(conversation, `lane:${lane}`), keyOf(conversation, 'keys'), ...held)
    if (!isKeptLane(lane)) await client.srem(keyOf(conversation, 'turns'), lane)
  }

  async function range(conversation: string, lane: Lane, from: number, to: number): Promise<LogEntry[]> {
    return (await client.lrange(keyOf(conversation, `lane:${lane}`), from, to)).map(entryOf)
  }

  async function entryAt(conversation: string, lane: Lane, position: number): Promise<LogEntry | null> {
    const text = await client.lindex(keyOf(conversation, `lane:${lane}`), position)
    return text === null ? null : entryOf(text)
  }

  async function run<R>(conversation: string, lane: Lane, task: () => Promise<R>): Promise<R> {
    if (conversation !== '~') assertConversation(conversation)
    assertLane(lane)
    if (isClosed) throw new LogError('storage_unavailable', 'The conversation log was closed.')
    return bounded(task)
  }

  /** What comes of it is not waited for: where it fails, somebody looks at the conversation later. */
  function quietly(work: Promise<unknown>): void {
    work.catch(() => {})
  }

  function announcer<T>(to: ReadonlySet<(news: T) => void>): (news: T) => void {
    return (news) => {
      for (const listener of to) {
        try {
          listener(news)
        } catch {
          onAlert('A listener of the conversation log failed.')
        }
      }
    }
  }

  function keyOf(conversation: string, name: string): string {
    return `${prefix}{${conversation}}:${name}`
  }
}

function entryOf(text: string): LogEntry {
  const entry = fromLine(text)
  if (!entry) throw new LogError('storage_corrupt', 'An entry in Redis is not what Lumika wrote there.')
  return entry
}

function parseHolder(text: string | null): { lane: Lane; position: number; id: string } | null {
  const [lane, position, id] = text?.split(' ') ?? []
  return lane && position && id ? { lane: lane as Lane, position: Number(position), id } : null
}
