/** Waiting well: for storage that is away for a while, and not a moment longer for a responder that must stop. */
import { isLogError } from '../storage/log.ts'

/** What trying again takes. */
export interface PatienceOptions {
  /** A clock that is never set back, in milliseconds. */
  monotonic: () => number
  /** The process takes no new turns. */
  isClosing: () => boolean
}

/** How long storage may be away before a turn is left to whoever comes next, in milliseconds. */
const STORAGE_PATIENCE_MS = 300_000

/** Tries until storage takes it. Safe for whatever is fenced or keyed: a try that was stored unseen isn't repeated. */
export async function persist<T>(
  { monotonic, isClosing }: PatienceOptions,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const giveUpAt = monotonic() + STORAGE_PATIENCE_MS
  for (let delay = 100; ; delay = Math.min(delay * 2, 2_000)) {
    try {
      return await work()
    } catch (error) {
      const isWorthIt = isLogError(error) && error.isRetryable && monotonic() < giveUpAt && !isClosing()
      if (!isWorthIt || signal?.aborted) throw error
      await new Promise((resolve) => setTimeout(resolve, delay))
    }
  }
}

/**
 * Reads, and once more where that fails: to a process that was paused, or very busy, every call that was under way looks
 * timed out before it has seen the reply. Storage that is away fails at once again.
 */
export async function read<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isLogError(error) || !error.isRetryable) throw error
    return work()
  }
}

/** Yields what the responder says, and breaks off at once on abort, whether the responder listens to it or not. */
export async function* untilAborted<T>(pieces: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = pieces[Symbol.asyncIterator]()
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
  aborted.catch(() => {})
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted])
      if (next.done) return
      yield next.value
    }
  } finally {
    // Not awaited: a responder that hangs would keep its turn open for ever.
    iterator.return?.().catch(() => {})
  }
}
