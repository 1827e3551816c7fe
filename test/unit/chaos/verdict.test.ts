import { describe, expect, it } from 'vitest'
import type { ConversationRecord } from '../../../protocol.ts'
import type { Bubble } from '../../../widget/engine/timeline.ts'
import { answerTo } from '../../chaos/answerer.ts'
import { judge, violations } from '../../chaos/verdict.ts'

const record = (actor: 'customer' | 'assistant', body: string, n: number): ConversationRecord => ({
  ...{ id: `r${n}`, actor, type: 'message', body, createdAt: '2026-01-01T00:00:00.000Z' },
})
const bubble = ({ id, body }: ConversationRecord): Bubble => ({ key: id, author: 'visitor', text: body, state: 'done' })
const calls = new Map([
  ['one', 1],
  ['two', 1],
])
const [one, answerOne, two, answerTwo] = [
  record('customer', 'one', 1),
  record('assistant', answerTo('one', 1), 2),
  record('customer', 'two', 3),
  record('assistant', answerTo('two', 1), 4),
]
const judged = (stored: ConversationRecord[], shown = stored, asked = calls) =>
  judge([{ sent: ['one', 'two'], stored, shown: shown.map(bubble) }], asked)

describe('the verdict of a storm', () => {
  it('is clean when everything is there once, in order, answered and shown', () => {
    const verdict = judged([one, answerOne, two, answerTwo])
    expect(violations(verdict)).toBe(0)
    expect(verdict).toMatchObject({ 'messages sent': 2, 'messages stored': 2, 'answers stored': 2 })
  })

  it.each([
    ['lost', judged([one, answerOne])],
    ['doubled', judged([one, answerOne, one, two, answerTwo])],
    ['doubled', judged([one, answerOne, answerOne, two, answerTwo])],
    ['out of order', judged([two, answerTwo, one, answerOne])],
    ['unanswered', judged([one, two, answerTwo])],
    ['shown wrong', judged([one, answerOne, two, answerTwo], [one, answerOne, two])],
    ['shown wrong', judged([one, answerOne, two, answerTwo], [one, answerOne, answerTwo, two])],
    ['asked again', judged([one, answerOne, two, answerTwo], undefined, new Map([...calls, ['two', 2]]))],
  ] as const)('counts what was %s', (name, verdict) => {
    expect(verdict[name]).toBeGreaterThan(0)
    expect(violations(verdict)).toBeGreaterThan(0)
  })
})
