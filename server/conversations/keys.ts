/** Names: conversation keys, turn ids and the idempotency keys of the log. */
import { cryptoRandom, randomBase64Url, sha256, toBase64Url } from '../random.ts'

/** A conversation's key in the log and the operator API. The id is encoded: it is the customer's, so it may hold anything. */
export function conversationKey(integrationId: string, conversationId: string): string {
  return `${integrationId}.${toBase64Url(new TextEncoder().encode(conversationId))}`
}

/** The parts of a conversation key; null when it is not one. */
export function parseConversationKey(key: string): { integrationId: string; conversationId: string } | null {
  const match = /^([A-Za-z0-9_]{1,64})\.([A-Za-z0-9_-]{1,172})$/.exec(key)
  const conversationId = match && fromBase64Url(match[2] as string)
  return conversationId && conversationKey(match[1] as string, conversationId) === key
    ? { integrationId: match[1] as string, conversationId }
    : null
}

/** A fresh turn id. */
export const newTurnId = (random: () => string = randomId): string => `t${random()}`

/**
 * A conversation id of the server's making and the id of its first turn, from the same random bits: an EventSource
 * opened without a conversationId reconnects with nothing but its last event id, and that has to find the conversation.
 */
export function mintConversation(random: () => string = randomId): { conversationId: string; turnId: string } {
  const id = random()
  return { conversationId: `c_${id}`, turnId: `m${id}` }
}

/** The conversation a minted first turn belongs to; null for any other turn. */
export const mintedConversationId = (turnId: string): string | null =>
  /^m[A-Za-z0-9_-]{22}$/.test(turnId) ? `c_${turnId.slice(1)}` : null

/** The key of the message a turn answers. */
export const turnKey = (turnId: string): string => `turn:${turnId}`

/** The key of a turn's end: an answer is published once, whoever publishes it. */
export const endKey = (turnId: string): string => `end:${turnId}`

/** The key of what is said since nobody decides about a draft. */
export const apologyKey = (draftId: string): string => `apology:${draftId}`

/** The key of a turn's wish for a person. */
export const handoverKey = (turnId: string): string => `handover:${turnId}`

/** The key of a message that came with an idempotency key. */
export const clientKey = (clientMessageId: string): string => `client:${clientMessageId}`

/** The key of a person's reply that came with an idempotency key. */
export const operatorKey = (clientMessageId: string): string => `operator:${clientMessageId}`

/** The key of a note that came with an idempotency key. */
export const noteKey = (clientMessageId: string): string => `note:${clientMessageId}`

/** The key of what the answers near a position of the public lane are rated. */
export const ratingsKey = (position: number): string => `ratings:${Math.floor(position / 64)}`

/** The key of how the customer found the conversation. */
export const satisfactionKey = 'satisfaction'

/** The key of a message that came without one: its text, and its files. */
export const sameTextKey = async (text: string, files: readonly string[] = []): Promise<string> =>
  `same:${await sha256(files.length === 0 ? text : JSON.stringify([text, files]))}`

/** 128 random bits as 22 base64url characters. */
export const randomId = (): string => randomBase64Url(16, cryptoRandom)

function fromBase64Url(text: string): string | null {
  try {
    const binary = atob(text.replace(/[-_]/g, (c) => (c === '-' ? '+' : '/')))
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, (c) => c.charCodeAt(0)))
  } catch {
    return null
  }
}
