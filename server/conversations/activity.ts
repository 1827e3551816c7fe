/** A conversation as the inbox lists it. */
import type { ConversationRecord } from '../../protocol.ts'
import type { Integration } from '../access/integration.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'
import { isSilent, readDesk } from './desk-state.ts'
import type { DeskState, Handover, Person } from './desk-state.ts'
import { isUnanswered } from './handover.ts'
import { endKey } from './keys.ts'
import { countUnread } from './unread.ts'
import { toRecord } from './values.ts'
import type { PrivateValue, PublicValue, TurnMode } from './values.ts'

/**
 * What a conversation needs: `waiting` for a person's word; `answering`, the assistant is at it; `answered`; `resolved`, somebody
 * has said that it is settled, and nothing came since.
 */
export type ActivityState = 'waiting' | 'answering' | 'answered' | 'resolved'

/** How a conversation stands. */
export interface ActivityView {
  state: ActivityState
  /** How the next message is answered. */
  mode: TurnMode
  customerApproved: boolean
  /** Messages of the customer's that nobody of the team has read; counted up to `unreadMost`. */
  unread: number
  /** Whose conversation it is; null: everybody's. */
  assignee: Person | null
  /** Who answers in the assistant's place; null: the assistant. */
  takenOverBy: string | null
  /** Who has asked for a person; the assistant is silent until it is handed back. */
  handover: Handover | null
  /** Whether an answer to the customer's newest message waits for approval. */
  draftWaiting: boolean
  /** The newest message; null for a conversation that has none. */
  lastRecord: ConversationRecord | null
}

/** Looks at a conversation. Its cost does not grow with the conversation. */
export async function viewActivity(
  log: ConversationLog,
  conversation: string,
  integration: Pick<Integration, 'responder' | 'responseMode'> | null,
): Promise<ActivityView> {
  const desk = await readDesk(log, conversation)
  const { entries } = await log.before<PublicValue>(conversation, 'public', null, 20)
  const last = entries.at(-1)
  const turn = entries.findLast(({ value }) => value.turn)?.value.turn
  const isOver = !turn || turn.mode === 'human'
  const end = isOver ? null : await log.find<PublicValue | PrivateValue>(conversation, endKey(turn.id))
  return {
    state: stateOf(desk, entries, isOver || end !== null),
    mode: modeOf(desk, integration),
    customerApproved: desk.approvedBy !== null,
    unread: await countUnread(log, conversation, desk.readTo, entries),
    assignee: desk.assignee,
    takenOverBy: desk.takenOverBy,
    handover: desk.handover,
    draftWaiting: end?.entry.value.type === 'draft',
    lastRecord: last ? toRecord(last) : null,
  }
}

function stateOf(desk: DeskState, newest: LogEntry<PublicValue>[], isOver: boolean): ActivityState {
  const last = newest.at(-1)
  if (!last || (desk.resolvedAt !== null && last.position <= desk.resolvedAt)) return 'resolved'
  if (desk.handover && isUnanswered(desk.handover, newest)) return 'waiting'
  if (last.value.actor === 'assistant') return last.value.apology ? 'waiting' : 'answered'
  return isOver ? 'waiting' : 'answering'
}

/** How a message is answered that comes now. */
function modeOf(desk: DeskState, integration: Pick<Integration, 'responder' | 'responseMode'> | null): TurnMode {
  if (!integration || integration.responder === null || isSilent(desk)) return 'human'
  return integration.responseMode === 'approval' && desk.approvedBy === null ? 'approval' : 'auto'
}
