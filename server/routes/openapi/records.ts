/** What conversations look like in answers. */
import { z } from 'zod'
import { attachmentTypes } from '../../../protocol.ts'
import type { AttachmentType } from '../../../protocol.ts'
import { answer } from './named.ts'

export const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
export const timestamp = z.iso.datetime({ precision: 3 })
const json = z.record(z.string(), z.unknown())

const person = answer('Person', z.strictObject({ id: z.string(), name: z.string() }))

const handover = answer(
  'Handover',
  z.strictObject({
    by: z.enum(['assistant', 'customer']),
    reason: z.string().optional().describe("Why, in the assistant's words."),
    at: z.int().describe('The position of the newest message then.'),
  }),
)
  .nullable()
  .describe('Who has asked for a person; the assistant is silent until it is handed back.')

/** A conversation's key, wherever a path or an answer holds one. */
export const key = z.string().describe('Names a conversation in `/api`.')

/** A file that goes with a message. */
export const attachment = answer(
  'Attachment',
  z.strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z0-9_-]{22,64}$/)
      .describe('Whoever knows it may fetch the file.'),
    name: z.string().describe('Fit to be shown, and to save the file under.'),
    type: z.enum(Object.keys(attachmentTypes) as AttachmentType[]).describe("By the file's first bytes."),
    size: z.int().min(1).describe('Bytes.'),
    width: z.int().optional().describe('Of images, in pixels, where the file says so.'),
    height: z.int().optional(),
  }),
)

export const attachmentAnswer = answer('AttachmentAnswer', z.strictObject({ attachment }))

const recordFields = {
  id: id.describe('Opaque, never reused.'),
  actor: z.enum(['customer', 'assistant']).describe("A person's reply is `assistant` with `data.author`."),
  type: z.string().describe('`message`; ignore types you do not know.'),
  body: z.string(),
  data: json
    .optional()
    .describe(
      '`author`, `interrupted`, `stopped`, `clientMessageId`, `rating`, `attachments` (a list of `Attachment`), and what is to come.',
    ),
  createdAt: timestamp.describe('Never decreasing inside a conversation; for display only.'),
}

/** A message, as its customer sees it. */
export const conversationRecord = answer('Record', z.strictObject(recordFields))

const publicRecord = z.strictObject({
  ...recordFields,
  visibility: z.literal('public'),
  approval: z
    .strictObject({ draftId: id, by: z.string().nullable(), isEdited: z.boolean() })
    .optional()
    .describe('How a draft became this message. `by` is null where nobody decided in time.'),
  apology: z
    .strictObject({ draftId: id })
    .optional()
    .describe('Said by itself, since nobody has decided about this draft in time.'),
  turnId: id.optional().describe('Of an answer: the turn it was written in.'),
})

const privateRecord = z.strictObject({
  id,
  type: z.enum(['draft', 'rejection', 'note', 'event', 'rating', 'satisfaction', 'turn-end']),
  body: z.string().optional(),
  data: json,
  createdAt: timestamp,
  visibility: z.literal('private'),
})

/** A message, or what only operators see. */
export const operatorRecord = answer('OperatorRecord', z.union([publicRecord, privateRecord]))

export const recordAnswer = answer('RecordAnswer', z.strictObject({ record: operatorRecord }))

const cursor = z.string().nullable()

export const recordsPage = answer(
  'RecordsPage',
  z.strictObject({
    records: z.array(operatorRecord).describe('Oldest first.'),
    firstRecordId: cursor.describe('Pass it on as `beforeId` to get what came before.'),
    lastRecordId: cursor.describe('Pass it on as `afterId` to get what comes after.'),
    hasMore: z.boolean().describe('More lies beyond this page, in the direction asked for.'),
  }),
)

export const stateAnswer = answer(
  'StateAnswer',
  z.strictObject({
    state: answer(
      'DeskState',
      z.strictObject({
        approvedBy: z.string().nullable().describe('Who lets the answers to this customer go out by themselves.'),
        takenOverBy: z.string().nullable().describe("Who answers in the assistant's place."),
        handover,
        resolvedAt: z.int().nullable().describe('The position of the newest message that was settled.'),
        readTo: z.int().nullable().describe('The position of the newest message that the team has read.'),
        assignee: person.nullable(),
      }),
    ),
  }),
)

const activity = answer(
  'Activity',
  z.strictObject({
    key,
    integrationId: z.string(),
    conversationId: z.string(),
    state: z
      .enum(['waiting', 'answering', 'answered', 'resolved'])
      .describe("`waiting`: for a person's word. `answering`: the assistant is at it."),
    mode: z.enum(['auto', 'approval', 'human']).describe('How the next message is answered.'),
    customerApproved: z.boolean(),
    unread: z.int().min(0).max(100).describe("The customer's messages that nobody of the team has read; 100: or more."),
    assignee: person.nullable(),
    takenOverBy: z.string().nullable(),
    handover,
    draftWaiting: z.boolean(),
    lastRecord: conversationRecord.nullable(),
    updatedAt: timestamp,
    match: operatorRecord
      .nullable()
      .optional()
      .describe('Of a search: the newest record that holds the text; null where the id does.'),
  }),
)

const customer = answer(
  'Customer',
  z.strictObject({
    id: z.string().describe("The conversation's id: the site's own for this customer, or a random one."),
    isVerified: z.boolean().describe('The newest message came with proof of the id, or by an `api` token.'),
    page: z.string().nullable().describe('http or https, without query and fragment.'),
    title: z.string().nullable(),
    locale: z.string().nullable(),
    timeZone: z.string().nullable(),
    browser: z.string().nullable().describe('Such as `Firefox 140 on Windows`.'),
    context: json.nullable().describe('What else the page told.'),
    firstSeenAt: timestamp.nullable(),
    satisfaction: z
      .strictObject({
        score: z.int().min(1).max(5).describe('1, very bad, to 5, very good.'),
        comment: z.string().optional(),
        at: timestamp,
      })
      .nullable()
      .describe('What the customer thinks of the conversation; null: they have not said.'),
  }),
)

/** One conversation as the inbox lists it, and who writes in it. */
export const activityAnswer = answer(
  'ActivityAnswer',
  z.strictObject({
    activity,
    customer: customer.describe(
      "What is known of the customer, each from the newest message that says it. All but `id`, `isVerified`, `firstSeenAt` and `satisfaction` is the page's own word.",
    ),
  }),
)

export const activitiesPage = answer(
  'ActivitiesPage',
  z.strictObject({
    activities: z.array(activity).describe('Latest activity first.'),
    cursor: cursor.describe('Pass it on to get the next page; null at the end.'),
    partial: z
      .literal(true)
      .optional()
      .describe('Something that belongs here may be missing: a search has stopped, or not everything is in order yet.'),
    searchedTo: timestamp
      .optional()
      .describe('Where a search has stopped: what has an older activity was not looked at. `cursor` looks further.'),
  }),
)

export const auditPage = answer(
  'AuditPage',
  z.strictObject({
    entries: z.array(
      z.strictObject({
        id,
        at: timestamp,
        action: z.string().describe('What was done, such as `draft-approved` or `conversation-erased`.'),
        by: z
          .string()
          .nullable()
          .describe('The name of whoever did it; null: somebody who failed to say who they are.'),
        byId: z.string().nullable(),
        target: z
          .string()
          .nullable()
          .describe('The id of what it was done to; of a conversation, the SHA-256 of its key, base64url.'),
        integrationId: z.string().optional(),
        draftId: id.optional(),
        role: z.string().optional(),
        name: z.string().optional(),
        fields: z.array(z.string()).optional(),
      }),
    ),
    cursor,
  }),
)

export const historyPage = answer(
  'HistoryPage',
  z.strictObject({
    conversationId: z.string(),
    messages: z.array(conversationRecord).describe('Oldest first.'),
    lastMessageId: id.nullable().describe('Pass it on as `afterId` to poll.'),
    hasMore: z.boolean(),
    activeTurn: z
      .strictObject({ turnId: id, userMessageId: id })
      .optional()
      .describe('An answer is being written; attach with `lastEventId=<turnId>.0`.'),
    typing: z.strictObject({ name: z.string() }).optional().describe('A person is typing a reply.'),
    resolved: z
      .literal(true)
      .optional()
      .describe('Somebody has resolved the conversation, and nothing was said since.'),
  }),
)

const turnEvent = <T extends z.ZodRawShape>(type: string, fields: T) =>
  z.strictObject({ type: z.literal(type), ...fields })

/** One event of an answer's stream. */
export const streamEvent = answer(
  'StreamEvent',
  z.union([
    turnEvent('ack', { conversationId: z.string(), userMessageId: id, turnId: id, replayed: z.boolean() }),
    turnEvent('delta', { text: z.string() }),
    turnEvent('message', { message: conversationRecord }),
    turnEvent('pending', { reason: z.enum(['approval', 'human']) }),
    turnEvent('failure', { code: z.string(), message: z.string(), retryable: z.boolean() }),
    turnEvent('done', { lastMessageId: id, stopped: z.boolean().optional() }),
  ]),
)

const where = { key, integrationId: z.string(), conversationId: z.string() }

/** One event of the operators' feed. */
export const liveEvent = answer(
  'LiveEvent',
  z.union([
    turnEvent('ready', {}),
    turnEvent('activity', where),
    turnEvent('writing', where),
    turnEvent('presence', {
      ...where,
      operators: z.array(
        z.strictObject({
          id: z.string(),
          name: z.string(),
          typing: z.boolean(),
          draftId: id.optional().describe('The draft whose words the person is changing.'),
        }),
      ),
    }),
    turnEvent('message', where),
    turnEvent('typing', { ...where, isTyping: z.boolean().describe('The customer. It ends by itself after 6 s.') }),
    turnEvent('resync', {}),
  ]),
)

/** One event of what is being written in a conversation. */
export const writingEvent = answer(
  'WritingEvent',
  z.union([
    turnEvent('ready', {}),
    turnEvent('turn', {
      turnId: id,
      userMessageId: id.describe('The message that is being answered.'),
      mode: z.enum(['auto', 'approval']).describe('`approval`: it becomes a draft.'),
    }),
    turnEvent('delta', { turnId: id, text: z.string() }),
    turnEvent('end', { turnId: id }),
  ]),
)
