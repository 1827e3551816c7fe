/** When a delivery is tried again. */

const [second, minute, hour] = [1_000, 60_000, 3_600_000]

/** Milliseconds after each attempt that failed: ten attempts in some 23 hours. */
export const retryDelays = [
  ...[5 * second, 30 * second, 2 * minute, 10 * minute, 30 * minute],
  ...[hour, 3 * hour, 6 * hour, 12 * hour],
] as const

/** Longest wait that a receiver may ask for. */
const longestMs = 24 * hour

/** What a receiver asks for by `Retry-After`, seconds or a date, in milliseconds; 0 where it asks for nothing. */
export function retryAfterMs(header: string | null, now: number): number {
  const text = header?.trim() ?? ''
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * second : /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) - now : 0
  return Math.min(longestMs, Math.max(0, ms || 0))
}

/**
 * Milliseconds until the next attempt; null: there is none. Up to a fifth more or less, so that what failed together does
 * not come back together.
 * @param tries attempts that failed so far
 */
export function nextDelay(
  delays: readonly number[],
  tries: number,
  askedMs: number,
  random = Math.random,
): number | null {
  const delay = delays[tries - 1]
  return delay === undefined ? null : Math.max(askedMs, delay * (0.8 + 0.4 * random()))
}
