/** What the visitor sees: records, answers that are being written and messages on their way, each as a bubble. */
import type { Attachment, ConversationRecord, RecordData } from '../../protocol.ts'
import type { UnsentMessage } from './kept.ts'

/** What the visitor sees as one message. */
export interface Bubble {
  /** Stays the same while a message is sent, stored and read again. */
  key: string
  author: 'visitor' | 'assistant' | 'person'
  /** The person's name, where a person answered. */
  name?: string
  text: string
  /** The record's id, once it is one. */
  id?: string
  /** What came along with it. */
  data?: RecordData
  /** RFC 3339; missing until the server has said it. */
  createdAt?: string
  state: 'sending' | 'failed' | 'writing' | 'interrupted' | 'stopped' | 'done'
  /** Why it failed, or is not sent yet: a code of the protocol, or `network`. */
  reason?: string
  /** On a failed message: what `retry` takes. */
  clientMessageId?: string
}

/** A message on its way. */
export interface Outgoing extends UnsentMessage {
  reason?: string
  userMessageId?: string
}

/** An answer, and the message it is for. */
export interface Turn {
  turnId: string
  userMessageId: string
  clientMessageId?: string
}

/** An answer that is being written. */
export interface Answer extends Turn {
  pieces: string
  record?: ConversationRecord
}

/** A stored record. @param key the one it had before it was a record, if it was shown by then */
export function recordBubble(record: ConversationRecord, key: string | undefined): Bubble {
  const { id, actor, body, data = {}, createdAt } = record
  return {
    key: key ?? data.clientMessageId ?? id,
    author: actor === 'customer' ? 'visitor' : data.author ? 'person' : 'assistant',
    ...(data.author && { name: data.author.name }),
    text: body,
    id,
    data,
    createdAt,
    state: data.interrupted ? 'interrupted' : data.stopped ? 'stopped' : 'done',
  }
}

/** An answer, as far as it has come. @param key as of `recordBubble`, where its record is known */
export const answerBubble = ({ turnId, pieces, record }: Answer, key: string | undefined): Bubble =>
  record ? recordBubble(record, key) : { key: turnId, author: 'assistant', text: pieces, state: 'writing' }

/** A message on its way. */
export const outgoingBubble = (message: Outgoing): Bubble => {
  const { clientMessageId, text, hasFailed, reason, userMessageId, attachments } = message
  return {
    key: clientMessageId,
    author: 'visitor',
    text,
    state: hasFailed ? 'failed' : userMessageId ? 'done' : 'sending',
    ...(attachments && { data: { attachments: attachments as Attachment[] } }),
    ...(reason && { reason }),
    ...(hasFailed && { clientMessageId }),
  }
}
