/** Cross-origin headers, as lists the caller puts into whatever answer it builds. */
import type { Integration } from './integration.ts'
import { canonicalOrigin, decideOrigin } from './origins.ts'

export type HeaderList = [name: string, value: string][]

/**
 * The headers every answer carries, errors and empty ones included.
 * @param allowOrigin the exact origin that may read the answer: null: none
 */
export function corsHeaders(allowOrigin: string | null): HeaderList {
  const vary: HeaderList = [['vary', 'Origin']]
  if (allowOrigin === null) return vary
  // `Retry-After` is part of the contract, and hidden from pages unless it is named here.
  return [...vary, ['access-control-allow-origin', allowOrigin], ['access-control-expose-headers', 'Retry-After']]
}

/** The headers of the answer to a preflight, whose status is 204. */
export function preflightHeaders(allowOrigin: string | null): HeaderList {
  if (allowOrigin === null) return [['vary', 'Origin']]
  return [
    ['vary', 'Origin'],
    ['access-control-allow-origin', allowOrigin],
    ['access-control-allow-methods', 'GET, POST'],
    ['access-control-allow-headers', 'content-type, authorization, last-event-id'],
    ['access-control-max-age', '600'],
  ]
}

/**
 * The origin that may read an answer for which no integration is known: a page has to see that its token is gone, and
 * learns nothing else.
 */
export const originWithoutIntegration = canonicalOrigin

/**
 * The origin a preflight answers to. A preflight cannot carry a token in a header or a body, so without a token in the
 * query it lets any page ask; the request itself is then decided by the list.
 * @param integration what the token in the query belongs to; null when there is none
 */
export function preflightOrigin(
  origin: string | null,
  integration: Pick<Integration, 'allowedDomains' | 'kind'> | null,
): string | null {
  if (!integration || origin === null) return canonicalOrigin(origin)
  const { allowedDomains, kind } = integration
  const headers = { origin, secFetchSite: null, referer: null }
  return decideOrigin({ allowedDomains, kind, headers, publicOrigin: null }).allowOrigin
}
