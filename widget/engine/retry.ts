/** When to try again, and the random bits of ids. */
import type { AdapterError } from '../../adapters/adapter.ts'

/** Whether an error is an `AdapterError`, by name: two copies of the class may share a page. */
export const isAdapterError = (error: unknown): error is AdapterError =>
  error instanceof Error && error.name === 'AdapterError'

/** What an error means for the next try. A stream that was cut without one counts as the network's. */
export function backOff(
  error: unknown,
  attempt: number,
  random: () => number = Math.random,
): { isWorthIt: boolean; reason: string; afterMs: number } {
  const known = isAdapterError(error) ? error : null
  // Half of the time is random, so that visitors who lost the same server don't come back as one.
  const wait = Math.min(1_000 * 2 ** (attempt - 1), 15_000) * (0.5 + random() / 2)
  return {
    // Nobody watches a message being sent for longer than a minute.
    isWorthIt: !known || (known.isRetryable && !((known.retryAfter ?? 0) > 60)),
    reason: known?.code ?? 'network',
    afterMs: Math.max(wait, (known?.retryAfter ?? 0) * 1_000),
  }
}

/** Waits, or not any longer once the signal is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const finish = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal.addEventListener('abort', finish)
  })
}

const source = (globalThis as { crypto?: Crypto }).crypto

/** Whether ids made here cannot be guessed. Where they can, the server has to name the conversation. */
export const canMint = (): boolean => typeof source?.getRandomValues === 'function'

/** 128 random bits as 22 base64url characters; without `crypto` no secret, but still unique. */
export function randomId(): string {
  const bytes = new Uint8Array(16)
  if (source && canMint()) source.getRandomValues(bytes)
  else for (let i = 0; i < bytes.length; i++) bytes[i] = Math.random() * 256
  const text = btoa(String.fromCharCode(...bytes))
  return text.replace(/[+/=]/g, (c) => (c === '+' ? '-' : c === '/' ? '_' : ''))
}
