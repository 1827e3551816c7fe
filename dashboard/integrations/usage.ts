/** How counts of days are shown. */
import type { UsageDay } from '../api/types.ts'

/** What is counted. */
export type Counted = Exclude<keyof UsageDay, 'day'>

const numbers = new Intl.NumberFormat('en')
const dates = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', timeZone: 'UTC' })

/** `12,345`. */
export const shownNumber = (value: number): string => numbers.format(value)

/** `Nov 21`. Days are those of UTC wherever one is. */
export const shownDay = (day: string): string => dates.format(new Date(day))

/** How many there were on all of the days. */
export const totalOf = (days: readonly UsageDay[], what: Counted): number =>
  days.reduce((sum, day) => sum + day[what], 0)

/** The next number a scale may end with, from 5 on: 1, 2 or 5, and zeros. */
export function topOf(value: number): number {
  for (let power = 1; ; power *= 10) {
    for (const step of [1, 2, 5]) if (step * power >= Math.max(value, 4)) return step * power
  }
}
