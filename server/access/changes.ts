/** What changes of an integration come to: pure, so that a change can be made again when another writer came first. */
import { HttpError } from '../errors.ts'
import { normaliseDomains } from './domains.ts'
import { liveSecrets } from './identity.ts'
import type { IdentitySecret, Integration, IntegrationPatch, IntegrationToken } from './integration.ts'

/** Each of them may stand in pages that are still cached somewhere; more than this is a mistake. */
const maxTokens = 20

/** Every proof is tried with each of them. */
const maxSecrets = 10

/**
 * The given fields, checked.
 * @param responders the names of the configured responders
 * @throws HttpError 422 `invalid_domain`, 400 `invalid_request`
 */
export function checkedPatch(patch: IntegrationPatch, responders: readonly string[]): Partial<Integration> {
  const { allowedDomains, ...rest } = patch
  if (typeof rest.responder === 'string' && !responders.includes(rest.responder)) {
    const names = responders.join(', ')
    throw new HttpError(400, 'invalid_request', `responder: name one of those configured (${names}), or null.`)
  }
  const given = Object.entries(rest).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(given), ...(allowedDomains && { allowedDomains: normaliseDomains(allowedDomains) }) }
}

/** @throws HttpError 409 `conflict` */
export function withToken({ tokens }: Integration, token: IntegrationToken): Partial<Integration> {
  if (tokens.length < maxTokens) return { tokens: [...tokens, token] }
  throw new HttpError(409, 'conflict', `An integration has ${maxTokens} tokens at most. Revoke one first.`)
}

/** @throws HttpError 404 `not_found` */
export function withoutToken({ tokens }: Integration, tokenId: string): Partial<Integration> {
  const left = tokens.filter((token) => token.id !== tokenId)
  if (left.length < tokens.length) return { tokens: left }
  throw new HttpError(404, 'not_found', 'This integration has no such token.')
}

/**
 * A new identity secret; older ones count for `overlapSeconds` more, or less if that was settled before.
 * @throws HttpError 400 `invalid_request`, 409 `conflict`
 */
export function withSecret(
  { kind, identitySecrets }: Integration,
  secret: IdentitySecret,
  overlapSeconds: number,
  now: number,
): Partial<Integration> {
  if (kind === 'api') {
    throw new HttpError(400, 'invalid_request', 'An api integration has no identity secret: its token is the proof.')
  }
  const end = now + overlapSeconds * 1000
  const older = liveSecrets(identitySecrets, now).map((old) => ({
    ...old,
    expiresAt: new Date(old.expiresAt ? Math.min(end, Date.parse(old.expiresAt)) : end).toISOString(),
  }))
  // One that ends all the others is always to be had: that is what a leak calls for.
  if (older.length >= maxSecrets && overlapSeconds > 0) {
    const message = `An integration has ${maxSecrets} identity secrets at most. Wait until an older one has expired.`
    throw new HttpError(409, 'conflict', message)
  }
  return { identitySecrets: [secret, ...older] }
}
