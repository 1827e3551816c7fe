/** The latest origins of each integration, in memory, a few of them, whatever is sent. */

/** When something came from an origin, in milliseconds since 1970. */
export interface OriginTimes {
  origin: string
  first: number
  last: number
}

/** The latest origins of each integration. */
export interface RecentOrigins {
  add(integrationId: string, origin: string, at: number): void
  /** The latest last. */
  list(integrationId: string): OriginTimes[]
  drop(integrationId: string): void
}

/** Makes an empty one. @param most how many origins an integration has; the oldest goes */
export function createRecent(most: number): RecentOrigins {
  const known = new Map<string, Map<string, OriginTimes>>()
  return {
    add(id, origin, at) {
      const own = known.get(id) ?? new Map<string, OriginTimes>()
      known.set(id, own)
      const times = own.get(origin) ?? { origin, first: at, last: at }
      times.last = at
      // To the end: what is first is what goes.
      own.delete(origin)
      own.set(origin, times)
      if (own.size > most) own.delete([...own.keys()][0] as string)
    },
    list: (id) => [...(known.get(id)?.values() ?? [])].map((times) => ({ ...times })),
    drop: (id) => void known.delete(id),
  }
}

/** What several know, put together: each origin once, the latest first. */
export function newest(all: readonly OriginTimes[], most: number): OriginTimes[] {
  const merged = new Map<string, OriginTimes>()
  for (const { origin, first, last } of all) {
    const known = merged.get(origin)
    merged.set(origin, {
      origin,
      first: Math.min(first, known?.first ?? first),
      last: Math.max(last, known?.last ?? last),
    })
  }
  return [...merged.values()].sort((a, b) => b.last - a.last).slice(0, most)
}
