/** Times in words. */

const language = 'en'
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** How long something has lasted: `now`, `4 min`, `3 h`, `2 d`. */
export function lasted(since: string, now: number): string {
  const ms = now - Date.parse(since)
  if (ms < minute) return 'now'
  if (ms < hour) return `${Math.floor(ms / minute)} min`
  if (ms < day) return `${Math.floor(ms / hour)} h`
  return `${Math.floor(ms / day)} d`
}

const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })

/** How long ago something was, in words: `just now`, `2 minutes ago`, `yesterday`. */
export function ago(date: string, now: number): string {
  const ms = now - Date.parse(date)
  if (ms < minute) return 'just now'
  if (ms < hour) return relative.format(-Math.floor(ms / minute), 'minute')
  if (ms < day) return relative.format(-Math.floor(ms / hour), 'hour')
  return relative.format(-Math.floor(ms / day), 'day')
}

/** The time of day. */
export const timeOf = (date: string): string =>
  new Date(date).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit', hour12: false })

/** Date and time in full. */
export const fullTime = (date: string): string =>
  new Date(date).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short', hour12: false })

/** The day: `Today`, `Yesterday`, or its date. */
export function dayOf(date: string, now = Date.now()): string {
  const start = (time: number): number => new Date(time).setHours(0, 0, 0, 0)
  const days = Math.round((start(now) - start(Date.parse(date))) / day)
  if (days === 0) return 'Today'
  if (days === 1) return 'Yesterday'
  const isThisYear = new Date(date).getFullYear() === new Date(now).getFullYear()
  const year = isThisYear ? {} : ({ year: 'numeric' } as const)
  return new Date(date).toLocaleDateString(language, { weekday: 'long', day: 'numeric', month: 'long', ...year })
}
