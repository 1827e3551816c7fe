/** What came of a run: counted from what is stored, what is shown, and how often the responder was asked. */
import type { ConversationRecord } from '../../protocol.ts'
import type { Bubble } from '../../widget/engine/timeline.ts'
import { parseAnswer } from './answerer.ts'

/** One visitor's side of the story, and the server's. */
export interface Account {
  /** The texts sent, in order. */
  sent: readonly string[]
  /** The whole history, as a client reads it. */
  stored: readonly ConversationRecord[]
  /** What the visitor sees at the end. */
  shown: readonly Bubble[]
}

/** The figures of a run. All but the first four have to be 0. */
export interface Verdict {
  'messages sent': number
  'messages stored': number
  'answers stored': number
  'answers broken off': number
  /** Sent, and not in the history. */
  lost: number
  /** In the history more than once, message or answer. */
  doubled: number
  /** In the history in another order than they were sent in. */
  'out of order': number
  unanswered: number
  /** Stored, but not shown exactly once, or shown in another order. */
  'shown wrong': number
  /** The responder was asked again although something it had said is stored. */
  'asked again': number
}

/** The figures that must be 0. */
export const violations = ({ lost, doubled, unanswered, ...rest }: Verdict): number =>
  lost + doubled + unanswered + rest['out of order'] + rest['shown wrong'] + rest['asked again']

/** Judges a run. */
export function judge(accounts: readonly Account[], calls: ReadonlyMap<string, number>): Verdict {
  const verdict: Verdict = {
    'messages sent': 0,
    'messages stored': 0,
    'answers stored': 0,
    'answers broken off': 0,
    lost: 0,
    doubled: 0,
    'out of order': 0,
    unanswered: 0,
    'shown wrong': 0,
    'asked again': 0,
  }
  for (const { sent, stored, shown } of accounts) {
    const messages = stored.filter(({ actor }) => actor === 'customer').map(({ body }) => body)
    const answers = stored.filter(({ actor }) => actor === 'assistant')
    verdict['messages sent'] += sent.length
    verdict['messages stored'] += messages.length
    verdict['answers stored'] += answers.length
    verdict['answers broken off'] += answers.filter(({ data }) => data?.interrupted).length
    verdict.lost += sent.filter((text) => !messages.includes(text)).length
    verdict.doubled += messages.length - new Set(messages).size
    const inOrder = sent.filter((text) => messages.includes(text))
    verdict['out of order'] += [...new Set(messages)].filter((text, n) => text !== inOrder[n]).length

    const answered = answers.map(({ body }) => parseAnswer(body))
    for (const text of sent) {
      const mine = answered.filter((answer) => answer?.text === text)
      // An answer that broke off in its first words names no message; it still is somebody's.
      if (mine.length > 1) verdict.doubled += mine.length - 1
      if (mine[0] && mine[0].call !== calls.get(text)) verdict['asked again']++
    }
    verdict.unanswered += Math.max(messages.length - answers.length, 0)

    const wanted = stored.map(({ body }) => body)
    const seen = shown.map(({ text }) => text)
    verdict['shown wrong'] += seen.length === wanted.length ? seen.filter((text, n) => text !== wanted[n]).length : 1
  }
  return verdict
}
