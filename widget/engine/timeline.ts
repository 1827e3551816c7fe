/**
 * What a conversation looks like: records in the server's order, and around them what is still under way.
 * The order comes from history alone, page after page without a gap; what a stream says stands at the end until history
 * has it, too. Everything is merged by id, never by text: two quick "ok" are two messages.
 */
import type { ConversationRecord } from '../../protocol.ts'
import { answerBubble, outgoingBubble, recordBubble } from './bubbles.ts'
import type { Answer, Bubble, Outgoing, Turn } from './bubbles.ts'
import type { UnsentMessage } from './kept.ts'

/** What stands below the messages: an answer that will not come by itself. */
export interface Outcome {
  kind: 'failed' | 'approval' | 'human'
  /** The text to ask again with. */
  text?: string
}

/** The state of one conversation on this page. */
export interface Timeline {
  readonly outgoing: readonly Outgoing[]
  /** Turns whose answers are being written. */
  writing(): string[]
  bubbles(): Bubble[]
  /** The id of the oldest record; undefined while there is none. */
  firstId(): string | undefined
  outcome: Outcome | null

  add(message: Outgoing): void
  /** What the browser keeps, in its order; it comes before what is newer than that. */
  restore(messages: readonly UnsentMessage[]): void
  update(clientMessageId: string, changes: Partial<Outgoing>): void
  begin(turn: Turn): void
  extend(turnId: string, text: string): void
  complete(turnId: string, record: ConversationRecord): void
  /** Takes away an answer that will not be finished on this page; what is stored of it comes with history. */
  abandon(turnId: string): void
  /** No answer is being written any more: those whose message is stored have ended, if their records have come. */
  close(fresh: ConversationRecord[]): void
  /** Records that follow all those known. Returns the ones that are new here. */
  append(records: ConversationRecord[]): ConversationRecord[]
  /** Records that come before all those known. */
  prepend(records: ConversationRecord[]): void
  /** The newest records, in place of whatever was known. Returns the ones that are new here. */
  replace(records: ConversationRecord[]): ConversationRecord[]
  /**
   * What the server has said to be stored by now, and history has not shown. Returns a function that takes it away, as far
   * as history still has not.
   */
  awaiting(): () => void
}

/** An empty conversation. */
export function createTimeline(): Timeline {
  let records: ConversationRecord[] = []
  let outgoing: Outgoing[] = []
  let answers: Answer[] = []
  /** The keys that records had as bubbles before they were records. */
  const keys = new Map<string, string>()

  const knows = (id: string | undefined) => records.some((record) => record.id === id)

  /** Those that are not known, each once. Kinds of records that this version does not know are not messages. */
  const unknown = (more: ConversationRecord[]) => {
    const ids = new Set(records.map(({ id }) => id))
    return more.filter(({ id, type }) => type === 'message' && ids.size < ids.add(id).size)
  }

  const settle = (fresh: ConversationRecord[]) => {
    const own = new Set(fresh.map((record) => record.data?.clientMessageId))
    outgoing = outgoing.filter(
      ({ clientMessageId, userMessageId }) => !own.has(clientMessageId) && !knows(userMessageId),
    )
    answers = answers.filter(({ record }) => !knows(record?.id))
    // Unless it is what was streamed before the outcome was known.
    if (fresh.some(({ id, actor }) => actor === 'assistant' && !keys.has(id))) timeline.outcome = null
  }

  /** What is shown stays the same object as long as it is the same: whoever shows thousands sees at once what has changed. */
  const shown = new WeakMap<ConversationRecord, Bubble>()
  const bubbleOf = (record: ConversationRecord) => {
    const key = keys.get(record.id)
    let bubble = shown.get(record)
    if (!bubble || (key && key !== bubble.key)) shown.set(record, (bubble = recordBubble(record, key)))
    return bubble
  }
  const writingBubble = (answer: Answer) => answerBubble(answer, keys.get(answer.record?.id ?? ''))

  const timeline: Timeline = {
    get outgoing() {
      return outgoing
    },
    writing: () => answers.filter(({ record }) => !record).map(({ turnId }) => turnId),
    firstId: () => records[0]?.id,
    outcome: null,

    bubbles() {
      const following = (clientMessageId: string) =>
        answers.filter((answer) => answer.clientMessageId === clientMessageId).map(writingBubble)
      const loose = new Set(outgoing.map(({ clientMessageId }) => clientMessageId))
      return [
        ...records.map(bubbleOf),
        ...answers.filter(({ clientMessageId }) => !loose.has(clientMessageId ?? '')).map(writingBubble),
        ...outgoing.flatMap((message) => [outgoingBubble(message), ...following(message.clientMessageId)]),
      ]
    },

    add: (message) => void (outgoing = [...outgoing, message]),
    restore(messages) {
      const ids = new Set(outgoing.map(({ clientMessageId }) => clientMessageId))
      for (const { data } of records) if (data?.clientMessageId) ids.add(data.clientMessageId)
      const fresh = messages
        .filter(({ clientMessageId }) => ids.size < ids.add(clientMessageId).size)
        // No more than that: what is kept could say that the server has it.
        .map(({ clientMessageId, text, hasFailed, context, attachments }) => ({
          clientMessageId,
          text,
          hasFailed: !!hasFailed,
          context,
          attachments,
        }))
      const orders = new Map(messages.map(({ clientMessageId, order }) => [clientMessageId, order]))
      const placeOf = ({ clientMessageId, userMessageId }: Outgoing) =>
        userMessageId ? 0 : (orders.get(clientMessageId) ?? Number.MAX_VALUE)
      outgoing = [...fresh, ...outgoing].sort((one, other) => placeOf(one) - placeOf(other))
    },
    update(clientMessageId, changes) {
      outgoing = outgoing.map((message) =>
        message.clientMessageId === clientMessageId ? { ...message, ...changes } : message,
      )
      if (changes.userMessageId) {
        keys.set(changes.userMessageId, clientMessageId)
        settle([])
      }
    },

    begin(turn) {
      if (!answers.some(({ turnId }) => turnId === turn.turnId)) answers = [...answers, { ...turn, pieces: '' }]
    },
    extend(turnId, text) {
      answers = answers.map((answer) =>
        answer.turnId === turnId ? { ...answer, pieces: answer.pieces + text } : answer,
      )
    },
    complete(turnId, record) {
      if (!knows(record.id)) keys.set(record.id, turnId)
      answers = answers.map((answer) => (answer.turnId === turnId ? { ...answer, record } : answer))
      settle([])
    },
    abandon: (turnId) => void (answers = answers.filter((answer) => answer.turnId !== turnId || answer.record)),
    close(fresh) {
      if (fresh.some(({ actor, data }) => actor === 'assistant' && !data?.author))
        answers = answers.filter(({ record, userMessageId }) => record || !knows(userMessageId))
    },

    append(more) {
      const fresh = unknown(more)
      records = [...records, ...fresh]
      settle(fresh)
      return fresh
    },
    prepend(more) {
      records = [...unknown(more), ...records]
      settle([])
    },
    replace(all) {
      const fresh = unknown(all)
      records = []
      records = unknown(all)
      settle(records)
      return fresh
    },
    awaiting() {
      const [messages, replies] = [outgoing, answers]
      return () => {
        outgoing = outgoing.filter((message) => !message.userMessageId || !messages.includes(message))
        answers = answers.filter((answer) => !answer.record || !replies.includes(answer))
      }
    },
  }
  return timeline
}
