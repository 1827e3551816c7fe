/**
 * A small set of facts kept as an append-only lane and folded into memory: reading costs nothing, and every process
 * that shares the log follows within moments.
 */
import { HttpError } from '../errors.ts'
import { isLogError } from '../storage/log.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'
import { createAudit } from './audit.ts'
import type { AuditEntry } from './audit.ts'

/** Options of `createLedger`. */
export interface LedgerOptions<T> {
  log: ConversationLog
  /** The conversation that holds the ledger. */
  conversation: string
  /** Takes the next entry into the fold. `createdAt` is when it was stored, by the clock of the log. */
  apply(value: T, createdAt: string): void
  /** Empties the fold, because the ledger is told again from its start. */
  reset(): void
}

export interface Ledger<T> {
  /**
   * Appends what `decide` says, given that the fold has seen everything stored before it; it is asked again when
   * another writer came first. Null: there is nothing to do. Resolves when the entry is stored and folded.
   * @param lines what the audit trail is told of it: stored in the same step, so that no death comes in between
   */
  commit(decide: () => T | null, lines?: AuditEntry[]): Promise<void>
  /** Stops following. */
  close(): void
}

/** How often a shared log is read again although nothing was announced: a revocation takes no longer than 5 s. */
const rereadMs = 3_000

/** An entry as it is stored. */
type Signed<T> = T & { lines?: AuditEntry[] }

/** How many entries back the trail may lack lines: each process has one under way. */
const untoldMost = 20

/** Opens a ledger; resolves when everything stored so far is folded. */
export async function createLedger<T extends object>(options: LedgerOptions<T>): Promise<Ledger<T>> {
  const { log, conversation } = options
  const audit = createAudit(log)
  let length = 0
  let cursor: string | null = null
  let running: Promise<void> | null = null
  let queued: Promise<void> | null = null
  let writes: Promise<unknown> = Promise.resolve()
  /** Lines that the trail may lack, by the name they are told under. */
  const untold = new Map<string, AuditEntry>()

  function fold(entry: LogEntry<Signed<T>>): void {
    if (entry.position !== length) return
    for (const [n, line] of (entry.value.lines ?? []).entries()) untold.set(`${conversation}:${entry.id}:${n}`, line)
    for (const name of untold.keys()) if (untold.size > untoldMost) untold.delete(name)
    length = entry.position + 1
    cursor = entry.id
    options.apply(entry.value, entry.createdAt)
  }

  async function readOn(): Promise<void> {
    try {
      for await (const entries of pages<Signed<T>>(log, conversation, cursor)) entries.forEach(fold)
    } catch (error) {
      if (!isLogError(error, 'cursor_not_found')) throw error
      // The storage was restored from an older copy. Read it all before forgetting, so that nobody sees an empty fold.
      const entries: LogEntry<Signed<T>>[] = []
      for await (const page of pages<Signed<T>>(log, conversation, null)) entries.push(...page)
      length = 0
      cursor = null
      options.reset()
      entries.forEach(fold)
    }
  }

  /** Reads what is new, beginning no earlier than now; calls that arrive during a reading share the next one. */
  function refresh(): Promise<void> {
    if (!running) return (running = readOn().finally(() => (running = null)))
    return (queued ??= running
      .catch(() => {})
      .then(() => {
        queued = null
        return refresh()
      }))
  }

  /** Tells the trail what it may not know yet. A line that another process told first is not told twice. */
  async function tell(): Promise<void> {
    for (const [name, line] of untold) {
      await audit.write(line, name)
      untold.delete(name)
    }
  }

  async function write(decide: () => T | null, lines: AuditEntry[]): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const value = decide()
      if (value === null) return tell()
      const signed: Signed<T> = lines.length > 0 ? { ...value, lines } : value
      const result = await log.append<Signed<T>>(conversation, 'public', signed, { at: length })
      if (result.outcome === 'stored') {
        fold(result.entry)
        return tell()
      }
      await refresh()
    }
    throw new HttpError(503, 'storage_unavailable', 'Too many changes at once. Try again.', { retryAfter: 1 })
  }

  // A reading that fails in the background is made up for by the next one; nobody waits for it.
  const refreshQuietly = (): void =>
    void refresh()
      .then(tell)
      .catch(() => {})
  const unwatch = log.watch((notice) => {
    if (notice === 'resync' || (notice.conversation === conversation && notice.position >= length)) refreshQuietly()
  })
  const timer = log.shared ? setInterval(refreshQuietly, rereadMs) : undefined
  // On Node, a timer alone must not keep the process alive; elsewhere it is a number.
  if (typeof timer === 'object') timer.unref()

  const ledger: Ledger<T> = {
    commit(decide, lines = []) {
      const done = writes.then(() => write(decide, lines))
      writes = done.catch(() => {})
      return done
    },
    close() {
      unwatch()
      clearInterval(timer)
    },
  }
  try {
    await refresh()
    // Whoever was killed before it told has told nobody; that can wait for others.
    tell().catch(() => {})
  } catch (error) {
    ledger.close()
    throw error
  }
  return ledger
}

async function* pages<T>(log: ConversationLog, conversation: string, from: string | null) {
  let cursor = from
  for (let hasMore = true; hasMore;) {
    const page = await log.after<T>(conversation, 'public', cursor, 200)
    yield page.entries
    cursor = page.entries.at(-1)?.id ?? cursor
    hasMore = page.hasMore && page.entries.length > 0
  }
}
