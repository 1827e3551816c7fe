/** Calls a function once nothing else is to do. Returns how to call it off. Safari knows no idle callbacks. */
export function whenIdle(call: () => void): () => void {
  if (typeof requestIdleCallback === 'undefined') {
    const timer = setTimeout(call, 50)
    return () => clearTimeout(timer)
  }
  const handle = requestIdleCallback(call, { timeout: 1_000 })
  return () => cancelIdleCallback(handle)
}
