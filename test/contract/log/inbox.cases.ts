/** What the inbox of a log must do: order, scopes, pages, marks. */
import { describe, expect, it } from 'vitest'
import type { Notice, RecentPage } from '../../../server/storage/log.ts'
import { keyOf, until, tick } from './bench.ts'
import type { LogBench } from './bench.ts'

/** Ids customers may choose, each of which must be a conversation of its own. */
const awkwardIds = [
  ...[
    'a:b',
    'a/b',
    'a\\b',
    'a::b',
    'a?x',
    'a?y',
    'a',
    'A',
    '../x',
    '..',
    '.',
    '%2e%2e',
    'CON',
    'con',
    'nul',
    'node_modules',
  ],
  ...['.git', '__proto__', 'constructor', 'x.', 'x$', 'a*b', 'lock', 'com1', '~', '%', '%%', '=', 'x'.repeat(128)],
  ...[
    'X'.repeat(128),
    'x'.repeat(127),
    `${'X'.repeat(127)}x`,
    `${'X'.repeat(127)}y`,
    'private',
    'a.private',
    'a.jsonl',
  ],
]

export function inboxCases(bench: LogBench): void {
  it('F101: keeps awkward conversation ids apart and lists them all', async () => {
    const keys = [
      ...awkwardIds.map((id) => keyOf(id)),
      'shop.zz',
      'shop.ZZ',
      'shop.c1',
      'shop.',
      '.shop',
      'shop',
      'SHOP.c1',
    ]
    for (const key of keys) await bench.log.append(key, 'public', key, { keys: ['same'] })
    for (const key of keys) await bench.log.append(key, 'turn/t', key)
    await bench.reopen()
    for (const key of keys) {
      expect((await bench.log.after(key, 'public', null, 5)).entries.map(({ value }) => value)).toEqual([key])
      expect((await bench.log.find(key, 'same'))?.entry.value).toBe(key)
    }
    const listed: string[] = []
    for (let cursor: string | null = null; ;) {
      const page = await bench.log.recent(cursor === null ? { limit: 7 } : { limit: 7, cursor })
      listed.push(...page.conversations.map(({ conversation }) => conversation))
      cursor = page.cursor
      if (cursor === null) break
    }
    expect(listed.sort()).toEqual([...keys].sort())
  })

  describe('recent', () => {
    const names = async (options = {}) => (await bench.log.recent(options)).conversations.map((one) => one.conversation)

    it('lists conversations newest first, by their latest public or private entry', async () => {
      for (const name of ['shop.a', 'shop.b', 'shop.c']) {
        await bench.log.append(name, 'public', 1)
        await tick()
      }
      expect(await names()).toEqual(['shop.c', 'shop.b', 'shop.a'])
      await bench.log.append('shop.a', 'private', 2)
      await bench.log.append('shop.b', 'turn/t', 2)
      expect(await names()).toEqual(['shop.a', 'shop.c', 'shop.b'])
      const { conversations } = await bench.log.recent()
      expect(Date.parse(conversations[0]?.updatedAt as string)).toBeGreaterThan(
        Date.parse(conversations[1]?.updatedAt as string),
      )
      await bench.reopen()
      expect(await bench.log.recent()).toEqual({ conversations, cursor: null })
    })

    it('leaves a conversation where it is after a quiet entry, which is told of all the same', async () => {
      await bench.fill('shop.a', 1)
      await tick()
      await bench.fill('shop.b', 1)
      const before = await bench.log.recent()
      const heard: Notice[] = []
      bench.log.watch((notice) => heard.push(notice))
      await bench.log.append('shop.a', 'private', 1, { isQuiet: true })
      await until(() => heard.length > 0)
      expect(await bench.log.recent()).toEqual(before)
      await bench.reopen()
      expect(await bench.log.recent()).toEqual(before)
    })

    it('leaves the system conversations out', async () => {
      await bench.log.append('~registry', 'public', 1, { keys: ['k'] })
      expect(await names()).toEqual([])
      await bench.reopen()
      expect(await names()).toEqual([])
      expect((await bench.log.after('~registry', 'public', null, 5)).entries).toHaveLength(1)
    })

    it('pages through a scope and through everything, ties included, over a restart', async () => {
      if (bench.medium.hasOurClock) await bench.reopen({ now: () => 1_750_000_000_000 })
      const wanted = Array.from({ length: 25 }, (_, i) => `shop.${i}`)
      for (const name of wanted) {
        await bench.log.append(name, 'public', 1)
        await bench.log.append(name.replace('shop', 'shop2'), 'public', 1)
      }
      for (const scope of ['shop', undefined]) {
        const found: string[] = []
        for (let cursor: string | undefined; ;) {
          const page = await bench.log.recent({ limit: 4, ...(scope && { scope }), ...(cursor && { cursor }) })
          expect(page.conversations.length).toBeGreaterThan(0)
          found.push(...page.conversations.map(({ conversation }) => conversation))
          if (page.cursor === null) break
          cursor = page.cursor
          if (found.length === 12) await bench.reopen()
        }
        expect(new Set(found).size).toBe(found.length)
        expect(found.filter((name) => name.startsWith('shop.')).sort()).toEqual([...wanted].sort())
        expect(found).toHaveLength(scope ? 25 : 50)
      }
      expect(await names({ scope: 'sho' })).toEqual([])
    })

    it('lists the oldest first where that is asked for, page by page, whatever moves and goes meanwhile', async () => {
      if (bench.medium.hasOurClock) await bench.reopen({ now: () => 1_750_000_000_000 })
      for (let i = 0; i < 12; i++) {
        await bench.log.append(`shop.${i}`, 'public', 1)
        await bench.log.append(`other.${i}`, 'public', 1)
      }
      const oldest = async (scope?: string) => {
        const found: string[] = []
        for (let cursor: string | null = null; ;) {
          const part = { first: 'oldest' as const, limit: 5, ...(scope && { scope }), ...(cursor && { cursor }) }
          const page: RecentPage = await bench.log.recent(part)
          found.push(...page.conversations.map(({ conversation }) => conversation))
          if (page.cursor === null) return found
          cursor = page.cursor
        }
      }
      const newest = (await names({ limit: 50 })).toReversed()
      expect(await oldest()).toEqual(newest)
      expect(await oldest('shop')).toEqual(newest.filter((name) => name.startsWith('shop')))
      await bench.reopen()
      expect(await oldest()).toEqual(newest)
      for (const name of newest.slice(0, 3)) await bench.log.remove(name)
      await bench.log.append(newest[4] as string, 'public', 2)
      const left = [newest[3] as string, ...newest.slice(5)]
      expect(await oldest()).toEqual([...left, newest[4]])
      await tick()
      await bench.log.append(newest[0] as string, 'public', 3)
      expect(await oldest()).toEqual([...left, newest[4], newest[0]])
      expect(await oldest('none')).toEqual([])
    })

    it('keeps marks open until they are closed, over a restart', async () => {
      await bench.log.append('shop.a', 'public', 1, { opens: 't1', keys: ['turn:t1'] })
      await bench.log.append('shop.a', 'public', 2, { opens: 't2' })
      await bench.log.append('shop.b', 'public', 1, { opens: 't3' })
      await bench.log.append('shop.c', 'public', 1)
      await bench.log.append('shop2.c', 'public', 1, { opens: 't4' })
      await bench.log.append('shop.b', 'private', 2, { closes: 't3', keys: ['end:t3'] })
      const open = async () =>
        (await bench.log.recent({ unfinished: true })).conversations.map(({ conversation, unfinished }) => [
          conversation,
          [...unfinished].sort(),
        ])
      expect((await open()).sort()).toEqual([
        ['shop.a', ['t1', 't2']],
        ['shop2.c', ['t4']],
      ])
      expect(await names({ unfinished: true, scope: 'shop' })).toEqual(['shop.a'])
      await bench.reopen()
      expect((await open()).sort()).toEqual([
        ['shop.a', ['t1', 't2']],
        ['shop2.c', ['t4']],
      ])
      await bench.log.append('shop.a', 'public', 3, { closes: 't1' })
      await bench.log.append('shop.a', 'public', 3, { keys: ['turn:t1'], closes: 't2' })
      expect(await open()).toEqual([['shop2.c', ['t4']]])
    })

    it('opens no mark when the append stored nothing', async () => {
      await bench.log.append('shop.a', 'public', 1, { keys: ['k'], opens: 't1' })
      await bench.log.append('shop.a', 'public', 1, { keys: ['k'], opens: 't2' })
      await bench.log.append('shop.a', 'public', 1, { at: 7, opens: 't3' })
      expect((await bench.log.recent()).conversations[0]?.unfinished).toEqual(['t1'])
    })
  })
}
