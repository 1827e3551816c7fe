/** When messages were written, in the words of the chat's language and by the visitor's time zone. */
import type { Bubble } from '../../engine/bubbles.ts'

const DAY_MS = 86_400_000

/** When a message was written, in milliseconds; undefined as long as no server has said it. */
export function timeOf({ createdAt }: Bubble): number | undefined {
  const time = Date.parse(createdAt ?? '')
  return Number.isNaN(time) ? undefined : time
}

/** The number of the day on the visitor's calendar. */
export function dayOf(time: number): number {
  const date = new Date(time)
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY_MS
}

/** Times in words. */
export interface Times {
  /** The time of day. */
  short(time: number): string
  /** Day and time. */
  full(time: number): string
  /** The day, seen from another one: Today, Yesterday, Monday, 3 May, 3 May 2024. */
  day(day: number, today: number): string
}

/** @param locale a language tag */
export function createTimes(locale: string): Times {
  const short = new Intl.DateTimeFormat(locale, { timeStyle: 'short' })
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const days = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' })
  const weekday = days({ weekday: 'long' })
  const date = days({ day: 'numeric', month: 'long' })
  const dateOfYear = days({ day: 'numeric', month: 'long', year: 'numeric' })
  const yearOf = (day: number) => new Date(day * DAY_MS).getUTCFullYear()

  return {
    short: (time) => short.format(time),
    full: (time) => full.format(time),
    day(day, today) {
      // A clock that is wrong makes no tomorrow of what has been written.
      const ago = Math.max(today - day, 0)
      const form = ago < 7 ? weekday : yearOf(day) === yearOf(today) ? date : dateOfYear
      const words = ago < 2 ? relative.format(-ago, 'day') : form.format(day * DAY_MS)
      return words.charAt(0).toLocaleUpperCase(locale) + words.slice(1)
    },
  }
}

/** So many of the newest messages may be on their way. */
const TAIL = 20

/**
 * What time it is for whoever stores messages, in milliseconds: a visitor's clock may be days wrong, and what has just
 * been written was written today. Messages that were seen on their way tell how wrong it is; none is of the future.
 */
export function createClock(now: () => number = Date.now) {
  const awaited = new Set<string>()
  let skew: number | undefined
  let newest = -Infinity
  return (bubbles: readonly Bubble[]): number => {
    for (const bubble of bubbles.slice(-TAIL)) {
      const time = timeOf(bubble)
      if (time === undefined) awaited.add(bubble.key)
      // What comes late seems old, so the greatest difference is the nearest to the truth.
      else if (awaited.delete(bubble.key)) skew = Math.max(skew ?? -Infinity, time - now())
      newest = Math.max(newest, time ?? -Infinity)
    }
    return Math.max(now() + (skew ?? 0), newest)
  }
}
