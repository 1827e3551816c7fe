import { describe, expect, test } from 'vitest'
import type { ConversationRecord } from '../../../protocol.ts'
import { createTimeline } from '../../../widget/engine/timeline.ts'
import type { Timeline } from '../../../widget/engine/timeline.ts'

const record = (id: string, body: string, more: Partial<ConversationRecord> = {}): ConversationRecord => ({
  ...{ id, actor: 'assistant', type: 'message', body, createdAt: '2026-01-01T00:00:00.000Z' },
  ...more,
})
const own = (id: string, body: string, clientMessageId: string) =>
  record(id, body, { actor: 'customer', data: { clientMessageId } })
const message = (clientMessageId: string, text: string) => ({ clientMessageId, text, hasFailed: false })

const texts = (timeline: Timeline) => timeline.bubbles().map(({ text }) => text)
const keys = (timeline: Timeline) => timeline.bubbles().map(({ key }) => key)

describe('records', () => {
  test('stand in the order of the history, page by page', () => {
    const timeline = createTimeline()
    timeline.replace([record('c', 'C'), record('d', 'D')])
    timeline.append([record('e', 'E')])
    timeline.prepend([record('a', 'A'), record('b', 'B')])
    expect(texts(timeline)).toEqual(['A', 'B', 'C', 'D', 'E'])
    expect(timeline.firstId()).toBe('a')
  })

  test('that overlap are merged by id', () => {
    const timeline = createTimeline()
    timeline.replace([record('b', 'B')])
    expect(timeline.append([record('b', 'B'), record('c', 'C'), record('c', 'C')]).map(({ id }) => id)).toEqual(['c'])
    timeline.prepend([record('a', 'A'), record('b', 'B')])
    expect(texts(timeline)).toEqual(['A', 'B', 'C'])
  })

  test('read anew take the place of what was known; only what was not known is new', () => {
    const timeline = createTimeline()
    timeline.replace([record('a', 'A'), record('b', 'B')])
    const fresh = timeline.replace([record('b', 'B'), record('c', 'C')])
    expect(fresh.map(({ id }) => id)).toEqual(['c'])
    expect(texts(timeline)).toEqual(['B', 'C'])
  })

  test('of a person carry the name, those of an unknown kind are left out', () => {
    const timeline = createTimeline()
    const author = { kind: 'operator' as const, name: 'Sam' }
    timeline.replace([record('a', 'A', { data: { author } }), record('b', '5', { type: 'rating' })])
    expect(timeline.bubbles()).toMatchObject([{ author: 'person', name: 'Sam', text: 'A' }])
  })

  test.each([
    ['interrupted', { interrupted: true }],
    ['stopped', { stopped: true }],
    ['done', {}],
  ])('are %s', (state, data) => {
    const timeline = createTimeline()
    timeline.replace([record('a', 'A', { data })])
    expect(timeline.bubbles()[0]?.state).toBe(state)
  })
})

describe('a message of one’s own', () => {
  test('keeps its key from sending to record, and is never there twice', () => {
    const timeline = createTimeline()
    timeline.add(message('key-1', 'Hi'))
    expect(timeline.bubbles()[0]?.state).toBe('sending')
    timeline.update('key-1', { userMessageId: 'a' })
    expect(timeline.bubbles()[0]?.state).toBe('done')
    timeline.append([record('a', 'Hi', { actor: 'customer' })])
    expect(keys(timeline)).toEqual(['key-1'])
    expect(timeline.outgoing).toEqual([])
  })

  test('is recognised by its key where history is faster than the ack', () => {
    const timeline = createTimeline()
    timeline.add(message('key-1', 'Hi'))
    timeline.append([own('a', 'Hi', 'key-1')])
    timeline.update('key-1', { userMessageId: 'a' })
    expect(keys(timeline)).toEqual(['key-1'])
  })

  test('is not recognised by its text', () => {
    const timeline = createTimeline()
    timeline.add(message('key-1', 'ok'))
    timeline.add(message('key-2', 'ok'))
    timeline.append([own('a', 'ok', 'key-1')])
    expect(keys(timeline)).toEqual(['key-1', 'key-2'])
    expect(timeline.outgoing).toHaveLength(1)
  })

  test('that failed offers its key to try again', () => {
    const timeline = createTimeline()
    timeline.add(message('key-1', 'Hi'))
    timeline.update('key-1', { hasFailed: true, reason: 'network' })
    expect(timeline.bubbles()).toMatchObject([{ state: 'failed', reason: 'network', clientMessageId: 'key-1' }])
  })

  test('of an earlier visit comes before those of this one, each once', () => {
    const timeline = createTimeline()
    timeline.add(message('key-3', 'third'))
    timeline.restore([message('key-1', 'first'), message('key-2', 'second'), message('key-1', 'first')])
    timeline.restore([message('key-3', 'third')])
    expect(texts(timeline)).toEqual(['first', 'second', 'third'])
  })
})

describe('an answer', () => {
  const turn = { turnId: 't1', userMessageId: 'a', clientMessageId: 'key-1' }
  const asked = () => {
    const timeline = createTimeline()
    timeline.add(message('key-1', 'Hi'))
    timeline.add(message('key-2', 'And'))
    timeline.update('key-1', { userMessageId: 'a' })
    timeline.begin(turn)
    timeline.begin(turn)
    return timeline
  }

  test('stands behind its question, grows, and keeps its key as a record', () => {
    const timeline = asked()
    timeline.extend('t1', 'Hel')
    timeline.extend('t1', 'lo')
    expect(texts(timeline)).toEqual(['Hi', 'Hello', 'And'])
    expect(timeline.writing()).toEqual(['t1'])
    timeline.complete('t1', record('b', 'Hello!'))
    expect(timeline.writing()).toEqual([])
    expect(texts(timeline)).toEqual(['Hi', 'Hello!', 'And'])
    timeline.append([own('a', 'Hi', 'key-1'), record('b', 'Hello!')])
    expect(keys(timeline)).toEqual(['key-1', 't1', 'key-2'])
  })

  test('that is given up goes away, one that is complete stays until history has it', () => {
    const timeline = asked()
    timeline.extend('t1', 'Hel')
    timeline.abandon('t1')
    expect(texts(timeline)).toEqual(['Hi', 'And'])
    timeline.begin(turn)
    timeline.complete('t1', record('b', 'Hello!'))
    timeline.abandon('t1')
    expect(texts(timeline)).toEqual(['Hi', 'Hello!', 'And'])
  })

  test('known from history alone is closed by its record, and not by somebody else’s', () => {
    const timeline = asked()
    timeline.extend('t1', 'Hel')
    const person = record('p', 'Sam here', { data: { author: { kind: 'operator', name: 'Sam' } } })
    timeline.close(timeline.append([own('a', 'Hi', 'key-1'), person]))
    expect(timeline.writing()).toEqual(['t1'])
    timeline.close(timeline.append([record('b', 'Hello!')]))
    expect(timeline.writing()).toEqual([])
    expect(texts(timeline)).toEqual(['Hi', 'Sam here', 'Hello!', 'And'])
  })

  test('to a question the history does not know yet is not closed', () => {
    const timeline = asked()
    timeline.close(timeline.append([record('x', 'An answer to something else')]))
    expect(timeline.writing()).toEqual(['t1'])
  })

  test('that comes later ends what was waited for; the one that was streamed does not', () => {
    const timeline = asked()
    timeline.complete('t1', record('b', 'Hel', { data: { interrupted: true } }))
    timeline.outcome = { kind: 'failed', text: 'Hi' }
    timeline.append([own('a', 'Hi', 'key-1'), record('b', 'Hel', { data: { interrupted: true } })])
    expect(timeline.outcome).toEqual({ kind: 'failed', text: 'Hi' })
    timeline.append([record('c', 'Here I am')])
    expect(timeline.outcome).toBeNull()
  })
})
