import { createStorage } from 'unstorage'
import type { Driver } from 'unstorage'
import memory from 'unstorage/drivers/memory'
import { expect, it } from 'vitest'
import { openLog } from '../../../server/storage/open.ts'

it('a removal that breaks off at any item leaves nothing that is damaged, and is carried on by whoever looks next', async () => {
  let failures = 0
  for (let lost = 0; lost <= failures; lost++) {
    const data = memory()
    let left = Infinity
    const guard = <T>(work: () => T): T => {
      if (left-- <= 0) throw new Error('The process is gone.')
      return work()
    }
    const driver: Driver = {
      ...data,
      setItem: (key, value, options) => guard(() => data.setItem?.(key, value, options)),
      removeItem: (key, options) => guard(() => data.removeItem?.(key, options)),
    }
    const log = await openLog(createStorage({ driver }))
    for (let i = 0; i < 60; i++) await log.append('shop.a', 'public', i, { keys: [`k${i}`] })
    await log.append('shop.a', 'private', 'a note')
    left = lost
    const isDone = await log.remove('shop.a').then(
      () => true,
      () => false,
    )
    if (!isDone) failures = lost + 1
    left = Infinity

    const next = await openLog(createStorage({ driver: data }))
    const { entries } = await next.after('shop.a', 'public', null, 100)
    expect([lost, [0, 60].includes(entries.length)]).toEqual([lost, true])
    if (entries.length === 0) expect((await next.after('shop.a', 'private', null, 9)).entries).toEqual([])
    expect(await next.removeIf('shop.a', { public: entries.at(-1)?.id ?? null, private: '0-x' })).toBe(
      entries.length === 0,
    )
    await next.remove('shop.a')
    expect(await next.find('shop.a', 'k59')).toBeNull()
    expect((await next.recent()).conversations).toEqual([])
  }
  expect(failures).toBeGreaterThan(60)
})
