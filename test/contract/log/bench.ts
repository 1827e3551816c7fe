/** What the cases of the log's contract share: a log that is new for each of them, and ways to fill it and open it again. */
import { afterEach, beforeEach, expect } from 'vitest'
import type { LogOptions } from '../../../server/storage/local.ts'
import type { ConversationLog, Lane, LogEntry } from '../../../server/storage/log.ts'

/** Something a log can be opened on, empty at first. */
export interface LogMedium {
  open(options?: LogOptions): Promise<ConversationLog>
  /** Whether the log takes the time from `now`. */
  hasOurClock: boolean
  dispose(): Promise<void>
}

/** The log of a case. */
export interface LogBench {
  readonly log: ConversationLog
  readonly medium: LogMedium
  /** Opens one more. */
  open(options?: LogOptions): Promise<ConversationLog>
  /** Closes the log and opens it again, so that nothing comes from memory. */
  reopen(options?: LogOptions): Promise<void>
  fill(conversation: string, count: number, lane?: Lane): Promise<LogEntry[]>
  /** The clock of the entry, where it is not ours. */
  clock(): { now?: number }
}

/** Sets one up for each case around it. */
export function logBench(createMedium: () => Promise<LogMedium>): LogBench {
  let medium: LogMedium
  let log: ConversationLog
  let opened: ConversationLog[]

  async function open(options?: LogOptions): Promise<ConversationLog> {
    const one = await medium.open(options)
    opened.push(one)
    return one
  }

  beforeEach(async () => {
    opened = []
    medium = await createMedium()
    log = await open()
  })

  afterEach(async () => {
    for (const one of opened) await one.close()
    await medium.dispose()
  })

  return {
    get log() {
      return log
    },
    get medium() {
      return medium
    },
    open,
    async reopen(options) {
      await log.close()
      log = await open(options)
    },
    async fill(conversation, count, lane = 'public') {
      const entries: LogEntry[] = []
      for (let i = 0; i < count; i++) entries.push(await stored(log.append(conversation, lane, { i })))
      return entries
    },
    clock: () => (medium.hasOurClock ? {} : { now: expect.closeTo(Date.now(), -4) as number }),
  }
}

/** The key of a conversation. */
export const keyOf = (id: string, scope = 'shop'): string => `${scope}.${Buffer.from(id).toString('base64url')}`

/** The entry that was stored; fails where none was. */
export async function stored<T>(promise: Promise<{ outcome: string; entry?: LogEntry<T> }>): Promise<LogEntry<T>> {
  const result = await promise
  expect(result.outcome).toBe('stored')
  return result.entry as LogEntry<T>
}

/** Waits until something holds. */
export async function until(condition: () => boolean | Promise<boolean>, ms = 8_000): Promise<void> {
  for (const start = Date.now(); !(await condition());) {
    if (Date.now() - start > ms) throw new Error('What was waited for did not come.')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Lets the clock move on by a millisecond at least. */
export async function tick(): Promise<void> {
  const start = Date.now()
  await until(() => Date.now() > start)
}
