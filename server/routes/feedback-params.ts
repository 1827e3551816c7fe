/** What a customer thinks, as it is sent: of an answer, or of the conversation. */
import { codePoints, isRecordId, limits } from '../../protocol.ts'
import { ratings } from '../conversations/feedback.ts'
import type { Rating, Satisfaction } from '../conversations/feedback.ts'
import { HttpError } from '../errors.ts'
import type { Params } from './params.ts'

/** @throws HttpError 400 `invalid_request`, 413 `text_too_long` */
export function feedbackIn(params: Params): { messageId: string; rating: Rating | null } | Satisfaction {
  const [messageId, given] = [params.get('messageId'), params.get('rating')]
  const [score, comment] = [params.get('score'), params.get('comment')?.trim()]
  if (score === undefined) {
    const rating = ratings.find((one) => one === given) ?? null
    const isRating = messageId !== undefined && isRecordId(messageId) && (rating !== null || given === 'none')
    if (!isRating || comment !== undefined) throw invalid()
    return { messageId, rating }
  }
  if (messageId !== undefined || given !== undefined || !/^[1-5]$/.test(score)) throw invalid()
  if (comment && codePoints(comment) > limits.commentCodePoints) {
    throw new HttpError(413, 'text_too_long', `A comment may hold ${limits.commentCodePoints} characters at most.`)
  }
  return { score: Number(score), ...(comment && { comment }) }
}

const invalid = (): HttpError =>
  new HttpError(
    400,
    'invalid_request',
    'Give messageId and rating (up, down or none), or score (1 to 5) and perhaps a comment.',
  )
