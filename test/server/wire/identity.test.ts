/** Whose conversation it is, over a whole server: no proof, no trace, and one answer whether or not it exists. */
import { createHash, createHmac, generateKeyPairSync } from 'node:crypto'
import { SignJWT, UnsecuredJWT } from 'jose'
import type { JWTPayload } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ErrorBody, HistoryPage } from '../../../protocol.ts'
import type { IntegrationInput } from '../../../server/access/integration.ts'
import type { CreatedToken } from '../../../server/access/registry.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import type { LogPage } from '../../../server/storage/log.ts'
import { allEvents, eventOf } from '../../helpers/sse.ts'
import { openPlace, openWorld, operatorKey, storages } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'
import { watchPlace } from './watched.ts'
import type { WatchedPlace } from './watched.ts'

type Fields = [name: string, value: string][]

const home = 'http://localhost:3000'
const origin = 'https://shop.example'
const canary = 'a message of customer 42'
const endpoints = [
  ['GET', '/conversation/sse'],
  ['POST', '/conversation/sse'],
  ['GET', '/conversation/history'],
  ['POST', '/conversation/stop'],
  ['POST', '/conversation/person'],
  ['POST', '/conversation/feedback'],
  ['POST', '/conversation/typing'],
  ['POST', '/conversation/erase'],
] as const

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('identity, on %s', (kind) => {
  let place: WatchedPlace
  let world: World
  beforeAll(async () => {
    place = watchPlace(await openPlace(kind))
    world = await openWorld(place)
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })
  afterAll(async () => {
    await world.close()
    await place.dispose()
  })

  const create = (input: Partial<IntegrationInput> = {}) =>
    world.lumika.registry.create({ name: 'Shop', kind: 'widget', allowedDomains: ['shop.example'], ...input })

  function call(
    [method, path]: readonly [string, string],
    fields: Fields,
    headers: Record<string, string> = { origin },
  ): Promise<Response> {
    const form = new URLSearchParams([['textContent', canary], ['turnId', `t${'0'.repeat(22)}`], ...fields])
    const isForm = method === 'POST'
    const url = isForm ? home + path : `${home}${path}?${form.toString()}`
    return world.lumika.fetch(new Request(url, { method, headers, ...(isForm && { body: form }) }))
  }

  const as = ({ token }: CreatedToken, conversationId: string, ...proof: Fields): Fields => [
    ['integrationToken', token],
    ['conversationId', conversationId],
    ...proof,
  ]

  /** Stores a message. Returns its turn. */
  async function send(fields: Fields) {
    const events = await allEvents(await call(['POST', '/conversation/sse'], fields))
    return eventOf(events, 'ack')
  }

  async function read(fields: Fields): Promise<HistoryPage> {
    const response = await call(['GET', '/conversation/history'], fields)
    expect(response.status).toBe(200)
    return (await response.json()) as HistoryPage
  }

  /** Every endpoint gives the same refusal; nothing is read, stored or said. Returns the bodies and the headers. */
  async function expectRefused(
    fields: Fields,
    status: number,
    code: string,
    headers: Record<string, string> = { origin },
  ): Promise<string[]> {
    const asked = place.asked.length
    const answered = world.responder.requests.length
    const answers: string[] = []
    for (const endpoint of endpoints) {
      const response = await call(endpoint, fields, headers)
      const body = await response.text()
      expect([endpoint, response.status, (JSON.parse(body) as ErrorBody).error.code]).toEqual([endpoint, status, code])
      for (const secret of [canary, ...fields.map(([, value]) => value).filter((value) => value.length > 3)]) {
        expect(body).not.toContain(secret)
      }
      answers.push(JSON.stringify([body, [...response.headers]]))
    }
    expect(place.asked.slice(asked)).toEqual([])
    expect(world.responder.requests).toHaveLength(answered)
    return answers
  }

  const secretOf = ({ integration }: CreatedToken) => integration.identitySecrets[0]?.secret ?? ''
  const hashOf = (made: CreatedToken, id: string): [string, string] => [
    'userHash',
    createHmac('sha256', secretOf(made)).update(`${made.integration.id}\n${id}`).digest('hex'),
  ]
  const identityRequired = (fields: Fields) => expectRefused(fields, 403, 'identity_required')

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
    const asked = place.asked.length
    const bodies = new Set<string>()
    for (const id of [`${turnId}.0`, `t${'0'.repeat(22)}.0`]) {
      const response = await call(['GET', '/conversation/sse'], as(made, 'customer-42', ['lastEventId', id]))
      expect(response.status).toBe(403)
      bodies.add(await response.text())
    }
    expect(bodies.size).toBe(1)
    expect(place.asked).toHaveLength(asked)
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

  it('I57: with an api token any id is served unsigned, from a program or from an allowed page', async () => {
    for (const input of [{ allowedDomains: [] }, { requireIdentity: true }, {}]) {
      const made = await create({ kind: 'api', ...input })
      await send(as(made, 'customer-42'))
      const program = await call(['GET', '/conversation/history'], as(made, 'customer-42'), {})
      expect(((await program.json()) as HistoryPage).messages).toHaveLength(2)
      const header = { authorization: `Bearer ${made.token}` }
      const bearer = await call(['GET', '/conversation/history'], [['conversationId', 'customer-42']], header)
      expect(((await bearer.json()) as HistoryPage).messages).toHaveLength(2)
    }
    const made = await create({ kind: 'api' })
    await expectRefused(as(made, 'customer-42'), 403, 'domain_not_allowed', { origin: 'https://evil.example' })
  })

  it('I58: the server mints ids of 128 bits from crypto, whatever Math.random says, and no two alike', async () => {
    const made = await create()
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const random = vi.spyOn(crypto, 'getRandomValues')
    const ids = new Set<string>()
    for (let round = 0; round < 10; round++) {
      const acks = await Promise.all(Array.from({ length: 10 }, () => send([['integrationToken', made.token]])))
      for (const { conversationId } of acks) {
        expect(conversationId).toMatch(/^c_[A-Za-z0-9_-]{22}$/)
        expect(Buffer.from(conversationId.slice(2), 'base64url')).toHaveLength(16)
        ids.add(conversationId)
      }
    }
    expect(ids.size).toBe(100)
    expect(random.mock.calls.filter(([bytes]) => bytes?.byteLength === 16).length).toBeGreaterThanOrEqual(100)
    for (const id of ids) expect((await read(as(made, id))).messages[0]?.body).toBe(canary)
  })

  it.each(['c_', `c_${'k'.repeat(21)}`, `c_${'k'.repeat(21)}!`, `c_${'k'.repeat(21)}.k`, 'c_customer-42'])(
    'I58: "%s" only looks like a capability: 400, for every kind of token and with proof',
    async (id) => {
      const made = await create()
      await expectRefused(as(made, id), 400, 'invalid_conversation_id')
      await expectRefused(as(made, id, hashOf(made, id)), 400, 'invalid_conversation_id')
      await expectRefused(as(await create({ kind: 'api' }), id), 400, 'invalid_conversation_id')
    },
  )

  it('I60: a token of another integration finds nothing of a conversation, by any of the ids it holds', async () => {
    const [a, b] = [await create({ kind: 'api' }), await create({ kind: 'api' })]
    const capability = `c_${'s'.repeat(22)}`
    for (const id of ['customer-42', capability]) {
      const ack = await send(as(a, id))
      const nothing = { conversationId: id, messages: [], lastMessageId: null, hasMore: false }
      expect(await read(as(b, id))).toEqual(nothing)
      const foreign: [readonly [string, string], Fields, string][] = [
        [['GET', '/conversation/history'], [['afterId', ack.userMessageId]], 'cursor_not_found'],
        [['GET', '/conversation/history'], [['beforeId', ack.userMessageId]], 'cursor_not_found'],
        [['GET', '/conversation/sse'], [['lastEventId', `${ack.turnId}.0`]], 'not_found'],
      ]
      for (const [endpoint, fields, code] of foreign) {
        const response = await call(endpoint, [...as(b, id), ...fields])
        expect([response.status, ((await response.json()) as ErrorBody).error.code]).toEqual([404, code])
      }
      const stop = new URLSearchParams([...as(b, id), ['turnId', ack.turnId]])
      const url = `${home}/conversation/stop`
      expect((await world.lumika.fetch(new Request(url, { method: 'POST', body: stop }))).status).toBe(404)
      await send(as(b, id, ['clientMessageId', 'the-same-key-in-both']))
      expect((await read(as(b, id))).messages).toHaveLength(2)
      expect((await read(as(a, id))).messages).toHaveLength(2)
    }
  })

  it('I61: where identity is required, reading, writing, resuming and stopping want it, and a minted id is refused', async () => {
    const made = await create({ requireIdentity: true, allowUnsignedIds: true })
    const capability = `c_${'q'.repeat(22)}`
    await identityRequired(as(made, capability))
    await identityRequired(as(made, 'customer-42'))
    const asked = place.asked.length
    expect((await call(['POST', '/conversation/sse'], [['integrationToken', made.token]])).status).toBe(403)
    expect(place.asked).toHaveLength(asked)
    await send(as(made, capability, hashOf(made, capability)))
    await send(as(made, 'customer-42', hashOf(made, 'customer-42')))
    const activities = await world.lumika.fetch(
      new Request(`${home}/api/activities?integrationId=${made.integration.id}`, {
        headers: { authorization: `Bearer ${operatorKey}` },
      }),
    )
    const { activities: listed } = (await activities.json()) as { activities: { conversationId: string }[] }
    expect(listed.map(({ conversationId }) => conversationId).sort()).toEqual([capability, 'customer-42'].sort())
  })

  it('I61: allowUnsignedIds lets unsigned ids read and write, and nothing else', async () => {
    const made = await create({ allowUnsignedIds: true })
    await send(as(made, 'customer-42'))
    expect((await read(as(made, 'customer-42'))).messages).toHaveLength(2)
    await expectRefused(as(made, 'c_short'), 400, 'invalid_conversation_id')
  })

  it('I62: no id is taken from a Referer, a cookie, another header or the path', async () => {
    const made = await create({ kind: 'api' })
    const victim = `c_${'v'.repeat(22)}`
    await send(as(made, victim))
    const before = await read(as(made, victim))
    const headers = {
      origin,
      referer: `https://shop.example/?conversationId=${victim}#conversationId=${victim}`,
      cookie: `conversationId=${victim}; integrationToken=${made.token}`,
      'x-conversation-id': victim,
      'content-location': `/?conversationId=${victim}`,
    }
    const token: Fields = [['integrationToken', made.token]]
    for (const [method, path] of [
      ['GET', '/conversation/sse'],
      ['POST', '/conversation/sse'],
    ] as const) {
      const events = await allEvents(await call([method, path], token, headers))
      const { conversationId } = eventOf(events, 'ack')
      expect(conversationId).toMatch(/^c_/)
      expect(conversationId).not.toBe(victim)
    }
    const history = await call(['GET', '/conversation/history'], token, headers)
    expect(history.status).toBe(400)
    expect(await history.text()).not.toContain(victim)
    const below = await call(['GET', `/conversation/history/${victim}`], token, headers)
    expect(below.status).toBe(404)
    expect(await read(as(made, victim))).toEqual(before)
    // Without a token of its own in the query, a cookie is none.
    await expectRefused([['conversationId', victim]], 401, 'invalid_token', headers)
  })

  it('I65: a token that is revoked, unknown, malformed, empty, missing or not alone gets one identical 401', async () => {
    const made = await create({ kind: 'api', allowedDomains: [] })
    const { token: live } = await world.lumika.registry.addToken(made.integration.id)
    const removed = await create({ kind: 'api' })
    await world.lumika.registry.revokeToken(made.integration.id, made.tokenId)
    await world.lumika.registry.remove(removed.integration.id)
    const id: [string, string] = ['conversationId', `c_${'k'.repeat(22)}`]
    const wrong = [
      ...[made.token, removed.token, `lw_${'0'.repeat(24)}`, `la_${'0'.repeat(43)}`, '', ' ', 'null', '__proto__'],
      ...[`${live} `, live.slice(0, -1), `${live}0`, live.toUpperCase(), live.replace('la_', 'lw_'), operatorKey],
      ...['x'.repeat(10_000), 'ü\0\n'],
    ].map((token): Fields => [['integrationToken', token], id])
    wrong.push([id], [['integrationtoken', live], id], [['integrationToken[]', live], id])
    wrong.push([['integrationToken', live], ['integrationToken', live], id])
    const answers = new Set<string>()
    for (const fields of wrong) {
      for (const answer of await expectRefused(fields, 401, 'invalid_token')) answers.add(answer)
    }
    for (const authorization of ['Bearer', `Bearer ${made.token}`, `Basic ${live}`, `Bearer ${operatorKey}`, live]) {
      const headers = { origin, authorization }
      for (const answer of await expectRefused([id], 401, 'invalid_token', headers)) answers.add(answer)
    }
    expect(answers.size).toBe(1)
    expect((await read([['integrationToken', live], id])).messages).toEqual([])
  })

  it('I65: tokens have 128 random bits or more; of an api token only the hash is stored', async () => {
    const [widget, api] = [await create(), await create({ kind: 'api' })]
    for (const { token } of [widget, api]) {
      expect(Buffer.from(token.slice(3), 'base64url').length).toBeGreaterThanOrEqual(16)
    }
    const stored: string[] = []
    for (let cursor: string | null = null, hasMore = true; hasMore;) {
      const page: LogPage = await place.log.after('~registry', 'public', cursor, 100)
      stored.push(JSON.stringify(page.entries))
      cursor = page.entries.at(-1)?.id ?? null
      hasMore = page.hasMore
    }
    expect(stored.join()).toContain(createHash('sha256').update(api.token).digest('base64url'))
    expect(stored.join()).not.toContain(api.token)
    expect(stored.join()).not.toContain(operatorKey)
    const key = conversationKey(api.integration.id, 'customer-42')
    await send(as(api, 'customer-42'))
    const entries = await place.log.before(key, 'public', null, 10)
    expect(JSON.stringify(entries)).not.toContain(api.token)
  })
})
