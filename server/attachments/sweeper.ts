/**
 * Removes files that no message names, some time after they were uploaded, and what uploads have left that never came to their
 * end. What becomes of a file is decided by one step of the log: a message that takes it at that moment has it, or is told that
 * it is gone. Replicas may sweep at once.
 */
import type { Logger } from '../logger.ts'
import { createRounds } from '../rounds.ts'
import type { Claims } from './claims.ts'
import { journalDays } from './erasure.ts'
import { dayOf, daysUpTo } from './journal.ts'
import type { UploadJournal } from './journal.ts'
import { isGone } from './ledger.ts'
import type { FileState, Ledger } from './ledger.ts'
import type { Pieces } from './pieces.ts'

/** What sweeping takes. */
export interface FileSweeperOptions {
  ledger: Ledger
  journal: UploadJournal
  pieces: Pieces
  claims: Pick<Claims, 'isNamed'>
  logger: Logger
  now: () => number
  /** How long a file is kept that no message names, in milliseconds. @default a day */
  keepMs?: number
  /** How often such files are looked for, in milliseconds. @default 600_000 */
  sweepMs?: number
}

/** The sweeper of a process. */
export interface FileSweeper {
  /** Removes what is due. Returns how many files this process removed. @throws LogError */
  sweep(): Promise<number>
  close(): Promise<void>
}

/** What became of an upload: it is to stay; it is gone, by this process; or it is too early to say. */
type Verdict = 'kept' | 'removed' | 'early'

/** Begins to remove files, every now and then. */
export function createFileSweeper(options: FileSweeperOptions): FileSweeper {
  const { ledger, journal, pieces, claims, logger, now, keepMs = 86_400_000, sweepMs = 600_000 } = options
  /** Up to where each day was looked at by this process: a shortcut, which decides nothing. */
  const cursors = new Map<string, string>()
  let hasLookedBack = false

  async function sweep(): Promise<number> {
    let count = 0
    // Whatever days no server has run in, once; then those in which something may come to be due.
    const days = daysUpTo(now(), hasLookedBack ? 2 + Math.ceil(keepMs / 86_400_000) : journalDays)
    for (const day of days) count += await sweepDay(day)
    hasLookedBack = true
    return count
  }

  async function sweepDay(day: string): Promise<number> {
    let count = 0
    for (;;) {
      const uploads = await journal.after(day, cursors.get(day) ?? null)
      for (const { id: entryId, value } of uploads) {
        if (rounds.isClosed || now() - value.at < keepMs) return count
        const verdict = await settle(value.id)
        if (verdict === 'removed') count++
        // Once more, a while from now, and then by the day it is written down in anew.
        if (verdict === 'early') await journal.note(value.id)
        cursors.set(day, entryId)
      }
      if (uploads.length > 0) continue
      const seen = cursors.get(day)
      if (seen !== undefined && day < dayOf(now())) {
        await journal.drop(day, seen)
        cursors.delete(day)
      }
      return count
    }
  }

  async function settle(id: string): Promise<Verdict> {
    const head = await pieces.head(id)
    if (!head) {
      // Erased, or cut off before there was anything to tell whose it is.
      await pieces.remove(id)
      return 'removed'
    }
    const { conversation } = head
    const state = await ledger.find(conversation, id)
    if (state?.value.type === 'sent') {
      if (await claims.isNamed(conversation, state)) return 'kept'
      // A message may be on its way.
      if (now() - state.value.at < keepMs) return 'early'
    }
    if (!(await letGo(conversation, id, state))) return 'early'
    await pieces.remove(id)
    const { files, newestId } = await ledger.read(conversation)
    // What is left names its customer.
    const isEmpty = [...files.values()].every(({ value }) => value.type === 'gone')
    if (isEmpty && newestId !== null) await ledger.forget(conversation, newestId)
    return 'removed'
  }

  /** Says that a file is no more. Whether it is, and not taken by a message meanwhile. */
  async function letGo(conversation: string, id: string, state: FileState | null): Promise<boolean> {
    if (state?.value.type === 'gone') return true
    try {
      return await ledger.change(conversation, { type: 'gone', id }, state)
    } catch (error) {
      if (isGone(error)) return true
      throw error
    }
  }

  const rounds = createRounds({
    work: sweep,
    everyMs: sweepMs,
    firstMs: Math.min(sweepMs, 30_000),
    onError: (error) => logger.warn('attachments: what is due could not be removed, trying again', { error }),
  })
  return { sweep: async () => (await rounds.now()) ?? 0, close: rounds.close }
}
