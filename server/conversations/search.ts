/** Search in what was said: the newest conversations first, as far as the time goes. */
import type { ConversationLog, RecentConversation, RecentOptions } from '../storage/log.ts'
import { parseConversationKey } from './keys.ts'
import { privateView, publicView } from './records.ts'
import type { OperatorRecord } from './records.ts'
import type { PrivateValue, PublicValue } from './values.ts'

/** How far a search looks, stated in docs/operators.md. */
export const searchLimits = {
  /** Milliseconds after which it stops. */
  patienceMs: 1_500,
  /** Conversations it looks through at most. */
  conversations: 5_000,
  /** The newest messages of a conversation, and the newest notes and drafts. */
  messages: 200,
  others: 100,
  /** Longest text to look for, in UTF-16 units. */
  text: 200,
} as const

/** What was found. */
export interface SearchPage {
  /** Latest activity first. `match` is the newest record that holds the text; null where the id does. */
  conversations: (RecentConversation & { match: OperatorRecord | null })[]
  /** Pass it on to look further; null at the end. */
  cursor: string | null
  /** The search stopped before the page was full: everything whose latest activity is older was not looked at. */
  searchedTo: string | null
}

/** Options of `search`. */
export interface SearchOptions {
  log: ConversationLog
  /** Which part of the inbox. */
  part: Pick<RecentOptions, 'scope' | 'label' | 'cursor'>
  text: string
  /** How many at most. */
  limit: number
  /** A clock for how long it takes, in milliseconds. @default performance.now */
  monotonic?: () => number
}

/** Conversations looked at side by side. */
const atOnce = 20

/** Looks for a text in ids, messages, notes and drafts, whatever its case and its accents. */
export async function search(options: SearchOptions): Promise<SearchPage> {
  const { log, part, limit, monotonic = () => performance.now() } = options
  const wanted = folded(options.text)
  const giveUpAt = monotonic() + searchLimits.patienceMs
  const found: SearchPage['conversations'] = []
  let cursor = part.cursor ?? null
  for (let looked = 0; ;) {
    const size = Math.min(atOnce, limit - found.length)
    const page = await log.recent({ ...part, ...(cursor !== null && { cursor }), limit: size })
    const matches = await Promise.all(page.conversations.map(({ conversation }) => matchIn(log, conversation, wanted)))
    page.conversations.forEach((one, i) => {
      const match = matches[i]
      if (match !== undefined) found.push({ ...one, match })
    })
    cursor = page.cursor
    looked += page.conversations.length
    if (cursor === null || found.length === limit) return { conversations: found, cursor, searchedTo: null }
    if (looked >= searchLimits.conversations || monotonic() >= giveUpAt) {
      return { conversations: found, cursor, searchedTo: page.conversations.at(-1)?.updatedAt ?? null }
    }
  }
}

/** The newest record of a conversation that holds a text; null where only its id does; undefined where nothing does. */
async function matchIn(
  log: ConversationLog,
  conversation: string,
  wanted: string,
): Promise<OperatorRecord | null | undefined> {
  const [open, others] = await Promise.all([
    log.before<PublicValue>(conversation, 'public', null, searchLimits.messages),
    log.before<PrivateValue>(conversation, 'private', null, searchLimits.others),
  ])
  const message = open.entries.findLast(({ value }) => folded(value.body).includes(wanted))
  const other = others.entries.findLast(({ value }) => 'body' in value && folded(value.body).includes(wanted))
  if (message && !(other && other.createdAt > message.createdAt)) return publicView(message)
  if (other) return privateView(other)
  return folded(parseConversationKey(conversation)?.conversationId ?? '').includes(wanted) ? null : undefined
}

/** A text without case and accents. */
const folded = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
