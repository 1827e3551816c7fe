/** Looks again and again, while somebody sees the page. */

/** Calls at once, then every so many milliseconds, and when the page comes into view. Returns what ends it. */
export function whileVisible(look: () => unknown, everyMs: number): () => void {
  const lookIfSeen = () => {
    if (document.visibilityState === 'visible') look()
  }
  look()
  const timer = setInterval(lookIfSeen, everyMs)
  document.addEventListener('visibilitychange', lookIfSeen)
  return () => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', lookIfSeen)
  }
}
