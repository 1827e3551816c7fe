/** What happens in conversations, as webhooks hear of it. Notes and decisions are the people's own: nobody hears of them. */
import { entryOf } from '../conversations/entry-of.ts'
import { conversationKey, parseConversationKey, turnKey } from '../conversations/keys.ts'
import { privateView } from '../conversations/records.ts'
import { toRecord } from '../conversations/values.ts'
import type { PrivateValue, PublicValue } from '../conversations/values.ts'
import { sha256 } from '../random.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'
import type { WebhookEvent } from './registrations.ts'

/** Where records stand. */
export type RecordLane = 'public' | 'private'

/** Something that happened. What was said stays in the conversation, so that erasing it erases it here, too. */
export interface Happening {
  event: WebhookEvent
  conversation: string
  /** The record it is about. */
  lane: RecordLane
  recordId: string
  /** When that was stored, RFC 3339. */
  at: string
  /** The id of what brought it about, where the same record may bring it about again. */
  cause?: string
}

/**
 * What an entry means. A conversation waits for a person where a message is answered by people only, or its answer came to
 * nothing, or to a draft, or where somebody asks for one; it is about the customer's message, so that it is told once for
 * each, and once more when the customer asks.
 */
export async function happeningsOf(
  log: ConversationLog,
  conversation: string,
  lane: RecordLane,
  entry: LogEntry<PublicValue | PrivateValue>,
): Promise<Happening[]> {
  const about = (event: WebhookEvent, where: RecordLane, { id, createdAt }: LogEntry): Happening => ({
    ...{ event, conversation, lane: where },
    ...{ recordId: id, at: createdAt },
  })
  if (lane === 'public') {
    const { turn } = entry.value as PublicValue
    const created = about('message.created', lane, entry)
    return turn?.mode === 'human' ? [created, about('conversation.waiting', lane, entry)] : [created]
  }
  const value = entry.value as PrivateValue
  if (value.type === 'event' && value.event === 'handover' && value.turnId !== undefined) {
    const asked = await log.find(conversation, turnKey(value.turnId))
    if (!asked) return []
    const waiting = about('conversation.waiting', 'public', asked.entry)
    return [value.by === 'customer' ? { ...waiting, at: entry.createdAt, cause: entry.id } : waiting]
  }
  if (value.type === 'rating' || value.type === 'satisfaction') return [about('feedback.created', lane, entry)]
  if (value.type !== 'draft' && value.type !== 'turn-end') return []
  const asked = await log.find(conversation, turnKey(value.ends.turnId))
  return [
    ...(value.type === 'draft' ? [about('draft.created', lane, entry)] : []),
    ...(asked ? [about('conversation.waiting', 'public', asked.entry)] : []),
  ]
}

/** The id of an event: the same whoever works it out, and whenever. */
export const eventIdOf = async (
  webhookId: string,
  { event, conversation, recordId, cause }: Happening,
): Promise<string> => `evt_${(await sha256(`${webhookId} ${event} ${conversation} ${cause ?? recordId}`)).slice(0, 32)}`

/** The body that is sent; null when the record was erased. */
export async function bodyOf(log: ConversationLog, id: string, happening: Happening): Promise<string | null> {
  const { event, conversation, lane, recordId, at } = happening
  const entry = await entryOf<PublicValue | PrivateValue>(log, conversation, lane, recordId)
  if (!entry) return null
  const names = parseConversationKey(conversation)
  const record =
    lane === 'public' ? toRecord(entry as LogEntry<PublicValue>) : privateView(entry as LogEntry<PrivateValue>)
  return JSON.stringify({ id, type: event, createdAt: at, ...names, key: conversation, record })
}

/** The body of a call that only tries whether a receiver is there. */
export function testBody(id: string, integrationId: string | null, now: number): string {
  const [createdAt, conversationId] = [new Date(now).toISOString(), 'test']
  const key = conversationKey(integrationId ?? 'test', conversationId)
  const record = { id: 'test', actor: 'customer', type: 'message', body: 'This is a test.', createdAt }
  return JSON.stringify({ id, type: 'test', createdAt, integrationId, conversationId, key, record })
}
