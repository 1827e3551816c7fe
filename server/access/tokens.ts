/** Integration tokens: made, hashed, and read from a request. */
import { HttpError } from '../errors.ts'
import type { IntegrationKind, IntegrationToken } from './integration.ts'
import { randomAlphanumeric, randomBase64Url, sha256, type RandomSource } from '../random.ts'

/** A new token: what is stored, and the token itself, which for `api` is nowhere else. */
export async function mintToken(
  kind: IntegrationKind,
  createdAt: string,
  random: RandomSource,
): Promise<{ stored: IntegrationToken; value: string }> {
  const value = kind === 'widget' ? `lw_${randomBase64Url(18, random)}` : `la_${randomBase64Url(32, random)}`
  const stored: IntegrationToken = {
    id: `tok_${randomAlphanumeric(16, random)}`,
    hash: await sha256(value),
    hint: value.slice(-4),
    createdAt,
  }
  if (kind === 'widget') stored.value = value
  return { stored, value }
}

/** Whether a text has the form of a token at all; anything else need not be looked up. */
export const isToken = (text: string): boolean => /^(lw_[A-Za-z0-9_-]{22,64}|la_[A-Za-z0-9_-]{32,64})$/.test(text)

/**
 * The token of a request: `integrationToken`, or `Authorization: Bearer`, or both when they agree.
 * @param given every `integrationToken` the request holds, of its query and of its form
 * @param authorization the header; null when absent. Schemes other than Bearer are somebody else's
 * @throws HttpError 401 `invalid_token`
 */
export function readToken(given: string | readonly string[] | undefined, authorization: string | null): string {
  const candidates = given === undefined ? [] : typeof given === 'string' ? [given] : [...given]
  if (candidates.length > 1) throw invalidToken()
  const bearer = /^bearer(?:\s+(.*))?$/i.exec(authorization?.trim() ?? '')
  if (bearer) candidates.push(bearer[1] ?? '')
  const [token, other = token] = candidates
  if (token === undefined || token !== other || !isToken(token)) throw invalidToken()
  return token
}

/** The one answer to a token that is missing, malformed, unknown or revoked: which of them it is stays unsaid. */
export function invalidToken(): HttpError {
  return new HttpError(
    401,
    'invalid_token',
    'The integration token is missing or not valid. Copy it from the integration in the Dashboard.',
  )
}
