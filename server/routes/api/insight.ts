/** `/api/integrations/:id/sightings` and `…/usage`: whether the chat is there, and how much it is used. */
import { getRouterParam } from 'h3'
import type { H3, H3Event } from 'h3'
import type { Integration } from '../../access/integration.ts'
import type { Registry } from '../../access/registry.ts'
import type { Sightings } from '../../access/sightings.ts'
import { HttpError } from '../../errors.ts'
import type { Budget } from '../../limits/budget.ts'
import { keptDays } from '../../limits/usage.ts'
import type { Usage } from '../../limits/usage.ts'
import { json } from '../answers.ts'
import { queryParams } from '../params.ts'
import { operatorRoute } from './operator.ts'
import type { OperatorApi } from './operator.ts'

/** What these routes need. */
export interface InsightRoutesOptions extends OperatorApi {
  registry: Pick<Registry, 'get'>
  sightings: Pick<Sightings, 'of'>
  usage: Pick<Usage, 'days'>
  budget: Pick<Budget, 'state'>
}

/** Days that usage is told of where nobody says how many. */
export const usualDays = 30

/** Adds the routes to the app. */
export function insightRoutes(app: H3, options: InsightRoutesOptions): void {
  const { sightings, usage, budget } = options

  operatorRoute(app, '/api/integrations/:id/sightings', options, {
    GET: async (event) => json(await sightings.of(existing(options.registry, event))),
  })

  operatorRoute(app, '/api/integrations/:id/usage', options, {
    async GET(event) {
      const { id } = existing(options.registry, event)
      const count = days(queryParams(event.req.url).get('days'))
      return json({ days: await usage.days(id, count), budget: await budget.state(id) })
    },
  })
}

/** The integration a path names. @throws HttpError 404 `not_found` */
export function existing(registry: Pick<Registry, 'get'>, event: H3Event): Integration {
  const integration = registry.get(getRouterParam(event, 'id') ?? '')
  if (!integration) throw new HttpError(404, 'not_found', 'There is no such integration.')
  return integration
}

function days(text: string | null): number {
  if (text === null) return usualDays
  const value = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= keptDays) return value
  throw new HttpError(400, 'invalid_request', `days has to be a whole number from 1 to ${keptDays}.`)
}
