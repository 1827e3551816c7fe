/** What people do in a conversation: note, reply, approve, take over, settle. */
import type { Attachment, RecordData } from '../../protocol.ts'
import { HttpError } from '../errors.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'
import { changeDesk } from './desk-state.ts'
import type { DeskState, Person } from './desk-state.ts'
import { draftOf, publishDraft, publishUndecided, rejectDraft, waitingDrafts } from './drafts.ts'
import { stopAnswers } from './handover.ts'
import { noteKey, operatorKey, randomId } from './keys.ts'
import { isSame, mismatch } from './receive.ts'
import { privateView, publicView } from './records.ts'
import type { OperatorRecord } from './records.ts'
import { positionUpTo } from './unread.ts'
import type { PrivateValue, PublicValue } from './values.ts'

/**
 * The people's side. `by` is the person's name. Every call may be made again: what stands already is not done twice.
 * All throw HttpError 404 `not_found` where there is no such conversation.
 */
export interface Desk {
  /** Publishes a person's reply. @throws HttpError `idempotency_mismatch`, `invalid_attachment` */
  reply(
    conversation: string,
    body: string,
    by: string,
    clientMessageId?: string,
    files?: readonly string[],
    offers?: Pick<RecordData, 'quickReplies' | 'links'>,
  ): Promise<OperatorRecord>
  /** Keeps a note that no customer ever sees. @throws HttpError `idempotency_mismatch` */
  note(conversation: string, body: string, by: string, clientMessageId?: string): Promise<OperatorRecord>
  /** Publishes a draft, as it is or in other words. @throws HttpError 404 `not_found`, 409 `conflict` */
  approve(conversation: string, draftId: string, by: string, body?: string): Promise<OperatorRecord>
  /** Sees to it that a draft is never published. @throws HttpError 404 `not_found`, 409 `conflict` */
  reject(conversation: string, draftId: string, by: string, reason?: string): Promise<OperatorRecord>
  /** In approval mode: lets this customer's answers go out by themselves, and what waits go out now. */
  approveCustomer(conversation: string, by: string): Promise<DeskState>
  revokeApproval(conversation: string, by: string): Promise<DeskState>
  /** The assistant falls silent, in the middle of a word if need be. */
  takeOver(conversation: string, by: string): Promise<DeskState>
  /** The assistant answers what is written from now on. */
  handBack(conversation: string, by: string): Promise<DeskState>
  /** Everything said so far is settled, and read. The next message opens it again. */
  resolve(conversation: string, by: string): Promise<DeskState>
  reopen(conversation: string, by: string): Promise<DeskState>
  /** The team has read everything up to a record, which may be a private one. */
  read(conversation: string, upTo: string, by: string): Promise<DeskState>
  /** Makes it somebody's conversation, or everybody's. */
  assign(conversation: string, assignee: Person | null, by: string): Promise<DeskState>
}

/** Claims files for a message that is about to be stored under a key. */
export type Attach = (conversation: string, ids: readonly string[], messageKey: string) => Promise<Attachment[]>

/** Makes the people's side of a log. */
export function createDesk(log: ConversationLog, attached: Attach = async () => []): Desk {
  const pageBefore = (conversation: string, id: string | null) =>
    log.before<PublicValue>(conversation, 'public', id, 20)

  /** The newest messages, and a key that is held as long as the conversation is not erased: every customer's message has one. */
  const look = async (conversation: string): Promise<{ newest: LogEntry<PublicValue>[]; requires: string }> => {
    const { entries: newest } = await pageBefore(conversation, null)
    for (let entries = newest; entries[0]; { entries } = await pageBefore(conversation, entries[0].id)) {
      const requires = entries.find(({ keys }) => keys.length > 0)?.keys[0]
      if (requires !== undefined) return { newest, requires }
    }
    throw new HttpError(404, 'not_found', 'There is no such conversation.')
  }

  return {
    async reply(conversation, body, by, clientMessageId, files = [], offers = {}) {
      const { requires } = await look(conversation)
      // Files are claimed under the message's key, so such a message has one.
      const key = clientMessageId ?? (files.length > 0 ? randomId() : null)
      const keys = key === null ? [] : [operatorKey(key)]
      const attachments = await attached(conversation, files, keys[0] ?? '')
      const author = { kind: 'operator' as const, name: by }
      const data = { author, ...offers, ...(attachments.length > 0 && { attachments }) }
      const value: PublicValue = { actor: 'assistant', type: 'message', body, data }
      const appended = await log.append(conversation, 'public', value, { keys, requires })
      if (appended.outcome === 'conflict' || !isSame(appended.entry.value, body, files)) throw mismatch()
      return publicView(appended.entry)
    },

    async note(conversation, body, by, clientMessageId) {
      const { requires } = await look(conversation)
      const value: PrivateValue = { type: 'note', body, by }
      const keys = clientMessageId ? [noteKey(clientMessageId)] : []
      const appended = await log.append<PrivateValue>(conversation, 'private', value, { keys, requires })
      const isThis = 'entry' in appended && appended.entry.value.type === 'note' && appended.entry.value.body === body
      if (!isThis) throw mismatch()
      return privateView(appended.entry)
    },

    async approve(conversation, draftId, by, body) {
      return publicView(await publishDraft(log, conversation, await draftOf(log, conversation, draftId), by, body))
    },

    async reject(conversation, draftId, by, reason) {
      return privateView(await rejectDraft(log, conversation, await draftOf(log, conversation, draftId), by, reason))
    },

    async approveCustomer(conversation, by) {
      const { requires } = await look(conversation)
      // First the word, then what waits: an answer that ends in between finds the word, or is found waiting.
      const state = await changeDesk(log, conversation, 'customer-approved', by, requires, ({ approvedBy }) => ({
        approvedBy: approvedBy ?? by,
      }))
      for (const draft of await waitingDrafts(log, conversation)) {
        await publishUndecided(log, conversation, draft, by)
      }
      return state
    },

    async revokeApproval(conversation, by) {
      const { requires } = await look(conversation)
      return changeDesk(log, conversation, 'approval-revoked', by, requires, () => ({ approvedBy: null }))
    },

    async takeOver(conversation, by) {
      const { newest, requires } = await look(conversation)
      const state = await changeDesk(log, conversation, 'taken-over', by, requires, () => ({ takenOverBy: by }))
      await stopAnswers(log, conversation, newest, requires)
      return state
    },

    async handBack(conversation, by) {
      const { requires } = await look(conversation)
      return changeDesk(log, conversation, 'handed-back', by, requires, () => ({ takenOverBy: null, handover: null }))
    },

    async resolve(conversation, by) {
      const { newest, requires } = await look(conversation)
      const resolvedAt = newest.at(-1)?.position ?? null
      return changeDesk(log, conversation, 'resolved', by, requires, ({ readTo }) => ({
        resolvedAt,
        readTo: later(readTo, resolvedAt),
      }))
    },

    async reopen(conversation, by) {
      const { requires } = await look(conversation)
      return changeDesk(log, conversation, 'reopened', by, requires, () => ({ resolvedAt: null }))
    },

    async read(conversation, upTo, by) {
      const { newest, requires } = await look(conversation)
      const position = await positionUpTo(log, conversation, upTo, newest)
      return changeDesk(log, conversation, 'read', by, requires, ({ readTo }) => ({ readTo: later(readTo, position) }))
    },

    async assign(conversation, assignee, by) {
      const { requires } = await look(conversation)
      const event = assignee ? 'assigned' : 'unassigned'
      return changeDesk(log, conversation, event, by, requires, () => ({ assignee }))
    },
  }
}

const later = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other)
