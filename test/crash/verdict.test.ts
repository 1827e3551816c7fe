/** The judge is judged: everything that must not come of a death is found when it is put in by hand. */
import { describe, expect, it } from 'vitest'
import type { ConversationRecord, RecordData } from '../../protocol.ts'
import type { OperatorRecord } from '../../server/conversations/records.ts'
import { entryId } from '../../server/storage/ids.ts'
import { piecesOf } from './doomed.ts'
import { judgeCrash } from './verdict.ts'
import type { Account } from './verdict.ts'

const random = 'A'.repeat(16)
const key = 'k'.repeat(22)
const whole = piecesOf('Hello', 1).join('')
const start = piecesOf('Hello', 1).slice(0, 2).join('')

const record = (position: number, actor: ConversationRecord['actor'], body: string, data?: RecordData) => ({
  ...{ id: entryId(position, random), actor, type: 'message', body, ...(data && { data }) },
  createdAt: `2026-01-01T00:00:0${position}.000Z`,
})
const question = record(0, 'customer', 'Hello', { clientMessageId: key })

/** A conversation in which all is well, but for what a test changes. */
function account(
  records: ConversationRecord[] = [question, record(1, 'assistant', whole)],
  changes: Omit<Partial<Account>, 'witness'> & { witness?: Partial<Account['witness']> } = {},
): Account {
  const witness = {
    acked: new Map([['Hello', { clientMessageId: key, userMessageId: question.id, turnId: 't1' }]]),
    pieces: new Map([
      [
        't1',
        new Map(
          piecesOf('Hello', 1)
            .slice(0, 2)
            .map((piece, n) => [n + 1, piece]),
        ),
      ],
    ]),
    answers: new Map(),
    contradictions: [],
    watch: (adapter: Parameters<Account['witness']['watch']>[0]) => adapter,
    ...changes.witness,
  }
  const open = records.map((each): OperatorRecord => ({ ...each, visibility: 'public' }))
  return {
    visitor: { sent: ['Hello'], accepted: new Set(['Hello']), setAside: new Set() },
    shown: records.map(({ id, body }) => ({ key: id, author: 'visitor', text: body, state: 'done' })),
    readings: [{ records, isActive: false }],
    records: open,
    ...changes,
    witness,
  }
}

const once = new Map([['Hello', 1]])
const judged = (given: Account, calls = once) => judgeCrash([given], calls).violations.join('; ')

describe('the verdict over a death', () => {
  it.each([
    ['a whole answer', account()],
    [
      'a beginning of an answer that is marked',
      account([question, record(1, 'assistant', start, { interrupted: true })]),
    ],
    [
      'a draft, which only operators see',
      account([question], {
        witness: { pieces: new Map() },
        records: [
          { ...question, visibility: 'public' },
          {
            ...{ id: entryId(0, random), type: 'draft', body: whole, data: {}, visibility: 'private' },
            createdAt: '2026-01-01T00:00:01.000Z',
          },
        ],
      }),
    ],
  ])('T1: finds nothing wrong with %s', (_title, given) => {
    expect(judged(given)).toBe('')
  })

  const answer = record(1, 'assistant', whole)
  const missing = [record(0, 'customer', 'Another', { clientMessageId: `${key}2` })]
  const delta = (n: number, text: string) => ({ pieces: new Map([['t1', new Map([[n, text]])]]) })
  it.each<[string, RegExp, Account, Map<string, number>?]>([
    ['a message that was acknowledged, and is not there', /acknowledged, but not stored: Hello/, account(missing)],
    [
      'one that was acknowledged under another id',
      /acknowledged, but not stored/,
      account([{ ...question, id: entryId(0, 'B'.repeat(16)) }, answer]),
    ],
    [
      'a message that is there twice',
      /a clientMessageId is stored twice/,
      account([question, record(1, 'customer', 'Hello', { clientMessageId: key }), record(2, 'assistant', whole)]),
    ],
    ['two answers', /doubled: 1/, account([question, answer, record(2, 'assistant', whole)])],
    ['no answer', /unanswered: 1/, account([question])],
    ['a beginning that is not marked', /not marked/, account([question, record(1, 'assistant', start)])],
    ['text that nobody said', /no answer to/, account([question, record(1, 'assistant', `${start}And more.`)])],
    [
      'pieces of two calls in one answer',
      /no answer to/,
      account([question, record(1, 'assistant', piecesOf('Hello', 1)[0] + piecesOf('Hello', 2).slice(1).join(''))]),
    ],
    ['a hole in the order', /not dense/, account([question, record(2, 'assistant', whole)])],
    [
      'a time that runs back',
      /time runs back/,
      account([question, { ...answer, createdAt: '2025-01-01T00:00:00.000Z' }]),
    ],
    ['a record without a body', /malformed/, account([{ ...question, body: '' }, answer])],
    [
      'a piece that was streamed and is not stored',
      /taken back/,
      account(undefined, { witness: delta(1, 'Call 1 for [Hello]. No') }),
    ],
    ['a piece that was passed over', /taken back/, account(undefined, { witness: delta(2, start) })],
    [
      'a streamed answer that is stored otherwise',
      /streamed otherwise/,
      account(undefined, { witness: { answers: new Map([['t1', { ...answer, id: 'x' }]]) } }),
    ],
    [
      'a server that contradicts itself',
      /ack: first/,
      account(undefined, { witness: { contradictions: ['ack: first a, then b'] } }),
    ],
    [
      'servers that disagree',
      /readings differ/,
      account(undefined, {
        readings: [
          { records: [question, answer], isActive: false },
          { records: [question], isActive: false },
        ],
      }),
    ],
    [
      'an answer that is still under way',
      /still active/,
      account(undefined, { readings: [{ records: [question, answer], isActive: true }] }),
    ],
    [
      'operators who see less',
      /different messages/,
      account(undefined, { records: [{ ...question, visibility: 'public' }] }),
    ],
    [
      'a second question about what had been answered',
      /asked again after output: 1/,
      account(),
      new Map([['Hello', 2]]),
    ],
    ['an answer nobody was asked for', /nobody was asked/, account(), new Map()],
  ])('T1: finds %s', (_title, violation, given, calls) => {
    expect(judged(given, calls)).toMatch(violation)
  })
})
