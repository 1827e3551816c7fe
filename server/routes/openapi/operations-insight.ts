/** The calls that tell how an integration is doing. */
import { responderTestSchema } from '../api/responder-test.ts'
import * as insight from './insight.ts'
import { body } from './named.ts'
import type { Operation } from './operation.ts'
import { usageQuery } from './queries.ts'

const notFound = { 404: ['not_found'] } as const

/** By method and path. */
export const insightOperations = {
  'GET /api/integrations/:id/sightings': {
    summary: 'Where the chat was seen, and which pages were refused',
    description: 'Refusals are kept in memory: those since the servers were started.',
    by: 'operator',
    status: 200,
    answer: insight.sightingsAnswer,
    errors: notFound,
  },
  'GET /api/integrations/:id/usage': {
    summary: 'What was counted on each of the last days, and how the budget of answers stands',
    description: 'Other replicas are up to 30 s behind.',
    by: 'operator',
    query: usageQuery,
    status: 200,
    answer: insight.usageAnswer,
    errors: { 400: ['invalid_request'], ...notFound },
  },
  'POST /api/integrations/:id/responder-test': {
    summary: 'Asks the responder something, outside of all conversations; nothing is stored',
    by: 'operator',
    body: body('ResponderTestBody', responderTestSchema),
    status: 200,
    content: { 'text/event-stream': insight.trialEvent },
    errors: { ...notFound, 409: ['conflict'], 429: ['rate_limited'] },
  },
} as const satisfies Record<string, Operation>
