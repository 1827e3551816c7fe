/** What `/api` answers. */
import type { ConversationRecord } from '../../protocol.ts'

/** A person who may log in. */
export interface Operator {
  id: string
  name: string
  role: 'owner' | 'operator'
}

/** A person of the team, as the list of people shows them. */
export interface TeamMember extends Operator {
  createdAt: string
  lastSeenAt: string | null
}

/** Words by language, a BCP 47 tag. */
export type Words = Record<string, string>

/** Words in place of the chat's own, by name, in groups. */
export interface OwnWords {
  [name: string]: string | OwnWords
}

/** When somebody is there, by the clock of a zone. */
export interface WidgetHours {
  timeZone: string
  /** `day` is 1 (Monday) to 7; `from` and `to` are `HH:MM`, up to `24:00`. */
  days: { day: number; from: string; to: string }[]
  offlineText?: Words
}

/** What a visitor is asked before the first message. */
export interface WidgetForm {
  intro?: Words
  fields: {
    name: string
    kind: 'text' | 'email' | 'select' | 'checkbox'
    label: Words
    required?: boolean
    options?: { value: string; label: Words }[]
  }[]
  consent?: { text: Words; url?: string }
}

/** Something said beside the launcher. */
export interface WidgetInvite {
  text: Words
  /** Seconds. */
  after?: number
  url?: string
  once?: boolean
}

/** Look and texts of the widget. */
export interface WidgetLook {
  title?: string
  greeting?: string
  placeholder?: string
  accent?: string
  position?: 'left' | 'right'
  theme?: 'auto' | 'light' | 'dark'
  radius?: number
  font?: string
  size?: string
  offset?: string
  zIndex?: number
  invite?: WidgetInvite[] | null
  locale?: string
  texts?: Record<string, OwnWords>
  hours?: WidgetHours | null
  form?: WidgetForm | null
  launcher?: boolean
  imageHosts?: string[]
  pollInterval?: number
  rating?: boolean
  feedback?: boolean
  sound?: boolean
  titleCount?: boolean
}

/** A property that may chat, as its account card says. */
export interface Integration {
  id: string
  name: string
  kind: 'widget' | 'api'
  allowedDomains: string[]
  responder: string | null
  responseMode: 'auto' | 'approval'
  allowUnsignedIds: boolean
  requireIdentity: boolean
  answersPerDay: number | null
  /** What becomes of drafts that nobody decides about; null: they wait. */
  overdue: { afterMinutes: number; action: 'release' | 'apologise'; text?: string } | null
  retentionDays: number | null
  /** Whether messages may have files. */
  attachments: boolean
  /** Visitors may erase their own conversations. */
  visitorErase: boolean
  widget: WidgetLook
  /** `value` where the token is public, and the person may see it. */
  tokens: { id: string; hint: string; value?: string; createdAt: string }[]
  identitySecrets: { hint: string; createdAt: string; expiresAt?: string }[]
  createdAt: string
  updatedAt: string
  /** What its owner should think about before going live. */
  warnings: string[]
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
  /** Who has asked for a person. */
  handover?: { by: 'assistant' | 'customer'; reason?: string } | null
  draftWaiting: boolean
  /** How many messages of the customer nobody of the team has read. */
  unread?: number
  /** Whose conversation it is; null: everybody's. */
  assignee?: Pick<Operator, 'id' | 'name'> | null
  lastRecord: ConversationRecord | null
  /** In a search: the newest record that holds the text; null where only the id does. */
  match?: OperatorRecord | null
  updatedAt: string
}

/** What is known of whoever writes in a conversation. */
export interface Customer {
  id: string
  /** The newest message came with proof of the id. */
  isVerified: boolean
  page: string | null
  title: string | null
  locale: string | null
  timeZone: string | null
  browser: string | null
  context: Record<string, unknown> | null
  firstSeenAt: string | null
  /** Their last word about the conversation: 1, very bad, to 5, very good. */
  satisfaction?: { score: number; comment?: string; at: string } | null
}

/** A page of the list. */
export interface ActivityPage {
  activities: Activity[]
  cursor: string | null
  /** The server is still putting its conversations in order: some may be missing. */
  partial?: boolean
  /** How far back a search has looked that did not look at everything. */
  searchedTo?: string
}

/** A reply that all operators have ready. */
export interface CannedReply {
  id: string
  title: string
  /** May hold variables such as `{{customer}}`. */
  body: string
  /** What brings it after a slash; null: nothing. */
  shortcut: string | null
}

/** A message as operators see it. */
export type PublicRecord = ConversationRecord & {
  visibility: 'public'
  /** Of an answer: the turn it was written in. Private records have it in `data`. */
  turnId?: string
  approval?: { draftId: string; by: string | null; isEdited: boolean }
  /** Said by itself, since nobody has decided about a draft in time. */
  apology?: { draftId: string }
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

/** Where the chat of an integration was seen, and which pages were refused, latest first. */
export interface Sightings {
  seen: { origin: string; firstSeenAt: string; lastSeenAt: string }[]
  refused: { origin: string; lastRefusedAt: string; reason: 'not_listed' | 'http' | 'opaque' }[]
}

/** What was counted on a day, from midnight UTC. */
export interface UsageDay {
  day: string
  messages: number
  answers: number
  calls: number
  failures: number
  thumbsUp: number
  thumbsDown: number
  scores: number
  scoreSum: number
}

/** Days, oldest first, and how many of today's answers are taken; null: no limit. */
export interface Usage {
  days: UsageDay[]
  budget: { limit: number | null; used: number }
}

/** One event of a responder that is tried. */
export type TrialEvent =
  | { type: 'delta'; text: string }
  | { type: 'done'; firstMs: number | null; totalMs: number }
  | { type: 'failure'; code: string; status: number | null; message: string; totalMs: number }
