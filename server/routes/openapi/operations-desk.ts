/** The operators' calls about conversations. */
import { z } from 'zod'
import {
  approvalSchema,
  assignmentSchema,
  messageSchema,
  nothingSchema,
  presenceSchema,
  readSchema,
  rejectionSchema,
  replySchema,
} from '../api/desk.ts'
import { createCannedReplySchema, updateCannedReplySchema } from '../api/canned.ts'
import { cannedRepliesAnswer, cannedReplyAnswer } from './canned.ts'
import { body } from './named.ts'
import type { Operation } from './operation.ts'
import { activitiesQuery, auditQuery, exportQuery, operatorUploadQuery, recordsQuery } from './queries.ts'
import {
  activitiesPage,
  activityAnswer,
  attachmentAnswer,
  auditPage,
  liveEvent,
  recordAnswer,
  recordsPage,
  stateAnswer,
  writingEvent,
} from './records.ts'

const message = body('MessageBody', messageSchema)
const nothing = body('NoBody', nothingSchema)
const notFound = { 404: ['not_found'] } as const

/** A decision about a conversation, which may be made again. */
const decision = (summary: string): Operation => ({
  ...{ summary, by: 'operator', body: nothing, isBodyOptional: true, status: 200, answer: stateAnswer },
  errors: notFound,
})

/** By method and path. */
export const deskOperations = {
  'GET /api/activities': {
    summary: 'The inbox: conversations, latest activity first',
    description:
      'Its cost does not depend on the number of conversations. What was stored before it was asked for is in it, unless `partial` says otherwise.',
    by: 'operator',
    query: activitiesQuery,
    status: 200,
    answer: activitiesPage,
    errors: { 400: ['invalid_request', 'invalid_limit'] },
  },
  'GET /api/activities/live': {
    summary: 'Server-sent events that say where something happens, from any replica',
    description:
      'Each `data` is a `LiveEvent`. They say where to look, not what is there; after `resync` look at everything again. Comment lines are signs of life.',
    by: 'operator',
    status: 200,
    content: { 'text/event-stream': liveEvent },
  },
  'GET /api/conversations/:key/records': {
    summary: 'Everything in one time line: messages, drafts, rejections, notes, decisions',
    description: 'Without a cursor, the newest.',
    by: 'operator',
    query: recordsQuery,
    status: 200,
    answer: recordsPage,
    errors: {
      400: ['invalid_cursor', 'invalid_limit', 'invalid_wait', 'invalid_request'],
      404: ['not_found', 'cursor_not_found'],
    },
  },
  'GET /api/conversations/:key/writing': {
    summary: 'Answers and drafts as they are written, as server-sent events, from any replica',
    description:
      'Each `data` is a `WritingEvent`. `turn` begins an answer, `delta` adds to it, after `end` its outcome stands in the records (under the same `turnId`). Whoever comes late, or again, gets `turn` and all that was written so far. Comment lines are signs of life.',
    by: 'operator',
    status: 200,
    content: { 'text/event-stream': writingEvent },
    errors: notFound,
  },
  'POST /api/conversations/:key/messages': {
    summary: "A person's reply",
    by: 'operator',
    body: body('ReplyBody', replySchema),
    status: 201,
    answer: recordAnswer,
    errors: {
      ...notFound,
      400: ['invalid_attachment'],
      403: ['request_not_allowed'],
      409: ['idempotency_mismatch'],
    },
  },
  'POST /api/conversations/:key/attachments': {
    summary: 'Uploads a file, to be sent with a reply',
    description: 'As `POST /conversation/attachments`.',
    by: 'operator',
    query: operatorUploadQuery,
    isUpload: true,
    status: 201,
    answer: attachmentAnswer,
    errors: {
      ...notFound,
      400: ['invalid_attachment', 'invalid_request'],
      403: ['request_not_allowed'],
      409: ['conflict'],
      413: ['body_too_large'],
      415: ['unsupported_media_type'],
    },
  },
  'POST /api/conversations/:key/notes': {
    summary: 'A note that no customer ever sees',
    by: 'operator',
    body: message,
    status: 201,
    answer: recordAnswer,
    errors: { ...notFound, 409: ['idempotency_mismatch'] },
  },
  'POST /api/conversations/:key/drafts/:id/approve': {
    summary: 'Publishes a draft, in other words if `body` is given',
    description: 'Of two people who decide about one draft at once, one decides and the other gets 409.',
    by: 'operator',
    body: body('ApprovalBody', approvalSchema),
    isBodyOptional: true,
    status: 200,
    answer: recordAnswer,
    errors: { ...notFound, 409: ['conflict'] },
  },
  'POST /api/conversations/:key/drafts/:id/reject': {
    summary: 'Sees to it that a draft is never published',
    by: 'operator',
    body: body('RejectionBody', rejectionSchema),
    isBodyOptional: true,
    status: 200,
    answer: recordAnswer,
    errors: { ...notFound, 409: ['conflict'] },
  },
  'POST /api/conversations/:key/read': {
    summary: 'The team has read everything up to a record',
    description: 'The mark only moves forward. The conversation keeps its place in the inbox.',
    by: 'operator',
    body: body('ReadBody', readSchema),
    status: 200,
    answer: stateAnswer,
    errors: notFound,
  },
  'POST /api/conversations/:key/assign': {
    summary: "Makes it somebody's conversation; null: everybody's",
    by: 'operator',
    body: body('AssignmentBody', assignmentSchema),
    status: 200,
    answer: stateAnswer,
    errors: notFound,
  },
  'POST /api/conversations/:key/presence': {
    summary: 'A sign of life of somebody who looks at the conversation',
    description:
      'It counts for 15 s: send one every 10 s, and at once when typing begins or ends, or with `looking: false` when one leaves. `draftId` names a draft whose words one is changing. All operators hear of it by the feed. Nothing is kept.',
    by: 'operator',
    body: body('PresenceBody', presenceSchema),
    status: 204,
    errors: notFound,
  },
  'POST /api/conversations/:key/approve-customer': decision(
    "In approval mode: this customer's answers go out by themselves, and what waits goes out now",
  ),
  'POST /api/conversations/:key/revoke-approval': decision('Answers to this customer wait for approval again'),
  'POST /api/conversations/:key/takeover': decision('The assistant falls silent, in the middle of a word if need be'),
  'POST /api/conversations/:key/handback': decision('The assistant answers what is written from now on'),
  'POST /api/conversations/:key/resolve': decision(
    'Everything said so far is settled, and read, until the next message',
  ),
  'POST /api/conversations/:key/reopen': decision('It is not settled'),
  'GET /api/conversations/:key/export': {
    summary: 'All that is kept of a conversation, as a file',
    by: 'operator',
    query: exportQuery,
    status: 200,
    content: { 'application/json': z.looseObject({}), 'text/plain': z.string() },
    errors: { 400: ['invalid_request'], ...notFound },
  },
  'GET /api/conversations/:key': {
    summary: 'One conversation, as the inbox lists it, and its customer',
    by: 'operator',
    status: 200,
    answer: activityAnswer,
    errors: notFound,
  },
  'DELETE /api/conversations/:key': {
    summary: 'Erases a conversation: messages, notes, drafts, what is being written, its place in the inbox',
    description: 'May be called again for the same one.',
    by: 'owner',
    status: 204,
    errors: notFound,
  },
  'GET /api/canned-replies': {
    summary: 'Replies that operators have ready',
    by: 'operator',
    status: 200,
    answer: cannedRepliesAnswer,
  },
  'POST /api/canned-replies': {
    summary: 'Keeps a reply for all operators',
    description: 'There may be 500. A shortcut is taken once.',
    by: 'operator',
    body: body('CreateCannedReplyBody', createCannedReplySchema),
    status: 201,
    answer: cannedReplyAnswer,
    errors: { 409: ['conflict'] },
  },
  'PATCH /api/canned-replies/:id': {
    summary: 'Changes a reply; what is left out stays',
    by: 'operator',
    body: body('UpdateCannedReplyBody', updateCannedReplySchema),
    status: 200,
    answer: cannedReplyAnswer,
    errors: { ...notFound, 409: ['conflict'] },
  },
  'DELETE /api/canned-replies/:id': {
    summary: 'Removes a reply',
    description: 'May be called again for the same one.',
    by: 'operator',
    status: 204,
    errors: notFound,
  },
  'GET /api/audit': {
    summary: 'The audit trail: who did what, newest first',
    by: 'operator',
    query: auditQuery,
    status: 200,
    answer: auditPage,
    errors: { 400: ['invalid_cursor', 'invalid_limit', 'invalid_request'], 404: ['cursor_not_found'] },
  },
} as const satisfies Record<string, Operation>
