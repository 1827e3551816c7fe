/** What a conversation has to look like after any commands: a few lists, and nothing clever. */

/** A message and its answer. */
export interface ModelTurn {
  text: string
  key: string | null
  /** Whether `done` has gone out to a client. */
  isDelivered: boolean
  /** What its stream tells: an answer, or that it is for people. */
  stream: 'answer' | 'pending'
}

/** An answer that waited for a person's word, and what became of it; a text that was published. */
export interface ModelDraft {
  body: string
  outcome: 'waiting' | 'rejected' | { published: string }
}

/** A public record. */
export interface ModelRecord {
  actor: 'customer' | 'assistant'
  body: string
  author?: string
}

/** One conversation. */
export interface ModelConversation {
  records: ModelRecord[]
  turns: ModelTurn[]
  operatorKeys: Map<string, string>
  noteKeys: Map<string, string>
  drafts: ModelDraft[]
  /** Turns that came to nothing, since a person had taken over. */
  silent: number
  isApproved: boolean
  isTakenOver: boolean
}

/** Everything a server is to remember. */
export interface Model {
  conversations: Map<string, ModelConversation>
  /** How far the clock that messages get their time from is off, in milliseconds. */
  clockOffset: number
  responseMode: 'auto' | 'approval'
  /** How often the responder was asked. */
  asked: number
}

export const answerTo = (text: string): string => `Answer to "${text}".`

/** The conversation of an id, begun where it is not there yet. */
export function conversationOf(model: Model, id: string): ModelConversation {
  const found = model.conversations.get(id) ?? {
    ...{ records: [], turns: [], drafts: [], silent: 0, isApproved: false, isTakenOver: false },
    ...{ operatorKeys: new Map<string, string>(), noteKeys: new Map<string, string>() },
  }
  model.conversations.set(id, found)
  return found
}

/** What a send has to come to. */
export function expectSend(
  model: Model,
  id: string,
  text: string,
  key: string | null,
): { outcome: 'stored' | 'replayed'; turn: number } | { outcome: 'mismatch' } {
  const { turns } = conversationOf(model, id)
  const isMeant = (turn: ModelTurn) =>
    key === null
      ? turn.key === null && turn.text === text && !turn.isDelivered && model.clockOffset < 60_000
      : turn.key === key
  // Without a key it is the newest message of that text that counts.
  const index = key === null ? findLastKeyless(turns, text) : turns.findIndex(isMeant)
  const turn = turns[index]
  if (!turn || !isMeant(turn)) return { outcome: 'stored', turn: turns.length }
  return turn.text === text ? { outcome: 'replayed', turn: index } : { outcome: 'mismatch' }
}

const findLastKeyless = (turns: ModelTurn[], text: string): number =>
  turns.findLastIndex((turn) => turn.key === null && turn.text === text)

/** Stores a message and what it comes to: an answer, a draft, or nothing. */
export function store(model: Model, id: string, text: string, key: string | null): void {
  const conversation = conversationOf(model, id)
  const { records, turns, drafts, isApproved, isTakenOver } = conversation
  const waits = model.responseMode === 'approval' && !isApproved
  turns.push({ text, key, isDelivered: false, stream: waits || isTakenOver ? 'pending' : 'answer' })
  records.push({ actor: 'customer', body: text })
  if (isTakenOver) return void conversation.silent++
  model.asked++
  if (waits) drafts.push({ body: answerTo(text), outcome: 'waiting' })
  else records.push({ actor: 'assistant', body: answerTo(text) })
}

/** Publishes a draft. Returns whether that is what became of it. */
export function publish({ records, drafts }: ModelConversation, draft: ModelDraft, body: string): boolean {
  if (draft.outcome === 'waiting') {
    draft.outcome = { published: body }
    records.push({ actor: 'assistant', body })
  }
  return drafts.includes(draft) && draft.outcome !== 'rejected' && draft.outcome.published === body
}
