import { createStorage } from 'unstorage'
import type { Driver, Storage } from 'unstorage'
import memory from 'unstorage/drivers/memory'
import { describe, expect, it } from 'vitest'
import { isLogError } from '../../../server/storage/log.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { openLog } from '../../../server/storage/open.ts'

/** A storage on a memory driver, some of whose calls are replaced. */
function storageWith(data: Driver, calls: Partial<Driver> = {}): Storage {
  return createStorage({ driver: { ...data, ...calls } })
}

const all = async (log: ConversationLog) => (await log.after('shop.a', 'public', null, 1_000)).entries
const caught = (call: () => unknown): Promise<unknown> => (async () => call())().catch((error: unknown) => error)

describe('the universal log', () => {
  it('never lists keys and never clears', async () => {
    const calls: string[] = []
    const forbidden = (name: string) => () => {
      calls.push(name)
      return []
    }
    const storage = storageWith(memory(), {
      getKeys: forbidden('getKeys'),
      clear: () => void calls.push('clear'),
    })
    const log = await openLog(storage)
    for (let i = 0; i < 60; i++) await log.append('shop.a', 'public', i, { keys: [`k${i}`], opens: 't', closes: 't' })
    await log.append('shop.a', 'public', 1, { keys: ['k7'] })
    await log.recent()
    await log.remove('shop.a', 'public')
    await log.remove('shop.a')
    await log.close()
    await openLog(storage)
    expect(calls).toEqual([])
  })

  it('answers a poll from memory: no promise and no call to the storage', async () => {
    const data = memory()
    let reads = 0
    const getItem = (...args: Parameters<Driver['getItem']>) => {
      reads++
      return data.getItem(...args)
    }
    const log = await openLog(storageWith(data, { getItem }))
    const result = await log.append('shop.a', 'public', 1)
    const id = result.outcome === 'stored' ? result.entry.id : ''
    reads = 0
    expect(log.after('shop.a', 'public', id, 50)).toEqual({ entries: [], hasMore: false })
    expect(log.before('shop.a', 'public', null, 50)).toMatchObject({ hasMore: false })
    expect(reads).toBe(0)
  })

  it.each([
    ['an Error object', () => new Error('EMFILE'), 'storage_unavailable'],
    [
      'an exception',
      () => {
        throw new Error('network')
      },
      'storage_unavailable',
    ],
    ['a torn text', () => '{"v":1,"entries":[{"pos', 'storage_corrupt'],
    ['a coerced value', () => 'true', 'storage_corrupt'],
    ['a number', () => 17, 'storage_corrupt'],
    ['an array', () => [], 'storage_corrupt'],
    ['an empty object', () => ({}), 'storage_corrupt'],
    ['null for what is there', () => null, 'storage_corrupt'],
    ['undefined for what is there', () => undefined, 'storage_corrupt'],
  ])('F91: %s is an error, never an empty history', async (_name, answer, code) => {
    const data = memory()
    const first = await openLog(storageWith(data))
    for (let i = 0; i < 120; i++) await first.append('shop.a', 'public', i, { keys: [`k${i}`] })
    await first.close()
    const names = (await data.getKeys('', {})).filter((name) => /:(h|public:\d)$/.test(name))
    expect(names).toHaveLength(4)
    for (const name of names) {
      let isBroken = true
      const getItem = (key: string) => (isBroken && key === name ? answer() : data.getItem(key, {}))
      const log = await openLog(storageWith(data, { getItem: getItem as Driver['getItem'] }))
      const calls = [
        () => log.after('shop.a', 'public', null, 1_000),
        () => log.append('shop.a', 'public', 'x', { keys: ['k119', 'k60', 'k1'] }),
      ]
      for (const call of calls) {
        const result = await caught(call)
        // A key is found without the segments it is not in.
        const isFound = (result as { outcome?: string }).outcome === 'existing'
        expect(isLogError(result, code as 'storage_corrupt') || isFound, `${name} ${String(result)}`).toBe(true)
      }
      isBroken = false
      expect(await all(log)).toHaveLength(120)
      expect(await log.append('shop.a', 'public', 'x', { keys: ['k60'] })).toMatchObject({ outcome: 'existing' })
      await log.close()
    }
  })

  it('G10: stopped at any write, the next process finds everything acknowledged, with keys and marks', async () => {
    for (let last = 0, isDone = false; !isDone; last++) {
      const data = memory()
      const setup = await openLog(storageWith(data))
      for (let i = 0; i < 49; i++) await setup.append('shop.a', 'public', i)
      const draft = await setup.append('shop.a', 'private', 'draft', { keys: ['end'] })
      const supersedes = draft.outcome === 'stored' ? draft.entry.id : ''
      await setup.close()
      let writes = 0
      const failing = <F extends (...args: never[]) => unknown>(real: F | undefined): F => {
        const call = (...args: Parameters<F>) => {
          if (writes++ >= last) throw new Error('stopped')
          return real?.(...args)
        }
        return call as F
      }
      const broken = storageWith(data, {
        setItem: failing(data.setItem),
        removeItem: failing(data.removeItem),
      })
      const steps = async (log: ConversationLog): Promise<string[]> => {
        const acknowledged: string[] = []
        const append = async (key: string, options = {}) => {
          const result = await log
            .append('shop.a', 'public', key, { keys: [key], opens: key, ...options })
            .catch(() => null)
          if (result) acknowledged.push(key)
        }
        await append('k1')
        await append('k2')
        await append('end', { supersedes })
        return acknowledged
      }
      const first = await openLog(broken)
      const acknowledged = await steps(first)
      isDone = acknowledged.length === 3
      // A key is never free while its old holder stands and no new one is stored.
      const second = await openLog(storageWith(data))
      expect(await second.append('shop.a', 'public', 'other', { keys: ['end'] })).toMatchObject({ outcome: 'existing' })
      const marks = (await second.recent({ unfinished: true })).conversations[0]?.unfinished ?? []
      for (const { keys } of (await all(second)).slice(49)) expect(marks).toContain(keys[0])
      for (const key of acknowledged) expect((await second.find('shop.a', key))?.lane).toBe('public')
      expect(await steps(second)).toEqual(['k1', 'k2', 'end'])
      const entries = await all(second)
      expect(entries.map(({ position }) => position)).toEqual(entries.map((_, i) => i))
      expect(
        entries
          .slice(49)
          .map(({ value }) => value)
          .sort(),
      ).toEqual(['end', 'k1', 'k2'])
    }
  })

  it('brings the inbox back after many changes, from a journal that stays small', async () => {
    const data = memory()
    const log = await openLog(storageWith(data))
    for (let i = 0; i < 3_000; i++) await log.append(`shop.${i % 7}`, 'private', i, { opens: `t${i}`, closes: `t${i}` })
    await log.append('shop.3', 'public', 1, { opens: 'left' })
    const before = await log.recent()
    const isOfInbox = (name: string) => name.startsWith('lumika:inbox')
    expect((await data.getKeys('', {})).filter(isOfInbox).length).toBeLessThan(40)
    await log.close()
    const again = await openLog(storageWith(data))
    expect(await again.recent()).toEqual(before)
    expect((await data.getKeys('', {})).filter(isOfInbox).length).toBeLessThan(4)
    expect((await again.recent({ unfinished: true })).conversations).toEqual([
      { conversation: 'shop.3', updatedAt: before.conversations[0]?.updatedAt, unfinished: ['left'] },
    ])
  })
})
