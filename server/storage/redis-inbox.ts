/** The inbox in Redis: sorted sets by time, in one hash slot of their own. `redis-inbox-scripts.ts` lists the keys. */
import type { Cluster, Redis } from 'ioredis'
import { isSystem, scopeOf } from './entry.ts'
import { randomPart } from './ids.ts'
import { parseCursor, toCursor } from './inbox-order.ts'
import type { RecentConversation, RecentOptions, RecentPage } from './log.ts'
import {
  cancelScript,
  enterScript,
  labelScript,
  leaveScript,
  removedScript,
  removingScript,
  unlabelledScript,
} from './redis-inbox-scripts.ts'

export interface RedisInbox {
  /**
   * Before the commit: lists a conversation and opens a mark. `append`, which may be '', names an append that may change the
   * labels. Returns whether the mark is new.
   */
  enter(conversation: string, mark: string, append: string): Promise<boolean>
  /** After the commit: moves a conversation up and closes a mark. From now on what `append` has done counts. */
  leave(conversation: string, moves: boolean, mark: string, append: string): Promise<void>
  label(conversation: string, stamp: string, labels: readonly string[]): Promise<void>
  /** An append has come to nothing. */
  cancel(conversation: string, append: string): Promise<void>
  /** Before what a conversation holds is removed. */
  removing(conversation: string): Promise<Removal>
  page(options: RecentOptions): Promise<RecentPage>
}

/** A removal under way. */
export interface Removal {
  /** Marks are open. */
  isUnfinished: boolean
  /** It was removed: takes it out of the inbox, unless it has begun anew. */
  done(): Promise<void>
  /** Nothing was removed. */
  cancel(): Promise<void>
}

interface Scripts {
  lumikaEnter(...args: string[]): Promise<number>
  lumikaLeave(...args: string[]): Promise<unknown>
  lumikaLabel(...args: string[]): Promise<unknown>
  lumikaUnlabelled(...args: string[]): Promise<string[]>
  lumikaCancel(...args: string[]): Promise<unknown>
  lumikaRemoving(...args: string[]): Promise<[at: string, stamp: string, marks: number]>
  lumikaRemoved(...args: string[]): Promise<unknown>
}

/** Microseconds after which an append has come to something or to nothing; no process waits so long for Redis. */
const longestAppend = 10_000_000

/** Conversations asked about in one round trip. */
const batch = 500

export function createRedisInbox(client: Redis | Cluster, prefix: string): RedisInbox {
  client.defineCommand('lumikaEnter', { numberOfKeys: 1, lua: enterScript })
  client.defineCommand('lumikaLeave', { numberOfKeys: 1, lua: leaveScript })
  client.defineCommand('lumikaLabel', { numberOfKeys: 1, lua: labelScript })
  client.defineCommand('lumikaUnlabelled', { numberOfKeys: 1, lua: unlabelledScript })
  client.defineCommand('lumikaCancel', { numberOfKeys: 1, lua: cancelScript })
  client.defineCommand('lumikaRemoving', { numberOfKeys: 1, lua: removingScript })
  client.defineCommand('lumikaRemoved', { numberOfKeys: 1, lua: removedScript })
  const scripts = client as unknown as Scripts
  const base = `${prefix}{inbox}:`
  const marksOf = (conversation: string): string => `${base}open:${conversation}`

  return {
    async enter(conversation, mark, append) {
      if (isSystem(conversation)) return false
      return (await scripts.lumikaEnter(base, conversation, scopeOf(conversation), mark, append)) === 1
    },

    async leave(conversation, moves, mark, append) {
      if (isSystem(conversation) || (!moves && mark === '' && append === '')) return
      await scripts.lumikaLeave(base, conversation, scopeOf(conversation), moves ? '1' : '', mark, append)
    },

    async label(conversation, stamp, labels) {
      await scripts.lumikaLabel(base, conversation, scopeOf(conversation), stamp, labels.join(' '))
    },

    cancel,

    async removing(conversation) {
      if (isSystem(conversation)) return { isUnfinished: false, done: async () => {}, cancel: async () => {} }
      const removal = randomPart()
      const [at, stamp, marks] = await scripts.lumikaRemoving(base, conversation, removal)
      return {
        isUnfinished: marks === 1,
        done: async () =>
          void (await scripts.lumikaRemoved(base, conversation, scopeOf(conversation), removal, at, stamp)),
        cancel: () => cancel(conversation, `!${removal}`),
      }
    },

    async page({ scope, label, unfinished, unlabelled, first = 'newest', cursor, limit = 50 }) {
      if (unlabelled) {
        const found = pairs(await scripts.lumikaUnlabelled(base, `${limit}`, `${longestAppend}`))
        const described = await describe(found.map(([conversation]) => conversation))
        return { conversations: described.map((one, i) => ({ ...one, stamp: found[i]?.[1] as string })), cursor: null }
      }
      if (unfinished) {
        const open = await client.smembers(`${base}open`)
        const wanted = open.filter((conversation) => scope === undefined || scopeOf(conversation) === scope)
        const found: RecentConversation[] = []
        for (let from = 0; from < wanted.length; from += batch) {
          found.push(...(await describe(wanted.slice(from, from + batch))))
        }
        found.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1))
        return { conversations: found.filter((one) => one.unfinished.length > 0), cursor: null }
      }
      const key = [label !== undefined && `label:${label}`, scope !== undefined && `scope:${scope}`].filter(Boolean)
      const places = await placesFrom(`${base}${key.join(':') || 'all'}`, first, cursor ?? null, limit + 1)
      const page = places.slice(0, limit)
      const last = page.at(-1)
      return {
        conversations: await describe(page.map((place) => place.conversation)),
        cursor: last && places.length > limit ? toCursor(last) : null,
      }
    },
  }

  async function cancel(conversation: string, append: string): Promise<void> {
    if (!isSystem(conversation) && append !== '') await scripts.lumikaCancel(base, conversation, append)
  }

  /** The places beyond a cursor, from either end on. Ties are in the order Redis gives them: by key. */
  async function placesFrom(
    key: string,
    first: 'newest' | 'oldest',
    cursor: string | null,
    count: number,
  ): Promise<Place[]> {
    const start = cursor === null ? null : parseCursor(cursor)
    const found: Place[] = []
    for (let offset = 0; found.length < count;) {
      const page = ['WITHSCORES', 'LIMIT', offset, count] as const
      const raw = await (first === 'newest'
        ? client.zrevrangebyscore(key, start?.at ?? '+inf', '-inf', ...page)
        : client.zrangebyscore(key, start?.at ?? '-inf', '+inf', ...page))
      for (const [conversation, score] of pairs(raw)) {
        const place = { conversation, at: Number(score) }
        if (!start || isBeyond(place, start, first)) found.push(place)
      }
      if (raw.length < 2 * count) break
      offset += count
    }
    return found.slice(0, count)
  }

  async function describe(conversations: string[]): Promise<RecentConversation[]> {
    if (conversations.length === 0) return []
    const pipeline = client.pipeline()
    for (const conversation of conversations) {
      pipeline.zscore(`${base}all`, conversation).smembers(marksOf(conversation))
    }
    const replies = await checked(pipeline)
    return conversations.map((conversation, i) => ({
      conversation,
      updatedAt: new Date(Number(replies[2 * i] ?? 0) / 1_000).toISOString(),
      unfinished: replies[2 * i + 1] as string[],
    }))
  }
}

interface Place {
  /** Microseconds. */
  at: number
  conversation: string
}

/** Whether a place comes after another one, seen from an end. */
const isBeyond = (place: Place, start: Place, first: 'newest' | 'oldest'): boolean => {
  const [before, after] = first === 'newest' ? [place, start] : [start, place]
  return before.at < after.at || (before.at === after.at && before.conversation < after.conversation)
}

/** What Redis answers with scores: each member is followed by its own. */
const pairs = (reply: string[]): [member: string, score: string][] =>
  Array.from({ length: reply.length / 2 }, (_, i) => [reply[2 * i] as string, reply[2 * i + 1] as string])

/** Runs a pipeline; its first failure is the failure of the whole. */
async function checked(pipeline: ReturnType<Redis['pipeline']>): Promise<unknown[]> {
  const replies = (await pipeline.exec()) ?? []
  return replies.map(([error, reply]) => {
    if (error) throw error
    return reply
  })
}
