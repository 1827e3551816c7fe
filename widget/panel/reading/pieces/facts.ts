/**
 * What messages carry beside their text, as far as it can be believed and shown. It comes from whoever answers: nothing is
 * taken for granted of it, neither what it is nor how much.
 */
import type { Attachment, Json, RecordData } from '../../../../protocol.ts'
import { clipped, withoutDirections } from '../../clip.ts'
import type * as markdown from '../../markdown/index.ts'

/** Where a link may lead, and what has to be said about it: as in Markdown, whose file they come from. */
export type LinkRules = Pick<typeof markdown, 'safeUrl' | 'targetOf'>

/** An answer that is offered. */
export interface QuickReply {
  label: string
  /** What is sent. */
  text: string
}

/** A link, as a button. */
export interface LinkButton {
  label: string
  href: string
  /** Where it really leads, if its words could make one believe something else; else empty. */
  target: string
}

/** Most of each. */
const MOST = { quickReplies: 8, links: 8, attachments: 5 } as const
/** Longest label and name, and longest text that is sent, in UTF-16 units. */
const LABEL = 80
const TEXT = 2_000
const URL_LENGTH = 2_000

/** The answers that are offered. */
export const quickRepliesOf = ({ quickReplies }: RecordData): QuickReply[] =>
  some(quickReplies, MOST.quickReplies, (each) => {
    const { label, text = label } = typeof each === 'string' ? { label: each } : fields(each)
    const words = wordsOf(label, LABEL)
    const sent = typeof text === 'string' ? withoutDirections(text.slice(0, TEXT)).trim() : ''
    return words && sent ? { label: words, text: sent } : null
  })

/** The links. One that leads nowhere it may lead is none. */
export const linksOf = ({ links }: RecordData, { safeUrl, targetOf }: LinkRules): LinkButton[] =>
  some(links, MOST.links, (each) => {
    const { label, url: address } = fields(each)
    if (typeof address !== 'string' || address.length > URL_LENGTH) return null
    const url = safeUrl(address)
    const words = url && (wordsOf(label, LABEL) || url.hostname)
    return words ? { label: words, href: url.href, target: targetOf(url, words) } : null
  })

/** The files. */
export const attachmentsOf = ({ attachments }: RecordData): Attachment[] =>
  some(attachments as Json, MOST.attachments, (each) => {
    const { id, name, type, size, width, height } = fields(each)
    if (typeof id !== 'string' || !/^[\w-]{22,64}$/.test(id)) return null
    const hasShape = isLength(width) && isLength(height)
    return {
      id,
      name: wordsOf(name, 120),
      type: (typeof type === 'string' ? type : '') as Attachment['type'],
      size: Number(size) > 0 ? Number(size) : 0,
      ...(hasShape && { width, height }),
    }
  })

/** What stands for the text of a message where somebody sends files and writes nothing. */
export const namesOf = (attachments: readonly Attachment[]): string => attachments.map(({ name }) => name).join(', ')

/** The first few that are something. What comes after a hundred is not even looked at. */
function some<T>(value: Json | undefined, most: number, read: (each: unknown) => T | null): T[] {
  if (!Array.isArray(value)) return []
  return value
    .slice(0, 100)
    .flatMap((each) => read(each) ?? [])
    .slice(0, most)
}

/** Words on one line, cut where they are too many. */
function wordsOf(value: unknown, most: number): string {
  if (typeof value !== 'string') return ''
  // Cut first: nothing else should go through a megabyte.
  const bare = clipped(withoutDirections(value.slice(0, 2 * most)))
    .replace(/\s+/g, ' ')
    .trim()
  return bare.length > most ? `${bare.slice(0, most).replace(/[\ud800-\udbff]$/, '')}…` : bare
}

const isLength = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 1e5
const fields = (value: unknown): Record<string, unknown> => (value ?? {}) as Record<string, unknown>
