/**
 * Who may use a conversation id. Decided from the request and the integration alone, never from storage, so that the
 * answer and its timing are the same whether or not the conversation exists.
 */
import { jwtVerify } from 'jose'
import { isCapabilityId, isConversationId } from '../../protocol.ts'
import { HttpError } from '../errors.ts'
import type { IdentitySecret, Integration } from './integration.ts'

/** What is checked. */
export interface IdentityInput {
  integration: Pick<Integration, 'id' | 'kind' | 'allowUnsignedIds' | 'requireIdentity' | 'identitySecrets'>
  conversationId: string
  /** As received; anything but one string is no proof. */
  userHash?: string | readonly string[] | undefined
  /** As received; anything but one string is no proof. */
  userJwt?: string | readonly string[] | undefined
  /** Milliseconds since 1970. */
  now: number
}

/**
 * Passes when the request may read and write the conversation.
 * @throws HttpError 400 `invalid_conversation_id`, 403 `identity_required`
 */
export async function checkIdentity(input: IdentityInput): Promise<void> {
  const { integration, conversationId } = input
  if (!isConversationId(conversationId)) throw invalidConversationId()
  const isCapability = isCapabilityId(conversationId)
  // A shorter id of this form could be guessed, though everything about it says that it cannot.
  if (conversationId.startsWith('c_') && !isCapability) throw invalidConversationId()
  // The token of a server is the proof.
  if (integration.kind === 'api') return
  if (!integration.requireIdentity && (isCapability || integration.allowUnsignedIds)) return
  if (!(await isProven(input))) throw identityRequired()
}

/** Whether whoever calls is known to be the customer of the id: by proof, or by the token of a server. */
export const isVerified = async (input: IdentityInput): Promise<boolean> =>
  input.integration.kind === 'api' || isProven(input)

/** The secrets that count now: the newest, and older ones until their overlap ends. */
export const liveSecrets = (secrets: readonly IdentitySecret[], now: number): IdentitySecret[] =>
  secrets.filter(({ expiresAt }) => expiresAt === undefined || Date.parse(expiresAt) > now)

const dayInSeconds = 24 * 60 * 60
const leewayInSeconds = 60

async function isProven({ integration, conversationId, userHash, userJwt, now }: IdentityInput): Promise<boolean> {
  for (const { secret } of liveSecrets(integration.identitySecrets, now)) {
    if (typeof userHash === 'string' && (await isUserHash(userHash, secret, integration.id, conversationId)))
      return true
    if (typeof userJwt === 'string' && (await isUserJwt(userJwt, secret, integration.id, conversationId, now)))
      return true
  }
  return false
}

async function isUserHash(hash: string, secret: string, integrationId: string, conversationId: string) {
  if (!/^[0-9a-f]{64}$/.test(hash)) return false
  const encode = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', encode.encode(secret), algorithm, false, ['verify'])
  const signature = Uint8Array.from(hash.match(/../g) as string[], (byte) => parseInt(byte, 16))
  // `verify` compares in constant time.
  return crypto.subtle.verify('HMAC', key, signature, encode.encode(`${integrationId}\n${conversationId}`))
}

async function isUserJwt(jwt: string, secret: string, integrationId: string, conversationId: string, now: number) {
  if (jwt.length > 4_096) return false
  try {
    const { payload } = await jwtVerify(jwt, new TextEncoder().encode(secret), {
      algorithms: ['HS256'],
      subject: conversationId,
      audience: integrationId,
      requiredClaims: ['exp'],
      clockTolerance: leewayInSeconds,
      currentDate: new Date(now),
    })
    return (payload.exp as number) <= now / 1000 + dayInSeconds + leewayInSeconds
  } catch {
    return false
  }
}

const invalidConversationId = (): HttpError =>
  new HttpError(
    400,
    'invalid_conversation_id',
    'conversationId must be 1 to 128 visible ASCII characters, and `c_` must be followed by at least 22 of A-Z a-z 0-9 _ -.',
  )

const identityRequired = (): HttpError =>
  new HttpError(
    403,
    'identity_required',
    'This conversation id needs proof: send userHash or userJwt, made by your server with the identity secret of the integration.',
  )
