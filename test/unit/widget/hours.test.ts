/** When somebody is there, by the clock of a zone: on ordinary days, and on those on which it is changed. */
import { describe, expect, test } from 'vitest'
import { backAt, inWords } from '../../../widget/panel/hours/times.ts'
import type { Hours } from '../../../widget/features.ts'

const week = (from: string, to: string, days = [1, 2, 3, 4, 5]) => days.map((day) => ({ day, from, to }))
const berlin: Hours = { timeZone: 'Europe/Berlin', days: week('09:00', '17:00') }
const back = (hours: Hours, now: string) => {
  const at = backAt(hours, Date.parse(now))
  return at === 0 || at === null ? at : new Date(at).toISOString()
}

describe('when somebody is back', () => {
  test.each([
    ['while somebody is there', berlin, '2026-11-18T08:00:00Z', 0],
    ['at the last moment', berlin, '2026-11-18T15:59:59Z', 0],
    ['the same day', berlin, '2026-11-18T07:59:59Z', '2026-11-18T08:00:00.000Z'],
    ['the next day', berlin, '2026-11-18T16:00:00Z', '2026-11-19T08:00:00.000Z'],
    ['after a weekend', berlin, '2026-11-20T16:00:00Z', '2026-11-23T08:00:00.000Z'],
    ['where nobody ever is', { timeZone: 'UTC', days: [] }, '2026-11-18T08:00:00Z', null],
    [
      'a week later',
      { timeZone: 'UTC', days: week('09:00', '10:00', [3]) },
      '2026-11-18T10:00:00Z',
      '2026-11-25T09:00:00.000Z',
    ],
    // Summer time begins on 29 March at 2:00, and ends on 25 October at 3:00.
    ['over the night that is shorter', berlin, '2026-03-27T17:00:00Z', '2026-03-30T07:00:00.000Z'],
    ['over the night that is longer', berlin, '2026-10-23T16:00:00Z', '2026-10-26T08:00:00.000Z'],
    [
      'at an hour that is skipped',
      { ...berlin, days: week('02:30', '05:00', [7]) },
      '2026-03-28T12:00:00Z',
      '2026-03-29T01:00:00.000Z',
    ],
    [
      'at an hour that comes twice, for the first time',
      { ...berlin, days: week('02:30', '02:45', [7]) },
      '2026-10-24T12:00:00Z',
      '2026-10-25T00:30:00.000Z',
    ],
    [
      'at an hour that comes twice, for the second time',
      { ...berlin, days: week('02:30', '02:45', [7]) },
      '2026-10-25T00:50:00Z',
      '2026-10-25T01:30:00.000Z',
    ],
    [
      'on the day on which summer time begins',
      { ...berlin, days: week('09:00', '17:00', [7]) },
      '2026-03-29T05:00:00Z',
      '2026-03-29T07:00:00.000Z',
    ],
    [
      'in New York, where it begins three weeks earlier',
      { timeZone: 'America/New_York', days: week('09:00', '17:00') },
      '2026-03-06T23:00:00Z',
      '2026-03-09T13:00:00.000Z',
    ],
    [
      'half an hour off, in the other half of the year',
      { timeZone: 'Australia/Adelaide', days: week('09:00', '17:00') },
      '2026-10-02T12:00:00Z',
      '2026-10-04T22:30:00.000Z',
    ],
    [
      'over midnight',
      { timeZone: 'UTC', days: [...week('22:00', '24:00', [1]), ...week('00:00', '02:00', [2])] },
      '2026-11-17T00:30:00Z',
      0,
    ],
    [
      'after a break',
      { timeZone: 'UTC', days: [...week('09:00', '12:00'), ...week('13:00', '17:00')] },
      '2026-11-18T12:30:00Z',
      '2026-11-18T13:00:00.000Z',
    ],
  ] as [string, Hours, string, string | number | null][])('%s', (_when, hours, now, expected) => {
    expect(back(hours, now)).toBe(expected)
  })

  test('a zone that nobody knows throws, and is not guessed', () => {
    expect(() => backAt({ ...berlin, timeZone: 'Mars/Olympus' }, 0)).toThrow(RangeError)
  })
})

describe('in words', () => {
  const now = Date.parse('2026-11-18T18:00:00Z')
  const say = (at: string, locale: string, zone = 'Europe/Berlin') =>
    inWords(Date.parse(at), now, locale, zone).replaceAll(/[  ]/g, ' ')
  test('as the visitor says it, by the visitor’s clock', () => {
    expect(say('2026-11-18T20:00:00Z', 'en')).toBe('today, 9:00 PM')
    expect(say('2026-11-19T08:00:00Z', 'de')).toMatch(/^morgen, 0?9:00$/)
    expect(say('2026-11-19T08:00:00Z', 'en', 'Asia/Tokyo')).toBe('today, 5:00 PM')
    expect(say('2026-11-23T08:00:00Z', 'de')).toMatch(/^Montag.* 0?9:00$/)
    expect(say('2026-11-23T08:00:00Z', 'ar')).toContain('الاثنين')
    // In a week: the name of the day alone would be this day.
    expect(say('2026-11-25T08:00:00Z', 'en')).toMatch(/^Wednesday.*November 25.* 9:00 AM$/)
  })
})
