/** Chance that can be repeated: the same seed gives the same faults in the same order. */

/** A source of chance. */
export interface Chance {
  /** From 0 up to, not including, 1. */
  next(): number
  /** A whole number from `min` to `max`. */
  between(min: number, max: number): number
  pick<T>(list: readonly T[]): T
  /** A source of its own for a part of the run, so that parts don't disturb each other. */
  fork(): Chance
}

/** Mulberry32: 32 bits of state, good enough to spread faults. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    between,
    pick: <T>(list: readonly T[]) => list[between(0, list.length - 1)] as T,
    fork: () => createChance(between(0, 2 ** 31)),
  }
}
