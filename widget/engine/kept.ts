/** What a browser keeps of a conversation, and what of it can be believed: anybody on the page's origin may have written it. */

import type { Attachment } from '../../protocol.ts'

/** A message on its way. */
export interface UnsentMessage {
  clientMessageId: string
  text: string
  /** Whether sending was given up: then the visitor decides. */
  hasFailed: boolean
  /** Its place among those that are kept. */
  order?: number
  /** What the backend is told along with it: what the visitor has filled in before. */
  context?: object | undefined
  /** Files that go along with it, as the backend has described them. */
  attachments?: readonly Attachment[] | undefined
}

/** A message as it is kept. */
export type KeptMessage = UnsentMessage & { order: number }

/** What is kept. */
export interface SessionData {
  conversationId?: string | undefined
  /** In the order in which they were written. */
  unsent: KeptMessage[]
  draft: string
  /** Where there is no conversation: what is kept under other names. Of another token of the same integration, perhaps. */
  others?: readonly [key: string, value: unknown][]
}

/** Whether a key is one of a session: its name is the conversation's, and begins, with a line feed, those of all else. */
export const isRecord = (key: unknown, name: string): boolean =>
  key === name || (typeof key === 'string' && key.startsWith(`${name}\n`))

/** Reads the records of a session. Each may be older, newer, or somebody else's, and counts only if it is what it should be. */
export function readSession(records: ReadonlyMap<string, unknown>, name: string): SessionData {
  const { conversationId } = fieldsOf(records.get(name))
  const draft = records.get(`${name}\ndraft`)
  const unsent = [...records].flatMap(([key, value]) => {
    const message = unsentOf(value)
    return message && key === `${name}\n${message.clientMessageId}` ? [message] : []
  })
  return {
    ...(typeof conversationId === 'string' && /^[\x21-\x7e]{1,128}$/.test(conversationId) && { conversationId }),
    unsent: unsent.sort((one, other) => one.order - other.order),
    draft: typeof draft === 'string' ? draft : '',
  }
}

/** A message as it was kept, or as another tab tells of it. */
export function unsentOf(value: unknown): KeptMessage | null {
  const { clientMessageId, text, hasFailed, order, context, attachments } = fieldsOf(value)
  if (typeof text !== 'string' || !text || typeof clientMessageId !== 'string') return null
  if (!/^[\w-]{16,64}$/.test(clientMessageId)) return null
  return {
    ...{ clientMessageId, text, hasFailed: hasFailed === true, order: Number(order) || 0 },
    context: typeof context === 'object' && context ? context : undefined,
    attachments: Array.isArray(attachments) ? (attachments as Attachment[]) : undefined,
  }
}

/** The fields of an object; of anything else, none. */
export const fieldsOf = (value: unknown): Record<string, unknown> => (value ?? {}) as Record<string, unknown>
