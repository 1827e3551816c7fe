/** The parameters of queries and forms, described by the limits they are held to. */
import { z } from 'zod'
import { attachmentLimits, limits } from '../../../protocol.ts'
import { ratings } from '../../conversations/feedback.ts'
import { inboxStates } from '../../conversations/inbox.ts'
import { searchLimits } from '../../conversations/search.ts'
import { keptDays } from '../../limits/usage.ts'
import { usualDays } from '../api/insight.ts'

const limit = z
  .int()
  .min(1)
  .optional()
  .meta({ default: limits.historyDefault })
  .describe(`How many at most; more than ${limits.historyMax} is lowered to that.`)
const wait = z
  .number()
  .min(0)
  .max(limits.waitSeconds)
  .optional()
  .describe('Seconds to hold the answer until something is new. Default 0.')
const pageCursor = z.string().optional().describe('The `cursor` of the page before.')
const recordId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
const twoLaneCursor = z.string().regex(/^(\*|[A-Za-z0-9_-]{0,64})\.(\*|[A-Za-z0-9_-]{0,64})$/)

export const activitiesQuery = z.object({
  integrationId: z.string().optional().describe('Only the conversations of one integration.'),
  state: z.enum(inboxStates).optional().describe('`mine`: assigned to you and not resolved. Left out: all.'),
  q: z
    .string()
    .max(searchLimits.text)
    .optional()
    .describe(
      `Only conversations that hold this text in their id, their newest ${searchLimits.messages} messages or their newest ${searchLimits.others} notes and drafts, whatever its case and accents. The newest ${searchLimits.conversations} conversations are looked through, for ${searchLimits.patienceMs} ms at most; the \`cursor\` looks further.`,
    ),
  cursor: pageCursor,
  limit,
})

export const recordsQuery = z.object({
  afterId: twoLaneCursor
    .optional()
    .describe('A `lastRecordId`: what came after. `.` is the start. Not with `beforeId`.'),
  beforeId: twoLaneCursor.optional().describe('A `firstRecordId`: what came before.'),
  limit,
  wait,
})

export const exportQuery = z.object({ format: z.enum(['json', 'text']).optional().meta({ default: 'json' }) })

export const auditQuery = z.object({ cursor: recordId.optional().describe('The `cursor` of the page before.'), limit })

export const deliveriesQuery = z.object({
  cursor: z
    .string()
    .regex(/^\d{8}\.[A-Za-z0-9_-]{0,64}$/)
    .optional()
    .describe('The `cursor` of the page before.'),
  limit,
})

export const usageQuery = z.object({
  days: z.int().min(1).max(keptDays).optional().meta({ default: usualDays }).describe('How many, up to today.'),
})

const conversationId = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/)
  .describe('`c_` and 128 random bits or more, or an id of your own, with proof or an `api` token.')

const proof = {
  userHash: z.string().optional().describe("HMAC-SHA256(identitySecret, integrationId + '\\n' + conversationId), hex."),
  userJwt: z.string().optional().describe('HS256; `sub` = conversationId, `aud` = integrationId, `exp` within 24 h.'),
}

export const sendQuery = z.object({
  textContent: z
    .string()
    .optional()
    .meta({ minLength: 1 })
    .describe(`The message, up to ${limits.textCodePoints} characters. Needed unless an answer is resumed.`),
  conversationId: conversationId.optional().describe('Left out: a new conversation begins, whose id `ack` tells.'),
  clientMessageId: z
    .string()
    .regex(/^[A-Za-z0-9_-]{16,64}$/)
    .optional()
    .describe('The idempotency key: the same key and text find the message that was stored before.'),
  lastEventId: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,48}\.(0|[1-9]\d{0,9})$/)
    .optional()
    .describe('Resumes an answer after this event, as the header `Last-Event-ID` does. Nothing is stored.'),
  context: z.string().optional().describe(`What the page tells, a JSON object of up to ${limits.contextBytes} bytes.`),
  attachments: z
    .string()
    .regex(/^[A-Za-z0-9_-]{22,64}(,[A-Za-z0-9_-]{22,64}){0,4}$/)
    .optional()
    .describe(`Ids of up to ${attachmentLimits.perMessage} files of this conversation, with commas between them.`),
  ...proof,
})

const fileName = z.string().min(1).max(4_096).describe('What the file is called. It is made fit to be shown.')

export const uploadQuery = z.object({ conversationId, name: fileName, ...proof })

export const operatorUploadQuery = z.object({ name: fileName })

export const historyQuery = z.object({
  conversationId,
  afterId: recordId.optional().describe('Only what came after this record. Not with `beforeId`.'),
  beforeId: recordId.optional().describe('The newest records before this one.'),
  limit,
  wait,
  known: z
    .string()
    .regex(/^(typing|resolved|typing,resolved|resolved,typing)?$/)
    .optional()
    .describe(
      'Of `typing` and `resolved` what the last answer held, with a comma between: a wait ends where it is not so any more. Left out: what is so when the wait begins.',
    ),
  ...proof,
})

export const personForm = z.object({ conversationId, ...proof })

export const feedbackForm = z.object({
  conversationId,
  messageId: recordId.optional().describe('The answer that is rated.'),
  rating: z
    .enum([...ratings, 'none'])
    .optional()
    .describe('`none` takes a rating back.'),
  score: z.enum(['1', '2', '3', '4', '5']).optional().describe('Of the conversation: 1, very bad, to 5, very good.'),
  comment: z.string().optional().describe(`Beside a score, up to ${limits.commentCodePoints} characters.`),
  ...proof,
})

export const typingForm = z.object({ conversationId, isTyping: z.enum(['true', 'false']), ...proof })

export const stopForm = z.object({ conversationId, turnId: z.string().regex(/^[A-Za-z0-9_-]{1,48}$/), ...proof })
