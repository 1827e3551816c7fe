/** When somebody is there, by the clock of a time zone, whatever summer time does to it. */
import type { Hours } from '../../features.ts'

const MINUTE = 60_000
export const DAY = 1_440 * MINUTE

/** What a zone's clock shows at a moment, as the moment at which it is shown in UTC. */
export type Clock = (at: number) => number

/** The clock of a zone. @default the visitor's. @throws RangeError when the browser does not know the zone */
export function clockIn(timeZone?: string): Clock {
  const digits = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const
  const format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', { ...digits, hourCycle: 'h23', timeZone })
  return (at) => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = part as Record<string, number>
    return Date.UTC(year, month - 1, day, hour, minute)
  }
}

/** When somebody is back, in milliseconds since 1970: 0 where somebody is there, null where nobody ever is. */
export function backAt({ timeZone, days }: Hours, now: number): number | null {
  const clock = clockIn(timeZone)
  const spans = days.map(({ day, from, to }) => ({ day, from: minutesOf(from), to: minutesOf(to) }))
  const isOpen = (at: number): boolean => {
    const shown = clock(at)
    const minute = (shown % DAY) / MINUTE
    return spans.some(({ day, from, to }) => day === weekday(shown) && minute >= from && minute < to)
  }
  if (isOpen(now)) return 0
  const midnight = Math.floor(clock(now) / DAY) * DAY
  // The same day of the next week, too: today's hours may be over.
  const times = Array.from({ length: 8 }, (_, n) => midnight + n * DAY).flatMap((date) =>
    spans.filter(({ day }) => day === weekday(date)).flatMap(({ from }) => momentsOf(clock, date + from * MINUTE)),
  )
  const coming = times.filter((at) => at > now && isOpen(at))
  return coming.length > 0 ? Math.min(...coming) : null
}

/** The moments at which a clock shows a time. One that it skips comes when it has been skipped. */
function momentsOf(clock: Clock, shown: number): number[] {
  // Clocks are changed at most once in two days, so one of these two is how far it is from UTC.
  const offsets = [shown - DAY, shown + DAY].map((at) => clock(at) - at)
  const [before = 0, after = 0] = offsets
  const found = offsets.map((offset) => shown - offset).filter((at) => clock(at) === shown)
  if (found.length > 0) return found
  let at = shown - Math.max(before, after)
  while (clock(at) < shown) at += MINUTE
  return [at]
}

/** 1 is Monday, as in ISO 8601. */
const weekday = (shown: number): number => new Date(shown).getUTCDay() || 7

const minutesOf = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return 60 * hours + minutes
}

/** A moment of the next days in words, by the visitor's clock. */
export function inWords(at: number, now: number, locale: string, timeZone?: string): string {
  const clock = clockIn(timeZone)
  const days = Math.floor(clock(at) / DAY) - Math.floor(clock(now) / DAY)
  const time = { hour: 'numeric', minute: '2-digit', timeZone } as const
  const words = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { ...time, ...options }).format(at)
  if (days < 2) return `${new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(days, 'day')}, ${words({})}`
  return words({ weekday: 'long', ...(days > 6 && { day: 'numeric', month: 'long' }) })
}
