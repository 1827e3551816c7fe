/** Identity secrets by HTTP: made, told once, told apart, and out of use when their time is up. */
import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ErrorBody } from '../../../protocol.ts'
import type { IntegrationCard } from '../../../server/access/card.ts'
import { LogError } from '../../../server/storage/log.ts'
import { openPlace, openWorld, operatorKey, storages } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'
import { watchPlace } from '../wire/watched.ts'
import type { WatchedPlace } from '../wire/watched.ts'

interface Answer {
  integration: IntegrationCard & { identitySecret: string }
  token: string
}

const start = Date.parse('2026-06-01T00:00:00.000Z')
const customer = 'customer-42'

vi.setConfig({ hookTimeout: 60_000 })

describe.each(storages)('identity secrets, on %s', (kind) => {
  let place: WatchedPlace
  let world: World
  let now = start
  /** A widget integration, made anew for every test, and its first secret. */
  let made: Answer
  const logged: unknown[] = []
  const told: string[] = []
  beforeAll(async () => {
    place = watchPlace(await openPlace(kind))
    const note = (...line: unknown[]) => void logged.push(line)
    world = await openWorld(place, { now: () => now, log: { info: note, warn: note, error: note } })
  })
  beforeEach(async () => {
    now = start
    const { data } = await api('POST', '/integrations', { name: 'Shop', kind: 'widget', requireIdentity: true })
    made = data as Answer
    told.push(made.integration.identitySecret)
  })
  afterAll(async () => {
    await world.close()
    await place.dispose()
  })

  async function api(method: string, path: string, body?: unknown, key = operatorKey, on: World = world) {
    const init = {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }
    const response = await on.lumika.fetch(new Request(`http://localhost:3000/api${path}`, init))
    const text = await response.text()
    return { status: response.status, text, data: (text === '' ? null : JSON.parse(text)) as Answer | ErrorBody }
  }

  const pathOf = ({ integration }: Answer) => `/integrations/${integration.id}/identity-secrets`

  /** Makes a new secret, and returns it with its card. */
  async function rotate(settings: object = {}): Promise<{ secret: string; card: IntegrationCard }> {
    const { status, data } = await api('POST', pathOf(made), settings)
    expect(status).toBe(201)
    const { identitySecret, ...card } = (data as Answer).integration
    told.push(identitySecret)
    return { secret: identitySecret, card }
  }

  async function proofs(secret: string): Promise<Record<string, string>[]> {
    const { id } = made.integration
    const userHash = createHmac('sha256', secret).update(`${id}\n${customer}`).digest('hex')
    const userJwt = await new SignJWT({ sub: customer, aud: id, exp: Math.floor(now / 1_000) + 600 })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(secret))
    told.push(userHash, userJwt)
    return [{ userHash }, { userJwt }]
  }

  /** What a reader and a sender get who prove themselves with a secret: every status, each once. */
  async function admits(secret: string, on: World = world): Promise<number[]> {
    const statuses = new Set<number>()
    for (const proof of await proofs(secret)) {
      const params = { integrationToken: made.token, conversationId: customer, ...proof }
      statuses.add((await on.get('/conversation/history', params)).status)
      const sent = await on.post('/conversation/sse', { ...params, textContent: 'Hello' })
      await sent.text()
      statuses.add(sent.status)
    }
    return [...statuses]
  }

  it('I56: the old and the new one count while they overlap, and then only the new one', async () => {
    const first = made.integration.identitySecret
    expect(await admits(first)).toEqual([200])
    const { secret } = await rotate({ overlapSeconds: 3_600 })
    expect(secret).toMatch(/^lis_[A-Za-z0-9_-]{43}$/)
    expect(secret).not.toBe(first)
    expect([await admits(first), await admits(secret)]).toEqual([[200], [200]])
    now = start + 3_599_999
    expect([await admits(first), await admits(secret)]).toEqual([[200], [200]])
    now = start + 3_600_000
    expect([await admits(first), await admits(secret)]).toEqual([[403], [200]])
  })

  it('I56: without an overlap named, a userJwt that was just made lives out its day', async () => {
    const first = made.integration.identitySecret
    await rotate()
    now = start + 86_400_000 - 1
    expect(await admits(first)).toEqual([200])
    now = start + 86_400_000
    expect(await admits(first)).toEqual([403])
  })

  it('I56: an overlap of 0 ends a secret that has leaked at once, also one that was still to live on', async () => {
    const first = made.integration.identitySecret
    const { secret: second } = await rotate({ overlapSeconds: 3_600 })
    const { secret: third } = await rotate({ overlapSeconds: 0 })
    expect([await admits(first), await admits(second), await admits(third)]).toEqual([[403], [403], [200]])
  })

  it('I56: a later rotation never lengthens the life of an older one', async () => {
    const first = made.integration.identitySecret
    await rotate({ overlapSeconds: 60 })
    await rotate({ overlapSeconds: 3_600 })
    now = start + 60_000
    expect(await admits(first)).toEqual([403])
  })

  it('I56: the next process knows them, and so does a replica', async () => {
    const first = made.integration.identitySecret
    const { secret } = await rotate({ overlapSeconds: 60 })
    if (kind === 'redis') {
      const replica = await world.another()
      expect([await admits(first, replica), await admits(secret, replica)]).toEqual([[200], [200]])
      await replica.close()
    }
    await world.close()
    world = await world.another()
    expect([await admits(first), await admits(secret)]).toEqual([[200], [200]])
    now = start + 60_000
    expect([await admits(first), await admits(secret)]).toEqual([[403], [200]])
  })

  it('I56: the card tells the live ones apart, by their ends, and shows none', async () => {
    const first = made.integration.identitySecret
    const createdAt = new Date(start).toISOString()
    expect(made.integration.identitySecrets).toEqual([{ hint: first.slice(-4), createdAt }])
    now = start + 1_000
    const { secret, card } = await rotate({ overlapSeconds: 60 })
    const live = [
      { hint: secret.slice(-4), createdAt: new Date(now).toISOString() },
      { hint: first.slice(-4), createdAt, expiresAt: new Date(now + 60_000).toISOString() },
    ]
    expect(card.identitySecrets).toEqual(live)
    const path = `/integrations/${made.integration.id}`
    for (const later of [await api('GET', path), await api('PATCH', path, { name: 'Shop' })]) {
      expect((later.data as Answer).integration.identitySecrets).toEqual(live)
      for (const one of [first, secret]) expect(later.text).not.toContain(one)
    }
    const list = await api('GET', '/integrations')
    for (const one of [first, secret]) expect(list.text).not.toContain(one)
    now += 60_000
    expect(((await api('GET', path)).data as Answer).integration.identitySecrets).toEqual(live.slice(0, 1))
  })

  it('I56: an integration holds a limited number of them; one that ends the others is always to be had', async () => {
    for (let count = 1; count < 10; count++) await rotate()
    const refused = await api('POST', pathOf(made), {})
    expect([refused.status, (refused.data as ErrorBody).error.code]).toEqual([409, 'conflict'])
    const { secret, card } = await rotate({ overlapSeconds: 0 })
    expect(card.identitySecrets.map(({ hint }) => hint)).toEqual([secret.slice(-4)])
    await rotate()
  })

  it.each([
    ['-1', { overlapSeconds: -1 }],
    ['half a second', { overlapSeconds: 0.5 }],
    ['a text', { overlapSeconds: '60' }],
    ['more than 30 days', { overlapSeconds: 2_592_001 }],
    ['a field nobody knows', { overlap: 60 }],
    ['a list', []],
  ])('I56: %s is refused, and nothing is made', async (_, body) => {
    const { status, data } = await api('POST', pathOf(made), body)
    expect([status, (data as ErrorBody).error.code]).toEqual([400, 'invalid_request'])
    expect(await admits(made.integration.identitySecret)).toEqual([200])
    const card = (await api('GET', `/integrations/${made.integration.id}`)).data as Answer
    expect(card.integration.identitySecrets).toHaveLength(1)
  })

  it('I56, I57: an api integration has none, and one that is not there has nothing', async () => {
    const { data } = await api('POST', '/integrations', { name: 'Backend', kind: 'api' })
    expect((data as Answer).integration.identitySecrets).toEqual([])
    expect((await api('POST', pathOf(data as Answer), {})).status).toBe(400)
    expect((await api('POST', '/integrations/int_none/identity-secrets', {})).status).toBe(404)
  })

  it('I56, I64: only operators make one', async () => {
    for (const key of ['', made.token, `${operatorKey}x`]) {
      expect((await api('POST', pathOf(made), {}, key)).status).toBe(401)
    }
    expect((await api('GET', pathOf(made))).status).toBe(405)
  })

  it('I56, G14: neither a secret nor a proof was logged', async () => {
    const { secret } = await rotate()
    // Something has to be logged, or its silence proves nothing.
    place.failure = new LogError('storage_unavailable', 'The disk is gone.')
    expect(await admits(secret)).toEqual([503])
    place.failure = null
    expect(logged).not.toEqual([])
    const lines = inspect(logged, { depth: 10, maxStringLength: null, maxArrayLength: null })
    expect(told.length).toBeGreaterThan(50)
    for (const secret of told) expect(lines).not.toContain(secret)
  })
})
