import { describe, expect, test } from 'vitest'
import type { Bubble } from '../../../../widget/engine/bubbles.ts'
import { BLOCK, createBlocks } from '../../../../widget/panel/reading/blocks.ts'
import { initialsOf } from '../../../../widget/panel/reading/names.ts'

const start = new Date('2026-05-19T23:00').getTime()
const now = new Date('2026-05-20T12:00').getTime()
const MINUTE = 60_000

const bubble = (
  key: string,
  minute: number | undefined,
  author: Bubble['author'] = 'assistant',
  name?: string,
): Bubble => ({
  ...{ key, author, text: key, state: 'done' },
  ...(minute !== undefined && { createdAt: new Date(start + minute * MINUTE).toISOString() }),
  ...(name && { name }),
})
const many = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => bubble(`m${from + i}`, 0, i % 2 ? 'visitor' : 'assistant'))
const marks = (bubbles: Bubble[]) =>
  createBlocks()(bubbles, now).flatMap(({ rows }) =>
    rows.map(
      ({ day, isFirst, isLast }) =>
        `${day === undefined ? '' : 'day '}${isFirst ? 'first ' : ''}${isLast ? 'last' : ''}`,
    ),
  )

describe('what stands around messages', () => {
  test('messages of one author within five minutes belong together', () => {
    expect(marks([bubble('a', 0), bubble('b', 4), bubble('c', 10), bubble('d', 10, 'visitor')])).toEqual([
      'day first ',
      'last',
      'first last',
      'first last',
    ])
  })

  test('two people are two, and so are a person and the assistant', () => {
    expect(marks([bubble('a', 0, 'person', 'Sam'), bubble('b', 0, 'person', 'Kim'), bubble('c', 0)])).toEqual([
      'day first last',
      'first last',
      'first last',
    ])
  })

  test('a day begins once, and parts what would belong together', () => {
    expect(marks([bubble('a', 58), bubble('b', 61), bubble('c', 62)])).toEqual(['day first last', 'day first ', 'last'])
  })

  test('B88: a message of an earlier day that stands below begins none', () => {
    expect(marks([bubble('a', 61), bubble('b', 58), bubble('c', 59)])).toEqual(['day first ', '', 'last'])
  })

  test('what is on its way is of now', () => {
    expect(marks([bubble('a', 0, 'visitor'), bubble('b', undefined, 'visitor')])).toEqual([
      'day first last',
      'day first last',
    ])
  })
})

describe('of thousands of messages', () => {
  test('those that have not changed stay the same, whatever comes before and after them', () => {
    const blocksOf = createBlocks()
    const bubbles = many(0, 10_000)
    const before = blocksOf(bubbles, now)
    expect(before).toHaveLength(10_000 / BLOCK)

    // An answer that grows.
    const answer = (text: string): Bubble => ({ key: 'answer', author: 'assistant', text, state: 'writing' })
    const growing = blocksOf([...bubbles, answer('a')], now)
    expect(growing.slice(0, -2)).toEqual(before.slice(0, -1))
    expect(growing.slice(0, -2).every((block, i) => block === before[i])).toBe(true)
    const whole = answer('a b')
    const grown = blocksOf([...bubbles, whole], now)
    expect(grown.filter((block, i) => block !== growing[i])).toHaveLength(2)
    expect(grown.at(-2)?.rows.every((row, i) => row === growing.at(-2)?.rows[i])).toBe(true)

    // Older messages, not in whole blocks: only the first block that was there is not what it was.
    const older = blocksOf([...many(-30, 0), ...bubbles, whole], now)
    expect(older.slice(3).every((block, i) => block === grown[i + 1])).toBe(true)
    expect(older.map(({ id }) => id).slice(0, 4)).toEqual([-2, -1, 0, 1])
    expect(older.flatMap(({ rows }) => rows.map(({ bubble }) => bubble.key)).slice(0, 2)).toEqual(['m-30', 'm-29'])
  })

  test('another conversation begins anew', () => {
    const blocksOf = createBlocks()
    blocksOf(many(0, 60), now)
    expect(blocksOf([], now)).toEqual([])
    expect(blocksOf(many(100, 130), now).map(({ id, rows }) => [id, rows.length])).toEqual([
      [0, 25],
      [1, 5],
    ])
  })
})

test.each([
  ['Sam', 'S'],
  ['ada king lovelace', 'AL'],
  ['\u202eSam\u0000 \u2066Miller', 'SM'],
  ['👩‍🚀 Ng', '👩‍🚀N'],
  ['ß', 'SS'],
  ['', ''],
])('the initials of %j are %j', (name, initials) => {
  expect(initialsOf(name, 'en')).toBe(initials)
})
