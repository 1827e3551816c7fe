/** How many pages of history, and answers, are kept for tabs that are a little behind. */
const KEPT = 8

/** Keeps a value as the newest one, and of all as many as tabs may ask for once more. */
export function keepNewest<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  for (const old of [...map.keys()].slice(0, -KEPT)) map.delete(old)
}
