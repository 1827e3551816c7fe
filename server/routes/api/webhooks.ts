/** `/api/webhooks`: who hears of what happens, for owners. */
import { getRouterParam } from 'h3'
import type { H3, H3Event } from 'h3'
import { z } from 'zod'
import type { Registry } from '../../access/registry.ts'
import { HttpError } from '../../errors.ts'
import { isDeliveriesCursor } from '../../webhooks/deliveries.ts'
import { webhookEvents } from '../../webhooks/registrations.ts'
import type { Webhook } from '../../webhooks/registrations.ts'
import type { Webhooks } from '../../webhooks/webhooks.ts'
import { empty, json } from '../answers.ts'
import { limit, queryParams, single } from '../params.ts'
import { readJson } from './body.ts'
import { operatorRoute, owners } from './operator.ts'
import type { OperatorApi } from './operator.ts'

/** What these routes need. */
export interface WebhookRoutesOptions extends OperatorApi {
  webhooks: Webhooks
  registry: Pick<Registry, 'get'>
}

const url = z
  .string()
  .trim()
  .max(2_000)
  .refine(
    (text) => URL.canParse(text) && isPlain(new URL(text)),
    'has to begin with https:// or http://, without a password',
  )
const events = z.array(z.enum(webhookEvents)).min(1).max(10)

/** The body of `POST /api/webhooks`. */
export const createWebhookSchema = z.strictObject({ url, events, integrationId: z.string().max(64).nullish() })

/** The body of `PATCH /api/webhooks/:id`. */
export const updateWebhookSchema = z.strictObject({
  url: url.optional(),
  events: events.optional(),
  paused: z.boolean().optional(),
})

/** Adds the routes to the app. */
export function webhookRoutes(app: H3, options: WebhookRoutesOptions): void {
  const { webhooks, registry } = options

  operatorRoute(app, '/api/webhooks', options, {
    GET: owners(() => json({ webhooks: webhooks.list().map(toCard) })),

    POST: owners(async ({ req }, operator) => {
      const { integrationId = null, ...given } = await readJson(req, createWebhookSchema)
      if (integrationId !== null && !registry.get(integrationId)) {
        throw new HttpError(404, 'not_found', 'There is no such integration.')
      }
      await webhooks.checkUrl(given.url)
      const webhook = await webhooks.create({ ...given, integrationId }, operator)
      return json({ webhook: toCard(webhook), secret: webhook.secret }, 201)
    }),
  })

  operatorRoute(app, '/api/webhooks/:id', options, {
    GET: owners((event) => json({ webhook: toCard(webhooks.existing(idOf(event))) })),

    PATCH: owners(async (event, operator) => {
      const { id } = webhooks.existing(idOf(event))
      const patch = await readJson(event.req, updateWebhookSchema)
      if (patch.url !== undefined) await webhooks.checkUrl(patch.url)
      return json({ webhook: toCard(await webhooks.update(id, patch, operator)) })
    }),

    DELETE: owners(async (event, operator) => {
      await webhooks.remove(idOf(event), operator)
      return empty(204)
    }),
  })

  operatorRoute(app, '/api/webhooks/:id/secret', options, {
    POST: owners(async (event, operator) => {
      const webhook = await webhooks.rotateSecret(idOf(event), operator)
      return json({ webhook: toCard(webhook), secret: webhook.secret }, 201)
    }),
  })

  operatorRoute(app, '/api/webhooks/:id/test', options, {
    POST: owners(async (event) => json({ attempt: await webhooks.test(idOf(event)) })),
  })

  operatorRoute(app, '/api/webhooks/:id/deliveries', options, {
    GET: owners(async (event) => {
      const query = queryParams(event.req.url)
      const cursor = query.get('cursor')
      if (cursor !== null && !isDeliveriesCursor(cursor)) {
        throw new HttpError(400, 'invalid_cursor', 'cursor has to be the cursor of an earlier answer.')
      }
      return json(await webhooks.deliveries(idOf(event), cursor, limit(single(query))))
    }),
  })

  operatorRoute(app, '/api/webhooks/:id/deliveries/:eventId/redeliver', options, {
    POST: owners(async (event) => {
      const eventId = getRouterParam(event, 'eventId') ?? ''
      return json({ delivery: await webhooks.redeliver(idOf(event), eventId) })
    }),
  })
}

/** A webhook as owners see it: its secret was shown when it was made. */
const toCard = ({ id, url, events, integrationId, paused, createdAt }: Webhook) => ({
  ...{ id, url, events, integrationId },
  ...{ paused, createdAt },
})

const isPlain = ({ protocol, username, password, hostname }: URL): boolean =>
  /^https?:$/.test(protocol) && username === '' && password === '' && hostname !== ''

const idOf = (event: H3Event): string => getRouterParam(event, 'id') ?? ''
