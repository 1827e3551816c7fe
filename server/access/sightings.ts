/**
 * Where the chat of an integration was seen, and which pages were refused. A refusal costs a place in memory and nothing
 * else: it is never stored, whatever is sent. Origins that were let in are stored now and then.
 */
import type { Logger } from '../logger.ts'
import type { ConversationLog } from '../storage/log.ts'
import { changeNewest, readNewest } from '../storage/newest.ts'
import type { Integration } from './integration.ts'
import { createNeighbours } from './neighbours.ts'
import { decideOrigin } from './origins.ts'
import { createRecent, newest } from './recent-origins.ts'
import type { OriginTimes } from './recent-origins.ts'

/** What sightings need. */
export interface SightingsOptions {
  log: ConversationLog
  logger: Logger
  /** The wall clock, in milliseconds. */
  now: () => number
  /** The integrations there are. */
  integrationIds: () => string[]
  /** How often what is new is stored, in milliseconds. @default 60_000 */
  flushMs?: number
}

/**
 * Why a page is refused: its domain is not listed; it is, but for https alone; or the page has no origin of its own, such as
 * a sandboxed frame or a file.
 */
export type RefusalReason = 'not_listed' | 'http' | 'opaque'

/** What is known of an integration, latest first. Times are RFC 3339. */
export interface IntegrationSightings {
  seen: { origin: string; firstSeenAt: string; lastSeenAt: string }[]
  refused: { origin: string; lastRefusedAt: string; reason: RefusalReason }[]
}

/** The sightings of every integration. */
export interface Sightings {
  /**
   * Notes where a request came from. Asks nobody, and keeps 20 origins of each kind.
   * @param origin as a browser spells it, `null` for the opaque one; null where it is not known
   */
  note(integrationId: string, origin: string | null, isAllowed: boolean): void
  /** What is known, by all processes. Refusals since they were started. @throws LogError */
  of(integration: Integration): Promise<IntegrationSightings>
  /** Forgets an integration. @throws LogError */
  drop(integrationId: string): Promise<void>
  /** Stores what is left. */
  close(): Promise<void>
}

/** What a process keeps of an integration. */
interface Known {
  seen: OriginTimes[]
  refused: OriginTimes[]
}

interface Stored {
  at: number
  seen: OriginTimes[]
}

/** How many origins of each kind there are. */
const most = 20
/** How old what is stored may be while nothing but times has changed, in milliseconds. */
const staleMs = 24 * 3_600_000

/** Makes the sightings of a server. */
export function createSightings({ log, logger, now, integrationIds, flushMs = 60_000 }: SightingsOptions): Sightings {
  const seen = createRecent(most)
  const refused = createRecent(most)
  /** Integrations that were seen somewhere since they were stored last. */
  const moved = new Set<string>()
  /** What is known to be stored, so that the storage is asked only where something may have to be written. */
  const kept = new Map<string, { at: number; origins: ReadonlySet<string> }>()
  let flushes: Promise<unknown> = Promise.resolve()

  const neighbours = createNeighbours<Known>({
    log,
    now,
    channel: '~sightings',
    answer(id) {
      const known = { seen: seen.list(id), refused: refused.list(id) }
      return known.seen.length + known.refused.length > 0 ? known : null
    },
  })

  // A conversation a year, so that none grows for ever; what was not seen for a year is forgotten.
  const yearOf = (back = 0): number => new Date(now()).getUTCFullYear() - back
  const nameOf = (id: string, year: number) => `~sightings.${id}.${year}`
  const storedIn = (id: string, year: number) => readNewest<Stored>(log, nameOf(id, year))

  /**
   * Whether something has to be stored: an origin for which there is a place, or times once a day. Where an integration is open
   * to all, anybody may bring ever new origins.
   */
  function isDue(id: string, at: number, origins: ReadonlySet<string>): boolean {
    const isNew = seen.list(id).some(({ origin }) => !origins.has(origin))
    return (isNew && origins.size < most) || now() - at >= staleMs
  }

  async function store(id: string, isLast: boolean): Promise<void> {
    const year = yearOf()
    const lastYear = (await storedIn(id, year - 1))?.seen ?? []
    let written: Stored | null = null
    let isFirst = false
    await changeNewest<Stored>(log, nameOf(id, year), (before) => {
      const old = newest([...(before?.seen ?? []), ...lastYear], most)
      const at = before?.at ?? 0
      kept.set(id, { at, origins: originsOf(old) })
      isFirst = before === null
      written =
        isLast || isDue(id, at, originsOf(old)) ? { at: now(), seen: newest([...seen.list(id), ...old], most) } : null
      return written
    })
    if (written === null) return
    kept.set(id, { at: now(), origins: originsOf((written as Stored).seen) })
    moved.delete(id)
    if (isFirst) await log.remove(nameOf(id, year - 2))
  }

  async function storeAll(isLast: boolean): Promise<void> {
    const isThere = new Set(integrationIds())
    for (const id of [...moved]) {
      const { at, origins } = kept.get(id) ?? { at: 0, origins: new Set<string>() }
      if (!isThere.has(id)) moved.delete(id)
      else if (isLast || isDue(id, at, origins)) await store(id, isLast)
    }
  }

  function flush(isLast = false): Promise<unknown> {
    flushes = flushes
      .then(() => storeAll(isLast))
      .catch((error: unknown) => logger.warn('sightings: they are stored later', { error }))
    return flushes
  }

  // Made here, not by a request: what is refused causes no work, now or later.
  const timer = setInterval(() => void flush(), flushMs)
  if (typeof timer === 'object') timer.unref()

  return {
    note(id, origin, isAllowed) {
      if (origin === null) return
      if (!isAllowed) return refused.add(id, origin, now())
      seen.add(id, origin, now())
      moved.add(id)
    },

    async of(integration) {
      const { id } = integration
      const [answers, ...stored] = await Promise.all([
        neighbours.ask(id),
        ...[yearOf(), yearOf(1)].map((year) => storedIn(id, year)),
      ])
      const all = [{ seen: seen.list(id), refused: refused.list(id) }, ...answers]
      const allSeen = [...all, ...stored].flatMap((each) => each?.seen ?? [])
      const allRefused = newest(
        all.flatMap((each) => each.refused),
        most,
      )
      return {
        seen: newest(allSeen, most).map(({ origin, first, last }) => ({
          origin,
          firstSeenAt: time(first),
          lastSeenAt: time(last),
        })),
        // What has been listed meanwhile is refused no more.
        refused: allRefused.flatMap(({ origin, last }) => {
          const reason = refusalOf(origin, integration)
          return reason ? [{ origin, lastRefusedAt: time(last), reason }] : []
        }),
      }
    },

    async drop(id) {
      for (const recent of [seen, refused]) recent.drop(id)
      moved.delete(id)
      kept.delete(id)
      for (const back of [0, 1, 2]) await log.remove(nameOf(id, yearOf(back)))
    },

    async close() {
      clearInterval(timer)
      neighbours.close()
      await flush(true)
    },
  }
}

const originsOf = (all: readonly OriginTimes[]): ReadonlySet<string> => new Set(all.map(({ origin }) => origin))

const time = (ms: number): string => new Date(ms).toISOString()

/** Why pages of an origin are refused; null: they are let in. */
function refusalOf(origin: string, { allowedDomains, kind }: Integration): RefusalReason | null {
  const isAllowed = (from: string): boolean =>
    decideOrigin({
      ...{ allowedDomains, kind, publicOrigin: null },
      headers: { origin: from, secFetchSite: null, referer: null },
    }).allowed
  if (isAllowed(origin)) return null
  if (origin === 'null') return 'opaque'
  return origin.startsWith('http:') && isAllowed(origin.replace('http:', 'https:')) ? 'http' : 'not_listed'
}
