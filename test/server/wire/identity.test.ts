/** Whose conversation it is, over a whole server: no proof, no trace, and one answer whether or not it exists. */
import { createHash, createHmac, generateKeyPairSync } from 'node:crypto'
import { SignJWT, UnsecuredJWT } from 'jose'
import type { JWTPayload } from 'jose'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { CreatedToken } from '../../../server/access/registry.ts'
import { storages } from '../../helpers/world.ts'
import { as, canary, hashOf, openClaims, secretOf } from './claims.ts'
import type { Fields } from './claims.ts'

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('identity, on %s', (kind) => {
  const claimed = openClaims(kind)
  const { create, call, send, read, identityRequired } = claimed

  it('I53: an unsigned id gets one identical answer whether or not it exists, and storage is not even asked', async () => {
    const made = await create()
    await send(as(made, 'customer-42', hashOf(made, 'customer-42')))
    const used = await identityRequired(as(made, 'customer-42'))
    const unused = await identityRequired(as(made, 'customer-43'))
    expect(new Set([...used, ...unused]).size).toBe(1)
    const { messages } = await read(as(made, 'customer-42', hashOf(made, 'customer-42')))
    expect(messages.map(({ body }) => body)).toEqual([canary, `You said: ${canary}`])
  })

  it('I53: a resume of an existing turn is refused like that of any other', async () => {
    const made = await create()
    const { turnId } = await send(as(made, 'customer-42', hashOf(made, 'customer-42')))
    const asked = claimed.place.asked.length
    const bodies = new Set<string>()
    for (const id of [`${turnId}.0`, `t${'0'.repeat(22)}.0`]) {
      const response = await call(['GET', '/conversation/sse'], as(made, 'customer-42', ['lastEventId', id]))
      expect(response.status).toBe(403)
      bodies.add(await response.text())
    }
    expect(bodies.size).toBe(1)
    expect(claimed.place.asked).toHaveLength(asked)
  })

  it('I54: the right userHash reads and writes; every other one is refused', async () => {
    const [made, other] = [await create(), await create()]
    const [name, hash] = hashOf(made, 'customer-42')
    await send(as(made, 'customer-42', [name, hash]))
    expect((await read(as(made, 'customer-42', [name, hash]))).messages).toHaveLength(2)
    const wrong: Fields[] = [
      [hashOf(made, 'customer-43')],
      [hashOf(other, 'customer-42')],
      [[name, createHmac('sha256', secretOf(made)).update('customer-42').digest('hex')]],
      [[name, createHmac('sha512', secretOf(made)).update(`${made.integration.id}\ncustomer-42`).digest('hex')]],
      [[name, createHash('sha256').update(`${made.integration.id}\ncustomer-42`).digest('hex')]],
      [[name, hash.toUpperCase()]],
      [[name, hash.slice(0, 63)]],
      [[name, `${hash}0`]],
      [[name, ` ${hash}`]],
      [[name, Buffer.from(hash, 'hex').toString('base64url')]],
      [[name, '']],
      [['userhash', hash]],
      [['userHash[]', hash]],
      [
        [name, hash],
        [name, hash],
      ],
      [
        [name, hash],
        [name, ''],
      ],
      [['userJwt', hash]],
    ]
    const answers = new Set<string>()
    for (const proof of wrong) {
      for (const answer of await identityRequired(as(made, 'customer-42', ...proof))) answers.add(answer)
    }
    expect(answers.size).toBe(1)
  })

  it('I54: a userHash does not open another integration’s conversation of the same id', async () => {
    const [made, other] = [await create(), await create()]
    await send(as(made, 'customer-42', hashOf(made, 'customer-42')))
    await identityRequired(as(other, 'customer-42', hashOf(made, 'customer-42')))
  })

  describe('I55: a userJwt', () => {
    const seconds = (offset: number) => Math.floor(Date.now() / 1_000) + offset
    let made: CreatedToken
    beforeAll(async () => {
      made = await create()
      await send(as(made, 'customer-42', hashOf(made, 'customer-42')))
    })

    const claims = (more: JWTPayload = {}): JWTPayload => ({
      sub: 'customer-42',
      aud: made.integration.id,
      exp: seconds(3_600),
      ...more,
    })
    const hmac = (alg: string, payload: JWTPayload, secret = secretOf(made)) =>
      new SignJWT(payload).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret))
    const hs256 = (payload: JWTPayload, secret?: string) => hmac('HS256', payload, secret)

    it.each<[string, () => JWTPayload]>([
      ['for an hour', () => claims()],
      ['for 24 hours', () => claims({ exp: seconds(86_400) })],
      ['that ended 50 s ago', () => claims({ exp: seconds(-50) })],
      ['that begins in 50 s', () => claims({ nbf: seconds(50) })],
      ['with claims of its own', () => claims({ name: 'Ann', iat: seconds(0) })],
      ['for several audiences', () => claims({ aud: ['other', made.integration.id] })],
    ])('%s is proof', async (_, payload) => {
      const { messages } = await read(as(made, 'customer-42', ['userJwt', await hs256(payload())]))
      expect(messages[0]?.body).toBe(canary)
    })

    it.each<[string, () => Promise<string> | string]>([
      ['alg none', () => new UnsecuredJWT(claims()).encode()],
      ['HS384', () => hmac('HS384', claims())],
      ['HS512', () => hmac('HS512', claims())],
      ['RS256', rs256],
      ['a header that says RS256 over an HMAC', async () => swapHeader(await hs256(claims()), { alg: 'RS256' })],
      ['a header that says none over an HMAC', async () => swapHeader(await hs256(claims()), { alg: 'none' })],
      ['no signature', async () => (await hs256(claims())).replace(/[^.]*$/, '')],
      ['another secret', () => hs256(claims(), 'lis_another')],
      ['another sub', () => hs256(claims({ sub: 'customer-43' }))],
      ['no sub', () => hs256({ aud: made.integration.id, exp: seconds(60) })],
      ['another aud', () => hs256(claims({ aud: 'int_0000000000000000' }))],
      ['no aud', () => hs256({ sub: 'customer-42', exp: seconds(60) })],
      ['no exp', () => hs256({ sub: 'customer-42', aud: made.integration.id })],
      ['an exp 120 s ago', () => hs256(claims({ exp: seconds(-120) }))],
      ['an nbf in 120 s', () => hs256(claims({ nbf: seconds(120) }))],
      ['an exp beyond 24 hours', () => hs256(claims({ exp: seconds(86_400 + 120) }))],
      ['an exp that is no number', () => hs256({ ...claims(), exp: 'tomorrow' as unknown as number })],
      ['no form', () => 'not.a.jwt'],
      ['8 KB', () => hs256(claims({ pad: 'x'.repeat(8_000) }))],
    ])('with %s is none', async (_, jwt) => {
      await identityRequired(as(made, 'customer-42', ['userJwt', await jwt()]))
    })

    it('given twice is none', async () => {
      const jwt = await hs256(claims())
      await identityRequired(as(made, 'customer-42', ['userJwt', jwt], ['userJwt', jwt]))
    })

    async function rs256(): Promise<string> {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
      return new SignJWT(claims()).setProtectedHeader({ alg: 'RS256' }).sign(privateKey)
    }
    const swapHeader = (jwt: string, header: object) =>
      jwt.replace(/^[^.]*/, Buffer.from(JSON.stringify(header)).toString('base64url'))
  })
})
