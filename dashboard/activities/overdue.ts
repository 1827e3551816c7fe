/** What becomes of a draft that nobody decides about, and when. */
import type { Activity, Integration } from '../api/types.ts'
import { fullTime, timeOf } from '../ui/time.ts'
import type { Item } from './timeline.ts'

/**
 * It in words; '' where nothing happens by itself: nothing is set, a person has taken over or was asked for, or a person has
 * spoken since, as the server sees it.
 */
export function fateOf(
  draft: Extract<Item, { kind: 'draft' }>,
  items: readonly Item[],
  activity: Pick<Activity, 'takenOverBy' | 'handover'> | null,
  overdue: Integration['overdue'],
  now: number,
): string {
  if (!overdue || !activity || activity.takenOverBy !== null || activity.handover) return ''
  const later = items.slice(items.indexOf(draft) + 1)
  if (later.some((item) => item.kind === 'message' && isFromPerson(item))) return ''
  const due = Date.parse(draft.record.createdAt) + overdue.afterMinutes * 60_000
  const at = atTime(due, now)
  if (overdue.action === 'release') return due > now ? `Goes out by itself ${at}` : 'Goes out by itself any moment'
  return due > now ? `The customer is told ${at} that it takes longer` : ''
}

const isFromPerson = ({ writer, record }: Extract<Item, { kind: 'message' }>): boolean =>
  writer.kind === 'operator' || !!record.approval?.by

/** `at 14:05`, or with its day where that is another one. */
function atTime(due: number, now: number): string {
  const date = new Date(due).toISOString()
  return new Date(due).toDateString() === new Date(now).toDateString() ? `at ${timeOf(date)}` : `on ${fullTime(date)}`
}
