/** Tells the backend that the visitor types. */
import type { AdapterError, ChatExtras, Whose } from '../../adapters/adapter.ts'

/** Shortest time between two signs of the same typing, in milliseconds. The server forgets one after 6 s. */
const AGAIN_MS = 4_000

/**
 * Returns what is to be called at every key, and with `false` when the visitor rests. What fails is passed over; once the
 * backend refuses the visitor (401, 403: the token is gone, the page is not allowed), nothing more is told.
 */
export function createTypist(extras: () => Promise<ChatExtras>, whose: () => Promise<Whose>) {
  let toldAt = 0
  let isRefused = false
  /** One sign after the other, lest the last is not what counts. */
  let last: Promise<unknown> = Promise.resolve()

  const tell = async (isTyping: boolean) => {
    const { setTyping } = await extras()
    if (setTyping && !isRefused) await setTyping({ ...(await whose()), isTyping })
  }
  return (isTyping: boolean): void => {
    if (isTyping ? Date.now() - toldAt < AGAIN_MS : !toldAt) return
    toldAt = isTyping ? Date.now() : 0
    last = last
      .then(() => tell(isTyping))
      .catch((error?: Partial<AdapterError>) => {
        isRefused ||= error?.status === 401 || error?.status === 403
      })
  }
}
