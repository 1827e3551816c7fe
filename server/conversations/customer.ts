/** What is known of a customer: what the page told along with a message, and what the server saw of its request. */
import type { ConversationLog, LogEntry, LogPage } from '../storage/log.ts'
import { readSatisfaction } from './feedback.ts'
import type { Satisfaction } from './feedback.ts'
import { parseConversationKey } from './keys.ts'
import type { PublicValue } from './values.ts'

/** A customer as operators see one. All of it but `id`, `isVerified`, `firstSeenAt` and `satisfaction` is the page's word, and may be forged. */
export interface CustomerView {
  /** The conversation's id: the site's own for this customer, or a random one. */
  id: string
  /** Whether the newest message came with proof of that id: a `userHash`, a `userJwt`, or an `api` token. */
  isVerified: boolean
  /** The address of the page, without query and fragment; http or https. */
  page: string | null
  title: string | null
  /** What the browser is set to, a BCP 47 tag. */
  locale: string | null
  /** An IANA name such as `Europe/Berlin`; it may be unknown here. */
  timeZone: string | null
  /** Such as `Firefox 140 on Windows`. */
  browser: string | null
  /** What else the page told. */
  context: Record<string, unknown> | null
  /** When the first message was stored, RFC 3339. */
  firstSeenAt: string | null
  /** What they think of the conversation, and since when, RFC 3339; null: they have not said. */
  satisfaction: (Satisfaction & { at: string }) | null
}

/** How many of the newest messages are looked through, so that the cost does not grow with the conversation. */
export const customerMessages = 200

type Facts = Pick<CustomerView, 'page' | 'title' | 'locale' | 'timeZone' | 'browser' | 'context'>

const unknown: Facts = { page: null, title: null, locale: null, timeZone: null, browser: null, context: null }

/** Finds out what is known, each from the newest message that says it. */
export async function viewCustomer(log: ConversationLog, conversation: string): Promise<CustomerView> {
  const [first] = (await log.after<PublicValue>(conversation, 'public', null, 1)).entries
  const facts = { ...unknown }
  let isVerified: boolean | undefined
  for await (const { value } of newest(log, conversation)) {
    const { turn } = value
    if (!turn) continue
    isVerified ??= turn.isVerified === true
    const told: Facts = { ...factsOf(turn.context ?? {}), browser: turn.browser ?? null }
    for (const name of Object.keys(facts) as (keyof Facts)[]) fill(facts, name, told)
    if (Object.values(facts).every((fact) => fact !== null)) break
  }
  const id = parseConversationKey(conversation)?.conversationId ?? ''
  const satisfaction = await readSatisfaction(log, conversation)
  return { id, isVerified: isVerified === true, ...facts, firstSeenAt: first?.createdAt ?? null, satisfaction }
}

const fill = <N extends keyof Facts>(facts: Facts, name: N, told: Facts): void => void (facts[name] ??= told[name])

/** The newest entries, newest first, a few at a time: mostly the first has it all. */
async function* newest(log: ConversationLog, conversation: string): AsyncGenerator<LogEntry<PublicValue>> {
  let cursor: string | null = null
  for (let left = customerMessages, size = 20; left > 0; left -= size, size = Math.min(90, left)) {
    const page: LogPage<PublicValue> = await log.before<PublicValue>(conversation, 'public', cursor, size)
    yield* page.entries.toReversed()
    cursor = page.entries[0]?.id ?? null
    if (!page.hasMore || cursor === null) return
  }
}

const readers = {
  page: (text: string) => {
    const url = text.length <= 2_048 && URL.canParse(text) ? new URL(text) : null
    // Whatever a page may have sent: secrets stand in queries and fragments, and other schemes are no pages to look at.
    return url && /^https?:$/.test(url.protocol) ? url.origin + url.pathname : null
  },
  title: (text: string) => text.trim().slice(0, 300) || null,
  locale: (text: string) => (/^(?=.{1,35}$)[a-z]{2,8}([-_][a-z0-9]{1,8})*$/i.test(text) ? text : null),
  timeZone: (text: string) => (/^[a-z0-9_+\-/]{1,64}$/i.test(text) ? text : null),
}

/** The facts in a context. What is none of them in spite of its name is the site's own, as all the rest. */
function factsOf(context: Record<string, unknown>): Omit<Facts, 'browser'> {
  const facts: Omit<Facts, 'browser'> = { ...unknown }
  const rest: [string, unknown][] = []
  for (const [name, value] of Object.entries(context)) {
    const reader = Object.hasOwn(readers, name) ? readers[name as keyof typeof readers] : undefined
    const fact = reader && typeof value === 'string' ? reader(value) : null
    if (fact === null) rest.push([name, value])
    else facts[name as keyof typeof readers] = fact
  }
  return { ...facts, context: rest.length > 0 ? Object.fromEntries(rest) : null }
}
