/**
 * Retention: conversations in which nothing has happened for as long as their integration keeps them are erased, slowly, and
 * by whichever processes there are. What is about to be erased is written down first, so that whoever comes after a crash
 * carries on, and a conversation that somebody goes on with in that very moment stays.
 */
import type { ConversationFiles } from '../attachments/contract.ts'
import type { Audit } from '../access/audit.ts'
import type { Integration } from '../access/integration.ts'
import type { Logger } from '../logger.ts'
import { createRounds } from '../rounds.ts'
import { isLogError } from '../storage/log.ts'
import type { ConversationLog, LogPage, RecentConversation } from '../storage/log.ts'
import { expire } from './person-data.ts'
import type { ExpiringTo } from './person-data.ts'
import type { PrivateValue, PublicValue } from './values.ts'

/** What retention needs. */
export interface RetentionOptions {
  log: ConversationLog
  /** The files of conversations; null: there are none. */
  files?: ConversationFiles | null
  /** Where erasures are proved. */
  audit: Pick<Audit, 'note'>
  logger: Logger
  /** The wall clock, in milliseconds. Security: one that is days ahead erases what was to be kept for days more. */
  now: () => number
  /** All integrations, as they are set at the moment. */
  integrations: () => Pick<Integration, 'id' | 'retentionDays'>[]
  /** How often what is due is looked for, in milliseconds. @default 60_000 */
  sweepMs?: number
  /** How long requests have the storage for themselves after each batch, in milliseconds. @default 200 */
  pauseMs?: number
}

/** The retention of a process. */
export interface Retention {
  /** Erases what is due. Returns how many conversations this process erased. @throws LogError where storage is away */
  sweep(): Promise<number>
  /** Erases no more. Resolves when what is under way has ended. */
  close(): Promise<void>
}

/** Conversations that are about to be erased. */
interface Doomed {
  conversations: { conversation: string; readTo: ExpiringTo }[]
}

/** The system's conversation that they are written down in. */
const list = '~expiring'
/** Conversations looked at, and written down, at once. */
const batch = 20
const dayMs = 86_400_000

/** Begins to erase what is due, every now and then. */
export function createRetention(options: RetentionOptions): Retention {
  const { log, files = null, audit, logger, now, integrations, sweepMs = 60_000, pauseMs = 200 } = options

  async function sweep(): Promise<number> {
    let count = await carryOn()
    for (const { id } of integrations()) {
      for (let cursor: string | null = null, hasMore = true; hasMore && !rounds.isClosed;) {
        // Asked for each time: it may have been changed in the middle.
        const days = integrations().find((one) => one.id === id)?.retentionDays ?? null
        if (days === null) break
        const before = new Date(now() - days * dayMs).toISOString()
        const page = await log.recent({ scope: id, first: 'oldest', limit: batch, ...(cursor && { cursor }) })
        const due = page.conversations.filter(({ updatedAt }) => updatedAt < before)
        if (due.length > 0) {
          count += await erase(due, before)
          await new Promise((resolve) => setTimeout(resolve, pauseMs))
        }
        cursor = page.cursor
        hasMore = cursor !== null && due.length === page.conversations.length
      }
    }
    return count
  }

  async function erase(due: RecentConversation[], before: string): Promise<number> {
    const conversations: Doomed['conversations'] = []
    for (const { conversation, unfinished } of due) {
      // Somebody is still writing an answer.
      if (unfinished.length > 0) continue
      const readTo = await unlessDamaged(() => readIfOlder(conversation, before), null)
      if (readTo) conversations.push({ conversation, readTo })
    }
    if (conversations.length === 0) return 0
    await log.append<Doomed>(list, 'private', { conversations })
    return carryOn()
  }

  /** Up to where a conversation was read; null where something has happened since that the list did not know. */
  async function readIfOlder(conversation: string, before: string): Promise<ExpiringTo | null> {
    const message = (await log.before<PublicValue>(conversation, 'public', null, 1)).entries[0]
    const other = (await log.before<PrivateValue>(conversation, 'private', null, 1)).entries[0]
    if (message && message.createdAt >= before) return null
    // Reading is no activity.
    const isRead = other?.value.type === 'event' && other.value.event === 'read'
    if (other && other.createdAt >= before && !isRead) return null
    const newestFile = (await files?.newest(conversation)) ?? null
    return {
      public: message?.id ?? null,
      private: other?.id ?? null,
      ...(newestFile !== null && { files: newestFile }),
    }
  }

  /** Erases what was written down, whoever has. Replicas may do so at once: each erasure happens, and is proved, once. */
  async function carryOn(): Promise<number> {
    let count = 0
    let cursor: string | null = null
    for (let hasMore = true; hasMore;) {
      const page = await doomedAfter(cursor)
      for (const { id, value } of page.entries) {
        for (const { conversation, readTo } of value.conversations) {
          if (rounds.isClosed) return count
          if (await unlessDamaged(() => expire(log, files, audit, conversation, readTo), false)) count++
        }
        cursor = id
      }
      hasMore = page.hasMore
    }
    // It names customers.
    if (cursor !== null) await log.removeIf(list, { public: null, private: cursor })
    return count
  }

  /** One conversation that is damaged is not to keep all others. */
  async function unlessDamaged<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!isLogError(error, 'storage_corrupt')) throw error
      logger.error('retention: a conversation is damaged and cannot be erased', { error })
      return otherwise
    }
  }

  /** What is written down after a cursor. Nothing, where another process has seen to it meanwhile. */
  async function doomedAfter(cursor: string | null): Promise<LogPage<Doomed>> {
    try {
      return await log.after<Doomed>(list, 'private', cursor, batch)
    } catch (error) {
      if (isLogError(error, 'cursor_not_found')) return { entries: [], hasMore: false }
      throw error
    }
  }

  const rounds = createRounds({
    work: sweep,
    everyMs: sweepMs,
    // What broke off is carried on soon.
    firstMs: Math.min(sweepMs, 5_000),
    onError: (error) => logger.warn('retention: it could not be erased what is due, trying again', { error }),
  })
  return { sweep: async () => (await rounds.now()) ?? 0, close: rounds.close }
}
