import { createHmac, generateKeyPairSync } from 'node:crypto'
import { base64url, SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { checkIdentity } from '../../../server/access/identity.ts'
import type { IdentityInput } from '../../../server/access/identity.ts'

const now = Date.parse('2026-06-01T12:00:00.000Z')
const seconds = now / 1000
const secret = 'lis_the-secret-of-this-integration-0123456789'
const oldSecret = 'lis_the-secret-before-it-0123456789abcdefghij'
const capability = `c_${'Ab0_-'.repeat(5)}`

const widget: IdentityInput['integration'] = {
  id: 'int_a',
  kind: 'widget',
  allowUnsignedIds: false,
  requireIdentity: false,
  identitySecrets: [{ secret, createdAt: '2026-01-01T00:00:00.000Z' }],
}

const check = (input: Partial<IdentityInput> = {}, integration: Partial<IdentityInput['integration']> = {}) =>
  checkIdentity({ conversationId: 'customer-42', now, ...input, integration: { ...widget, ...integration } })

const hash = (conversationId = 'customer-42', { key = secret, integrationId = 'int_a' } = {}) =>
  createHmac('sha256', key).update(`${integrationId}\n${conversationId}`).digest('hex')

type Claims = Partial<{ sub: string; aud: string | string[]; exp: number; nbf: number; iat: number }>
const jwt = (claims: Claims = {}, { key = secret, alg = 'HS256' } = {}) => {
  const all = { sub: 'customer-42', aud: 'int_a', exp: seconds + 3_600, ...claims }
  return new SignJWT(JSON.parse(JSON.stringify(all))).setProtectedHeader({ alg }).sign(new TextEncoder().encode(key))
}

const identityRequired = expect.objectContaining({ name: 'HttpError', status: 403, code: 'identity_required' })

describe('ids of a server', () => {
  it('I57: an api token needs no proof, whatever else is set', async () => {
    await check({}, { kind: 'api', identitySecrets: [] })
    await check({ conversationId: capability }, { kind: 'api', requireIdentity: true })
    await check({ userHash: 'wrong', userJwt: ['a', 'b'] }, { kind: 'api' })
  })
})

describe('ids of a page', () => {
  it('I58: a capability id needs no proof, and a wrong one does no harm', async () => {
    await check({ conversationId: capability })
    await check({ conversationId: `c_${'a'.repeat(22)}` })
    await check({ conversationId: capability, userHash: 'wrong' })
  })

  it.each([
    'c_',
    `c_${'a'.repeat(21)}`,
    `c_${'a'.repeat(21)}.`,
    'c_customer@example.com',
    '',
    'a b',
    'ü',
    'a'.repeat(129),
  ])('I58: %j is no conversation id', async (conversationId) => {
    const invalid = expect.objectContaining({ status: 400, code: 'invalid_conversation_id' })
    await expect(check({ conversationId })).rejects.toEqual(invalid)
    await expect(check({ conversationId, userHash: hash(conversationId) })).rejects.toEqual(invalid)
  })

  it('I53: any other id without proof is refused, with one and the same error', async () => {
    await expect(check()).rejects.toEqual(identityRequired)
    const errors = await Promise.all(
      ['customer-42', 'customer-43', 'x'].map((conversationId) => check({ conversationId }).catch((error) => error)),
    )
    expect(new Set(errors.map((error) => error.message)).size).toBe(1)
    expect(errors[0].message).not.toContain('customer')
  })

  it('allowUnsignedIds lets other ids pass, requireIdentity refuses unproven capability ids too and wins', async () => {
    await check({}, { allowUnsignedIds: true })
    await expect(check({ conversationId: capability }, { requireIdentity: true })).rejects.toEqual(identityRequired)
    await expect(check({}, { requireIdentity: true, allowUnsignedIds: true })).rejects.toEqual(identityRequired)
    await check({ userHash: hash() }, { requireIdentity: true })
    await check({ conversationId: capability, userHash: hash(capability) }, { requireIdentity: true })
  })
})

describe('userHash', () => {
  it('I54: the right one passes', async () => {
    await check({ userHash: hash() })
    // printf 'int_a\ncustomer-42' | openssl dgst -sha256 -hmac <secret>
    await check({ userHash: '3ec32132c2a5e83e3239b6069e755060566a8d78901b3b6935ca85fec6cc99ad' })
  })

  it.each([
    ['of another customer', hash('customer-43')],
    ['of another integration', hash('customer-42', { integrationId: 'int_b' })],
    ['of another secret', hash('customer-42', { key: oldSecret })],
    ['in upper case', hash().toUpperCase()],
    ['truncated', hash().slice(0, -1)],
    ['truncated by a byte', hash().slice(0, -2)],
    ['with something after it', `${hash()}00`],
    ['with a line break', `${hash()}\n`],
    ['empty', ''],
    ['repeated', [hash(), hash()]],
    ['as a list of one', [hash()]],
    ['not hexadecimal', 'z'.repeat(64)],
    ['in base64url', createHmac('sha256', secret).update('int_a\ncustomer-42').digest('base64url')],
  ])('I54: one %s is refused', async (_, userHash) => {
    await expect(check({ userHash })).rejects.toEqual(identityRequired)
  })
})

describe('userJwt', () => {
  it.each<[string, Claims]>([
    ['for an hour', {}],
    ['for 24 hours', { exp: seconds + 86_400 }],
    ['for 24 hours by a clock 60 s ahead', { exp: seconds + 86_460 }],
    ['expired 59 s ago', { exp: seconds - 59 }],
    ['valid in 60 s', { nbf: seconds + 60 }],
    ['for a list of audiences', { aud: ['int_a'] }],
  ])('I55: one %s passes', async (_, claims) => {
    await check({ userJwt: await jwt(claims) })
  })

  it.each<[string, Claims]>([
    ['for another customer', { sub: 'customer-43' }],
    ['without a customer', { sub: undefined as unknown as string }],
    ['for another integration', { aud: 'int_b' }],
    ['without an integration', { aud: undefined as unknown as string }],
    ['expired 61 s ago', { exp: seconds - 61 }],
    ['expired 120 s ago', { exp: seconds - 120 }],
    ['without an end', { exp: undefined as unknown as number }],
    ['with an end that is no number', { exp: 'never' as unknown as number }],
    ['for longer than 24 h', { exp: seconds + 86_461 }],
    ['for ever', { exp: Number.MAX_SAFE_INTEGER }],
    ['valid in 61 s', { nbf: seconds + 61 }],
  ])('I55: one %s is refused', async (_, claims) => {
    await expect(check({ userJwt: await jwt(claims) })).rejects.toEqual(identityRequired)
  })

  it('I55: other algorithms are refused', async () => {
    const claims = { sub: 'customer-42', aud: 'int_a', exp: seconds + 3_600 }
    const none = new UnsecuredJWT(claims).encode()
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const rs256 = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(privateKey)
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const signed = await jwt()
    const renamed = `${base64url.encode(JSON.stringify({ alg: 'none' }))}.${signed.split('.')[1]}.${signed.split('.')[2]}`
    const wrong = [
      none,
      `${none}${'a'.repeat(43)}`,
      rs256,
      await jwt({}, { key: pem }),
      await jwt({}, { alg: 'HS384', key: secret + secret }),
      await jwt({}, { alg: 'HS512', key: secret + secret }),
      renamed,
    ]
    for (const userJwt of wrong) await expect(check({ userJwt })).rejects.toEqual(identityRequired)
  })

  it('I55: what is no token of one piece is refused', async () => {
    const signed = await jwt()
    const wrong = ['', '.', '..', signed.slice(0, -1), `${signed}.`, [signed, signed], `${signed}${' '.repeat(5_000)}`]
    for (const userJwt of wrong) await expect(check({ userJwt })).rejects.toEqual(identityRequired)
  })
})

describe('I56: while a secret is being replaced', () => {
  const createdAt = '2026-01-01T00:00:00.000Z'
  const rotating = {
    identitySecrets: [
      { secret, createdAt },
      { secret: oldSecret, createdAt, expiresAt: new Date(now + 60_000).toISOString() },
    ],
  }

  it('both count during the overlap, then only the new one', async () => {
    const old = { userHash: hash('customer-42', { key: oldSecret }) }
    const oldJwt = { userJwt: await jwt({}, { key: oldSecret }) }
    for (const proof of [old, oldJwt, { userHash: hash() }]) await check({ ...proof, now: now + 59_999 }, rotating)
    for (const proof of [old, oldJwt]) {
      await expect(check({ ...proof, now: now + 60_000 }, rotating)).rejects.toEqual(identityRequired)
    }
    await check({ userHash: hash(), now: now + 60_000 }, rotating)
  })

  it('an integration without secrets accepts no proof', async () => {
    await expect(check({ userHash: hash() }, { identitySecrets: [] })).rejects.toEqual(identityRequired)
  })
})
