/** A conversation's records as they are shown: days, messages, notes, drafts with what became of them, events. */
import type { OperatorRecord, PrivateRecord, PublicRecord } from '../api/types.ts'
import { dayOf } from '../ui/time.ts'

/** Who has written something. */
export type Writer = { kind: 'customer' | 'assistant' } | { kind: 'operator'; name: string }

/** What became of a draft; null: nobody has decided. Published by null: it went out by itself. */
export type Verdict = { kind: 'rejected'; by: string; reason: string } | { kind: 'published'; by: string | null } | null

/** What a customer thinks of an answer. */
export type Rating = 'up' | 'down'

/** A line of the time line. */
export type Item =
  | { kind: 'day'; id: string; label: string }
  | {
      kind: 'message'
      id: string
      record: PublicRecord
      writer: Writer
      isFirst: boolean
      /** The assistant's own words, where a person has put it otherwise. */
      draft: string | null
      /** What the customer thinks of it. */
      rating: Rating | null
    }
  | { kind: 'note'; id: string; record: PrivateRecord; by: string }
  | { kind: 'draft'; id: string; record: PrivateRecord; verdict: Verdict }
  | { kind: 'event'; id: string; text: string; createdAt: string }
  /** What the customer thinks of the conversation. */
  | { kind: 'satisfaction'; id: string; score: number; comment: string; createdAt: string }

/**
 * The records as items, oldest first. Drafts that went out are the messages they became.
 * @param isHeld whether somebody still changes a draft's words here, so that it stays beside its message
 */
export function toItems(
  records: readonly OperatorRecord[],
  isHeld: (draftId: string) => boolean = () => false,
): Item[] {
  const drafts = new Map(records.filter(({ type }) => type === 'draft').map((record) => [record.id, record]))
  const published = new Map<string, NonNullable<Verdict>>()
  const verdicts = new Map<string, NonNullable<Verdict>>()
  /** What was said after a message was read. */
  const ratings = new Map<string, Rating | null>()
  for (const record of records) {
    if (record.visibility === 'public') {
      if (record.approval) published.set(record.approval.draftId, { kind: 'published', by: record.approval.by })
    } else if (record.type === 'rating') {
      ratings.set(`${record.data['messageId']}`, ratingOf(record.data['rating']))
    } else if (record.type === 'rejection') {
      const { draftId, by, reason } = record.data
      verdicts.set(`${draftId}`, { kind: 'rejected', by: `${by}`, reason: typeof reason === 'string' ? reason : '' })
    }
  }

  const items: Item[] = []
  let day = ''
  for (const record of records) {
    const item = itemOf(record)
    if (!item) continue
    const today = dayOf(record.createdAt)
    if (today !== day) items.push({ kind: 'day', id: `day ${record.createdAt}`, label: today })
    day = today
    items.push(item)
  }
  return items

  function itemOf(record: OperatorRecord): Item | null {
    const id = `${record.visibility} ${record.id}`
    if (record.visibility === 'public') {
      const writer = writerOf(record)
      const last = items.at(-1)
      const isFirst = last?.kind !== 'message' || nameOf(last.writer) !== nameOf(writer)
      const draft = record.approval?.isEdited ? (drafts.get(record.approval.draftId)?.body ?? null) : null
      const known = ratings.get(record.id)
      const rating = known === undefined ? ratingOf(record.data?.rating) : known
      return { kind: 'message', id, record, writer, isFirst, draft, rating }
    }
    if (record.type === 'note') return { kind: 'note', id, record, by: `${record.data['by']}` }
    if (record.type === 'draft') {
      const verdict = published.get(record.id) ?? verdicts.get(record.id) ?? null
      return verdict?.kind === 'published' && !isHeld(record.id) ? null : { kind: 'draft', id, record, verdict }
    }
    if (record.type === 'satisfaction') {
      const { score, comment } = record.data
      const words = typeof comment === 'string' ? comment : ''
      return { kind: 'satisfaction', id, score: Number(score), comment: words, createdAt: record.createdAt }
    }
    const text = eventText(record)
    return text ? { kind: 'event', id, text, createdAt: record.createdAt } : null
  }
}

const ratingOf = (given: unknown): Rating | null => (given === 'up' || given === 'down' ? given : null)

/** A draft in the time line. */
export type DraftItem = Extract<Item, { kind: 'draft' }>

/** Who has written a message. */
export function writerOf({ actor, data }: Pick<PublicRecord, 'actor' | 'data'>): Writer {
  if (actor === 'customer') return { kind: 'customer' }
  return data?.author ? { kind: 'operator', name: data.author.name } : { kind: 'assistant' }
}

const nameOf = (writer: Writer): string => (writer.kind === 'operator' ? `operator ${writer.name}` : writer.kind)

const deskEvents: Record<string, string> = {
  'customer-approved': 'approved this customer: answers go out by themselves',
  'approval-revoked': 'withdrew the approval of this customer',
  'taken-over': 'took over from the assistant',
  'handed-back': 'handed back to the assistant',
  resolved: 'resolved the conversation',
  reopened: 'reopened the conversation',
  unassigned: 'gave the conversation back to everybody',
}

function eventText({ type, data }: PrivateRecord): string | null {
  if (type === 'event') {
    if (data['event'] === 'handover') {
      return `The ${data['by']} asked for a person${data['reason'] ? `: ${data['reason']}` : ''}`
    }
    const assignee = (data['state'] as { assignee?: { name: string } | null } | undefined)?.assignee
    const isAssigned = data['event'] === 'assigned' && assignee
    const what = isAssigned ? `assigned the conversation to ${assignee.name}` : deskEvents[`${data['event']}`]
    return what ? `${data['by']} ${what}` : null
  }
  if (type !== 'turn-end') return null
  const failure = data['failure'] as { message?: string } | undefined
  if (failure) return `The assistant could not answer. ${failure.message ?? ''}`.trim()
  if (data['stopped']) return 'The answer was stopped before it began'
  return data['pending'] === 'human' ? 'The assistant gave no answer' : null
}
