/** The keyboard of a menu: https://www.w3.org/WAI/ARIA/apg/patterns/menubar/ */

/** The entry that a key leads to; null where it leads to none. */
export function entryFor(key: string, entries: readonly HTMLElement[], now: number): HTMLElement | null {
  const { length } = entries
  const places: Record<string, number> = {
    ArrowDown: now + 1,
    ArrowUp: Math.max(now, 0) - 1 + length,
    Home: 0,
    End: -1,
  }
  const place = places[key]
  if (place !== undefined) return entries.at(place < 0 ? place : place % length) ?? null
  if (key.length !== 1 || key === ' ') return null
  const letter = key.toLocaleLowerCase()
  const order = [...entries.slice(now + 1), ...entries.slice(0, now + 1)]
  return order.find((entry) => entry.textContent.trim().toLocaleLowerCase().startsWith(letter)) ?? null
}
