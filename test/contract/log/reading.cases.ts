/** What reading must do: pages, cursors, keys. */
import { describe, expect, it } from 'vitest'
import { isLogError } from '../../../server/storage/log.ts'
import type { Lane, LogEntry, LogPage } from '../../../server/storage/log.ts'
import { stored } from './bench.ts'
import type { LogBench } from './bench.ts'

export function readingCases(bench: LogBench): void {
  describe('find', () => {
    it('returns the entry that holds a key, in its lane', async () => {
      const entry = await stored(bench.log.append('shop.a', 'turn/t1', 'x', { keys: ['k'] }))
      expect(await bench.log.find('shop.a', 'k')).toEqual({ lane: 'turn/t1', entry })
      await bench.reopen()
      expect(await bench.log.find('shop.a', 'k')).toEqual({ lane: 'turn/t1', entry })
      expect(await bench.log.find('shop.a', 'other')).toBeNull()
      expect(await bench.log.find('shop.b', 'k')).toBeNull()
    })
  })

  describe.each(['warm', 'cold'])('reading, %s', (state) => {
    it('F100: pages through 307 entries forwards and backwards with hasMore', async () => {
      const all = await bench.fill('shop.a', 307)
      if (state === 'cold') await bench.reopen()
      for (const limit of [1, 50, 200, 307, 1_000]) {
        const forwards: LogEntry[] = []
        let cursor: string | null = null
        for (let hasMore = true; hasMore;) {
          const page: LogPage = await bench.log.after('shop.a', 'public', cursor, limit)
          expect(page.entries.length).toBe(Math.min(limit, 307 - forwards.length))
          forwards.push(...page.entries)
          cursor = page.entries.at(-1)?.id ?? null
          hasMore = page.hasMore
        }
        expect(forwards).toEqual(all)
        const backwards: LogEntry[] = []
        cursor = null
        for (let hasMore = true; hasMore;) {
          const page: LogPage = await bench.log.before('shop.a', 'public', cursor, limit)
          backwards.unshift(...page.entries)
          cursor = page.entries[0]?.id ?? null
          hasMore = page.hasMore
        }
        expect(backwards).toEqual(all)
      }
    })

    it('answers the edges: the newest cursor, the oldest, an empty lane', async () => {
      const all = await bench.fill('shop.a', 60)
      if (state === 'cold') await bench.reopen()
      const [first, last] = [all[0]?.id as string, all[59]?.id as string]
      expect(await bench.log.after('shop.a', 'public', last, 50)).toEqual({ entries: [], hasMore: false })
      expect(await bench.log.before('shop.a', 'public', first, 50)).toEqual({ entries: [], hasMore: false })
      expect(await bench.log.before('shop.a', 'public', last, 59)).toEqual({
        entries: all.slice(0, 59),
        hasMore: false,
      })
      expect(await bench.log.before('shop.a', 'public', last, 58)).toEqual({ entries: all.slice(1, 59), hasMore: true })
      expect(await bench.log.after('shop.z', 'public', null, 50)).toEqual({ entries: [], hasMore: false })
      expect(await bench.log.before('shop.z', 'public', null, 50)).toEqual({ entries: [], hasMore: false })
    })

    it('F99: refuses a cursor this lane never held: unknown, another lane or conversation, future, malformed', async () => {
      const [a, b, note] = [
        await bench.fill('shop.a', 300),
        await bench.fill('shop.b', 301),
        await bench.fill('shop.a', 1, 'private'),
      ]
      if (state === 'cold') await bench.reopen()
      const id = a[150]?.id as string
      const cursors = [
        b[150]?.id,
        b[300]?.id,
        note[0]?.id,
        `${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}`,
        id.replace(/^[^-]+/, '5'),
        id.replace(/^[^-]+/, '8c'),
        id.replace(/^[^-]+/, 'zzzzzzzz'),
        id.toUpperCase(),
        `0${id}`,
        ...['', '-', 'x', '0', '0-', '\0', '__proto__', 'é', 'x'.repeat(10_000), '-1-AAAAAAAAAAAAAAAA'],
      ]
      for (const cursor of cursors) {
        for (const read of [bench.log.after, bench.log.before]) {
          const error: unknown = await (async () => read('shop.a', 'public', cursor as string, 50))().catch(
            (e: unknown) => e,
          )
          expect(isLogError(error, 'cursor_not_found'), cursor).toBe(true)
        }
      }
      const error: unknown = await (async () => bench.log.after('shop.z', 'public', id, 50))().catch((e: unknown) => e)
      expect(isLogError(error, 'cursor_not_found')).toBe(true)
    })
  })

  it('F94: refuses cursors of a conversation that was forgotten and began anew', async () => {
    const old = await bench.fill('shop.a', 3)
    await bench.log.remove('shop.a')
    await bench.fill('shop.a', 5)
    const error: unknown = await (async () => bench.log.after('shop.a', 'public', old[1]?.id as string, 50))().catch(
      (e: unknown) => e,
    )
    expect(isLogError(error, 'cursor_not_found')).toBe(true)
  })

  it('F97: 2 writers with 200 commits each, polled with limit 1 to 5: nothing missed or repeated', async () => {
    const seen: LogEntry[] = []
    let isDone = false
    const writer = async (lane: Lane, name: string) => {
      for (let i = 0; i < 200; i++) {
        await bench.log.append('shop.a', lane, { name, i }, { keys: [`${name}:${i}`] })
        if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const reader = async () => {
      for (let cursor: string | null = null, limit = 1; ; limit = (limit % 5) + 1) {
        const wasDone = isDone
        const page: LogPage = await bench.log.after('shop.a', 'public', cursor, limit)
        seen.push(...page.entries)
        cursor = page.entries.at(-1)?.id ?? cursor
        if (wasDone && page.entries.length === 0) return
        if (page.entries.length === 0) await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const reading = reader()
    await Promise.all([writer('public', 'a'), writer('public', 'b'), writer('private', 'c')])
    isDone = true
    await reading
    expect(seen.map(({ position }) => position)).toEqual(Array.from({ length: 400 }, (_, i) => i))
    for (const name of ['a', 'b']) {
      const own = seen.map(({ value }) => value as { name: string; i: number }).filter((value) => value.name === name)
      expect(own.map(({ i }) => i)).toEqual(Array.from({ length: 200 }, (_, i) => i))
    }
  })
}
