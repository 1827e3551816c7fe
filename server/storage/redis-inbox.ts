/** The inbox in Redis: sorted sets by time, in one hash slot of their own. */
import type { Cluster, Redis } from 'ioredis'
import { isSystem, scopeOf } from './entry.ts'
import { parseCursor, toCursor } from './inbox-order.ts'
import type { RecentConversation, RecentOptions, RecentPage } from './log.ts'
import { enterScript, leaveScript } from './redis-scripts.ts'

export interface RedisInbox {
  /** Lists a conversation and opens a mark, before the commit. Returns whether the mark is new. */
  enter(conversation: string, mark: string): Promise<boolean>
  /** Moves a conversation up and closes a mark, after the commit. */
  leave(conversation: string, moves: boolean, mark: string): Promise<void>
  remove(conversation: string): Promise<void>
  page(options: RecentOptions): Promise<RecentPage>
}

interface Scripts {
  lumikaEnter(...args: string[]): Promise<number>
  lumikaLeave(...args: string[]): Promise<unknown>
}

/** Conversations asked about in one round trip. */
const batch = 500

export function createRedisInbox(client: Redis | Cluster, prefix: string): RedisInbox {
  client.defineCommand('lumikaEnter', { numberOfKeys: 4, lua: enterScript })
  client.defineCommand('lumikaLeave', { numberOfKeys: 4, lua: leaveScript })
  const scripts = client as unknown as Scripts
  const base = `${prefix}{inbox}:`
  const marksOf = (conversation: string): string => `${base}open:${conversation}`
  const scopeKey = (scope: string): string => `${base}scope:${scope}`
  const keysOf = (conversation: string): [string, string, string, string] => [
    `${base}all`,
    scopeKey(scopeOf(conversation)),
    `${base}open`,
    marksOf(conversation),
  ]

  return {
    async enter(conversation, mark) {
      if (isSystem(conversation)) return false
      return (await scripts.lumikaEnter(...keysOf(conversation), conversation, mark)) === 1
    },

    async leave(conversation, moves, mark) {
      if (isSystem(conversation) || (!moves && mark === '')) return
      await scripts.lumikaLeave(...keysOf(conversation), conversation, moves ? '1' : '', mark)
    },

    async remove(conversation) {
      if (isSystem(conversation)) return
      const [all, scope, open, marks] = keysOf(conversation)
      await checked(
        client.multi().zrem(all, conversation).zrem(scope, conversation).srem(open, conversation).del(marks),
      )
    },

    async page({ scope, unfinished, cursor, limit = 50 }) {
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
      const places = await placesBefore(scope === undefined ? `${base}all` : scopeKey(scope), cursor ?? null, limit + 1)
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
      for (let i = 0; i < raw.length; i += 2) {
        const place = { conversation: raw[i] as string, at: Number(raw[i + 1]) }
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

/** Runs a pipeline; its first failure is the failure of the whole. */
async function checked(pipeline: ReturnType<Redis['pipeline']>): Promise<unknown[]> {
  const replies = (await pipeline.exec()) ?? []
  return replies.map(([error, reply]) => {
    if (error) throw error
    return reply
  })
}
