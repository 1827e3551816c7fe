/** What people have decided about a conversation. */
import type { ConversationLog, LogEntry } from '../storage/log.ts'
import type { PrivateValue } from './values.ts'

/** How a conversation stands with the people behind the chat. */
export interface DeskState {
  /** In approval mode: who has let the answers to this customer go out by themselves; null: nobody. */
  approvedBy: string | null
  /** Who answers in the assistant's place; null: the assistant. */
  takenOverBy: string | null
  /** Who has asked for a person, so that the assistant is silent; null: nobody, or it was handed back. */
  handover: Handover | null
  /** The position of the newest message that was settled; null: nobody has said that it is. Whatever comes after is open. */
  resolvedAt: number | null
  /** The position of the newest message that somebody of the team has read; null: none. */
  readTo: number | null
  /** Whose conversation it is; null: everybody's. */
  assignee: Person | null
}

/** A wish for a person. */
export interface Handover {
  by: 'assistant' | 'customer'
  /** Why, in the assistant's words. */
  reason?: string
  /** The position of the newest message then. What a person says after it is the answer. */
  at: number
}

/** One of the people behind the chat. */
export interface Person {
  id: string
  name: string
}

/** What changes it. */
export type DeskEvent =
  | 'customer-approved'
  | 'approval-revoked'
  | 'taken-over'
  | 'handed-back'
  | 'handover'
  | 'resolved'
  | 'reopened'
  | 'read'
  | 'assigned'
  | 'unassigned'

/** Before anybody decides anything. */
const untouched: DeskState = {
  approvedBy: null,
  takenOverBy: null,
  handover: null,
  resolvedAt: null,
  readTo: null,
  assignee: null,
}

type EventEntry = LogEntry<Extract<PrivateValue, { type: 'event' }>>

/**
 * The newest event carries the whole state and this key, which every event takes over from the one before: a state is read
 * by one look, however long the conversation, and of two changes at once the second one sees the first.
 */
const deskKey = 'desk'

/** Events of an earlier version say less. */
const stateOf = (entry: EventEntry | null): DeskState => ({ ...untouched, ...entry?.value.state })

const newest = async (log: ConversationLog, conversation: string): Promise<EventEntry | null> =>
  ((await log.find(conversation, deskKey))?.entry as EventEntry | undefined) ?? null

/** Reads how a conversation stands. */
export const readDesk = async (log: ConversationLog, conversation: string): Promise<DeskState> =>
  stateOf(await newest(log, conversation))

/** Whether all that was said is settled. */
export async function isResolved(log: ConversationLog, conversation: string): Promise<boolean> {
  const { resolvedAt } = await readDesk(log, conversation)
  if (resolvedAt === null) return false
  const { entries } = await log.before(conversation, 'public', null, 1)
  return (entries[0]?.position ?? -1) <= resolvedAt
}

/** What else there is to say of a change. */
export interface ChangeFacts {
  reason?: string
  turnId?: string
  /** Names the change: it is made once, whatever came after it. */
  once?: string
}

/**
 * Changes how a conversation stands. Where that is so already, nothing is stored.
 * @param by the person's name
 */
export async function changeDesk(
  log: ConversationLog,
  conversation: string,
  event: DeskEvent,
  by: string,
  /** A key of the conversation: with it the change is held by what is there. */
  requires: string,
  change: (known: DeskState) => Partial<DeskState>,
  { once, ...facts }: ChangeFacts = {},
): Promise<DeskState> {
  for (;;) {
    if (once !== undefined && (await log.find(conversation, once))) return readDesk(log, conversation)
    const before = await newest(log, conversation)
    const known = stateOf(before)
    const state = { ...known, ...change(known) }
    if (sameState(known, state)) return state
    const value: PrivateValue = { type: 'event', event, by, state, ...facts }
    const supersedes = before ? { supersedes: before.id } : {}
    // Who has only read has changed nothing that would bring the conversation to the top of the inbox.
    const keys = once === undefined ? [deskKey] : [deskKey, once]
    const options = { keys, requires, isQuiet: event === 'read', ...supersedes }
    const { outcome } = await log.append(conversation, 'private', value, options)
    if (outcome === 'stored') return state
  }
}

/** Whether the assistant is to be silent. */
export const isSilent = ({ takenOverBy, handover }: DeskState): boolean => takenOverBy !== null || handover !== null

const sameState = (one: DeskState, other: DeskState): boolean =>
  (Object.keys(one) as (keyof DeskState)[]).every(
    (name) => one[name] === other[name] || (name === 'assignee' && one.assignee?.id === other.assignee?.id),
  )
