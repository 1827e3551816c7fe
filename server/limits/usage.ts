/**
 * How much an integration is used: counted in memory and added to what is stored every now and then, so that nobody waits
 * for it. A process that is killed loses what it has counted since; one that is stopped loses nothing.
 */
import type { Logger } from '../logger.ts'
import { cryptoRandom, randomAlphanumeric } from '../random.ts'
import type { ConversationLog } from '../storage/log.ts'
import { createUsageStore, dayOf, lastDays, noUsage } from './usage-store.ts'
import type { Day, UsageCounts } from './usage-store.ts'

export { keptDays } from './usage-store.ts'
export type { UsageCounts } from './usage-store.ts'

/** What usage needs. */
export interface UsageOptions {
  log: ConversationLog
  logger: Logger
  /** The wall clock, in milliseconds. */
  now: () => number
  /** The integrations there are. */
  integrationIds: () => string[]
  /** How often counts are stored, in milliseconds. @default 30_000 */
  flushMs?: number
}

/** What an integration was used for on one day. */
export interface UsageDay extends UsageCounts {
  /** From midnight UTC, `2026-11-21`. */
  day: Day
}

/** The usage of every integration. */
export interface Usage {
  /** Counts one, or so many. Asks nobody. */
  count(integrationId: string, what: keyof UsageCounts, many?: number): void
  /** The last days up to today, oldest first. Of other processes what they have stored. @throws LogError */
  days(integrationId: string, count: number): Promise<UsageDay[]>
  /** Forgets an integration. @throws LogError */
  drop(integrationId: string): Promise<void>
  /** Stores what is left. */
  close(): Promise<void>
}

/** Counts on their way: the key stays until it is known that they were stored. */
interface Batch {
  integrationId: string
  day: Day
  counts: UsageCounts
  key: string
}

const sweepMs = 24 * 3_600_000
const dayMs = 86_400_000

/** Makes the usage of a server. */
export function createUsage(options: UsageOptions): Usage {
  const { log, logger, now, integrationIds, flushMs = 30_000 } = options
  const store = createUsageStore(log)
  let counted = new Map<string, Map<Day, UsageCounts>>()
  let unstored: Batch[] = []
  /** The latest days of an integration that this process has begun. */
  const begun = new Map<string, Day[]>()
  let flushes: Promise<unknown> = Promise.resolve()

  async function write({ integrationId, day, counts, key }: Batch): Promise<void> {
    const known = begun.get(integrationId) ?? []
    if (!known.includes(day)) {
      await store.begin(integrationId, day, now())
      begun.set(integrationId, [...known, day].slice(-2))
    }
    await store.add(integrationId, day, counts, key)
  }

  async function flushOnce(): Promise<void> {
    // What was not stored goes first, and alone: its outcome may be unknown, so it is never put together with more.
    if (unstored.length === 0) {
      unstored = batchesOf(counted)
      counted = new Map()
    }
    const isThere = new Set(integrationIds())
    // Days before yesterday are closed: a process that slept for so long comes too late.
    const oldest = dayOf(now() - dayMs)
    unstored = unstored.filter(({ integrationId, day }) => isThere.has(integrationId) && day >= oldest)
    for (let batch = unstored[0]; batch; batch = unstored[0]) {
      await write(batch)
      unstored.shift()
    }
  }

  /** One after the other. */
  function inTurn(task: () => Promise<void>): Promise<void> {
    const own = flushes.then(task)
    flushes = own.catch(() => {})
    return own
  }

  const flush = (): Promise<void> => inTurn(flushOnce)

  async function sweep(): Promise<void> {
    for (const id of integrationIds()) await store.sweep(id, now())
  }

  const quietly = (task: Promise<unknown>): Promise<unknown> =>
    task.catch((error: unknown) => logger.warn('usage: counts are stored later', { error }))

  const timers = [setInterval(() => void quietly(flush()), flushMs), setInterval(() => void quietly(sweep()), sweepMs)]
  // On Node, a timer alone must not keep the process alive; elsewhere it is a number.
  for (const timer of timers) if (typeof timer === 'object') timer.unref()

  return {
    count(integrationId, what, many = 1) {
      const days = counted.get(integrationId) ?? new Map<Day, UsageCounts>()
      counted.set(integrationId, days)
      const day = dayOf(now())
      const counts = days.get(day) ?? { ...noUsage }
      days.set(day, counts)
      counts[what] += many
    },

    async days(integrationId, count) {
      // Twice: the first may have had to do with what another one has left over.
      await flush()
      await flush()
      const days = lastDays(now(), count)
      const stored = await store.read(integrationId, days)
      return days.map((day) => ({ day, ...noUsage, ...stored.get(day) }))
    },

    drop: (integrationId) =>
      inTurn(async () => {
        counted.delete(integrationId)
        begun.delete(integrationId)
        await store.drop(integrationId)
      }),

    async close() {
      timers.forEach((timer) => clearInterval(timer))
      await quietly(flush().then(flush))
    },
  }
}

const batchesOf = (counted: ReadonlyMap<string, ReadonlyMap<Day, UsageCounts>>): Batch[] =>
  [...counted].flatMap(([integrationId, days]) =>
    [...days].map(([day, counts]) => ({
      ...{ integrationId, day, counts },
      key: `batch:${randomAlphanumeric(20, cryptoRandom)}`,
    })),
  )
