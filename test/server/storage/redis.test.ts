import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isLogError } from '../../../server/storage/log.ts'
import type { ConversationLog, Notice } from '../../../server/storage/log.ts'
import { openLog } from '../../../server/storage/open.ts'
import { openStorage } from '../../../server/storage/url.ts'
import { keyOf, stored, until } from '../../contract/log/bench.ts'
import { startRedis } from '../../helpers/redis.ts'
import type { StartRedisOptions, TestRedis } from '../../helpers/redis.ts'

describe('the Redis log', () => {
  let server: TestRedis
  let cleanUp: (() => Promise<void>)[]

  beforeEach(async () => {
    cleanUp = []
    server = await start()
  })

  afterEach(async () => {
    for (const one of cleanUp.reverse()) await one()
  })

  async function start(options: StartRedisOptions = {}): Promise<TestRedis> {
    const one = await startRedis(options)
    cleanUp.push(() => one.stop())
    return one
  }

  async function open(url = server.url): Promise<ConversationLog> {
    const storage = await openStorage(url)
    const log = await openLog(storage)
    cleanUp.push(async () => {
      await log.close()
      await storage.dispose()
    })
    return log
  }

  async function control(): Promise<Redis> {
    const client = new Redis(server.url)
    client.on('error', () => {})
    cleanUp.push(async () => client.disconnect())
    return client
  }

  it('F95: 2 processes with 100 concurrent appends each: 200 entries, one order, seen by both', async () => {
    const [a, b] = [await open(), await open()]
    const heard: Notice[] = []
    b.watch((notice) => heard.push(notice))
    await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        (i % 2 ? a : b).append('shop.a', 'public', i, { keys: [`k${i >> 2}:${i & 1}:${i & 2}`] }),
      ),
    )
    const { entries } = await a.after('shop.a', 'public', null, 500)
    expect(entries.map(({ position }) => position)).toEqual(Array.from({ length: 200 }, (_, i) => i))
    expect(await b.after('shop.a', 'public', null, 500)).toEqual({ entries, hasMore: false })
    await until(() => heard.length === 200)
    expect(heard.map((notice) => notice !== 'resync' && notice.position)).toEqual(
      entries.map(({ position }) => position),
    )
  })

  it('A5: the same key in 2 processes at once is stored once', async () => {
    const logs = [await open(), await open()]
    for (let i = 0; i < 20; i++) {
      const [x, y] = await Promise.all(
        logs.map((log) => log.append('shop.a', 'public', i, { keys: [`k${i}`], opens: `t${i}` })),
      )
      expect([x?.outcome, y?.outcome].sort()).toEqual(['existing', 'stored'])
    }
    expect((await (logs[0] as ConversationLog).after('shop.a', 'public', null, 50)).entries).toHaveLength(20)
  })

  it('F96: never lets createdAt decrease when the clock of Redis was set back', async () => {
    const [log, client] = [await open(), await control()]
    await log.append('shop.a', 'private', 1)
    const future = Date.parse('2096-02-29T23:59:59.999Z')
    await client.hset('lumika:{shop.a}:facts', 'lastAt', future)
    expect((await stored(log.append('shop.a', 'public', 2))).createdAt).toBe('2096-02-29T23:59:59.999Z')
  })

  it('writes the dates of the calendar', async () => {
    const [log, client] = [await open(), await control()]
    const dates = [
      '2036-01-01T00:00:00.000Z',
      '2036-02-28T12:34:56.789Z',
      '2036-03-01T00:00:00.001Z',
      '2099-12-31T23:59:59.999Z',
    ]
    for (const date of dates) {
      await client.hset('lumika:{shop.a}:facts', 'lastAt', Date.parse(date))
      expect((await stored(log.append('shop.a', 'public', 1))).createdAt).toBe(date)
    }
  })

  it('counts in base 36 as every log does', async () => {
    const log = await open()
    for (let i = 0; i < 75; i++) {
      const { id } = await stored(log.append('shop.a', 'public', i))
      expect(id.split('-')[0]).toBe(i.toString(36))
    }
  })

  it('lets the lanes of turns expire, and nothing else', async () => {
    const [log, client] = [await open(), await control()]
    await log.append('shop.a', 'public', 1, { keys: ['k'] })
    await log.append('shop.a', 'turn/t1', 1, { keys: ['t'] })
    expect(await client.ttl('lumika:{shop.a}:lane:turn/t1')).toBeGreaterThan(3_500)
    for (const name of ['lane:public', 'keys', 'facts']) expect(await client.ttl(`lumika:{shop.a}:${name}`)).toBe(-1)
    await client.del('lumika:{shop.a}:lane:turn/t1')
    expect(await log.find('shop.a', 't')).toBeNull()
    expect(await log.append('shop.a', 'public', 2, { keys: ['t'] })).toMatchObject({ outcome: 'stored' })
  })

  it('leaves nothing behind when conversations are removed', async () => {
    const [log, client] = [await open(), await control()]
    await log.append('shop.a', 'public', 1, { keys: ['k'], opens: 't1' })
    await log.append('shop.a', 'private', 1)
    await log.append('shop.a', 'turn/t1', 1)
    await log.append('shop.b', 'turn/t2', 1, { keys: ['x'] })
    await log.remove('shop.b', 'turn/t2')
    expect((await client.keys('*shop.b*')).sort()).toEqual(['lumika:{shop.b}:facts'])
    await log.remove('shop.a')
    await log.remove('shop.b')
    expect(await client.keys('*')).toEqual(['lumika:{inbox}:stamps'])
  })

  it('takes an append whose process was lost for one that has come to something, when its time is up', async () => {
    const [log, client] = [await open(), await control()]
    const unlabelled = async () =>
      (await log.recent({ unlabelled: true })).conversations.map(({ conversation, stamp = '' }) => ({
        conversation,
        stamp,
      }))
    const label = async () => {
      for (const { conversation, stamp } of await unlabelled()) await log.label(conversation, stamp, ['open'])
    }
    for (const name of ['shop.a', 'shop.b']) await log.append(name, 'public', 1)
    await label()
    expect(await unlabelled()).toEqual([])
    // As they stand where a process was killed between the commit and what follows it, of these appends and of one long gone.
    const seconds = (ago: number) => `${(Date.now() - ago * 1_000) * 1_000}`
    await client.zadd('lumika:{inbox}:running', seconds(8), 'shop.a one', seconds(12), 'shop.b two')
    await client.zadd('lumika:{inbox}:running', seconds(100), 'shop.gone three')
    expect((await unlabelled()).map(({ conversation }) => conversation)).toEqual(['shop.b'])
    await label()
    expect(await unlabelled()).toEqual([])
    expect(await client.zrange('lumika:{inbox}:running', 0, -1)).toEqual(['shop.a one'])
  })

  it('labels everything that is there from before there were labels', async () => {
    const [log, client] = [await open(), await control()]
    for (const name of ['shop.a', 'shop.b']) await log.append(name, 'public', 1)
    const keys = ['unlabelled', 'stamps', 'running', 'labelled'].map((name) => `lumika:{inbox}:${name}`)
    await client.del(...keys)
    const found = (await log.recent({ unlabelled: true })).conversations
    expect(found.map(({ conversation }) => conversation)).toEqual(['shop.a', 'shop.b'])
    for (const { conversation, stamp = '' } of found) await log.label(conversation, stamp, ['open'])
    expect((await log.recent({ unlabelled: true })).conversations).toEqual([])
    expect((await log.recent({ label: 'open' })).conversations).toHaveLength(2)
  })

  it('says resync when the subscription was lost, and hears again', async () => {
    const [log, client] = [await open(), await control()]
    const heard: Notice[] = []
    log.watch((notice) => heard.push(notice))
    await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await until(() => heard.includes('resync'))
    await log.append('shop.a', 'public', 1)
    await until(() => heard.length === 2)
    expect(heard).toEqual(['resync', { conversation: 'shop.a', lane: 'public', position: 0 }])
  })

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'F93: a Redis that is gone (%s) is an error within 2 s, not a wait',
    async (signal) => {
      const log = await open()
      await log.append('shop.a', 'public', 1, { keys: ['before'] })
      await server.kill(signal)
      const calls = [
        () => log.append('shop.a', 'public', 2, { keys: ['during'] }),
        () => log.append('shop.a', 'private', 2, { closes: 't' }),
        () => log.after('shop.a', 'public', null, 5),
        () => log.before('shop.a', 'public', null, 5),
        () => log.find('shop.a', 'k'),
        () => log.recent(),
        () => log.recent({ unfinished: true }),
        () => log.remove('shop.b'),
      ]
      for (let round = 0; round < 2; round++) {
        const start = Date.now()
        const errors = await Promise.all(calls.map((call) => (async () => call())().catch((error: unknown) => error)))
        expect(Date.now() - start).toBeLessThan(2_000)
        for (const error of errors) expect(isLogError(error, 'storage_unavailable'), String(error)).toBe(true)
      }
      if (signal === 'SIGSTOP') await server.kill('SIGCONT')
      else server = await start({ port: server.port })
      await until(async () => (await log.recent().catch(() => null)) !== null)
      await log.append('shop.a', 'public', 2, { keys: ['during'] })
      const { entries } = await log.after('shop.a', 'public', null, 10)
      expect(entries.filter(({ keys }) => keys[0] === 'during')).toHaveLength(1)
    },
  )

  it('F93: writes of an outage do not happen later by themselves', async () => {
    const log = await open()
    await server.kill('SIGKILL')
    await log.append('shop.a', 'public', 1).catch(() => {})
    await log.append('shop.a', 'public', 2).catch(() => {})
    server = await start({ port: server.port })
    await until(async () => (await log.recent().catch(() => null)) !== null)
    expect((await log.after('shop.a', 'public', null, 10)).entries).toEqual([])
  })

  it('F94: a Redis restarted empty knows no old cursor, even once the numbers are used again', async () => {
    const log = await open()
    const old = await stored(log.append('shop.a', 'public', 1))
    await server.kill('SIGKILL')
    server = await start({ port: server.port })
    await until(async () => (await log.recent().catch(() => null)) !== null)
    const read = async () => log.after('shop.a', 'public', old.id, 10)
    expect(isLogError(await read().catch((error: unknown) => error), 'cursor_not_found')).toBe(true)
    for (let i = 0; i < 3; i++) await log.append('shop.a', 'public', i)
    expect(isLogError(await read().catch((error: unknown) => error), 'cursor_not_found')).toBe(true)
  })

  it('G2: a Redis with an append-only file loses nothing that was acknowledged, killed in mid-write', async () => {
    server = await start({ isPersistent: true })
    const log = await open()
    const acknowledged: number[] = []
    const writing = Promise.all(
      Array.from({ length: 20 }, async (_, writer) => {
        for (let i = writer; i < 4_000; i += 20) {
          await log.append('shop.a', 'public', i, { keys: [`k${i}`], opens: `t${i}` })
          acknowledged.push(i)
        }
      }),
    ).catch(() => {})
    await until(() => acknowledged.length > 300)
    await server.kill('SIGKILL')
    await writing
    server = await start({ isPersistent: true, port: server.port, folder: server.folder })
    await until(async () => (await log.recent().catch(() => null)) !== null)
    const { entries } = await log.after('shop.a', 'public', null, 10_000)
    const values = entries.map(({ value }) => value)
    expect(new Set(values).size).toBe(values.length)
    expect(acknowledged.filter((i) => !values.includes(i))).toEqual([])
    expect(entries.map(({ position }) => position)).toEqual(entries.map((_, i) => i))
    const marks = (await log.recent({ unfinished: true })).conversations[0]?.unfinished ?? []
    expect(values.filter((i) => !marks.includes(`t${i as number}`))).toEqual([])
  })

  it('says in words that Redis cannot be reached at the start', async () => {
    const { port } = server
    await server.stop()
    const storage = await openStorage(`redis://user:secret@127.0.0.1:${port}`)
    const error = await openLog(storage).catch((e: unknown) => e as Error)
    expect(isLogError(error, 'storage_unavailable')).toBe(true)
    expect((error as Error).message).toMatch(/Redis does not answer/)
    expect((error as Error).message).not.toMatch(/secret/)
    await storage.dispose()
  }, 10_000)

  it('calls an entry that somebody else put there corrupt', async () => {
    const [log, client] = [await open(), await control()]
    await log.append('shop.a', 'public', 1)
    await client.rpush('lumika:{shop.a}:lane:public', 'foreign')
    const error: unknown = await (async () => log.after('shop.a', 'public', null, 5))().catch((e: unknown) => e)
    expect(isLogError(error, 'storage_corrupt')).toBe(true)
  })

  it('keeps every key under its prefix and in the slot of its conversation', async () => {
    const [log, client] = [await open(), await control()]
    await log.append(keyOf('a'), 'public', 1, { keys: ['k'], opens: 't' })
    for (const key of await client.keys('*')) expect(key).toMatch(/^lumika:\{(shop\.YQ|inbox)\}:/)
  })
})
