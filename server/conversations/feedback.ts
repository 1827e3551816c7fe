/**
 * What a customer thinks: of an answer, or of the whole conversation. Every word is a private record; the last one counts.
 * Ratings are read with every page of a history, so the newest record about any of a few dozen neighbouring messages says what
 * all of them are rated: a page costs a look or two, however many were rated.
 */
import type { ConversationRecord } from '../../protocol.ts'
import { HttpError } from '../errors.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'
import { entryOf } from './entry-of.ts'
import { newestTurn } from './handover.ts'
import { ratingsKey, satisfactionKey, turnKey } from './keys.ts'
import type { PrivateValue, PublicValue } from './values.ts'

/** What may be thought of an answer. */
export const ratings = ['up', 'down'] as const
export type Rating = (typeof ratings)[number]

/** What may be thought of a conversation. */
export interface Satisfaction {
  /** 1, very bad, to 5, very good. */
  score: number
  comment?: string
}

/** How a customer rates. Both throw HttpError 404 `not_found` where there is no such conversation. */
export interface Feedback {
  /**
   * Rates an answer, a person's or the assistant's; null takes the rating back.
   * @returns whether that is news
   * @throws HttpError 404 `not_found` for what is no answer in this conversation
   */
  rate(conversation: string, messageId: string, rating: Rating | null): Promise<boolean>
  /** Says how the conversation was. @returns whether that is news */
  score(conversation: string, said: Satisfaction): Promise<boolean>
}

type RatingEntry = LogEntry<Extract<PrivateValue, { type: 'rating' }>>
type SatisfactionEntry = LogEntry<Extract<PrivateValue, { type: 'satisfaction' }>>

/** Makes the feedback of a log. */
export function createFeedback(log: ConversationLog): Feedback {
  /** Puts a record in the place of the one before it. */
  const replace = async (
    conversation: string,
    key: string,
    valueAfter: (before: LogEntry<PrivateValue> | null) => PrivateValue | null,
  ): Promise<boolean> => {
    const turnId = await newestTurn(log, conversation)
    if (turnId === null) throw new HttpError(404, 'not_found', 'There is no such conversation.')
    for (;;) {
      const before = (await log.find<PrivateValue>(conversation, key))?.entry ?? null
      const value = valueAfter(before)
      if (!value) return false
      const supersedes = before ? { supersedes: before.id } : {}
      // Nobody has to do anything about it: the conversation keeps its place in the inbox.
      const options = { keys: [key], requires: turnKey(turnId), isQuiet: true, ...supersedes }
      const { outcome } = await log.append(conversation, 'private', value, options)
      if (outcome === 'stored') return true
    }
  }

  return {
    async rate(conversation, messageId, rating) {
      const message = await entryOf<PublicValue>(log, conversation, 'public', messageId)
      if (message?.value.actor !== 'assistant') {
        throw new HttpError(404, 'not_found', 'There is no such answer in this conversation.')
      }
      return replace(conversation, ratingsKey(message.position), (before) => {
        const { [messageId]: known = null, ...others } = (before as RatingEntry | null)?.value.ratings ?? {}
        if (known === rating) return null
        const all = rating === null ? others : { ...others, [messageId]: rating }
        return { type: 'rating', messageId, rating: rating ?? 'none', ratings: all }
      })
    },

    score: (conversation, { score, comment }) =>
      replace(conversation, satisfactionKey, (before) => {
        const known = (before as SatisfactionEntry | null)?.value
        if (known?.score === score && known.comment === comment) return null
        return { type: 'satisfaction', score, ...(comment !== undefined && { comment }) }
      }),
  }
}

/** How the conversation was, in the customer's words; null where they have not said. */
export async function readSatisfaction(
  log: ConversationLog,
  conversation: string,
): Promise<(Satisfaction & { at: string }) | null> {
  const found = await log.find<PrivateValue>(conversation, satisfactionKey)
  if (!found) return null
  const { type: _type, ...said } = (found.entry as SatisfactionEntry).value
  return { ...said, at: found.entry.createdAt }
}

/** Adds ratings to records. */
export async function withRatings<T extends ConversationRecord>(
  log: ConversationLog,
  conversation: string,
  entries: readonly LogEntry<PublicValue>[],
  records: T[],
): Promise<T[]> {
  const answers = entries.filter(({ value }) => value.actor === 'assistant')
  const keys = [...new Set(answers.map(({ position }) => ratingsKey(position)))]
  const found = await Promise.all(keys.map((key) => log.find<PrivateValue>(conversation, key)))
  const known = new Map(
    found.flatMap((each) => Object.entries((each?.entry as RatingEntry | undefined)?.value.ratings ?? {})),
  )
  if (known.size === 0) return records
  return records.map((record) => {
    const rating = known.get(record.id)
    return rating ? { ...record, data: { ...record.data, rating } } : record
  })
}
