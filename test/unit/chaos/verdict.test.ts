import { describe, expect, it } from 'vitest'
import type { ConversationRecord } from '../../../protocol.ts'
import type { Bubble } from '../../../widget/engine/bubbles.ts'
import { answerTo } from '../../chaos/answerer.ts'
import { judge, violationsOf } from '../../chaos/verdict.ts'
import type { Account } from '../../chaos/verdict.ts'

const record = (actor: 'customer' | 'assistant', body: string, n: number): ConversationRecord => ({
  ...{ id: `r${n}`, actor, type: 'message', body, createdAt: '2026-01-01T00:00:00.000Z' },
})
const bubble = ({ id, actor, body }: ConversationRecord): Bubble => ({
  ...{ key: id, author: actor === 'customer' ? 'visitor' : 'assistant', text: body, state: 'done' },
})
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
const whole = [one, answerOne, two, answerTwo]

function judged(stored: ConversationRecord[], changes: Partial<Account> = {}, asked = calls) {
  const account: Account = {
    ...{ sent: ['one', 'two'], accepted: new Set(['one', 'two']), setAside: new Set(), stored },
    ...{ shown: stored.map(bubble), read: { ids: stored.map(({ id }) => id), lostCursors: 0 } },
    ...changes,
  }
  return judge([account], asked)
}
const reading = (...ids: string[]): Partial<Account> => ({ read: { ids, lostCursors: 0 } })

describe('the verdict of a storm', () => {
  it('is clean when everything is there once, in order, answered, shown and read', () => {
    const verdict = judged(whole)
    expect(violationsOf(verdict)).toBe(0)
    expect(verdict.facts).toMatchObject({
      ...{ 'messages sent': 2, 'messages accepted': 2, 'messages stored': 2, 'messages shown': 2, 'answers stored': 2 },
      ...{ 'calls per message, most': 1, 'messages asked about twice': 0 },
    })
  })

  it('is clean for a reader who came later, and for one who has read nothing', () => {
    expect(violationsOf(judged(whole, reading('r3', 'r4')))).toBe(0)
    expect(violationsOf(judged([], { ...reading(), sent: [], accepted: new Set() }))).toBe(0)
  })

  it('is clean when a message sent again by hand stands after a later one', () => {
    const answers = [two, answerTwo, one, answerOne]
    expect(violationsOf(judged(answers, { setAside: new Set(['one']) }))).toBe(0)
  })

  it('is clean when the responder was asked again before anything it had said was stored', () => {
    const verdict = judged(
      [one, record('assistant', answerTo('one', 2), 2), two, answerTwo],
      {},
      new Map([...calls, ['one', 2]]),
    )
    expect(violationsOf(verdict)).toBe(0)
    expect(verdict.facts).toMatchObject({ 'calls per message, most': 2, 'messages asked about twice': 1 })
  })

  it.each([
    ['lost', judged([one, answerOne])],
    ['not delivered', judged([one, answerOne], { accepted: new Set(['one']) })],
    ['doubled', judged([one, answerOne, one, two, answerTwo])],
    ['doubled', judged([one, answerOne, answerOne, two, answerTwo])],
    ['out of order', judged([two, answerTwo, one, answerOne])],
    ['unanswered', judged([one, two, answerTwo])],
    ['shown wrong', judged(whole, { shown: [one, answerOne, two].map(bubble) })],
    ['shown wrong', judged(whole, { shown: [one, answerOne, answerTwo, two].map(bubble) })],
    ['read wrong', judged(whole, reading('r1', 'r2', 'r4'))],
    ['read wrong', judged(whole, reading('r1', 'r2', 'r3', 'r3', 'r4'))],
    ['read wrong', judged(whole, reading('r2', 'r1', 'r3', 'r4'))],
    ['read wrong', judged(whole, reading('r1', 'r2', 'r3'))],
    ['read wrong', judged(whole, reading('gone', 'r2', 'r3', 'r4'))],
    ['read wrong', judged(whole, { read: { ids: whole.map(({ id }) => id), lostCursors: 1 } })],
    ['asked again after output', judged(whole, {}, new Map([...calls, ['two', 2]]))],
  ] as const)('counts what was %s', (name, verdict) => {
    expect(verdict.violations[name]).toBeGreaterThan(0)
    expect(violationsOf(verdict)).toBeGreaterThan(0)
  })

  it('adds up what became of all visitors', () => {
    const account: Account = {
      ...{ sent: ['one'], accepted: new Set(['one']), setAside: new Set(), stored: [], shown: [] },
      read: { ids: [], lostCursors: 0 },
    }
    expect(judge([account, account, account], calls)).toMatchObject({
      facts: { 'messages sent': 3 },
      violations: { lost: 3, doubled: 0 },
    })
  })
})
