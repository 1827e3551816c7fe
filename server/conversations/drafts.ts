/** Answers that wait for a person's word. */
import type { RecordData } from '../../protocol.ts'
import { HttpError } from '../errors.ts'
import type { ConversationLog, LogEntry, LogPage } from '../storage/log.ts'
import { entryOf } from './entry-of.ts'
import { apologyKey, endKey, turnKey } from './keys.ts'
import type { PrivateValue, PublicValue } from './values.ts'

/** A stored draft. */
export type DraftEntry = LogEntry<Extract<PrivateValue, { type: 'draft' }>>

const isDraft = (entry: LogEntry<PublicValue | PrivateValue>): entry is DraftEntry => entry.value.type === 'draft'

/** A draft by its id. @throws HttpError 404 `not_found` */
export async function draftOf(log: ConversationLog, conversation: string, id: string): Promise<DraftEntry> {
  const entry = await entryOf<PrivateValue>(log, conversation, 'private', id)
  if (entry && isDraft(entry)) return entry
  throw new HttpError(404, 'not_found', 'There is no such draft in this conversation.')
}

/**
 * Makes a draft public: in one step it hands the end of its turn over to the message, so that of two people who press at
 * once one publishes, and the other is told what became of it.
 * @param by the person's name
 * @throws HttpError 409 `conflict` when it was rejected, or published with other words
 */
export async function publishDraft(
  log: ConversationLog,
  conversation: string,
  draft: DraftEntry,
  by: string,
  body = draft.value.body,
): Promise<LogEntry<PublicValue>> {
  const appended = await log.append(conversation, 'public', published(draft, by, body), decisionAbout(draft))
  if (appended.outcome === 'conflict') throw new Error('An append without a position cannot conflict.')
  const { entry } = appended
  if (appended.outcome === 'existing' && !(appended.lane === 'public' && entry.value.body === body)) throw decided()
  return entry
}

/**
 * Makes a draft public whose time is up, unless somebody has decided about it or anything was said since it was looked at.
 * @param at how many messages there were then
 */
export async function releaseDraft(
  log: ConversationLog,
  conversation: string,
  draft: DraftEntry,
  at: number,
): Promise<void> {
  const value = published(draft, null, draft.value.body)
  await log.append(conversation, 'public', value, { ...decisionAbout(draft), at })
}

/** Says that it takes longer, once for a draft, unless anything was said since it was looked at. The draft stays. */
export async function apologise(
  log: ConversationLog,
  conversation: string,
  draft: DraftEntry,
  at: number,
  body: string,
): Promise<void> {
  const value: PublicValue = { actor: 'assistant', type: 'message', body, apology: { draftId: draft.id } }
  const requires = turnKey(draft.value.ends.turnId)
  await log.append(conversation, 'public', value, { keys: [apologyKey(draft.id)], requires, at })
}

/** The message that a draft becomes. */
function published({ id, value }: DraftEntry, by: string | null, body: string): PublicValue {
  const { body: own, ends, quickReplies, links } = value
  const isEdited = body !== own
  const data: RecordData = {
    ...(quickReplies && { quickReplies }),
    ...(links && { links }),
    // Whoever has put it into other words has seen to its end, too.
    ...(ends.failure && !isEdited && { interrupted: true }),
    ...(ends.stopped && !isEdited && { stopped: true }),
  }
  return {
    actor: 'assistant',
    type: 'message',
    body,
    ...(Object.keys(data).length > 0 && { data }),
    ends,
    approval: { draftId: id, by, isEdited },
  }
}

/** Of all who decide about a draft, one takes over the end of its turn. */
const decisionAbout = ({ id, value: { ends } }: DraftEntry) => ({
  keys: [endKey(ends.turnId)],
  supersedes: id,
  requires: turnKey(ends.turnId),
})

/** Makes a draft public, unless somebody has decided otherwise just before. */
export async function publishUndecided(
  log: ConversationLog,
  conversation: string,
  draft: DraftEntry,
  by: string,
): Promise<void> {
  await publishDraft(log, conversation, draft, by).catch((error: unknown) => {
    if (!(error instanceof HttpError && error.status === 409)) throw error
  })
}

/**
 * Sees to it that a draft is never published.
 * @throws HttpError 409 `conflict` when it has been published
 */
export async function rejectDraft(
  log: ConversationLog,
  conversation: string,
  draft: DraftEntry,
  by: string,
  reason?: string,
): Promise<LogEntry<PrivateValue>> {
  const { ends } = draft.value
  const value: PrivateValue = { type: 'rejection', draftId: draft.id, by, ...(reason && { reason }), ends }
  const appended = await log.append(conversation, 'private', value, decisionAbout(draft))
  if (appended.outcome === 'conflict') throw new Error('An append without a position cannot conflict.')
  if (appended.outcome === 'existing' && appended.lane === 'public') throw decided()
  return appended.entry
}

/** The drafts nobody has decided about, oldest first. */
export async function waitingDrafts(log: ConversationLog, conversation: string): Promise<DraftEntry[]> {
  const waiting: DraftEntry[] = []
  for (let cursor: string | null = null, hasMore = true; hasMore;) {
    const page: LogPage<PrivateValue> = await log.after<PrivateValue>(conversation, 'private', cursor, 200)
    for (const entry of page.entries)
      if (isDraft(entry) && (await isWaiting(log, conversation, entry))) waiting.push(entry)
    cursor = page.entries.at(-1)?.id ?? null
    hasMore = page.hasMore && cursor !== null
  }
  return waiting
}

/** Whether a draft still is what its turn came to. */
const isWaiting = async (log: ConversationLog, conversation: string, draft: DraftEntry): Promise<boolean> =>
  (await log.find(conversation, endKey(draft.value.ends.turnId)))?.entry.id === draft.id

const decided = (): HttpError =>
  new HttpError(409, 'conflict', 'Somebody has decided about this draft already. Read the records again.')
