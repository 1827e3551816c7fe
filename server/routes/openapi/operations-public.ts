/** What pages, programs with a token, and load balancers call. */
import { z } from 'zod'
import { attachmentTypes } from '../../../protocol.ts'
import { configAnswer } from './accounts.ts'
import { answer } from './named.ts'
import type { Operation } from './operation.ts'
import { feedbackForm, historyQuery, personForm, sendQuery, stopForm, typingForm, uploadQuery } from './queries.ts'
import { attachmentAnswer, historyPage, streamEvent } from './records.ts'

const stream = {
  summary: 'Sends one message and streams its answer',
  description:
    'Each event has an id, `<turnId>.<n>`, and `data`, a `StreamEvent`: `ack` once the message is stored, `delta` for pieces of the answer, `message` when it is whole, `pending` where none will come, `failure`, and `done` at the end. A disconnect never cancels an answer. With `lastEventId` nothing is stored; the answer goes on from there, or is 204 where it has ended.',
  by: 'token',
  status: 200,
  content: { 'text/event-stream': streamEvent },
  errors: {
    400: [
      'invalid_text',
      'invalid_conversation_id',
      'invalid_client_message_id',
      'invalid_event_id',
      'invalid_context',
      'invalid_attachment',
    ],
    404: ['not_found'],
    409: ['idempotency_mismatch'],
    413: ['text_too_long', 'body_too_large'],
    503: ['shutting_down'],
  },
} as const satisfies Operation

const status = answer('Status', z.strictObject({ status: z.enum(['ok', 'ready']) }))

/** By method and path. */
export const publicOperations = {
  'GET /conversation/sse': { ...stream, query: sendQuery },
  'POST /conversation/sse': {
    ...stream,
    form: sendQuery,
    errors: { ...stream.errors, 415: ['unsupported_media_type'] },
  },
  'GET /conversation/history': {
    summary: 'What a conversation holds, for its customer',
    description:
      'Without a cursor, the newest. Oldest first. A poll is always a gap-free continuation of what that reader had.',
    by: 'token',
    query: historyQuery,
    status: 200,
    answer: historyPage,
    errors: {
      400: ['invalid_conversation_id', 'invalid_cursor', 'invalid_limit', 'invalid_wait'],
      404: ['cursor_not_found'],
    },
  },
  'POST /conversation/stop': {
    summary: 'Stops an answer that is being written',
    by: 'token',
    form: stopForm,
    status: 204,
    errors: {
      400: ['invalid_conversation_id', 'invalid_turn_id'],
      404: ['not_found'],
      413: ['body_too_large'],
      415: ['unsupported_media_type'],
    },
  },
  'POST /conversation/person': {
    summary: 'Asks for a person',
    description:
      'The assistant is silent from then on, until somebody of the team hands the conversation back to it. May be called again.',
    by: 'token',
    form: personForm,
    status: 204,
    errors: {
      400: ['invalid_conversation_id'],
      404: ['not_found'],
      413: ['body_too_large'],
      415: ['unsupported_media_type'],
    },
  },
  'POST /conversation/feedback': {
    summary: 'Says what the customer thinks: of an answer, or of the conversation',
    description:
      'Either `messageId` and `rating`, or `score` and perhaps `comment`. The last word counts. A rated record has `data.rating` in the history; no order, id or cursor changes.',
    by: 'token',
    form: feedbackForm,
    status: 204,
    errors: {
      400: ['invalid_conversation_id'],
      404: ['not_found'],
      413: ['text_too_long', 'body_too_large'],
      415: ['unsupported_media_type'],
    },
  },
  'POST /conversation/erase': {
    summary: 'Erases the conversation, as an operator can: messages, notes, files, drafts, what is being written',
    description:
      'May be called again for the same one. `403 request_not_allowed` where the integration does not let visitors (`visitorErase`).',
    by: 'token',
    form: personForm,
    status: 204,
    errors: { 400: ['invalid_conversation_id'], 413: ['body_too_large'], 415: ['unsupported_media_type'] },
  },
  'POST /conversation/typing': {
    summary: 'The customer is typing, or has stopped',
    description:
      'Operators hear of it by the feed. It counts for 6 s: say it again every few seconds. Nothing is kept, and nothing happens where there is no such conversation.',
    by: 'token',
    form: typingForm,
    status: 204,
    errors: { 400: ['invalid_conversation_id'], 413: ['body_too_large'], 415: ['unsupported_media_type'] },
  },
  'POST /conversation/attachments': {
    summary: 'Uploads a file, to be sent with a message of this conversation',
    description:
      'The body is the file. Its type is told by its first bytes: PNG, JPEG, GIF, WebP or PDF. What no message names within a day is removed.',
    by: 'token',
    query: uploadQuery,
    isUpload: true,
    status: 201,
    answer: attachmentAnswer,
    errors: {
      400: ['invalid_conversation_id', 'invalid_attachment'],
      404: ['not_found'],
      409: ['conflict'],
      413: ['body_too_large'],
      415: ['unsupported_media_type'],
    },
  },
  'GET /conversation/attachments/:id': {
    summary: 'A file',
    description:
      'For whoever knows its id. To be saved: it is never shown as a page, and where it is opened as one, it may run nothing.',
    by: 'anybody',
    status: 200,
    content: Object.fromEntries(Object.keys(attachmentTypes).map((type) => [type, null])),
    errors: { 404: ['not_found'], 429: ['rate_limited'], 503: ['storage_unavailable'] },
  },
  'GET /widget/config': {
    summary: 'Look and texts that were set for an integration',
    description: 'With an ETag; a request that names it in `If-None-Match` is answered with 304.',
    by: 'token',
    status: 200,
    answer: configAnswer,
  },
  'GET /health': { summary: 'The process answers', by: 'anybody', status: 200, answer: status },
  'GET /ready': {
    summary: 'So does its storage',
    by: 'anybody',
    status: 200,
    answer: status,
    errors: { 503: ['storage_unavailable'] },
  },
  'GET /openapi.json': {
    summary: 'This description',
    by: 'anybody',
    status: 200,
    content: { 'application/json': z.looseObject({}) },
  },
} as const satisfies Record<string, Operation>
