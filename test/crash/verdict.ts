/** What came of a run with deaths in it: what clients were told against what is stored, and what the responder was asked. */
import { isDeepStrictEqual } from 'node:util'
import type { ConversationRecord } from '../../protocol.ts'
import type { OperatorRecord } from '../../server/conversations/records.ts'
import type { Bubble } from '../../widget/engine/bubbles.ts'
import { parseAnswer } from '../chaos/answerer.ts'
import { judge } from '../chaos/verdict.ts'
import type { Visitor } from '../chaos/visitors.ts'
import { piecesOf } from './doomed.ts'
import { flawsOf } from './read.ts'
import type { Reading } from './read.ts'
import type { Witness } from './witness.ts'

/** One conversation at the end of a run. */
export interface Account {
  visitor: Pick<Visitor, 'sent' | 'accepted' | 'setAside'>
  witness: Witness
  /** What the visitor sees. */
  shown: readonly Bubble[]
  /** What the servers say, each of them at least twice. */
  readings: readonly Reading[]
  /** What operators see. */
  records: readonly OperatorRecord[]
}

/** What a run came to. */
export interface CrashVerdict {
  figures: Record<string, number>
  /** Everything that must not be. */
  violations: string[]
}

/** An answer, published or kept as a draft. */
export interface StoredAnswer {
  text: string
  call: number
  body: string
  isInterrupted: boolean
  pieces: number
}

/** @param calls how often the responder was asked, by text */
export function judgeCrash(accounts: readonly Account[], allCalls: ReadonlyMap<string, number>): CrashVerdict {
  const sent = accounts.flatMap(({ visitor }) => visitor.sent)
  const calls = new Map(sent.map((text) => [text, allCalls.get(text) ?? 0]))
  const violations = accounts.flatMap((account) => violationsOf(account, calls))
  const verdict = judge(accounts.map(asSeen), calls)
  for (const [name, count] of Object.entries(verdict.violations)) if (count > 0) violations.push(`${name}: ${count}`)
  const asked = [...calls.values()].reduce((total, count) => total + count, 0)
  return {
    figures: { ...verdict.facts, 'responder calls': asked, ...verdict.violations, violations: violations.length },
    violations,
  }
}

/** The answers to the messages of a conversation. */
export function answersOf({ records }: Account): StoredAnswer[] {
  return records.flatMap((record) => {
    const isAnswer = record.visibility === 'public' ? record.actor === 'assistant' : record.type === 'draft'
    if (!isAnswer || record.body === undefined) return []
    const parsed = parseAnswer(record.body)
    if (!parsed) return [{ text: '', call: 0, body: record.body, isInterrupted: false, pieces: 0 }]
    const isInterrupted = record.visibility === 'public' ? !!record.data?.interrupted : 'failure' in record.data
    return [{ ...parsed, body: record.body, isInterrupted, pieces: countPieces(record.body, parsed) }]
  })
}

/** How many whole pieces a body consists of; -1 when it is no beginning of the answer. */
function countPieces(body: string, { text, call }: { text: string; call: number }): number {
  const pieces = piecesOf(text, call)
  return pieces.map((_, n) => pieces.slice(0, n + 1).join('')).indexOf(body) + 1 || -1
}

/** Drafts are shown to operators, so they stand beside what the visitor sees. */
function asSeen({ visitor, readings, records, shown }: Account): Parameters<typeof judge>[0][number] {
  const drafts = records.flatMap((record): ConversationRecord[] =>
    record.visibility === 'private' && record.body !== undefined
      ? [{ ...{ id: record.id, actor: 'assistant', type: 'message', createdAt: record.createdAt }, body: record.body }]
      : [],
  )
  const bubbles = drafts.map(({ id, body }): Bubble => ({ key: id, author: 'assistant', text: body, state: 'done' }))
  const { sent, accepted, setAside } = visitor
  const stored = [...(readings[0]?.records ?? []), ...drafts]
  const read = { ids: stored.map(({ id }) => id), lostCursors: 0 }
  return { sent, accepted, setAside, stored, shown: [...shown, ...bubbles], read }
}

function violationsOf(account: Account, calls: ReadonlyMap<string, number>): string[] {
  const { visitor, witness, readings, records } = account
  const stored = readings[0]?.records ?? []
  const messages = new Map(stored.map((record) => [record.id, record]))
  const keys = stored.map(({ data }) => data?.clientMessageId).filter((key) => key !== undefined)
  const violations = [...flawsOf(stored), ...witness.contradictions]

  if (new Set(readings.map((reading) => JSON.stringify(reading.records))).size > 1) violations.push('readings differ')
  if (readings.some(({ isActive }) => isActive)) violations.push('a turn is still active')
  if (new Set(keys).size < keys.length) violations.push('a clientMessageId is stored twice')
  if (JSON.stringify(records.filter(isPublic).map(({ id }) => id)) !== JSON.stringify([...messages.keys()])) {
    violations.push('operators and the customer see different messages')
  }
  for (const [text, { userMessageId, clientMessageId }] of witness.acked) {
    const message = messages.get(userMessageId)
    if (message?.body !== text || message.data?.clientMessageId !== clientMessageId) {
      violations.push(`acknowledged, but not stored: ${text}`)
    }
  }

  const answers = answersOf(account)
  for (const { text, body, isInterrupted, pieces } of answers) {
    const isWhole = pieces === piecesOf('', 1).length
    // All can have been said when the process died, and its end not be stored: then it counts as broken off.
    if (pieces < 1 || (!isWhole && !isInterrupted)) violations.push(`no answer to [${text}], or not marked: ${body}`)
  }
  for (const [turnId, record] of witness.answers) {
    if (!isDeepStrictEqual(messages.get(record.id), record)) {
      violations.push(`streamed otherwise than stored: ${turnId} ${JSON.stringify(record)}`)
    }
  }
  violations.push(...takenBack(account, answers))
  for (const text of visitor.sent) {
    if ((calls.get(text) ?? 0) < 1) violations.push(`nobody was asked about ${text}`)
  }
  return violations
}

/** Text that was streamed, and does not stand at the beginning of what is stored. */
function takenBack({ witness }: Account, answers: readonly StoredAnswer[]): string[] {
  return [...witness.pieces.values()].flatMap((pieces) => {
    const numbers = [...pieces.keys()].toSorted((a, b) => a - b)
    const streamed = numbers.map((n) => pieces.get(n)).join('')
    // The first piece names the message, whether or not its ack came through.
    const answer = answers.find(({ text }) => text === parseAnswer(streamed)?.text)
    const isDense = numbers.every((n, index) => n === index + 1)
    return isDense && answer?.body.startsWith(streamed)
      ? []
      : [`taken back: streamed [${numbers.join()}] ${streamed}, stored ${answer?.body ?? 'nothing'}`]
  })
}

const isPublic = (record: OperatorRecord) => record.visibility === 'public'
