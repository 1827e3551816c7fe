/** What labels must do. */
import { describe, expect, it } from 'vitest'
import { tick } from './bench.ts'
import type { LogBench } from './bench.ts'

export function labelsCases(bench: LogBench): void {
  describe('label', () => {
    const names = async (options = {}) => (await bench.log.recent(options)).conversations.map((one) => one.conversation)
    const unlabelled = async () => (await bench.log.recent({ unlabelled: true })).conversations
    const stampOf = async (name: string) =>
      (await unlabelled()).find(({ conversation }) => conversation === name)?.stamp ?? ''
    const label = async (name: string, ...labels: string[]) => bench.log.label(name, await stampOf(name), labels)

    it('lists conversations under their labels, newest first, by scope and by page, over a restart', async () => {
      for (const name of ['shop.a', 'shop.b', 'shop2.c', 'shop.d', 'shop.e']) {
        await bench.fill(name, 1)
        await tick()
        await label(name, 'open', ...(name === 'shop.d' ? [] : ['mine:op_1']))
      }
      await label('shop.e', 'nothing')
      await bench.log.append('shop.a', 'private', 1)
      await label('shop.a', 'open', 'waiting')
      for (let round = 0; round < 2; round++) {
        expect(await names({ label: 'open' })).toEqual(['shop.a', 'shop.e', 'shop.d', 'shop2.c', 'shop.b'])
        expect(await names({ label: 'mine:op_1' })).toEqual(['shop.e', 'shop2.c', 'shop.b'])
        expect(await names({ label: 'mine:op_1', scope: 'shop' })).toEqual(['shop.e', 'shop.b'])
        expect(await names({ label: 'waiting' })).toEqual(['shop.a'])
        for (const nothing of ['mine', 'nothing', 'mine:op_2']) expect(await names({ label: nothing })).toEqual([])
        const page = await bench.log.recent({ label: 'open', scope: 'shop', limit: 3 })
        expect(page.conversations.map(({ conversation }) => conversation)).toEqual(['shop.a', 'shop.e', 'shop.d'])
        expect(await names({ label: 'open', scope: 'shop', cursor: page.cursor })).toEqual(['shop.b'])
        expect(await unlabelled()).toEqual([])
        await bench.reopen()
      }
    })

    it('takes labels for doubtful after every public and private entry, quiet or not, and keeps them meanwhile', async () => {
      await bench.fill('shop.a', 1)
      await bench.fill('shop.b', 1)
      for (const name of ['shop.a', 'shop.b']) await label(name, 'open')
      expect(await unlabelled()).toEqual([])
      await tick()
      await bench.log.append('shop.a', 'turn/t', 1)
      expect(await unlabelled()).toEqual([])
      for (const [lane, isQuiet] of [
        ['public', false],
        ['private', false],
        ['private', true],
      ] as const) {
        await bench.log.append('shop.a', lane, 1, { isQuiet })
        expect((await unlabelled()).map(({ conversation }) => conversation)).toEqual(['shop.a'])
        expect(await names({ label: 'open' })).toEqual(['shop.a', 'shop.b'])
        await label('shop.a', 'open')
        expect(await unlabelled()).toEqual([])
      }
    })

    it('believes nobody who has looked before the newest entry, and the latest who has looked after it', async () => {
      await bench.fill('shop.a', 1)
      const early = await stampOf('shop.a')
      await bench.fill('shop.a', 1)
      await bench.log.label('shop.a', early, ['early'])
      const late = await stampOf('shop.a')
      expect(late).not.toBe('')
      expect(late).not.toBe(early)
      await bench.log.label('shop.a', late, ['late'])
      await bench.log.label('shop.a', early, ['early'])
      await bench.log.label('shop.a', late, ['again'])
      expect(await names({ label: 'late' })).toEqual(['shop.a'])
      for (const other of ['early', 'again']) expect(await names({ label: other })).toEqual([])
    })

    it('forgets the labels of a conversation that is removed, and lists none that is not there', async () => {
      await bench.fill('shop.a', 1)
      await label('shop.a', 'open')
      await bench.fill('shop.b', 1)
      const stamp = await stampOf('shop.b')
      await bench.log.remove('shop.a')
      await bench.log.remove('shop.b')
      await bench.log.label('shop.b', stamp, ['open'])
      await bench.log.label('shop.c', stamp, ['open'])
      for (let round = 0; round < 2; round++) {
        expect([await names(), await names({ label: 'open' }), await unlabelled()]).toEqual([[], [], []])
        await bench.reopen()
      }
      await bench.fill('shop.a', 1)
      expect(await names({ label: 'open' })).toEqual([])
      expect(await stampOf('shop.a')).not.toBe('')
    })

    it('names those that wait longest first, and no more than were asked for', async () => {
      for (const name of ['shop.a', 'shop.b', 'shop.c']) await bench.fill(name, 1)
      const first = await bench.log.recent({ unlabelled: true, limit: 2 })
      expect(first.conversations.map(({ conversation }) => conversation)).toEqual(['shop.a', 'shop.b'])
      await label('shop.a', 'open')
      expect((await unlabelled()).map(({ conversation }) => conversation)).toEqual(['shop.b', 'shop.c'])
    })

    it('refuses what is no label', async () => {
      await bench.fill('shop.a', 1)
      for (const wrong of ['', 'a b', 'A', 'a:', 'a:b:c', `a:${'x'.repeat(65)}`, 'a\nb']) {
        await expect((async () => bench.log.label('shop.a', '1', [wrong]))()).rejects.toThrow(TypeError)
      }
    })
  })
}
