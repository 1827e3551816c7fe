/** How many answers a day the responder is asked for: counted where the conversations are, so that restarts and replicas agree. */
import type { Logger } from '../logger.ts'
import type { ConversationLog } from '../storage/log.ts'

/** What a budget needs. */
export interface BudgetOptions {
  log: ConversationLog
  logger: Logger
  /** The wall clock, in milliseconds. */
  now: () => number
  /** How many answers a day an integration may ask for. */
  answersPerDay: (integrationId: string) => number
}

/** The budget of every integration. */
export interface Budget {
  /**
   * Takes one answer out of today's. The same turn takes one only, however often it is begun.
   * @returns whether there was one left
   */
  take(integrationId: string, turnId: string): Promise<boolean>
  /** How many of today's answers are taken, and how many there are; null: no limit, and nothing is counted. @throws LogError */
  state(integrationId: string): Promise<BudgetState>
}

/** How a budget stands. */
export interface BudgetState {
  limit: number | null
  used: number
}

/** How many days back the counts of a server that was away are looked for and dropped. */
const OLD_DAYS = 7
const DAY_MS = 86_400_000

/** Makes the budget of a server. */
export function createBudget({ log, logger, now, answersPerDay }: BudgetOptions): Budget {
  /** The day an integration was last counted on, and the most it could have then if that was used up. */
  const today = new Map<string, { day: string; spentAt: number }>()

  return {
    async take(integrationId, turnId) {
      const most = answersPerDay(integrationId)
      if (most === Infinity) return true
      const day = dayOf(now())
      const known = today.get(integrationId)
      if (known?.day === day && most <= known.spentAt) return false
      if (known?.day !== day) await dropOld(log, integrationId, now())
      // The position is the count: lanes are dense, on one process and on many.
      const appended = await log.append(countOf(integrationId, day), 'private', {}, { keys: [`answer:${turnId}`] })
      if (appended.outcome === 'conflict') throw new Error('An append without a position cannot conflict.')
      const isLeft = appended.entry.position < most
      today.set(integrationId, { day, spentAt: isLeft ? -1 : most })
      if (!isLeft) {
        logger.warn('budget: no answers left today; messages are stored and wait for a person', { integrationId, most })
      }
      return isLeft
    },

    async state(integrationId) {
      const most = answersPerDay(integrationId)
      if (most === Infinity) return { limit: null, used: 0 }
      const { entries } = await log.before(countOf(integrationId, dayOf(now())), 'private', null, 1)
      // Whoever is refused has come in vain to the place behind the last.
      return { limit: most, used: Math.min(most, (entries[0]?.position ?? -1) + 1) }
    },
  }
}

/** Forgets what an integration has had, today and before. */
export async function dropCounts(log: ConversationLog, integrationId: string, now: number): Promise<void> {
  await log.remove(countOf(integrationId, dayOf(now)))
  await dropOld(log, integrationId, now)
}

async function dropOld(log: ConversationLog, integrationId: string, now: number): Promise<void> {
  for (let days = 1; days <= OLD_DAYS; days++) await log.remove(countOf(integrationId, dayOf(now - days * DAY_MS)))
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const countOf = (integrationId: string, day: string): string => `~answers.${integrationId}.${day}`
