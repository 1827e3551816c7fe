/** How many of something are open at once, by key. */

/** Places that are taken and given back. */
export interface Slots {
  /** Takes a place. Returns what gives it back, or null when all are taken. */
  take(key: string): (() => void) | null
}

/** Makes places: `most` for each key. */
export function createSlots(most: number): Slots {
  const taken = new Map<string, number>()
  return {
    take(key) {
      const count = taken.get(key) ?? 0
      if (count >= most) return null
      taken.set(key, count + 1)
      let isGiven = false
      return () => {
        if (isGiven) return
        isGiven = true
        const left = (taken.get(key) ?? 1) - 1
        if (left > 0) taken.set(key, left)
        else taken.delete(key)
      }
    },
  }
}
