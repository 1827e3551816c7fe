/** What operators ask about an integration. */
import { expect } from 'vitest'
import type { IntegrationSightings } from '../../../server/access/sightings.ts'
import type { BudgetState } from '../../../server/limits/budget.ts'
import type { UsageDay } from '../../../server/limits/usage.ts'
import { operatorKey } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'

/** A call of the API with the operator key. */
export const ask = (world: World, method: string, path: string, body?: object): Promise<Response> =>
  world.lumika.fetch(
    new Request(`http://localhost:3000/api/integrations${path}`, {
      method,
      headers: { authorization: `Bearer ${operatorKey}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    }),
  )

async function read<T>(world: World, path: string): Promise<T> {
  const response = await ask(world, 'GET', `/${world.integration.id}/${path}`)
  expect(response.status).toBe(200)
  return (await response.json()) as T
}

export const sightings = (world: World) => read<IntegrationSightings>(world, 'sightings')

export const usage = (world: World, days = 30) =>
  read<{ days: UsageDay[]; budget: BudgetState }>(world, `usage?days=${days}`)
