/** Work that may be asked for many times at once. */

/**
 * Makes a function of which one call runs at a time; calls that come meanwhile are answered by one more run after it, so
 * that every caller sees what was true when it called.
 */
export function coalesced(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  let next: Promise<void> | null = null
  const start = (): Promise<void> => {
    running = run().finally(() => (running = null))
    return running
  }
  return () => {
    if (!running) return start()
    next ??= running
      .catch(() => {})
      .then(() => {
        next = null
        return start()
      })
    return next
  }
}
