/** Goes on with a conversation that the browser keeps under an earlier token of the same integration. */
import type { ChatAdapter } from '../../adapters/adapter.ts'

/** What it is looked for with. */
export interface FormerOptions {
  /** What is kept now: the server, the token, and nobody who has signed in. */
  name: string
  /** What the browser keeps under other names. */
  others: readonly (readonly [key: unknown, value: unknown])[]
  adapter: Pick<ChatAdapter, 'history'>
  signal: AbortSignal
}

/** A conversation that is kept under another token for the same server. */
interface Former {
  /** What its records are kept under. */
  name: string
  conversationId: string
}

/** Whoever fills the database of a page's origin makes nobody ask for more than these. */
const MOST = 8

/**
 * Finds what the conversation was kept under before. The server is asked, with the token there is now, since tokens do not
 * tell whose they are: of another integration's conversation it says what it says of one that nobody has used.
 * @throws AdapterError where it cannot be known now
 */
export async function findFormer({ name, others, adapter, signal }: FormerOptions): Promise<string | undefined> {
  for (const former of formerIn(others, name)) {
    const { messages } = await adapter.history({ conversationId: former.conversationId, limit: 1, signal })
    if (messages.length > 0) return former.name
  }
  return undefined
}

/**
 * The conversations under other widget tokens for the same server. Only ids that are proof enough by themselves: one that
 * is proven otherwise belongs to somebody who has signed in, and is nobody else's matter.
 */
function formerIn(others: FormerOptions['others'], name: string): Former[] {
  const server = /^([^]*\|)lw_[\w-]+\|$/.exec(name)?.[1]
  if (server === undefined) return []
  const found = others.flatMap(([key, value]) => {
    const { conversationId: id } = Object(value) as Record<string, unknown>
    if (typeof key !== 'string' || !key.startsWith(server) || !/^lw_[\w-]+\|$/.test(key.slice(server.length))) return []
    return typeof id === 'string' && /^c_[\w-]{22,126}$/.test(id) ? [{ name: key, conversationId: id }] : []
  })
  return found.slice(0, MOST)
}
