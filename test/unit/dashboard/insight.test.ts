import { describe, expect, test } from 'vitest'
import { eventsIn } from '../../../dashboard/api/events.ts'
import { shownDay, shownNumber, topOf, totalOf } from '../../../dashboard/integrations/usage.ts'
import { nameOf } from '../../../dashboard/integrations/sections.svelte.ts'
import { ago } from '../../../dashboard/ui/time.ts'

describe('counts as they are shown', () => {
  test.each([
    [0, 5],
    [4, 5],
    [5, 5],
    [6, 10],
    [11, 20],
    [21, 50],
    [99, 100],
    [1_001, 2_000],
  ])('a scale for %d ends with %d', (value, top) => expect(topOf(value)).toBe(top))

  test('numbers and days are those of the language, days those of UTC', () => {
    expect([shownNumber(12_345), shownDay('2026-11-21')]).toEqual(['12,345', 'Nov 21'])
    const day = {
      day: '2026-11-21',
      messages: 2,
      answers: 1,
      calls: 3,
      failures: 0,
      thumbsUp: 1,
      thumbsDown: 0,
      scores: 1,
      scoreSum: 4,
    }
    expect(totalOf([day, day], 'calls')).toBe(6)
  })

  test.each([
    [59_000, 'just now'],
    [60_000, '1 minute ago'],
    [2 * 3_600_000, '2 hours ago'],
    [30 * 3_600_000, 'yesterday'],
    [50 * 3_600_000, '2 days ago'],
  ])('%d ms ago is “%s”', (ms, words) => expect(ago(new Date(0).toISOString(), ms)).toBe(words))

  test('a section has a name for its address', () => {
    expect(nameOf('Is it installed?')).toBe('is-it-installed')
  })
})

test('a stream is read alike wherever it is cut, signs of life and all', async () => {
  const text = ':\n\ndata: {"n":1}\n\nid: 4\ndata: {"n":"ä\\n\\n"}\n\ndata: {"n":3}\n\ndata: {"half'
  const bytes = new TextEncoder().encode(text)
  for (let cut = 0; cut <= bytes.length; cut++) {
    const parts = new ReadableStream<BufferSource>({
      start(controller) {
        for (const part of [bytes.slice(0, cut), bytes.slice(cut)]) controller.enqueue(part)
        controller.close()
      },
    })
    const events = []
    for await (const event of eventsIn(parts)) events.push(event)
    expect(events).toEqual([{ n: 1 }, { n: 'ä\n\n' }, { n: 3 }])
  }
})
