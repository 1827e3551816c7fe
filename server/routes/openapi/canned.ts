/** What canned replies look like in answers. */
import { z } from 'zod'
import { answer } from './named.ts'
import { id, timestamp } from './records.ts'

const cannedReply = answer(
  'CannedReply',
  z.strictObject({
    id,
    title: z.string(),
    body: z.string().describe('May hold variables such as `{{customer}}`, which whoever sends it fills in.'),
    shortcut: z.string().nullable(),
    variables: z.array(z.string()).describe('The names of the variables, each once.'),
    createdAt: timestamp,
    updatedAt: timestamp,
  }),
)

export const cannedReplyAnswer = answer('CannedReplyAnswer', z.strictObject({ cannedReply }))
export const cannedRepliesAnswer = answer(
  'CannedRepliesAnswer',
  z.strictObject({ cannedReplies: z.array(cannedReply).describe('By title.') }),
)
