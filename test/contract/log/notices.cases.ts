/** What is left: notices, bounds, the end. */
import { describe, expect, it } from 'vitest'
import { isLogError } from '../../../server/storage/log.ts'
import type { LogPage, Notice } from '../../../server/storage/log.ts'
import { until } from './bench.ts'
import type { LogBench } from './bench.ts'

export function noticesCases(bench: LogBench): void {
  describe('watch', () => {
    it('tells of every append with its position, until it is ended', async () => {
      const heard: Notice[] = []
      const end = bench.log.watch((notice) => heard.push(notice))
      await bench.log.append('shop.a', 'public', 1, { keys: ['k'] })
      await bench.log.append('shop.a', 'public', 1, { keys: ['k'] })
      await bench.log.append('shop.b', 'private', 1)
      await bench.log.append('shop.a', 'turn/t-1_A', 1)
      await until(() => heard.length >= 3)
      expect(heard).toEqual([
        { conversation: 'shop.a', lane: 'public', position: 0 },
        { conversation: 'shop.b', lane: 'private', position: 0 },
        { conversation: 'shop.a', lane: 'turn/t-1_A', position: 0 },
      ])
      end()
      await bench.log.append('shop.a', 'public', 2)
      expect(heard).toHaveLength(3)
    })

    it('lets one listener fail without harm to the append or the others', async () => {
      const heard: Notice[] = []
      bench.log.watch(() => {
        throw new Error('listener')
      })
      bench.log.watch((notice) => heard.push(notice))
      expect(await bench.log.append('shop.a', 'public', 1)).toMatchObject({ outcome: 'stored' })
      await until(() => heard.length === 1)
    })

    it('has the entry readable when the notice arrives', async () => {
      const reads: Promise<LogPage>[] = []
      bench.log.watch((notice) => {
        if (notice !== 'resync')
          reads.push(Promise.resolve(bench.log.after(notice.conversation, notice.lane, null, 10)))
      })
      for (let i = 0; i < 5; i++) await bench.log.append('shop.a', 'public', i)
      await until(() => reads.length === 5)
      const lengths = (await Promise.all(reads)).map(({ entries }) => entries.length)
      expect(lengths.every((length, i) => length > i)).toBe(true)
    })
  })

  it('keeps memory bounded and stays right when conversations come and go', async () => {
    await bench.reopen({ maxConversations: 3, maxBytes: 20_000 })
    for (let round = 0; round < 6; round++) {
      await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          bench.log.append(`shop.${i}`, 'public', 'x'.repeat(500), { keys: [`k${round}`] }),
        ),
      )
    }
    for (let i = 0; i < 10; i++) {
      const { entries } = await bench.log.after(`shop.${i}`, 'public', null, 50)
      expect(entries.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5])
      expect(await bench.log.append(`shop.${i}`, 'public', 1, { keys: ['k3'] })).toMatchObject({ outcome: 'existing' })
    }
  })

  it('answers nothing after it was closed', async () => {
    await bench.log.append('shop.a', 'public', 1)
    await bench.log.close()
    await bench.log.close()
    for (const call of [
      () => bench.log.append('shop.a', 'public', 1),
      () => bench.log.after('shop.a', 'public', null, 1),
      () => bench.log.recent(),
    ]) {
      const error: unknown = await (async () => call())().catch((e: unknown) => e)
      expect(isLogError(error, 'storage_unavailable')).toBe(true)
    }
  })
}
