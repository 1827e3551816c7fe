/** What the parts of one conversation share. */
import type { ChatAdapter, IdentityProof } from '../../adapters/adapter.ts'
import type { ConversationRecord } from '../../protocol.ts'
import type { Session } from '../session.ts'
import type { Bubble } from './bubbles.ts'
import type { FormerOptions } from './former.ts'
import type { SessionData } from './kept.ts'
import type { Outcome, Timeline } from './timeline.ts'

/** What a conversation needs. */
export interface ThreadOptions {
  adapter: ChatAdapter
  session: Session
  /** The site's own id for the visitor, with its proof. @default an id of the widget's, kept in the session */
  conversationId?: string | undefined
  proof?: IdentityProof | undefined
  /** What the backend is told along with a message, asked for when one is sent. @default nothing */
  context?: (() => Record<string, unknown>) | undefined
  /** Finds what the conversation was kept under before, by an earlier token of the integration. @default nobody looks */
  findFormer?: ((options: Omit<FormerOptions, 'name'>) => Promise<string | undefined>) | undefined
  /** Called at once, and after every change. */
  onChange: (view: View) => void
  /** Called once for each message from the other side that was not there before. */
  onMessage: (record: ConversationRecord) => void
  /** Called when the conversation has got its name; `former` is what it was kept under before, where it was taken over. */
  onNamed?: (former?: string) => void
}

/** Everything a panel shows. */
export interface View {
  bubbles: Bubble[]
  outcome: Outcome | null
  /** The history has not been read yet. */
  isLoading: boolean
  /** There are older messages to be read. */
  hasEarlier: boolean
  /** An answer is on its way. */
  isWriting: boolean
  connection: 'online' | 'offline' | 'disconnected'
  /** What the visitor writes is gone with the page: the browser keeps nothing. */
  isVolatile: boolean
  /** The name of the person who is typing a reply. */
  typing: string | undefined
  /** The people behind the chat regard it as done. */
  isResolved: boolean
}

/** One conversation, as its parts see it. */
export interface Context extends ThreadOptions {
  readonly timeline: Timeline
  /** Aborted when the conversation is left. */
  readonly signal: AbortSignal
  connection: View['connection']
  /** The history has been read once. */
  isHydrated: boolean
  hasEarlier: boolean
  typing: View['typing']
  isResolved: boolean
  /** What is kept under other names, as long as it is not known whether the conversation is among it. */
  others: SessionData['others']
  /**
   * Finds that out, and goes on with it if it is. Rejects where the server does not say: until then the conversation gets
   * no other name, either, lest there are two of them.
   */
  seek(): Promise<void>
  /** Shows what has changed. */
  changed(): void
  /** Reports a message to the page, once. */
  tell(record: ConversationRecord): void
}

/** How often a message is tried before the visitor is asked, and a stream without news before history is. */
export const TRIES = 4
