/** The registry's storage: read by the next process, shared with others, and in trouble. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LogError } from '../../../server/storage/log.ts'
import type { ConversationLog, Notice } from '../../../server/storage/log.ts'
import { open, openMemory, shop, stored } from './ledger.ts'

/** The same log with some of its behaviour replaced. */
const altered = (log: ConversationLog, changes: Partial<ConversationLog>): ConversationLog =>
  new Proxy(log, { get: (target, name) => Reflect.get(name in changes ? changes : target, name) })

afterEach(() => {
  vi.useRealTimers()
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
