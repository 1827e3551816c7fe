/** One bucket per key: so many points a minute, counted in memory or, for all processes together, in Redis. */
import type { Cluster, Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { RateLimiterAbstract } from 'rate-limiter-flexible'

/** The buckets of one kind. */
export interface Buckets {
  /** Takes points. Resolves to the seconds until the next ones are there; 0: they were taken. Never rejects. @default 1 point */
  take(key: string, points?: number): Promise<number>
  /** Gives a point back. */
  giveBack(key: string): Promise<void>
}

/** Where all processes that share a Redis count together. */
export interface SharedCounters {
  redis: Redis | Cluster
  /** Until then Redis is not asked, by `performance.now()`. */
  awayUntil: number
}

/** What buckets are made of. */
export interface BucketOptions {
  /** Names the kind, among the others in the same Redis. */
  name: string
  /** Points a minute; `Infinity` for no limit. */
  points: number
  /** null: this process counts for itself. */
  shared: SharedCounters | null
}

const MINUTE = 60
/** How long a Redis that did not answer is left alone, in milliseconds. */
const AWAY_MS = 1_000

/** Makes the buckets of one kind. */
export function createBuckets({ name, points, shared }: BucketOptions): Buckets {
  if (points === Infinity) return { take: async () => 0, giveBack: async () => {} }
  const common = { keyPrefix: `lumika:limit:${name}`, points, duration: MINUTE }
  const own = new RateLimiterMemory(common)
  const together =
    shared &&
    new RateLimiterRedis({
      ...common,
      storeClient: shared.redis,
      rejectIfRedisNotReady: true,
      // Whoever floods is refused without a word to Redis until the minute is over.
      inMemoryBlockOnConsumed: points,
    })

  return {
    async take(key, points = 1) {
      if (together && performance.now() >= shared.awayUntil) {
        const seconds = await consume(together, key, points)
        if (seconds !== null) return seconds
        // A limit must not be what makes a request wait or fail: without Redis nothing can be stored anyway.
        shared.awayUntil = performance.now() + AWAY_MS
      }
      return (await consume(own, key, points)) ?? 0
    },
    async giveBack(key) {
      await (together ?? own).reward(key).catch(() => {})
    },
  }
}

/** Seconds to wait; 0 when the point was there, null when nobody could tell. */
async function consume(limiter: RateLimiterAbstract, key: string, points: number): Promise<number | null> {
  try {
    await limiter.consume(key, points)
    return 0
  } catch (refusal) {
    return refusal instanceof RateLimiterRes ? Math.max(Math.ceil(refusal.msBeforeNext / 1000), 1) : null
  }
}
