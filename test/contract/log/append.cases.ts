/** What appends must do: one order, keys, positions, values. */
import { describe, expect, it } from 'vitest'
import type { Lane } from '../../../server/storage/log.ts'
import { stored } from './bench.ts'
import type { LogBench } from './bench.ts'

export function appendCases(bench: LogBench): void {
  describe('append', () => {
    it('gives 50 concurrent appends 50 entries in one order', async () => {
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          stored(bench.log.append('shop.a', 'public', { i }, { keys: [`client:${i}`] })),
        ),
      )
      const { entries } = await bench.log.after('shop.a', 'public', null, 100)
      expect(entries.map(({ position }) => position)).toEqual(Array.from({ length: 50 }, (_, i) => i))
      expect(new Set(entries.map(({ id }) => id)).size).toBe(50)
      expect(entries).toEqual([...results].sort((a, b) => a.position - b.position))
    })

    it('gives ids of 1 to 64 safe characters and RFC 3339 times', async () => {
      const [entry] = await bench.fill('shop.a', 1)
      expect(entry?.id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
      expect(entry?.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(Math.abs(Date.parse(entry?.createdAt as string) - Date.now())).toBeLessThan(60_000)
    })

    it('A7: finds the entry that took a key, also after a restart, and stores nothing again', async () => {
      const first = await stored(bench.log.append('shop.a', 'public', 'one', { keys: ['client:1', 'turn:1'] }))
      await bench.reopen()
      for (const keys of [['client:1'], ['other:1', 'turn:1']]) {
        const again = await bench.log.append('shop.a', 'private', 'two', { keys })
        expect(again).toEqual({ outcome: 'existing', lane: 'public', entry: first, ...bench.clock() })
      }
      expect(await bench.log.append('shop.a', 'private', 'two', { keys: ['other:1'] })).toMatchObject({
        outcome: 'stored',
      })
      expect(await bench.log.append('shop.b', 'public', 'two', { keys: ['client:1'] })).toMatchObject({
        outcome: 'stored',
      })
    })

    it('stores one of many concurrent appends with the same key', async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          bench.log.append('shop.a', i % 2 ? 'public' : 'private', i, { keys: ['k'] }),
        ),
      )
      expect(results.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1)
      const winner = results.find(({ outcome }) => outcome === 'stored')
      for (const result of results)
        expect('entry' in result && result.entry).toEqual(winner && 'entry' in winner && winner.entry)
    })

    it('hands keys over to an entry that supersedes their holder, and to no other', async () => {
      const draft = await stored(bench.log.append('shop.a', 'private', 'draft', { keys: ['end:1', 'note:1'] }))
      const other = await stored(bench.log.append('shop.a', 'private', 'other', { keys: ['other:1'] }))
      const refused = { outcome: 'existing', entry: draft, lane: 'private', ...bench.clock() }
      expect(await bench.log.append('shop.a', 'public', 'x', { keys: ['end:1'], supersedes: other.id })).toEqual(
        refused,
      )
      const answer = await stored(
        bench.log.append('shop.a', 'public', 'answer', { keys: ['end:1'], supersedes: draft.id }),
      )
      const taken = { outcome: 'existing', entry: answer, lane: 'public', ...bench.clock() }
      expect(await bench.log.append('shop.a', 'public', 'again', { keys: ['end:1'], supersedes: draft.id })).toEqual(
        taken,
      )
      await bench.reopen()
      expect(await bench.log.append('shop.a', 'public', 'again', { keys: ['end:1'], supersedes: draft.id })).toEqual(
        taken,
      )
      expect(await bench.log.find('shop.a', 'end:1')).toEqual({ lane: 'public', entry: answer })
      expect(await bench.log.find('shop.a', 'note:1')).toEqual({ lane: 'private', entry: draft })
      const third = await stored(
        bench.log.append('shop.a', 'private', 'third', { keys: ['end:1'], supersedes: answer.id }),
      )
      await bench.reopen()
      expect(await bench.log.find('shop.a', 'end:1')).toEqual({ lane: 'private', entry: third })
    })

    it('stores at a position only when the lane holds exactly so many entries', async () => {
      expect(await bench.log.append('shop.a', 'turn/t1', 'x', { at: 1 })).toEqual({ outcome: 'conflict', length: 0 })
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, i) => bench.log.append('shop.a', 'turn/t1', i, { at: 0 })),
      )
      expect(results.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1)
      expect(results.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(9)
      await bench.reopen()
      expect(await bench.log.append('shop.a', 'turn/t1', 'x', { at: 0 })).toEqual({ outcome: 'conflict', length: 1 })
      expect(await bench.log.append('shop.a', 'turn/t1', 'x', { at: 1 })).toMatchObject({ outcome: 'stored' })
    })

    it('stores only while the key that is required is held, and leaves nothing behind where it is not', async () => {
      const first = await stored(bench.log.append('shop.a', 'public', 'message', { keys: ['turn:1'] }))
      const answer = { keys: ['end:1'], requires: 'turn:1', closes: 'turn:1' }
      await bench.log.append('shop.a', 'turn/t1', 'piece', { requires: 'turn:1', at: 0 })
      expect(await bench.log.append('shop.a', 'public', 'x', { ...answer, keys: ['turn:1'] })).toMatchObject({
        entry: first,
      })
      await bench.log.remove('shop.a')
      const late: [Lane, object][] = [
        ['public', answer],
        ['private', { ...answer, opens: 'turn:1' }],
        ['turn/t1', { at: 0, requires: 'turn:1' }],
      ]
      for (const [lane, options] of late) {
        await expect(bench.log.append('shop.a', lane, 'late', options)).rejects.toMatchObject({ code: 'gone' })
        expect(await bench.log.after('shop.a', lane, null, 9)).toEqual({ entries: [], hasMore: false })
      }
      await bench.reopen()
      expect((await bench.log.recent()).conversations).toEqual([])
      expect((await bench.log.recent({ unfinished: true })).conversations).toEqual([])
      // The next life of the same id is no reason to store what belongs to the one before.
      await bench.log.append('shop.a', 'public', 'message', { keys: ['turn:2'] })
      await expect(bench.log.append('shop.a', 'public', 'late', answer)).rejects.toMatchObject({ code: 'gone' })
      expect(await bench.log.append('shop.a', 'public', 'x', { requires: 'turn:2' })).toMatchObject({
        outcome: 'stored',
      })
    })

    it('says existing rather than conflict, so that a retry finds its own entry', async () => {
      const entry = await stored(bench.log.append('shop.a', 'public', 'x', { at: 0, keys: ['k'] }))
      expect(await bench.log.append('shop.a', 'public', 'x', { at: 0, keys: ['k'] })).toEqual({
        outcome: 'existing',
        lane: 'public',
        entry,
        ...bench.clock(),
      })
    })

    it('G8: numbers every lane by itself', async () => {
      await bench.fill('shop.a', 2)
      await bench.fill('shop.a', 3, 'private')
      await bench.fill('shop.a', 1, 'turn/t1')
      const [last] = (await bench.fill('shop.a', 1)).slice(-1)
      expect(last?.position).toBe(2)
      expect((await bench.log.after('shop.a', 'private', null, 10)).entries).toHaveLength(3)
      expect((await bench.log.after('shop.a', 'turn/t1', null, 10)).entries).toHaveLength(1)
      expect((await bench.log.after('shop.a', 'turn/t2', null, 10)).entries).toEqual([])
    })

    it('X72: returns every value exactly as JSON has it', async () => {
      const values: unknown[] = [
        'plain',
        '',
        0,
        -0.5,
        1e21,
        true,
        false,
        null,
        [],
        {},
        [null, [1, [2]]],
        'true',
        'null',
        '123',
        '{"a":1}',
        '"quoted"',
        'NUL \0, tab \t, CR \r, LF \n, CRLF \r\n, U+2028 \u2028, U+2029 \u2029, BOM \ufeff',
        'emoji 👩‍👩‍👧‍👦, e\u0301, é, \ud83d alone, \udc00 alone',
        {
          toString: 'x',
          constructor: { prototype: { polluted: true } },
          '1234567890123456789012': '9007199254740993',
        },
        JSON.parse('{"__proto__":{"polluted":true},"a":{"__proto__":[1]}}'),
        { date: new Date(0), missing: undefined, list: [undefined, () => {}, Number.NaN] },
        'x'.repeat(1_000_000),
      ]
      for (const value of values) await bench.log.append('shop.a', 'public', value)
      const expected = values.map((value) => JSON.stringify(value))
      const read = async () =>
        (await bench.log.after('shop.a', 'public', null, 100)).entries.map((e) => JSON.stringify(e.value))
      expect(await read()).toEqual(expected)
      await bench.reopen()
      expect(await read()).toEqual(expected)
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    })

    it('X72: survives a value nested 2000 deep', async () => {
      const deep = JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`) as unknown
      await bench.log.append('shop.a', 'public', deep)
      await bench.reopen()
      expect(JSON.stringify((await bench.log.after('shop.a', 'public', null, 1)).entries[0]?.value)).toBe(
        JSON.stringify(deep),
      )
    })

    it('refuses what JSON cannot hold, and keys and lanes that are none', async () => {
      await expect(bench.log.append('shop.a', 'public', undefined)).rejects.toThrow(TypeError)
      await expect(bench.log.append('../a', 'public', 1)).rejects.toThrow(TypeError)
      await expect(bench.log.append('', 'public', 1)).rejects.toThrow(TypeError)
      await expect(bench.log.append('shop.a', 'turn/../x' as Lane, 1)).rejects.toThrow(TypeError)
      expect((await bench.log.after('shop.a', 'public', null, 10)).entries).toEqual([])
    })

    it('keeps nothing of the object it was given', async () => {
      const value = { list: [1] }
      const promise = bench.log.append('shop.a', 'public', value)
      value.list.push(2)
      const entry = await stored(promise)
      value.list.push(3)
      expect(entry.value).toEqual({ list: [1] })
      expect((await bench.log.after('shop.a', 'public', null, 1)).entries[0]?.value).toEqual({ list: [1] })
    })

    it('F96: never lets createdAt decrease, with a clock that is set back an hour', async () => {
      if (!bench.medium.hasOurClock) return
      let time = Date.parse('2026-05-04T12:00:00.500Z')
      await bench.reopen({ now: () => time })
      const first = await stored(bench.log.append('shop.a', 'private', 1))
      expect(first.createdAt).toBe('2026-05-04T12:00:00.500Z')
      time -= 3_600_000
      const second = await stored(bench.log.append('shop.a', 'public', 2))
      await bench.reopen({ now: () => time })
      const third = await stored(bench.log.append('shop.a', 'turn/t', 3))
      expect([second.createdAt, third.createdAt]).toEqual([first.createdAt, first.createdAt])
      time += 2 * 3_600_000
      expect((await stored(bench.log.append('shop.a', 'public', 4))).createdAt).toBe('2026-05-04T13:00:00.500Z')
    })
  })
}
