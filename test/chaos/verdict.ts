/** What came of a run: counted from what is stored, what is shown, what was read, and how often the responder was asked. */
import type { ConversationRecord } from '../../protocol.ts'
import type { Bubble } from '../../widget/engine/bubbles.ts'
import { parseAnswer } from './answerer.ts'

/** One conversation: the visitor's side of the story, a reader's, and the server's. */
export interface Account {
  /** The texts sent, in order. */
  sent: readonly string[]
  /** Those of them whose `ack` the visitor got. */
  accepted: ReadonlySet<string>
  /** Those that were given up for a while: they may stand after later ones. */
  setAside: ReadonlySet<string>
  /** The whole history, as a client reads it. */
  stored: readonly ConversationRecord[]
  /** What the visitor sees at the end. */
  shown: readonly Bubble[]
  /** The ids somebody read who polled from some moment on, and the cursors the server had forgotten. */
  read: { ids: readonly string[]; lostCursors: number }
}

/** The figures of a run. */
export interface Verdict {
  facts: Record<Fact, number>
  /** All of them have to be 0. */
  violations: Record<Violation, number>
}

type Fact =
  | 'messages sent'
  | 'messages accepted'
  | 'messages stored'
  | 'messages shown'
  | 'messages retried by hand'
  | 'answers stored'
  | 'answers broken off'
  | 'calls per message, most'
  | 'messages asked about twice'

type Violation =
  /** Accepted, and not in the history. */
  | 'lost'
  /** Sent, and neither accepted nor in the history, although the visitor has tried to the end. */
  | 'not delivered'
  /** In the history more than once, message or answer. */
  | 'doubled'
  /** In the history in another order than they were sent in. */
  | 'out of order'
  | 'unanswered'
  /** Stored, but not shown exactly once, or shown in another order. */
  | 'shown wrong'
  /** Skipped, repeated or out of order for somebody who polls. */
  | 'read wrong'
  /** The responder was asked again although something it had said is stored. */
  | 'asked again after output'

/** How many things are not as they have to be. */
export const violationsOf = ({ violations }: Verdict): number =>
  Object.values(violations).reduce((sum, count) => sum + count, 0)

/** Judges a run. */
export function judge(accounts: readonly Account[], calls: ReadonlyMap<string, number>): Verdict {
  const each = accounts.map((account) => judgeOne(account, calls))
  const sum = <Name extends string>(all: Record<Name, number>[]) => {
    const total: Record<string, number> = {}
    for (const figures of all) {
      for (const [name, count] of Object.entries<number>(figures)) total[name] = (total[name] ?? 0) + count
    }
    return total as Record<Name, number>
  }
  return {
    facts: {
      ...sum(each.map(({ facts }) => facts)),
      'calls per message, most': Math.max(0, ...calls.values()),
      'messages asked about twice': [...calls.values()].filter((count) => count > 1).length,
    },
    violations: sum(each.map(({ violations }) => violations)),
  }
}

function judgeOne({ sent, accepted, setAside, stored, shown, read }: Account, calls: ReadonlyMap<string, number>) {
  const messages = stored.filter(({ actor }) => actor === 'customer').map(({ body }) => body)
  const answers = stored.filter(({ actor }) => actor === 'assistant')
  const missing = sent.filter((text) => !messages.includes(text))
  const facts = {
    'messages sent': sent.length,
    'messages accepted': accepted.size,
    'messages stored': messages.length,
    'messages shown': shown.filter(({ author }) => author === 'visitor').length,
    'messages retried by hand': setAside.size,
    'answers stored': answers.length,
    'answers broken off': answers.filter(({ data }) => data?.interrupted).length,
  }
  const answered = countAnswers(sent, answers, calls)
  return {
    facts,
    violations: {
      lost: missing.filter((text) => accepted.has(text)).length,
      'not delivered': missing.filter((text) => !accepted.has(text)).length,
      doubled: messages.length - new Set(messages).size + answered.doubled,
      'out of order': outOfOrder(sent, messages, setAside),
      unanswered: Math.max(messages.length - answers.length, 0),
      'shown wrong': differences(
        shown.map(({ text }) => text),
        stored.map(({ body }) => body),
      ),
      'read wrong': readWrong(read, stored),
      'asked again after output': answered.askedAgain,
    },
  }
}

/** An answer names its message and its call in its first words, which are stored together or not at all. */
function countAnswers(
  sent: readonly string[],
  answers: readonly ConversationRecord[],
  calls: ReadonlyMap<string, number>,
) {
  const named = answers.map(({ body }) => parseAnswer(body))
  let doubled = 0
  let askedAgain = 0
  for (const text of sent) {
    const mine = named.filter((answer) => answer?.text === text)
    doubled += Math.max(mine.length - 1, 0)
    if (mine[0] && mine[0].call !== calls.get(text)) askedAgain++
  }
  return { doubled, askedAgain }
}

/** Messages that stand elsewhere than they were sent, but for those a visitor sent again by hand. */
function outOfOrder(sent: readonly string[], messages: readonly string[], setAside: ReadonlySet<string>): number {
  const isJudged = (text: string) => !setAside.has(text)
  const inOrder = sent.filter((text) => isJudged(text) && messages.includes(text))
  return [...new Set(messages)].filter(isJudged).filter((text, n) => text !== inOrder[n]).length
}

/** Places at which two lists differ; lists of unequal length differ in one more. */
function differences(seen: readonly string[], wanted: readonly string[]): number {
  const places = seen.filter((text, n) => text !== wanted[n]).length
  return seen.length === wanted.length ? places : places + 1
}

/** What was read has to be the history from some record on. */
function readWrong({ ids, lostCursors }: Account['read'], stored: readonly ConversationRecord[]): number {
  const known = stored.map(({ id }) => id)
  const start = ids.length === 0 ? 0 : known.indexOf(ids[0] as string)
  return lostCursors + (start < 0 ? 1 : differences(ids, known.slice(start)))
}
