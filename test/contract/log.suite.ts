/** What every conversation log must do, whatever it is built on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LogOptions } from '../../server/storage/local.ts'
import { isLogError } from '../../server/storage/log.ts'
import type { ConversationLog, Lane, LogEntry, LogPage, Notice } from '../../server/storage/log.ts'

/** Something a log can be opened on, empty at first. */
export interface LogMedium {
  open(options?: LogOptions): Promise<ConversationLog>
  /** Whether the log takes the time from `now`. */
  hasOurClock: boolean
  dispose(): Promise<void>
}

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

export const keyOf = (id: string, scope = 'shop'): string => `${scope}.${Buffer.from(id).toString('base64url')}`

export function logSuite(name: string, createMedium: () => Promise<LogMedium>): void {
  describe(`the conversation log on ${name}`, () => {
    let medium: LogMedium
    let log: ConversationLog
    let opened: ConversationLog[]

    /** The clock of the entry, where it is not ours. */
    const clock = () => (medium.hasOurClock ? {} : { now: expect.closeTo(Date.now(), -4) as number })

    async function open(options?: LogOptions): Promise<ConversationLog> {
      const one = await medium.open(options)
      opened.push(one)
      return one
    }

    beforeEach(async () => {
      opened = []
      medium = await createMedium()
      log = await open()
    })

    afterEach(async () => {
      for (const one of opened) await one.close()
      await medium.dispose()
    })

    async function fill(conversation: string, count: number, lane: Lane = 'public'): Promise<LogEntry[]> {
      const entries: LogEntry[] = []
      for (let i = 0; i < count; i++) entries.push(await stored(log.append(conversation, lane, { i })))
      return entries
    }

    /** Closes the log and opens it again, so that nothing comes from memory. */
    async function reopen(options?: LogOptions): Promise<void> {
      await log.close()
      log = await open(options)
    }

    describe('append', () => {
      it('gives 50 concurrent appends 50 entries in one order', async () => {
        const results = await Promise.all(
          Array.from({ length: 50 }, (_, i) =>
            stored(log.append('shop.a', 'public', { i }, { keys: [`client:${i}`] })),
          ),
        )
        const { entries } = await log.after('shop.a', 'public', null, 100)
        expect(entries.map(({ position }) => position)).toEqual(Array.from({ length: 50 }, (_, i) => i))
        expect(new Set(entries.map(({ id }) => id)).size).toBe(50)
        expect(entries).toEqual([...results].sort((a, b) => a.position - b.position))
      })

      it('gives ids of 1 to 64 safe characters and RFC 3339 times', async () => {
        const [entry] = await fill('shop.a', 1)
        expect(entry?.id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
        expect(entry?.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
        expect(Math.abs(Date.parse(entry?.createdAt as string) - Date.now())).toBeLessThan(60_000)
      })

      it('A7: finds the entry that took a key, also after a restart, and stores nothing again', async () => {
        const first = await stored(log.append('shop.a', 'public', 'one', { keys: ['client:1', 'turn:1'] }))
        await reopen()
        for (const keys of [['client:1'], ['other:1', 'turn:1']]) {
          const again = await log.append('shop.a', 'private', 'two', { keys })
          expect(again).toEqual({ outcome: 'existing', lane: 'public', entry: first, ...clock() })
        }
        expect(await log.append('shop.a', 'private', 'two', { keys: ['other:1'] })).toMatchObject({ outcome: 'stored' })
        expect(await log.append('shop.b', 'public', 'two', { keys: ['client:1'] })).toMatchObject({ outcome: 'stored' })
      })

      it('stores one of many concurrent appends with the same key', async () => {
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, i) => log.append('shop.a', i % 2 ? 'public' : 'private', i, { keys: ['k'] })),
        )
        expect(results.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1)
        const winner = results.find(({ outcome }) => outcome === 'stored')
        for (const result of results)
          expect('entry' in result && result.entry).toEqual(winner && 'entry' in winner && winner.entry)
      })

      it('hands keys over to an entry that supersedes their holder, and to no other', async () => {
        const draft = await stored(log.append('shop.a', 'private', 'draft', { keys: ['end:1', 'note:1'] }))
        const other = await stored(log.append('shop.a', 'private', 'other', { keys: ['other:1'] }))
        const refused = { outcome: 'existing', entry: draft, lane: 'private', ...clock() }
        expect(await log.append('shop.a', 'public', 'x', { keys: ['end:1'], supersedes: other.id })).toEqual(refused)
        const answer = await stored(log.append('shop.a', 'public', 'answer', { keys: ['end:1'], supersedes: draft.id }))
        const taken = { outcome: 'existing', entry: answer, lane: 'public', ...clock() }
        expect(await log.append('shop.a', 'public', 'again', { keys: ['end:1'], supersedes: draft.id })).toEqual(taken)
        await reopen()
        expect(await log.append('shop.a', 'public', 'again', { keys: ['end:1'], supersedes: draft.id })).toEqual(taken)
        expect(await log.find('shop.a', 'end:1')).toEqual({ lane: 'public', entry: answer })
        expect(await log.find('shop.a', 'note:1')).toEqual({ lane: 'private', entry: draft })
        const third = await stored(log.append('shop.a', 'private', 'third', { keys: ['end:1'], supersedes: answer.id }))
        await reopen()
        expect(await log.find('shop.a', 'end:1')).toEqual({ lane: 'private', entry: third })
      })

      it('stores at a position only when the lane holds exactly so many entries', async () => {
        expect(await log.append('shop.a', 'turn/t1', 'x', { at: 1 })).toEqual({ outcome: 'conflict', length: 0 })
        const results = await Promise.all(
          Array.from({ length: 10 }, (_, i) => log.append('shop.a', 'turn/t1', i, { at: 0 })),
        )
        expect(results.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1)
        expect(results.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(9)
        await reopen()
        expect(await log.append('shop.a', 'turn/t1', 'x', { at: 0 })).toEqual({ outcome: 'conflict', length: 1 })
        expect(await log.append('shop.a', 'turn/t1', 'x', { at: 1 })).toMatchObject({ outcome: 'stored' })
      })

      it('stores only while the key that is required is held, and leaves nothing behind where it is not', async () => {
        const first = await stored(log.append('shop.a', 'public', 'message', { keys: ['turn:1'] }))
        const answer = { keys: ['end:1'], requires: 'turn:1', closes: 'turn:1' }
        await log.append('shop.a', 'turn/t1', 'piece', { requires: 'turn:1', at: 0 })
        expect(await log.append('shop.a', 'public', 'x', { ...answer, keys: ['turn:1'] })).toMatchObject({
          entry: first,
        })
        await log.remove('shop.a')
        const late: [Lane, object][] = [
          ['public', answer],
          ['private', { ...answer, opens: 'turn:1' }],
          ['turn/t1', { at: 0, requires: 'turn:1' }],
        ]
        for (const [lane, options] of late) {
          await expect(log.append('shop.a', lane, 'late', options)).rejects.toMatchObject({ code: 'gone' })
          expect(await log.after('shop.a', lane, null, 9)).toEqual({ entries: [], hasMore: false })
        }
        await reopen()
        expect((await log.recent()).conversations).toEqual([])
        expect((await log.recent({ unfinished: true })).conversations).toEqual([])
        // The next life of the same id is no reason to store what belongs to the one before.
        await log.append('shop.a', 'public', 'message', { keys: ['turn:2'] })
        await expect(log.append('shop.a', 'public', 'late', answer)).rejects.toMatchObject({ code: 'gone' })
        expect(await log.append('shop.a', 'public', 'x', { requires: 'turn:2' })).toMatchObject({ outcome: 'stored' })
      })

      it('says existing rather than conflict, so that a retry finds its own entry', async () => {
        const entry = await stored(log.append('shop.a', 'public', 'x', { at: 0, keys: ['k'] }))
        expect(await log.append('shop.a', 'public', 'x', { at: 0, keys: ['k'] })).toEqual({
          outcome: 'existing',
          lane: 'public',
          entry,
          ...clock(),
        })
      })

      it('G8: numbers every lane by itself', async () => {
        await fill('shop.a', 2)
        await fill('shop.a', 3, 'private')
        await fill('shop.a', 1, 'turn/t1')
        const [last] = (await fill('shop.a', 1)).slice(-1)
        expect(last?.position).toBe(2)
        expect((await log.after('shop.a', 'private', null, 10)).entries).toHaveLength(3)
        expect((await log.after('shop.a', 'turn/t1', null, 10)).entries).toHaveLength(1)
        expect((await log.after('shop.a', 'turn/t2', null, 10)).entries).toEqual([])
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
        for (const value of values) await log.append('shop.a', 'public', value)
        const expected = values.map((value) => JSON.stringify(value))
        const read = async () =>
          (await log.after('shop.a', 'public', null, 100)).entries.map((e) => JSON.stringify(e.value))
        expect(await read()).toEqual(expected)
        await reopen()
        expect(await read()).toEqual(expected)
        expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
      })

      it('X72: survives a value nested 2000 deep', async () => {
        const deep = JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`) as unknown
        await log.append('shop.a', 'public', deep)
        await reopen()
        expect(JSON.stringify((await log.after('shop.a', 'public', null, 1)).entries[0]?.value)).toBe(
          JSON.stringify(deep),
        )
      })

      it('refuses what JSON cannot hold, and keys and lanes that are none', async () => {
        await expect(log.append('shop.a', 'public', undefined)).rejects.toThrow(TypeError)
        await expect(log.append('../a', 'public', 1)).rejects.toThrow(TypeError)
        await expect(log.append('', 'public', 1)).rejects.toThrow(TypeError)
        await expect(log.append('shop.a', 'turn/../x' as Lane, 1)).rejects.toThrow(TypeError)
        expect((await log.after('shop.a', 'public', null, 10)).entries).toEqual([])
      })

      it('keeps nothing of the object it was given', async () => {
        const value = { list: [1] }
        const promise = log.append('shop.a', 'public', value)
        value.list.push(2)
        const entry = await stored(promise)
        value.list.push(3)
        expect(entry.value).toEqual({ list: [1] })
        expect((await log.after('shop.a', 'public', null, 1)).entries[0]?.value).toEqual({ list: [1] })
      })

      it('F96: never lets createdAt decrease, with a clock that is set back an hour', async () => {
        if (!medium.hasOurClock) return
        let time = Date.parse('2026-05-04T12:00:00.500Z')
        await reopen({ now: () => time })
        const first = await stored(log.append('shop.a', 'private', 1))
        expect(first.createdAt).toBe('2026-05-04T12:00:00.500Z')
        time -= 3_600_000
        const second = await stored(log.append('shop.a', 'public', 2))
        await reopen({ now: () => time })
        const third = await stored(log.append('shop.a', 'turn/t', 3))
        expect([second.createdAt, third.createdAt]).toEqual([first.createdAt, first.createdAt])
        time += 2 * 3_600_000
        expect((await stored(log.append('shop.a', 'public', 4))).createdAt).toBe('2026-05-04T13:00:00.500Z')
      })
    })

    describe('find', () => {
      it('returns the entry that holds a key, in its lane', async () => {
        const entry = await stored(log.append('shop.a', 'turn/t1', 'x', { keys: ['k'] }))
        expect(await log.find('shop.a', 'k')).toEqual({ lane: 'turn/t1', entry })
        await reopen()
        expect(await log.find('shop.a', 'k')).toEqual({ lane: 'turn/t1', entry })
        expect(await log.find('shop.a', 'other')).toBeNull()
        expect(await log.find('shop.b', 'k')).toBeNull()
      })
    })

    describe.each(['warm', 'cold'])('reading, %s', (state) => {
      it('F100: pages through 307 entries forwards and backwards with hasMore', async () => {
        const all = await fill('shop.a', 307)
        if (state === 'cold') await reopen()
        for (const limit of [1, 50, 200, 307, 1_000]) {
          const forwards: LogEntry[] = []
          let cursor: string | null = null
          for (let hasMore = true; hasMore;) {
            const page: LogPage = await log.after('shop.a', 'public', cursor, limit)
            expect(page.entries.length).toBe(Math.min(limit, 307 - forwards.length))
            forwards.push(...page.entries)
            cursor = page.entries.at(-1)?.id ?? null
            hasMore = page.hasMore
          }
          expect(forwards).toEqual(all)
          const backwards: LogEntry[] = []
          cursor = null
          for (let hasMore = true; hasMore;) {
            const page: LogPage = await log.before('shop.a', 'public', cursor, limit)
            backwards.unshift(...page.entries)
            cursor = page.entries[0]?.id ?? null
            hasMore = page.hasMore
          }
          expect(backwards).toEqual(all)
        }
      })

      it('answers the edges: the newest cursor, the oldest, an empty lane', async () => {
        const all = await fill('shop.a', 60)
        if (state === 'cold') await reopen()
        const [first, last] = [all[0]?.id as string, all[59]?.id as string]
        expect(await log.after('shop.a', 'public', last, 50)).toEqual({ entries: [], hasMore: false })
        expect(await log.before('shop.a', 'public', first, 50)).toEqual({ entries: [], hasMore: false })
        expect(await log.before('shop.a', 'public', last, 59)).toEqual({ entries: all.slice(0, 59), hasMore: false })
        expect(await log.before('shop.a', 'public', last, 58)).toEqual({ entries: all.slice(1, 59), hasMore: true })
        expect(await log.after('shop.z', 'public', null, 50)).toEqual({ entries: [], hasMore: false })
        expect(await log.before('shop.z', 'public', null, 50)).toEqual({ entries: [], hasMore: false })
      })

      it('F99: refuses a cursor this lane never held: unknown, another lane or conversation, future, malformed', async () => {
        const [a, b, note] = [await fill('shop.a', 300), await fill('shop.b', 301), await fill('shop.a', 1, 'private')]
        if (state === 'cold') await reopen()
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
          for (const read of [log.after, log.before]) {
            const error: unknown = await (async () => read('shop.a', 'public', cursor as string, 50))().catch(
              (e: unknown) => e,
            )
            expect(isLogError(error, 'cursor_not_found'), cursor).toBe(true)
          }
        }
        const error: unknown = await (async () => log.after('shop.z', 'public', id, 50))().catch((e: unknown) => e)
        expect(isLogError(error, 'cursor_not_found')).toBe(true)
      })
    })

    it('F94: refuses cursors of a conversation that was forgotten and began anew', async () => {
      const old = await fill('shop.a', 3)
      await log.remove('shop.a')
      await fill('shop.a', 5)
      const error: unknown = await (async () => log.after('shop.a', 'public', old[1]?.id as string, 50))().catch(
        (e: unknown) => e,
      )
      expect(isLogError(error, 'cursor_not_found')).toBe(true)
    })

    it('F97: 2 writers with 200 commits each, polled with limit 1 to 5: nothing missed or repeated', async () => {
      const seen: LogEntry[] = []
      let isDone = false
      const writer = async (lane: Lane, name: string) => {
        for (let i = 0; i < 200; i++) {
          await log.append('shop.a', lane, { name, i }, { keys: [`${name}:${i}`] })
          if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
        }
      }
      const reader = async () => {
        for (let cursor: string | null = null, limit = 1; ; limit = (limit % 5) + 1) {
          const wasDone = isDone
          const page: LogPage = await log.after('shop.a', 'public', cursor, limit)
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
      for (const key of keys) await log.append(key, 'public', key, { keys: ['same'] })
      for (const key of keys) await log.append(key, 'turn/t', key)
      await reopen()
      for (const key of keys) {
        expect((await log.after(key, 'public', null, 5)).entries.map(({ value }) => value)).toEqual([key])
        expect((await log.find(key, 'same'))?.entry.value).toBe(key)
      }
      const listed: string[] = []
      for (let cursor: string | null = null; ;) {
        const page = await log.recent(cursor === null ? { limit: 7 } : { limit: 7, cursor })
        listed.push(...page.conversations.map(({ conversation }) => conversation))
        cursor = page.cursor
        if (cursor === null) break
      }
      expect(listed.sort()).toEqual([...keys].sort())
    })

    describe('recent', () => {
      const names = async (options = {}) => (await log.recent(options)).conversations.map((one) => one.conversation)

      it('lists conversations newest first, by their latest public or private entry', async () => {
        for (const name of ['shop.a', 'shop.b', 'shop.c']) {
          await log.append(name, 'public', 1)
          await tick()
        }
        expect(await names()).toEqual(['shop.c', 'shop.b', 'shop.a'])
        await log.append('shop.a', 'private', 2)
        await log.append('shop.b', 'turn/t', 2)
        expect(await names()).toEqual(['shop.a', 'shop.c', 'shop.b'])
        const { conversations } = await log.recent()
        expect(Date.parse(conversations[0]?.updatedAt as string)).toBeGreaterThan(
          Date.parse(conversations[1]?.updatedAt as string),
        )
        await reopen()
        expect(await log.recent()).toEqual({ conversations, cursor: null })
      })

      it('leaves a conversation where it is after a quiet entry, which is told of all the same', async () => {
        await fill('shop.a', 1)
        await tick()
        await fill('shop.b', 1)
        const before = await log.recent()
        const heard: Notice[] = []
        log.watch((notice) => heard.push(notice))
        await log.append('shop.a', 'private', 1, { isQuiet: true })
        await until(() => heard.length > 0)
        expect(await log.recent()).toEqual(before)
        await reopen()
        expect(await log.recent()).toEqual(before)
      })

      it('leaves the system conversations out', async () => {
        await log.append('~registry', 'public', 1, { keys: ['k'] })
        expect(await names()).toEqual([])
        await reopen()
        expect(await names()).toEqual([])
        expect((await log.after('~registry', 'public', null, 5)).entries).toHaveLength(1)
      })

      it('pages through a scope and through everything, ties included, over a restart', async () => {
        if (medium.hasOurClock) await reopen({ now: () => 1_750_000_000_000 })
        const wanted = Array.from({ length: 25 }, (_, i) => `shop.${i}`)
        for (const name of wanted) {
          await log.append(name, 'public', 1)
          await log.append(name.replace('shop', 'shop2'), 'public', 1)
        }
        for (const scope of ['shop', undefined]) {
          const found: string[] = []
          for (let cursor: string | undefined; ;) {
            const page = await log.recent({ limit: 4, ...(scope && { scope }), ...(cursor && { cursor }) })
            expect(page.conversations.length).toBeGreaterThan(0)
            found.push(...page.conversations.map(({ conversation }) => conversation))
            if (page.cursor === null) break
            cursor = page.cursor
            if (found.length === 12) await reopen()
          }
          expect(new Set(found).size).toBe(found.length)
          expect(found.filter((name) => name.startsWith('shop.')).sort()).toEqual([...wanted].sort())
          expect(found).toHaveLength(scope ? 25 : 50)
        }
        expect(await names({ scope: 'sho' })).toEqual([])
      })

      it('keeps marks open until they are closed, over a restart', async () => {
        await log.append('shop.a', 'public', 1, { opens: 't1', keys: ['turn:t1'] })
        await log.append('shop.a', 'public', 2, { opens: 't2' })
        await log.append('shop.b', 'public', 1, { opens: 't3' })
        await log.append('shop.c', 'public', 1)
        await log.append('shop2.c', 'public', 1, { opens: 't4' })
        await log.append('shop.b', 'private', 2, { closes: 't3', keys: ['end:t3'] })
        const open = async () =>
          (await log.recent({ unfinished: true })).conversations.map(({ conversation, unfinished }) => [
            conversation,
            [...unfinished].sort(),
          ])
        expect((await open()).sort()).toEqual([
          ['shop.a', ['t1', 't2']],
          ['shop2.c', ['t4']],
        ])
        expect(await names({ unfinished: true, scope: 'shop' })).toEqual(['shop.a'])
        await reopen()
        expect((await open()).sort()).toEqual([
          ['shop.a', ['t1', 't2']],
          ['shop2.c', ['t4']],
        ])
        await log.append('shop.a', 'public', 3, { closes: 't1' })
        await log.append('shop.a', 'public', 3, { keys: ['turn:t1'], closes: 't2' })
        expect(await open()).toEqual([['shop2.c', ['t4']]])
      })

      it('opens no mark when the append stored nothing', async () => {
        await log.append('shop.a', 'public', 1, { keys: ['k'], opens: 't1' })
        await log.append('shop.a', 'public', 1, { keys: ['k'], opens: 't2' })
        await log.append('shop.a', 'public', 1, { at: 7, opens: 't3' })
        expect((await log.recent()).conversations[0]?.unfinished).toEqual(['t1'])
      })
    })

    describe('label', () => {
      const names = async (options = {}) => (await log.recent(options)).conversations.map((one) => one.conversation)
      const unlabelled = async () => (await log.recent({ unlabelled: true })).conversations
      const stampOf = async (name: string) =>
        (await unlabelled()).find(({ conversation }) => conversation === name)?.stamp ?? ''
      const label = async (name: string, ...labels: string[]) => log.label(name, await stampOf(name), labels)

      it('lists conversations under their labels, newest first, by scope and by page, over a restart', async () => {
        for (const name of ['shop.a', 'shop.b', 'shop2.c', 'shop.d', 'shop.e']) {
          await fill(name, 1)
          await tick()
          await label(name, 'open', ...(name === 'shop.d' ? [] : ['mine:op_1']))
        }
        await label('shop.e', 'nothing')
        await log.append('shop.a', 'private', 1)
        await label('shop.a', 'open', 'waiting')
        for (let round = 0; round < 2; round++) {
          expect(await names({ label: 'open' })).toEqual(['shop.a', 'shop.e', 'shop.d', 'shop2.c', 'shop.b'])
          expect(await names({ label: 'mine:op_1' })).toEqual(['shop.e', 'shop2.c', 'shop.b'])
          expect(await names({ label: 'mine:op_1', scope: 'shop' })).toEqual(['shop.e', 'shop.b'])
          expect(await names({ label: 'waiting' })).toEqual(['shop.a'])
          for (const nothing of ['mine', 'nothing', 'mine:op_2']) expect(await names({ label: nothing })).toEqual([])
          const page = await log.recent({ label: 'open', scope: 'shop', limit: 3 })
          expect(page.conversations.map(({ conversation }) => conversation)).toEqual(['shop.a', 'shop.e', 'shop.d'])
          expect(await names({ label: 'open', scope: 'shop', cursor: page.cursor })).toEqual(['shop.b'])
          expect(await unlabelled()).toEqual([])
          await reopen()
        }
      })

      it('takes labels for doubtful after every public and private entry, quiet or not, and keeps them meanwhile', async () => {
        await fill('shop.a', 1)
        await fill('shop.b', 1)
        for (const name of ['shop.a', 'shop.b']) await label(name, 'open')
        expect(await unlabelled()).toEqual([])
        await tick()
        await log.append('shop.a', 'turn/t', 1)
        expect(await unlabelled()).toEqual([])
        for (const [lane, isQuiet] of [
          ['public', false],
          ['private', false],
          ['private', true],
        ] as const) {
          await log.append('shop.a', lane, 1, { isQuiet })
          expect((await unlabelled()).map(({ conversation }) => conversation)).toEqual(['shop.a'])
          expect(await names({ label: 'open' })).toEqual(['shop.a', 'shop.b'])
          await label('shop.a', 'open')
          expect(await unlabelled()).toEqual([])
        }
      })

      it('believes nobody who has looked before the newest entry, and the latest who has looked after it', async () => {
        await fill('shop.a', 1)
        const early = await stampOf('shop.a')
        await fill('shop.a', 1)
        await log.label('shop.a', early, ['early'])
        const late = await stampOf('shop.a')
        expect(late).not.toBe('')
        expect(late).not.toBe(early)
        await log.label('shop.a', late, ['late'])
        await log.label('shop.a', early, ['early'])
        await log.label('shop.a', late, ['again'])
        expect(await names({ label: 'late' })).toEqual(['shop.a'])
        for (const other of ['early', 'again']) expect(await names({ label: other })).toEqual([])
      })

      it('forgets the labels of a conversation that is removed, and lists none that is not there', async () => {
        await fill('shop.a', 1)
        await label('shop.a', 'open')
        await fill('shop.b', 1)
        const stamp = await stampOf('shop.b')
        await log.remove('shop.a')
        await log.remove('shop.b')
        await log.label('shop.b', stamp, ['open'])
        await log.label('shop.c', stamp, ['open'])
        for (let round = 0; round < 2; round++) {
          expect([await names(), await names({ label: 'open' }), await unlabelled()]).toEqual([[], [], []])
          await reopen()
        }
        await fill('shop.a', 1)
        expect(await names({ label: 'open' })).toEqual([])
        expect(await stampOf('shop.a')).not.toBe('')
      })

      it('names those that wait longest first, and no more than were asked for', async () => {
        for (const name of ['shop.a', 'shop.b', 'shop.c']) await fill(name, 1)
        const first = await log.recent({ unlabelled: true, limit: 2 })
        expect(first.conversations.map(({ conversation }) => conversation)).toEqual(['shop.a', 'shop.b'])
        await label('shop.a', 'open')
        expect((await unlabelled()).map(({ conversation }) => conversation)).toEqual(['shop.b', 'shop.c'])
      })

      it('refuses what is no label', async () => {
        await fill('shop.a', 1)
        for (const wrong of ['', 'a b', 'A', 'a:', 'a:b:c', `a:${'x'.repeat(65)}`, 'a\nb']) {
          await expect((async () => log.label('shop.a', '1', [wrong]))()).rejects.toThrow(TypeError)
        }
      })
    })

    describe('watch', () => {
      it('tells of every append with its position, until it is ended', async () => {
        const heard: Notice[] = []
        const end = log.watch((notice) => heard.push(notice))
        await log.append('shop.a', 'public', 1, { keys: ['k'] })
        await log.append('shop.a', 'public', 1, { keys: ['k'] })
        await log.append('shop.b', 'private', 1)
        await log.append('shop.a', 'turn/t-1_A', 1)
        await until(() => heard.length >= 3)
        expect(heard).toEqual([
          { conversation: 'shop.a', lane: 'public', position: 0 },
          { conversation: 'shop.b', lane: 'private', position: 0 },
          { conversation: 'shop.a', lane: 'turn/t-1_A', position: 0 },
        ])
        end()
        await log.append('shop.a', 'public', 2)
        expect(heard).toHaveLength(3)
      })

      it('lets one listener fail without harm to the append or the others', async () => {
        const heard: Notice[] = []
        log.watch(() => {
          throw new Error('listener')
        })
        log.watch((notice) => heard.push(notice))
        expect(await log.append('shop.a', 'public', 1)).toMatchObject({ outcome: 'stored' })
        await until(() => heard.length === 1)
      })

      it('has the entry readable when the notice arrives', async () => {
        const reads: Promise<LogPage>[] = []
        log.watch((notice) => {
          if (notice !== 'resync') reads.push(Promise.resolve(log.after(notice.conversation, notice.lane, null, 10)))
        })
        for (let i = 0; i < 5; i++) await log.append('shop.a', 'public', i)
        await until(() => reads.length === 5)
        const lengths = (await Promise.all(reads)).map(({ entries }) => entries.length)
        expect(lengths.every((length, i) => length > i)).toBe(true)
      })
    })

    describe('remove', () => {
      it('forgets a whole conversation: lanes, keys, inbox, marks', async () => {
        await fill('shop.a', 120)
        await log.append('shop.a', 'private', 1, { keys: ['k'], opens: 't1' })
        await log.append('shop.a', 'turn/t1', 1)
        await log.append('shop.b', 'public', 1, { keys: ['k'] })
        await log.remove('shop.a')
        const check = async () => {
          for (const lane of ['public', 'private', 'turn/t1'] as const) {
            expect(await log.after('shop.a', lane, null, 10)).toEqual({ entries: [], hasMore: false })
          }
          expect(await log.find('shop.a', 'k')).toBeNull()
          expect((await log.recent()).conversations.map(({ conversation }) => conversation)).toEqual(['shop.b'])
          expect((await log.recent({ unfinished: true })).conversations).toEqual([])
        }
        await check()
        await reopen()
        await check()
        expect(await log.append('shop.a', 'public', 1, { keys: ['k'] })).toMatchObject({
          outcome: 'stored',
          entry: { position: 0 },
        })
        expect(await log.find('shop.b', 'k')).not.toBeNull()
      })

      it('forgets one lane with its keys and leaves the others', async () => {
        await log.append('shop.a', 'public', 1, { keys: ['p'] })
        await log.append('shop.a', 'turn/t1', 1, { keys: ['t'] })
        await log.append('shop.a', 'turn/t2', 1)
        await log.remove('shop.a', 'turn/t1')
        expect(await log.find('shop.a', 't')).toBeNull()
        expect((await log.after('shop.a', 'turn/t1', null, 10)).entries).toEqual([])
        await reopen()
        expect((await log.after('shop.a', 'turn/t1', null, 10)).entries).toEqual([])
        expect((await log.after('shop.a', 'turn/t2', null, 10)).entries).toHaveLength(1)
        expect((await log.after('shop.a', 'public', null, 10)).entries).toHaveLength(1)
        expect(await log.find('shop.a', 't')).toBeNull()
        expect(await log.find('shop.a', 'p')).not.toBeNull()
        await log.remove('shop.a', 'turn/t2')
        expect(await log.append('shop.a', 'turn/t2', 1, { keys: ['t'] })).toMatchObject({ outcome: 'stored' })
        await log.remove('shop.z')
        await log.remove('shop.z', 'turn/t')
      })
    })

    it('keeps memory bounded and stays right when conversations come and go', async () => {
      await reopen({ maxConversations: 3, maxBytes: 20_000 })
      for (let round = 0; round < 6; round++) {
        await Promise.all(
          Array.from({ length: 10 }, (_, i) =>
            log.append(`shop.${i}`, 'public', 'x'.repeat(500), { keys: [`k${round}`] }),
          ),
        )
      }
      for (let i = 0; i < 10; i++) {
        const { entries } = await log.after(`shop.${i}`, 'public', null, 50)
        expect(entries.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5])
        expect(await log.append(`shop.${i}`, 'public', 1, { keys: ['k3'] })).toMatchObject({ outcome: 'existing' })
      }
    })

    it('answers nothing after it was closed', async () => {
      await log.append('shop.a', 'public', 1)
      await log.close()
      await log.close()
      for (const call of [
        () => log.append('shop.a', 'public', 1),
        () => log.after('shop.a', 'public', null, 1),
        () => log.recent(),
      ]) {
        const error: unknown = await (async () => call())().catch((e: unknown) => e)
        expect(isLogError(error, 'storage_unavailable')).toBe(true)
      }
    })
  })
}

export async function stored<T>(promise: Promise<{ outcome: string; entry?: LogEntry<T> }>): Promise<LogEntry<T>> {
  const result = await promise
  expect(result.outcome).toBe('stored')
  return result.entry as LogEntry<T>
}

/** Waits until something holds. */
export async function until(condition: () => boolean | Promise<boolean>, ms = 8_000): Promise<void> {
  for (const start = Date.now(); !(await condition());) {
    if (Date.now() - start > ms) throw new Error('What was waited for did not come.')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Lets the clock move on by a millisecond at least. */
async function tick(): Promise<void> {
  const start = Date.now()
  await until(() => Date.now() > start)
}
