import { afterEach, describe, expect, it, vi } from 'vitest'
import { open, openMemory, shop, stored } from './ledger.ts'

const notFound = expect.objectContaining({ name: 'HttpError', status: 404, code: 'not_found' })

afterEach(() => {
  vi.restoreAllMocks()
})

describe('an integration', () => {
  it('has safe defaults, and a token that leads to it', async () => {
    const registry = await open(await openMemory())
    const { integration, token, tokenId } = await registry.create(shop)

    expect(integration).toMatchObject({
      id: expect.stringMatching(/^int_[A-Za-z0-9]{16}$/),
      name: 'Shop',
      kind: 'widget',
      allowedDomains: [],
      responder: 'echo',
      responseMode: 'auto',
      allowUnsignedIds: false,
      requireIdentity: false,
      retentionDays: null,
      answersPerDay: null,
      widget: {},
      identitySecrets: [{ secret: expect.stringMatching(/^lis_[A-Za-z0-9_-]{43}$/) }],
    })
    expect(integration.createdAt).toBe(integration.updatedAt)
    expect(await registry.resolve(token)).toEqual({ integration, tokenId })
    expect(registry.list()).toEqual([integration])
    expect(registry.get(integration.id)).toEqual(integration)
  })

  it('names a configured responder, people only, or the default', async () => {
    const registry = await open(await openMemory())
    const responders = await Promise.all(
      [undefined, null, 'openai'].map(async (responder) => (await registry.create({ ...shop, responder })).integration),
    )
    expect(responders.map(({ responder }) => responder)).toEqual(['echo', null, 'openai'])
    const invalid = expect.objectContaining({ status: 400, code: 'invalid_request' })
    await expect(registry.create({ ...shop, responder: 'gone' })).rejects.toEqual(invalid)
    await expect(registry.create({ ...shop, responder: '__proto__' })).rejects.toEqual(invalid)
    await expect(registry.update(responders[0]?.id ?? '', { responder: 'gone' })).rejects.toEqual(invalid)
    expect(registry.list()).toHaveLength(3)
  })

  it('O43: has its domains normalised when it is made and when it is changed', async () => {
    const registry = await open(await openMemory())
    const { integration } = await registry.create({
      ...shop,
      allowedDomains: [' HTTPS://Shop.Example/ ', 'shop.example'],
    })
    expect(integration.allowedDomains).toEqual(['shop.example'])
    const changed = await registry.update(integration.id, { allowedDomains: ['bücher.example'] })
    expect(changed.allowedDomains).toEqual(['xn--bcher-kva.example'])
    const invalid = expect.objectContaining({ status: 422, code: 'invalid_domain' })
    await expect(registry.update(integration.id, { allowedDomains: ['*.com'] })).rejects.toEqual(invalid)
    await expect(registry.create({ ...shop, allowedDomains: ['*'] })).rejects.toEqual(invalid)
    expect(registry.list()).toEqual([changed])
  })

  it('is changed field by field', async () => {
    let time = 1_000
    const registry = await open(await openMemory(), { now: () => time })
    const { integration, token } = await registry.create({ ...shop, responseMode: 'approval', widget: { title: 'Hi' } })
    time = 2_000
    const changed = await registry.update(integration.id, {
      name: 'Store',
      retentionDays: 30,
      responder: null,
      widget: undefined,
    })
    expect(changed).toEqual({
      ...integration,
      name: 'Store',
      retentionDays: 30,
      responder: null,
      updatedAt: new Date(2_000).toISOString(),
    })
    expect((await registry.resolve(token))?.integration).toEqual(changed)
    await expect(registry.update('int_none', { name: 'x' })).rejects.toEqual(notFound)
    await expect(registry.update('__proto__', { name: 'x' })).rejects.toEqual(notFound)
  })

  it('is gone with its tokens when it is removed', async () => {
    const registry = await open(await openMemory())
    const { integration, token, tokenId } = await registry.create(shop)
    await registry.remove(integration.id)
    expect(await registry.resolve(token)).toBeNull()
    expect(registry.get(integration.id)).toBeNull()
    expect(registry.isLive(integration.id, tokenId)).toBe(false)
    expect(registry.wasRemoved(integration.id)).toBe(true)
    await expect(registry.remove(integration.id)).rejects.toEqual(notFound)
    await expect(registry.addToken(integration.id)).rejects.toEqual(notFound)
  })
})

describe('tokens', () => {
  it('several may be live, and each is revoked by itself', async () => {
    const registry = await open(await openMemory())
    const first = await registry.create({ name: 'Backend', kind: 'api' })
    const { id } = first.integration
    const second = await registry.addToken(id)
    expect(second.integration.tokens.map((token) => token.id)).toEqual([first.tokenId, second.tokenId])
    expect((await registry.resolve(first.token))?.tokenId).toBe(first.tokenId)
    expect((await registry.resolve(second.token))?.tokenId).toBe(second.tokenId)

    await registry.revokeToken(id, first.tokenId)
    expect(await registry.resolve(first.token)).toBeNull()
    expect(registry.isLive(id, first.tokenId)).toBe(false)
    expect((await registry.resolve(second.token))?.integration.id).toBe(id)
    await expect(registry.revokeToken(id, first.tokenId)).rejects.toEqual(notFound)
    await registry.revokeToken(id, second.tokenId)
    expect(registry.get(id)?.tokens).toEqual([])
  })

  it('I65: unknown and malformed tokens lead nowhere, and none of them touches the storage', async () => {
    const log = await openMemory()
    const registry = await open(log)
    const { token } = await registry.create(shop)
    const after = vi.spyOn(log, 'after')
    const append = vi.spyOn(log, 'append')
    for (const text of [
      '',
      'x',
      `lw_${'a'.repeat(24)}`,
      `${token}a`,
      token.slice(0, -1),
      token.toUpperCase(),
      '__proto__',
    ]) {
      expect(await registry.resolve(text)).toBeNull()
    }
    expect(await registry.resolve(token)).not.toBeNull()
    expect([after.mock.calls, append.mock.calls]).toEqual([[], []])
  })

  it('I65: an api token and the operator key are stored hashed only', async () => {
    const log = await openMemory()
    const registry = await open(log)
    const { token, integration } = await registry.create({ name: 'Backend', kind: 'api' })
    const { token: next } = await registry.addToken(integration.id)
    await registry.setOperatorKey('an operator key that is long enough')
    const text = JSON.stringify(await stored(log))
    for (const secret of [token, next, 'an operator key']) expect(text).not.toContain(secret)
    expect(integration.identitySecrets).toEqual([])
  })

  it('an integration has a limited number of them', async () => {
    const registry = await open(await openMemory())
    const { integration } = await registry.create(shop)
    for (let count = 1; count < 20; count++) await registry.addToken(integration.id)
    await expect(registry.addToken(integration.id)).rejects.toMatchObject({ status: 409, code: 'conflict' })
  })
})

describe('identity secrets', () => {
  it('I56: older ones live on for the overlap, and never longer than settled before', async () => {
    let time = Date.parse('2026-06-01T00:00:00.000Z')
    const registry = await open(await openMemory(), { now: () => time })
    const { integration } = await registry.create(shop)
    const [first] = integration.identitySecrets
    const { integration: second, secret } = await registry.rotateIdentitySecret(integration.id, 3_600)
    expect(second.identitySecrets).toMatchObject([
      { secret },
      { secret: first?.secret, expiresAt: '2026-06-01T01:00:00.000Z' },
    ])
    expect(second.identitySecrets[0]).not.toHaveProperty('expiresAt')

    time += 1_800_000
    const { integration: third } = await registry.rotateIdentitySecret(integration.id, 3_600)
    expect(third.identitySecrets.map(({ expiresAt }) => expiresAt)).toEqual([
      undefined,
      '2026-06-01T01:30:00.000Z',
      '2026-06-01T01:00:00.000Z',
    ])

    time += 1_800_000
    const { integration: fourth } = await registry.rotateIdentitySecret(integration.id, 0)
    expect(fourth.identitySecrets).toHaveLength(3)
    expect(fourth.identitySecrets[1]?.expiresAt).toBe('2026-06-01T01:00:00.000Z')
  })

  it('I57: an api integration has none', async () => {
    const registry = await open(await openMemory())
    const { integration } = await registry.create({ name: 'Backend', kind: 'api' })
    await expect(registry.rotateIdentitySecret(integration.id, 60)).rejects.toMatchObject({ status: 400 })
  })
})

describe('the operator key', () => {
  it('is checked against its hash, and replaced', async () => {
    const log = await openMemory()
    const registry = await open(log)
    expect(registry.hasOperatorKey()).toBe(false)
    expect(await registry.checkOperatorKey('')).toBe(false)
    expect(await registry.setOperatorKey('first')).toBe(true)
    expect(registry.hasOperatorKey()).toBe(true)
    expect(await registry.checkOperatorKey('first')).toBe(true)
    expect(await registry.checkOperatorKey('First')).toBe(false)
    expect(await registry.checkOperatorKey('')).toBe(false)
    expect(await registry.setOperatorKey('second')).toBe(true)
    expect(await registry.checkOperatorKey('first')).toBe(false)
    await expect(registry.setOperatorKey('')).rejects.toThrow(TypeError)
    expect(await registry.resolve('second')).toBeNull()
  })

  it('is made once, by whichever process comes first; the same key again stores nothing', async () => {
    const log = await openMemory()
    const [one, two] = await Promise.all([open(log), open(log)])
    const outcomes = await Promise.all([
      one.setOperatorKey('one', { ifAbsent: true }),
      two.setOperatorKey('two', { ifAbsent: true }),
    ])
    expect(outcomes.filter(Boolean)).toHaveLength(1)
    const winner = outcomes[0] ? 'one' : 'two'
    expect(await one.checkOperatorKey(winner)).toBe(true)
    expect(await two.checkOperatorKey(winner)).toBe(true)
    expect(await one.setOperatorKey(winner)).toBe(true)
    expect(await stored(log)).toHaveLength(1)
  })
})
