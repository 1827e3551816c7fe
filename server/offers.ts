/** What comes with an answer to be pressed: quick replies and links. Checked here, whoever gives them. */
import { codePoints, limits } from '../protocol.ts'
import type { QuickReply, RecordLink } from '../protocol.ts'

/** As it is stored in a record's `data`. */
export interface Offers {
  quickReplies?: (string | QuickReply)[]
  links?: RecordLink[]
}

/** How much may be offered. */
export const offerLimits = {
  /** Of each kind. */
  most: 8,
  /** Longest label, in Unicode code points. */
  labelCodePoints: 80,
  /** Longest address, in characters. */
  urlChars: 2_048,
} as const

/** Whether a text may stand on a button. */
export const isLabel = (given: unknown): given is string =>
  typeof given === 'string' && given.trim() !== '' && codePoints(given) <= offerLimits.labelCodePoints

/** Whether a text may be sent by a button. */
export const isQuickText = (given: unknown): given is string =>
  typeof given === 'string' && given.trim() !== '' && codePoints(given) <= limits.textCodePoints

/** Whether a link may lead there: a page, an address of mail or a telephone. Security: anything else may run as a script. */
export function isLinkUrl(given: unknown): given is string {
  if (typeof given !== 'string' || given.length > offerLimits.urlChars || /[\s\p{Cc}]/u.test(given)) return false
  return /^(https?:\/\/|mailto:|tel:)[^/]/i.test(given) && URL.canParse(given)
}

/** What of something that a responder gives can be offered; the rest is left out: an answer is worth more than its buttons. */
export function offersIn(given: unknown): Offers {
  const { quickReplies, links } = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>
  const replies = listIn(quickReplies, quickReplyIn)
  const targets = listIn(links, linkIn)
  return { ...(replies.length > 0 && { quickReplies: replies }), ...(targets.length > 0 && { links: targets }) }
}

function quickReplyIn(given: unknown): string | QuickReply | null {
  if (isLabel(given)) return given
  const { label, text } = fieldsOf(given)
  return isLabel(label) && isQuickText(text) ? { label, text } : null
}

function linkIn(given: unknown): RecordLink | null {
  const { label, url } = fieldsOf(given)
  return isLabel(label) && isLinkUrl(url) ? { label, url } : null
}

const fieldsOf = (given: unknown): Record<string, unknown> =>
  typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {}

const listIn = <T>(given: unknown, one: (each: unknown) => T | null): T[] =>
  (Array.isArray(given) ? given : []).flatMap((each) => one(each) ?? []).slice(0, offerLimits.most)
