/** When somebody is there, as it is edited: day by day. */
import type { WidgetHours, Words } from '../api/types.ts'
import { wordsDraft, wordsOf } from './words.ts'

/** From one time to another, `HH:MM`. An end at 00:00 is midnight: no field of a browser shows 24:00. */
export interface Span {
  from: string
  to: string
}

/** Hours in a form. */
export interface HoursDraft {
  isOn: boolean
  timeZone: string
  /** The spans of each day; Monday's come first. */
  week: Span[][]
  offlineText: Words
}

/** How many days of a week most people work, from Monday on. */
const workdays = 5

/** What is usual, to begin with. */
export const usualSpan = (): Span => ({ from: '09:00', to: '17:00' })

/** What is saved, or what is usual, in a form. @param zone of whoever edits */
export function hoursDraft(saved: WidgetHours | null | undefined, zone: string): HoursDraft {
  const { timeZone = zone, days, offlineText } = saved ?? {}
  const week = Array.from({ length: 7 }, (_, at) =>
    days
      ? days
          .filter(({ day }) => day === at + 1)
          .map(({ from, to }): Span => ({ from, to: to === '24:00' ? '00:00' : to }))
      : at < workdays
        ? [usualSpan()]
        : [],
  )
  return { isOn: Boolean(saved), timeZone, week, offlineText: wordsDraft(offlineText) }
}

/** What is to be saved. Undefined: nothing is said about hours. */
export function hoursOf({ isOn, timeZone, week, offlineText }: HoursDraft): WidgetHours | undefined {
  if (!isOn) return undefined
  const days = week.flatMap((spans, at) =>
    spans.map(({ from, to }) => ({ day: at + 1, from, to: to === '00:00' ? '24:00' : to })),
  )
  const said = wordsOf(offlineText)
  return { timeZone: timeZone.trim(), days, ...(said && { offlineText: said }) }
}

/** Where a span stands in what is saved, by which the server names it. */
export const indexOf = (week: readonly Span[][], day: number, nth: number): number =>
  week.slice(0, day).flat().length + nth

/** Gives Monday's hours to the other workdays. */
export function copyMonday(week: Span[][]): void {
  for (let day = 1; day < workdays; day++) week[day] = (week[0] ?? []).map((span) => ({ ...span }))
}

/** One more span for a day: it begins when the last one has ended, where there is time left for it. */
export function nextSpan(spans: readonly Span[]): Span {
  const last = spans.at(-1)
  if (!last) return usualSpan()
  const hour = Number(last.to.slice(0, 2))
  const at = (hours: number): string => `${hours % 24}`.padStart(2, '0') + ':00'
  return last.to > '00:00' && hour < 22 ? { from: at(hour + 1), to: at(Math.min(hour + 4, 24)) } : { from: '', to: '' }
}

/** The names of the days, Monday's first. */
export const dayNames = (locale?: string): string[] => {
  const format = new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' })
  // The first of January of 2024 was a Monday.
  return Array.from({ length: 7 }, (_, at) => format.format(Date.UTC(2024, 0, 1 + at)))
}
