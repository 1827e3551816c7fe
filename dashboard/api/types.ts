/** What `/api` answers. */
import type { ConversationRecord } from '../../protocol.ts'

/** A person who may log in. */
export interface Operator {
  id: string
  name: string
  role: 'owner' | 'operator'
}

/** What a conversation needs. */
export type ActivityState = 'waiting' | 'answering' | 'answered' | 'resolved'

/** A conversation in the list. */
export interface Activity {
  key: string
  integrationId: string
  conversationId: string
  state: ActivityState
  /** How the next message is answered. */
  mode: 'auto' | 'approval' | 'human'
  customerApproved: boolean
  takenOverBy: string | null
  draftWaiting: boolean
  /** How many messages of the customer nobody of the team has read. */
  unread?: number
  /** Whose conversation it is; null: everybody's. */
  assignee?: Pick<Operator, 'id' | 'name'> | null
  lastRecord: ConversationRecord | null
  updatedAt: string
}

/** A page of the list. */
export interface ActivityPage {
  activities: Activity[]
  cursor: string | null
  /** A search that gave up looking further back. */
  partial?: boolean
}

/** A message as operators see it. */
export type PublicRecord = ConversationRecord & {
  visibility: 'public'
  approval?: { draftId: string; by: string; isEdited: boolean }
}

/** What no customer sees: `draft`, `rejection`, `note`, `event`, `turn-end`. */
export interface PrivateRecord {
  id: string
  type: string
  body?: string
  createdAt: string
  visibility: 'private'
  data: Record<string, unknown>
}

/** An entry of a conversation's time line. */
export type OperatorRecord = PublicRecord | PrivateRecord

/** A page of a time line, oldest first. */
export interface RecordsPage {
  records: OperatorRecord[]
  firstRecordId: string | null
  lastRecordId: string | null
  hasMore: boolean
}
