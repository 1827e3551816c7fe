/** What the lanes of a conversation hold, and the one place where a stored entry becomes a public record. */
import type { ConversationRecord, FailureCode, RecordData } from '../../protocol.ts'
import type { LogEntry } from '../storage/log.ts'
import type { DeskEvent, DeskState } from './desk-state.ts'
import type { Rating, Satisfaction } from './feedback.ts'

/** How a customer's message is answered: at once, after an operator's approval, or by people only. */
export type TurnMode = 'auto' | 'approval' | 'human'

/** What a customer's message carries about the turn it opens. Private. */
export interface TurnStart {
  id: string
  mode: TurnMode
  /** What the page told along with the message. */
  context?: Record<string, unknown>
  /** The message came with proof of the conversation's id. */
  isVerified?: true
  /** What sent it, in a few words. */
  browser?: string
}

/** How a turn ended; stored in the same step as what it produced. Private. */
export interface TurnEnd {
  turnId: string
  /** How many deltas were streamed: with it the number of every later event is known for ever. */
  deltas: number
  failure?: { code: FailureCode; message: string; retryable: boolean }
  stopped?: boolean
  /** The responder had nothing to say, or nothing more: a person is to answer. */
  pending?: 'human'
}

/** An entry of the public lane. */
export interface PublicValue {
  actor: 'customer' | 'assistant'
  type: 'message'
  body: string
  data?: RecordData
  /** On a customer's message. */
  turn?: TurnStart
  /** On an answer. */
  ends?: TurnEnd
  /** On an answer that waited for a person's word. Private. */
  approval?: Approval
  /** Said in the place of an answer whose draft nobody has decided about in time. Private. */
  apology?: { draftId: string }
}

/** How a draft became a message. */
export interface Approval {
  draftId: string
  /** The person's name; null: its time was up. */
  by: string | null
  /** Whether the words are the person's rather than the assistant's. */
  isEdited: boolean
}

/** An entry of the private lane: seen by operators only. */
export type PrivateValue =
  /** An answer that waits for approval. */
  | ({ type: 'draft'; body: string; ends: TurnEnd } & Pick<RecordData, 'quickReplies' | 'links'>)
  /** A turn that published nothing. */
  | { type: 'turn-end'; ends: TurnEnd }
  /** A draft that is never to be published. */
  | { type: 'rejection'; draftId: string; by: string; reason?: string; ends: TurnEnd }
  /** What people tell each other. */
  | { type: 'note'; body: string; by: string }
  /** What the customer thinks of an answer, and what the messages beside it are rated since. */
  | { type: 'rating'; messageId: string; rating: Rating | 'none'; ratings: Record<string, Rating> }
  /** What the customer thinks of the conversation. */
  | ({ type: 'satisfaction' } & Satisfaction)
  /** A decision about the conversation, and how it stands since. */
  | {
      type: 'event'
      event: DeskEvent
      by: string
      state: DeskState
      /** Why the assistant asks for a person. */
      reason?: string
      /** Whose message somebody is to go on with. */
      turnId?: string
    }

/** An entry of a turn's lane. */
export type TurnValue =
  /** From here on `owner`, and nobody else, writes this turn. */
  | { type: 'claim'; owner: string }
  | { type: 'delta'; text: string }
  /** A sign of life of an owner whose responder is silent. */
  | { type: 'beat' }
  /** The customer wants the answer stopped. */
  | { type: 'stop' }
  /** The responder wants a person to go on. */
  | { type: 'handover'; reason?: string }
  /** `done` went out to a client: the same text sent again is a new message. */
  | { type: 'delivered' }
  /** A mark without a message: its send never reached the log. */
  | { type: 'void' }

/** The public record of an entry: everything the customer may know, and nothing else. */
export function toRecord(entry: LogEntry<PublicValue>): ConversationRecord {
  const { actor, type, body, data } = entry.value
  return { id: entry.id, actor, type, body, ...(data && { data }), createdAt: entry.createdAt }
}

/** How a turn ended, from the entry stored under its `end:` key. */
export const turnEnd = ({ value }: LogEntry<PublicValue | PrivateValue>): TurnEnd => (value as { ends: TurnEnd }).ends
