/** What the Dashboard says becomes of a draft that nobody decides about. */
import { describe, expect, it } from 'vitest'
import type { OperatorRecord } from '../../../dashboard/api/types.ts'
import { fateOf } from '../../../dashboard/activities/overdue.ts'
import { toItems } from '../../../dashboard/activities/timeline.ts'
import type { DraftItem } from '../../../dashboard/activities/timeline.ts'

const minute = 60_000
/** Noon here, whatever the time zone. */
const written = new Date(2026, 10, 21, 12).getTime()
const createdAt = new Date(written).toISOString()
const draft: OperatorRecord = { id: 'd', type: 'draft', body: 'Hi', createdAt, visibility: 'private', data: {} }
const message = (id: string, more: object): OperatorRecord =>
  ({ id, actor: 'assistant', type: 'message', body: 'Hi', createdAt, visibility: 'public', ...more }) as OperatorRecord
const bySomebody = { data: { author: { kind: 'operator', name: 'Mia' } } }
const open = { takenOverBy: null, handover: null }
const release = { afterMinutes: 15, action: 'release' as const }

/** After so many minutes, of a draft that these records follow. */
function fate(minutes: number, overdue: Parameters<typeof fateOf>[3], later: OperatorRecord[] = [], activity = open) {
  const items = toItems([message('before', bySomebody), draft, ...later])
  const item = items.find(({ kind }) => kind === 'draft') as DraftItem
  return fateOf(item, items, activity, overdue, written + minutes * minute)
}

describe('a draft that waits', () => {
  it('goes out at its time, on its day, or any moment', () => {
    expect(fate(1, release)).toBe('Goes out by itself at 12:15')
    expect(fate(20, release)).toBe('Goes out by itself any moment')
    expect(fate(1, { ...release, afterMinutes: 1_440 })).toBe('Goes out by itself on Nov 22, 2026, 12:00')
  })

  it('lets the customer be told once', () => {
    expect(fate(1, { afterMinutes: 15, action: 'apologise' })).toBe(
      'The customer is told at 12:15 that it takes longer',
    )
    expect(fate(20, { afterMinutes: 15, action: 'apologise' })).toBe('')
  })

  it.each<[string, ReturnType<typeof fate>]>([
    ['nothing is set', fate(1, null)],
    ['somebody has taken over', fate(1, release, [], { ...open, takenOverBy: 'Mia' } as never)],
    ['a person was asked for', fate(1, release, [], { ...open, handover: { by: 'customer' } } as never)],
    ['a person has spoken since', fate(1, release, [message('m', bySomebody)])],
    [
      'a later draft went out by a person',
      fate(1, release, [message('m', { approval: { draftId: 'x', by: 'Mia', isEdited: false } })]),
    ],
  ])('does nothing by itself where %s', (_, said) => expect(said).toBe(''))
})
