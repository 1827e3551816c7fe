/** The inbox: conversations by latest activity, all or those in one state. */
import type { Logger } from '../logger.ts'
import { createRounds } from '../rounds.ts'
import type { ConversationLog, RecentConversation } from '../storage/log.ts'
import { viewActivity } from './activity.ts'
import type { ActivityView } from './activity.ts'
import type { OperatorRecord } from './records.ts'
import { search } from './search.ts'

/** What conversations can be asked for. */
export const inboxStates = ['open', 'waiting', 'draft', 'unread', 'mine', 'resolved'] as const

/** `mine`: assigned to whoever asks, and not resolved. */
export type InboxState = (typeof inboxStates)[number]

/** Which part of the inbox is asked for. */
export interface InboxQuery {
  integrationId?: string
  state?: InboxState
  /** Who asks: the id of an operator. */
  operatorId: string
  /** Only conversations that hold this text. */
  text?: string
  cursor?: string
  limit: number
}

/** A page of the inbox. */
export interface InboxPage {
  /** Latest activity first; with what was found, where something was looked for. */
  conversations: (RecentConversation & { match?: OperatorRecord | null })[]
  cursor: string | null
  /** Something that belongs to the page may be missing: it is not sorted in yet, or was not looked at. */
  isPartial: boolean
  /** Where a search stopped: what has an older activity was not looked at; null: it did not stop. */
  searchedTo: string | null
}

/** The inbox of a log. */
export interface Inbox {
  page(query: InboxQuery): Promise<InboxPage>
  close(): void
}

/** Options of `createInbox`. */
export interface InboxOptions {
  log: ConversationLog
  logger: Logger
  /** Hears of conversations that were appended to; they are sorted in when it is done, and not where it fails. */
  moved?: (conversation: string) => Promise<void>
  /** How often conversations are sorted in that nobody has asked for, in milliseconds. @default 5_000 */
  sortMs?: number
}

/** Milliseconds somebody who asks waits at most until what changed just now is sorted in. */
const patienceMs = 1_000
/** Conversations sorted in at once. */
const batch = 50

/**
 * Makes the inbox of a log. The log knows which conversations were appended to since they were sorted in; they are sorted
 * in before anybody is answered, so no answer lags behind what was stored, and otherwise every now and then.
 */
export function createInbox({ log, logger, moved, sortMs = 5_000 }: InboxOptions): Inbox {
  /** Sorts in what has changed. Returns whether that is all. */
  const sort = async (giveUpAt: number): Promise<boolean> => {
    let left = new Set<string>()
    while (!rounds.isClosed) {
      const { conversations } = await log.recent({ unlabelled: true, limit: batch })
      // What is there again after it was just sorted in is being written to now; it is not to be waited for.
      const stale = conversations.filter(({ conversation, stamp }) => !left.has(`${conversation} ${stamp}`))
      if (stale.length === 0) return conversations.length < batch
      await Promise.all(
        stale.map(async ({ conversation, stamp = '' }) => {
          await moved?.(conversation)
          const view = await viewActivity(log, conversation, null)
          // An erasure broke off, or something came in the moment of it and was refused.
          if (!view.lastRecord && (await log.removeIf(conversation, { public: null, private: null }))) return
          await log.label(conversation, stamp, labelsOf(view))
        }),
      )
      left = new Set(conversations.map(({ conversation, stamp }) => `${conversation} ${stamp}`))
      if (conversations.length < batch) return true
      if (performance.now() > giveUpAt) return false
    }
    return false
  }

  const rounds = createRounds({
    work: () => sort(Infinity),
    everyMs: sortMs,
    onError: (error) => logger.warn('inbox: could not be sorted, trying again', { error }),
  })

  return {
    async page({ integrationId, state, operatorId, text, cursor, limit }) {
      const isWhole = state === undefined || (await sort(performance.now() + patienceMs))
      const part = {
        ...(integrationId && { scope: integrationId }),
        ...(state && { label: labelOf(state, operatorId) }),
        ...(cursor && { cursor }),
      }
      if (text === undefined)
        return { ...(await log.recent({ ...part, limit })), isPartial: !isWhole, searchedTo: null }
      const page = await search({ log, part, text, limit })
      return { ...page, isPartial: !isWhole || page.searchedTo !== null }
    },
    close: () => void rounds.close(),
  }
}

/** Whether a conversation that stands so belongs to a state: it may have changed since it was sorted in, or be erased. */
export const isIn = (view: ActivityView, state: InboxState | undefined, operatorId: string): boolean =>
  state === undefined ? view.lastRecord !== null : labelsOf(view).includes(labelOf(state, operatorId))

/** The states a conversation is in, as labels of the log. */
function labelsOf({ state, draftWaiting, unread, assignee, lastRecord }: ActivityView): string[] {
  if (!lastRecord) return []
  const labels = unread > 0 ? ['unread'] : []
  if (state === 'resolved') return [...labels, 'resolved']
  if (state === 'waiting') labels.push('waiting')
  if (draftWaiting) labels.push('draft')
  if (assignee) labels.push(labelOf('mine', assignee.id))
  return [...labels, 'open']
}

const labelOf = (state: InboxState, operatorId: string): string => (state === 'mine' ? `mine:${operatorId}` : state)
