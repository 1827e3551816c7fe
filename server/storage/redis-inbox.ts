/** The inbox in Redis: sorted sets by time, in one hash slot of their own. `redis-inbox-scripts.ts` lists the keys. */
import type { Cluster, Redis } from 'ioredis'
import { isSystem, scopeOf } from './entry.ts'
import { parseCursor, toCursor } from './inbox-order.ts'
import type { RecentConversation, RecentOptions, RecentPage } from './log.ts'
import { enterScript, labelScript, leaveForGoodScript, leaveScript, unlabelledScript } from './redis-inbox-scripts.ts'

export interface RedisInbox {
  /**
   * Before the commit: lists a conversation and opens a mark. `append`, which may be '', names an append that may change the
   * labels. Returns whether the mark is new.
   */
  enter(conversation: string, mark: string, append: string): Promise<boolean>
  /** After the commit: moves a conversation up and closes a mark. From now on what `append` has done counts. */
  leave(conversation: string, moves: boolean, mark: string, append: string): Promise<void>
  label(conversation: string, stamp: string, labels: readonly string[]): Promise<void>
  remove(conversation: string): Promise<void>
  page(options: RecentOptions): Promise<RecentPage>
}

interface Scripts {
  lumikaEnter(...args: string[]): Promise<number>
  lumikaLeave(...args: string[]): Promise<unknown>
  lumikaLabel(...args: string[]): Promise<unknown>
  lumikaUnlabelled(...args: string[]): Promise<string[]>
  lumikaLeaveForGood(...args: string[]): Promise<unknown>
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
  client.defineCommand('lumikaLeaveForGood', { numberOfKeys: 1, lua: leaveForGoodScript })
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

    async remove(conversation) {
      if (isSystem(conversation)) return
      await scripts.lumikaLeaveForGood(base, conversation, scopeOf(conversation))
    },

    async page({ scope, label, unfinished, unlabelled, cursor, limit = 50 }) {
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
      const places = await placesBefore(`${base}${key.join(':') || 'all'}`, cursor ?? null, limit + 1)
      const page = places.slice(0, limit)
      const last = page.at(-1)
      return {
        conversations: await describe(page.map((place) => place.conversation)),
        cursor: last && places.length > limit ? toCursor(last) : null,
      }
    },
  }

  /** The newest places older than a cursor. Ties are in the order Redis gives them: by key, descending. */
  async function placesBefore(key: string, cursor: string | null, count: number): Promise<Place[]> {
    const start = cursor === null ? null : parseCursor(cursor)
    const found: Place[] = []
    for (let offset = 0; found.length < count;) {
      const raw = await client.zrevrangebyscore(key, start?.at ?? '+inf', '-inf', 'WITHSCORES', 'LIMIT', offset, count)
      for (const [conversation, score] of pairs(raw)) {
        const place = { conversation, at: Number(score) }
        if (!start || place.at < start.at || place.conversation < start.conversation) found.push(place)
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
