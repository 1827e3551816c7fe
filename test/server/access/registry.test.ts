import { createStorage } from 'unstorage'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRegistry } from '../../../server/access/registry.ts'
import type { Registry, RegistryOptions } from '../../../server/access/registry.ts'
import { LogError } from '../../../server/storage/log.ts'
import type { ConversationLog, LogEntry, Notice } from '../../../server/storage/log.ts'
import { openLog } from '../../../server/storage/open.ts'

const notFound = expect.objectContaining({ name: 'HttpError', status: 404, code: 'not_found' })
const shop = { name: 'Shop', kind: 'widget' as const }

async function openMemory(): Promise<ConversationLog> {
  const log = await openLog(createStorage())
  onTestFinished(() => log.close())
  return log
}

async function open(log: ConversationLog, options: Partial<RegistryOptions> = {}): Promise<Registry> {
  const registry = await createRegistry({ log, responders: { names: ['echo', 'openai'], default: 'echo' }, ...options })
  onTestFinished(() => registry.close())
  return registry
}

/** Everything the registry has stored. */
const stored = async (log: ConversationLog): Promise<LogEntry[]> =>
  (await log.after('~registry', 'public', null, 500)).entries

/** The same log with some of its behaviour replaced. */
const altered = (log: ConversationLog, changes: Partial<ConversationLog>): ConversationLog =>
  new Proxy(log, { get: (target, name) => Reflect.get(name in changes ? changes : target, name) })

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
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

describe('a restart', () => {
  it('finds everything again, however long the ledger is', async () => {
    const log = await openMemory()
    const before = await open(log)
    const made = await before.create(shop)
    for (let change = 0; change < 450; change++) await before.update(made.integration.id, { name: `Shop ${change}` })
    const removed = await before.create({ name: 'Old', kind: 'api' })
    await before.remove(removed.integration.id)
    await before.setOperatorKey('key')

    const after = await open(log)
    expect(after.list()).toEqual(before.list())
    expect(after.get(made.integration.id)?.name).toBe('Shop 449')
    expect((await after.resolve(made.token))?.tokenId).toBe(made.tokenId)
    expect(await after.resolve(removed.token)).toBeNull()
    expect(after.wasRemoved(removed.integration.id)).toBe(true)
    expect(await after.checkOperatorKey('key')).toBe(true)
  })

  it('fails when the storage cannot be read: it never begins with an empty registry', async () => {
    const error = new LogError('storage_unavailable', 'away')
    const unwatch = vi.fn()
    const log = altered(await openMemory(), { after: () => Promise.reject(error), watch: () => unwatch })
    await expect(open(log)).rejects.toBe(error)
    expect(unwatch).toHaveBeenCalledOnce()
  })

  it('ignores entries of a later version', async () => {
    const log = await openMemory()
    await log.append('~registry', 'public', { type: 'something-new' })
    const registry = await open(log)
    await registry.create(shop)
    expect(registry.list()).toHaveLength(1)
  })
})

describe('several processes', () => {
  it('concurrent changes are all kept', async () => {
    const log = await openMemory()
    const [one, two] = await Promise.all([open(log), open(log)])
    const { integration } = await one.create(shop)
    await vi.waitFor(() => expect(two.get(integration.id)).not.toBeNull())
    await Promise.all([
      ...Array.from({ length: 5 }, (_, n) => one.create({ ...shop, name: `one ${n}` })),
      ...Array.from({ length: 5 }, (_, n) => two.create({ ...shop, name: `two ${n}` })),
      ...Array.from({ length: 5 }, () => one.addToken(integration.id)),
      ...Array.from({ length: 5 }, () => two.addToken(integration.id)),
      two.update(integration.id, { name: 'Renamed' }),
    ])
    await vi.waitFor(() => expect(one.list()).toEqual(two.list()))
    expect(one.list()).toHaveLength(11)
    expect(one.get(integration.id)).toMatchObject({ name: 'Renamed' })
    expect(one.get(integration.id)?.tokens).toHaveLength(11)
    expect((await open(log)).list()).toEqual(one.list())
  })

  it('O52: a token revoked elsewhere is refused here, and those who serve it are told', async () => {
    const log = await openMemory()
    const [one, two] = await Promise.all([open(log), open(log)])
    const { integration, token, tokenId } = await one.create(shop)
    await vi.waitFor(async () => expect(await two.resolve(token)).not.toBeNull())
    const told = vi.fn(() => two.isLive(integration.id, tokenId))
    const stop = two.onChange(told)
    await one.revokeToken(integration.id, tokenId)
    await vi.waitFor(() => expect(told).toHaveBeenCalledWith(integration.id))
    expect(told).toHaveLastReturnedWith(false)
    expect(await two.resolve(token)).toBeNull()
    stop()
    await one.update(integration.id, { name: 'x' })
    await vi.waitFor(() => expect(two.get(integration.id)?.name).toBe('x'))
    expect(told).toHaveBeenCalledOnce()
  })

  it('O52: after missed notices a resync catches up', async () => {
    const log = await openMemory()
    let notify = (_: Notice): void => {}
    const deaf = altered(log, {
      watch(listener) {
        notify = listener
        return () => {}
      },
    })
    const [one, two] = await Promise.all([open(log), open(deaf)])
    const { token } = await one.create(shop)
    expect(await two.resolve(token)).toBeNull()
    notify('resync')
    await vi.waitFor(async () => expect(await two.resolve(token)).not.toBeNull())
  })

  it('O52: a shared log is read again every 3 s even when nothing was announced, until the registry is closed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const log = await openMemory()
    let isAway = false
    const deaf = altered(log, {
      shared: true,
      watch: () => () => {},
      after(...args) {
        if (isAway) throw new LogError('storage_unavailable', 'away')
        return log.after(...args) as never
      },
    })
    const [one, two] = await Promise.all([open(log), open(deaf)])
    const { token, integration, tokenId } = await one.create(shop)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(await two.resolve(token)).not.toBeNull()

    await one.revokeToken(integration.id, tokenId)
    isAway = true
    await vi.advanceTimersByTimeAsync(3_000)
    expect(await two.resolve(token)).not.toBeNull()
    isAway = false
    await vi.advanceTimersByTimeAsync(3_000)
    expect(await two.resolve(token)).toBeNull()

    two.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('a storage that was set back is read anew, without a moment in which nobody is known', async () => {
    const log = await openMemory()
    const registry = await open(log)
    const kept = await registry.create(shop)
    const copy = await stored(log)
    const lost = await registry.create({ name: 'Later', kind: 'api' })
    const listener = vi.fn(() => registry.list().length)
    await new Promise<void>((resolve) => queueMicrotask(resolve))
    registry.onChange(listener)

    await log.remove('~registry')
    for (const { value } of copy) await log.append('~registry', 'public', value)
    await registry.update(kept.integration.id, { name: 'Again' })
    expect(registry.list()).toMatchObject([{ id: kept.integration.id, name: 'Again' }])
    expect(await registry.resolve(lost.token)).toBeNull()
    expect(await registry.resolve(kept.token)).not.toBeNull()
    expect(listener).not.toHaveReturnedWith(0)
    expect((await stored(log)).length).toBe(2)
  })

  it('a change the storage did not take is an error and changes nothing', async () => {
    const log = await openMemory()
    let isAway = false
    const registry = await open(
      altered(log, {
        append(...args) {
          if (isAway) throw new LogError('storage_unavailable', 'away')
          return log.append(...args) as never
        },
      }),
    )
    const { integration } = await registry.create(shop)
    isAway = true
    await expect(registry.update(integration.id, { name: 'x' })).rejects.toMatchObject({ code: 'storage_unavailable' })
    expect(registry.get(integration.id)?.name).toBe('Shop')
    isAway = false
    expect((await registry.update(integration.id, { name: 'y' })).name).toBe('y')
  })
})
