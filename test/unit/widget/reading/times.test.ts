import { describe, expect, test } from 'vitest'
import type { Bubble } from '../../../../widget/engine/bubbles.ts'
import { createClock, createTimes, dayOf, timeOf } from '../../../../widget/panel/reading/times.ts'

const day = (text: string) => dayOf(new Date(`${text}T12:00`).getTime())
const bubble = (key: string, createdAt?: string): Bubble => ({
  ...{ key, author: 'visitor', text: key, state: createdAt ? 'done' : 'sending' },
  ...(createdAt && { createdAt }),
})
const HOUR = 3_600_000
const noon = Date.parse('2026-05-20T12:00:00Z')

describe('a day', () => {
  test.each([
    ['en', '2026-05-20', 'Today'],
    ['en', '2026-05-19', 'Yesterday'],
    ['en', '2026-05-18', 'Monday'],
    ['en', '2026-05-14', 'Thursday'],
    ['en', '2026-05-13', 'May 13'],
    ['en', '2025-12-31', 'December 31, 2025'],
    ['de', '2026-05-20', 'Heute'],
    ['de', '2026-05-03', '3. Mai'],
    ['ar', '2026-05-19', 'أمس'],
    ['ja', '2026-05-18', '月曜日'],
  ])('in %s: %s is %s', (locale, text, words) => {
    expect(createTimes(locale).day(day(text), day('2026-05-20'))).toBe(words)
  })

  test('B88: of tomorrow is today', () => {
    expect(createTimes('en').day(day('2026-05-21'), day('2026-05-20'))).toBe('Today')
  })

  test('changes at midnight of the visitor', () => {
    expect(dayOf(new Date('2026-05-20T00:00').getTime()) - dayOf(new Date('2026-05-19T23:59').getTime())).toBe(1)
  })
})

test('a time nobody can read is none', () => {
  expect(timeOf(bubble('a', 'yesterday'))).toBeUndefined()
  expect(timeOf(bubble('a', '2026-05-20T12:00:00Z'))).toBe(noon)
})

describe('B88: the clock', () => {
  test('of a visitor who is a day behind: what is stored is not of the future', () => {
    const clock = createClock(() => noon - 24 * HOUR)
    expect(clock([bubble('a', new Date(noon).toISOString())])).toBe(noon)
  })

  test.each([24, -24])('of a visitor who is %i hours off is put right by what was just sent', (hours) => {
    let time = noon + hours * HOUR
    const clock = createClock(() => time)
    clock([bubble('a')])
    expect(clock([bubble('a', new Date(noon).toISOString())])).toBe(noon)
    time += HOUR
    expect(clock([bubble('a', new Date(noon).toISOString())])).toBe(noon + HOUR)
  })

  test('is not thought wrong because an answer to a message came late', () => {
    let time = noon
    const clock = createClock(() => time)
    clock([bubble('a'), bubble('b')])
    clock([bubble('a', new Date(noon).toISOString()), bubble('b')])
    time = noon + 24 * HOUR
    expect(clock([bubble('a', new Date(noon).toISOString()), bubble('b', new Date(noon).toISOString())])).toBe(time)
  })
})
