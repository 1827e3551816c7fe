/** Names: conversation keys, turn ids and the idempotency keys of the log. */

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

/** The key of a message that came with an idempotency key. */
export const clientKey = (clientMessageId: string): string => `client:${clientMessageId}`

/** The key of a person's reply that came with an idempotency key. */
export const operatorKey = (clientMessageId: string): string => `operator:${clientMessageId}`

/** The key of a message that came without one: its text. */
export async function sameTextKey(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return `same:${toBase64Url(new Uint8Array(digest))}`
}

/** 128 random bits and a bit more, as 22 base64url characters. */
export const randomId = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(16)))

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (c) => (c === '+' ? '-' : c === '/' ? '_' : ''))
}

function fromBase64Url(text: string): string | null {
  try {
    const binary = atob(text.replace(/[-_]/g, (c) => (c === '-' ? '+' : '/')))
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, (c) => c.charCodeAt(0)))
  } catch {
    return null
  }
}
