/** What removals must do. */
import { describe, expect, it } from 'vitest'
import type { Lane, ReadTo } from '../../../server/storage/log.ts'
import type { LogBench } from './bench.ts'

export function removalCases(bench: LogBench): void {
  describe('remove', () => {
    it('forgets a whole conversation: lanes, keys, inbox, marks', async () => {
      await bench.fill('shop.a', 120)
      await bench.log.append('shop.a', 'private', 1, { keys: ['k'], opens: 't1' })
      await bench.log.append('shop.a', 'turn/t1', 1)
      await bench.log.append('shop.b', 'public', 1, { keys: ['k'] })
      await bench.log.remove('shop.a')
      const check = async () => {
        for (const lane of ['public', 'private', 'turn/t1'] as const) {
          expect(await bench.log.after('shop.a', lane, null, 10)).toEqual({ entries: [], hasMore: false })
        }
        expect(await bench.log.find('shop.a', 'k')).toBeNull()
        expect((await bench.log.recent()).conversations.map(({ conversation }) => conversation)).toEqual(['shop.b'])
        expect((await bench.log.recent({ unfinished: true })).conversations).toEqual([])
      }
      await check()
      await bench.reopen()
      await check()
      expect(await bench.log.append('shop.a', 'public', 1, { keys: ['k'] })).toMatchObject({
        outcome: 'stored',
        entry: { position: 0 },
      })
      expect(await bench.log.find('shop.b', 'k')).not.toBeNull()
    })

    it('forgets one lane with its keys and leaves the others', async () => {
      await bench.log.append('shop.a', 'public', 1, { keys: ['p'] })
      await bench.log.append('shop.a', 'turn/t1', 1, { keys: ['t'] })
      await bench.log.append('shop.a', 'turn/t2', 1)
      await bench.log.remove('shop.a', 'turn/t1')
      expect(await bench.log.find('shop.a', 't')).toBeNull()
      expect((await bench.log.after('shop.a', 'turn/t1', null, 10)).entries).toEqual([])
      await bench.reopen()
      expect((await bench.log.after('shop.a', 'turn/t1', null, 10)).entries).toEqual([])
      expect((await bench.log.after('shop.a', 'turn/t2', null, 10)).entries).toHaveLength(1)
      expect((await bench.log.after('shop.a', 'public', null, 10)).entries).toHaveLength(1)
      expect(await bench.log.find('shop.a', 't')).toBeNull()
      expect(await bench.log.find('shop.a', 'p')).not.toBeNull()
      await bench.log.remove('shop.a', 'turn/t2')
      expect(await bench.log.append('shop.a', 'turn/t2', 1, { keys: ['t'] })).toMatchObject({ outcome: 'stored' })
      await bench.log.remove('shop.z')
      await bench.log.remove('shop.z', 'turn/t')
    })
  })

  describe('removeIf', () => {
    const newest = async (conversation: string, lane: Lane) =>
      (await bench.log.before(conversation, lane, null, 1)).entries[0]?.id ?? null
    const readTo = async (conversation: string): Promise<ReadTo> => ({
      public: await newest(conversation, 'public'),
      private: await newest(conversation, 'private'),
    })
    const listed = async () => (await bench.log.recent()).conversations.map(({ conversation }) => conversation)

    it('forgets a conversation as it was read: lanes, keys, its place, labels', async () => {
      await bench.fill('shop.a', 70)
      await bench.log.append('shop.a', 'private', 1, { keys: ['k'] })
      await bench.log.append('shop.a', 'turn/t1', 1)
      await bench.fill('shop.b', 1)
      expect(await bench.log.removeIf('shop.a', await readTo('shop.a'))).toBe(true)
      for (let round = 0; round < 2; round++) {
        for (const lane of ['public', 'private', 'turn/t1'] as const) {
          expect(await bench.log.after('shop.a', lane, null, 10)).toEqual({ entries: [], hasMore: false })
        }
        expect(await bench.log.find('shop.a', 'k')).toBeNull()
        expect(await listed()).toEqual(['shop.b'])
        await bench.reopen()
      }
      expect(await bench.log.removeIf('shop.a', { public: '0-0123456789abcdef', private: null })).toBe(true)
    })

    it('leaves one alone that went on since, in either lane, or began anew', async () => {
      await bench.fill('shop.a', 2)
      for (const lane of ['public', 'private'] as const) {
        const read = await readTo('shop.a')
        await bench.log.append('shop.a', lane, 'since')
        expect(await bench.log.removeIf('shop.a', read)).toBe(false)
      }
      const read = await readTo('shop.a')
      await bench.log.remove('shop.a')
      await bench.fill('shop.a', 3)
      expect(await bench.log.removeIf('shop.a', read)).toBe(false)
      expect(await listed()).toEqual(['shop.a'])
      await bench.reopen()
      expect((await bench.log.after('shop.a', 'public', null, 9)).entries).toHaveLength(3)
    })

    it('leaves one alone in which something is unfinished', async () => {
      await bench.log.append('shop.a', 'public', 1, { keys: ['turn:t1'], opens: 't1' })
      expect(await bench.log.removeIf('shop.a', await readTo('shop.a'))).toBe(false)
      await bench.log.append('shop.a', 'private', 1, { closes: 't1' })
      expect(await bench.log.removeIf('shop.a', await readTo('shop.a'))).toBe(true)
    })

    it('forgets a conversation of the system, which never had a place', async () => {
      await bench.log.append('~list', 'private', 1)
      const read = await readTo('~list')
      await bench.log.append('~list', 'private', 2)
      expect(await bench.log.removeIf('~list', read)).toBe(false)
      expect(await bench.log.removeIf('~list', await readTo('~list'))).toBe(true)
      expect((await bench.log.after('~list', 'private', null, 9)).entries).toEqual([])
    })

    it('decides between itself and an append of the same moment: the entry is always there, and its place too', async () => {
      for (let round = 0; round < 30; round++) {
        const name = `shop.${round}`
        await bench.fill(name, 1)
        const read = await readTo(name)
        const late = new Promise((resolve) => setTimeout(resolve, round % 3))
        const [isGone, appended] = await Promise.all([
          round % 2 ? late.then(() => bench.log.removeIf(name, read)) : bench.log.removeIf(name, read),
          round % 2
            ? bench.log.append(name, 'public', 'kept', { opens: 't' })
            : late.then(() => bench.log.append(name, 'public', 'kept', { opens: 't' })),
        ])
        expect(appended.outcome).toBe('stored')
        const bodies = (await bench.log.after(name, 'public', null, 9)).entries.map(({ value }) => value)
        expect(bodies).toEqual(isGone ? ['kept'] : [{ i: 0 }, 'kept'])
        const place = (await bench.log.recent({ limit: 99 })).conversations.find((one) => one.conversation === name)
        expect(place?.unfinished).toEqual(['t'])
      }
    })
  })
}
