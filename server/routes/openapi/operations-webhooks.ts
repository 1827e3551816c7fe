/** The calls about webhooks, and what they answer. */
import { z } from 'zod'
import { webhookEvents } from '../../webhooks/registrations.ts'
import { createWebhookSchema, updateWebhookSchema } from '../api/webhooks.ts'
import { answer, body } from './named.ts'
import type { Operation } from './operation.ts'
import { deliveriesQuery } from './queries.ts'
import { id, key, timestamp } from './records.ts'

const webhook = answer(
  'Webhook',
  z.strictObject({
    id: z.string(),
    url: z.string(),
    events: z.array(z.enum(webhookEvents)),
    integrationId: z.string().nullable().describe('null: of all integrations.'),
    paused: z.boolean().describe('Nothing is sent; what happens waits.'),
    createdAt: timestamp,
  }),
)

const attempt = answer(
  'WebhookAttempt',
  z.strictObject({
    at: timestamp,
    durationMs: z.int(),
    status: z.int().optional().describe('What the receiver answered.'),
    error: z.string().optional().describe('Why it did not.'),
  }),
)

const delivery = answer(
  'WebhookDelivery',
  z.strictObject({
    eventId: id,
    event: z.enum(webhookEvents),
    integrationId: z.string(),
    conversationId: z.string(),
    key,
    recordId: id,
    createdAt: timestamp,
    state: z.enum(['queued', 'delivered', 'failed']),
    nextAttemptAt: timestamp.nullable(),
    attempts: z.array(attempt).describe('Oldest first.'),
  }),
)

const webhookAnswer = answer('WebhookAnswer', z.strictObject({ webhook }))
const webhooksAnswer = answer('WebhooksAnswer', z.strictObject({ webhooks: z.array(webhook) }))
const secretAnswer = answer(
  'WebhookSecretAnswer',
  z.strictObject({ webhook, secret: z.string().describe('Shown this once.') }),
)
const attemptAnswer = answer('WebhookAttemptAnswer', z.strictObject({ attempt }))
const deliveryAnswer = answer('WebhookDeliveryAnswer', z.strictObject({ delivery }))
const deliveriesPage = answer(
  'WebhookDeliveriesPage',
  z.strictObject({ deliveries: z.array(delivery).describe('Newest first.'), cursor: z.string().nullable() }),
)

const notFound = { 404: ['not_found'] } as const
const urlErrors = { 422: ['invalid_url', 'private_address'] } as const

/** By method and path. */
export const webhookOperations = {
  'GET /api/webhooks': { summary: 'All webhooks', by: 'owner', status: 200, answer: webhooksAnswer },
  'POST /api/webhooks': {
    summary: 'Makes a webhook: your own code hears of what happens from now on',
    by: 'owner',
    body: body('CreateWebhookBody', createWebhookSchema),
    status: 201,
    answer: secretAnswer,
    errors: { ...notFound, 409: ['conflict'], ...urlErrors },
  },
  'GET /api/webhooks/:id': {
    summary: 'A webhook',
    by: 'owner',
    status: 200,
    answer: webhookAnswer,
    errors: notFound,
  },
  'PATCH /api/webhooks/:id': {
    summary: 'Changes a webhook, pauses it, or lets it go on; what is left out stays',
    by: 'owner',
    body: body('UpdateWebhookBody', updateWebhookSchema),
    status: 200,
    answer: webhookAnswer,
    errors: { ...notFound, ...urlErrors },
  },
  'DELETE /api/webhooks/:id': {
    summary: 'Removes a webhook, with all that was queued',
    by: 'owner',
    status: 204,
    errors: notFound,
  },
  'POST /api/webhooks/:id/secret': {
    summary: 'Makes another secret, which signs from the next request on',
    by: 'owner',
    status: 201,
    answer: secretAnswer,
    errors: notFound,
  },
  'POST /api/webhooks/:id/test': {
    summary: 'Sends something that only tries the receiver, once, and tells what came of it',
    by: 'owner',
    status: 200,
    answer: attemptAnswer,
    errors: notFound,
  },
  'GET /api/webhooks/:id/deliveries': {
    summary: 'The delivery log of a webhook',
    by: 'owner',
    query: deliveriesQuery,
    status: 200,
    answer: deliveriesPage,
    errors: { 400: ['invalid_request', 'invalid_cursor', 'invalid_limit'], 404: ['not_found', 'cursor_not_found'] },
  },
  'POST /api/webhooks/:id/deliveries/:eventId/redeliver': {
    summary: 'Sends an event again, whatever became of it',
    by: 'owner',
    status: 200,
    answer: deliveryAnswer,
    errors: notFound,
  },
} as const satisfies Record<string, Operation>
