/** G14, G6: passwords, sessions and invitations are nowhere to be read, and no time tells which names there are. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import { createStorage } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createLineLogger } from '../../../server/cli/logger.ts'
import { createScrypt } from '../../../server/index.ts'
import { openLog } from '../../../server/storage/open.ts'
import { openStorage } from '../../../server/storage/url.ts'
import { formsOf } from '../../helpers/canary.ts'
import { startRedis } from '../../helpers/redis.ts'
import { openPlace, operatorKey } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { FAIR, PROBES, compare } from '../guarantees/timing.ts'
import { browserAt, firstOwner, invited, openStaffedWorld, password, refusal } from './staff.ts'

vi.setConfig({ testTimeout: 120_000 })

const stranger = { name: 'CanaryNameOfAStranger', password: 'CanaryGuessOfAStranger' }
const next = 'CanaryPasswordThatIsNew'

/** Everything people do with their accounts. Returns what nobody may read anywhere. */
async function everything(world: World, name: string): Promise<string[]> {
  const ann = await firstOwner(world, name)
  const { body } = await ann.ask<{ url: string }>('/api/invitations', { body: { role: 'operator' } })
  const ben = await invited(world, ann, { name: `${name} II` })
  const secrets = [ann.cookie, ben.cookie]
  await browserAt(world).ask('/api/session', { body: stranger })
  await browserAt(world).ask('/api/session', { body: { name, password: stranger.password } })
  await browserAt(world).ask('/api/operators', { body: { invitation: body.url.split('#')[1], name, password: next } })
  await ben.ask('/api/operators/me/password', { body: { current: password, next } })
  secrets.push(ben.cookie)
  await ben.ask('/api/session', { method: 'DELETE' })
  await ann.ask('/api/sessions', { method: 'DELETE' })
  const cookies = secrets.map((cookie) => cookie.split('.')[1] ?? '')
  return [password, next, stranger.name, stranger.password, body.url.split('#')[1] ?? '', ...cookies]
}

function expectNone(text: string, secrets: string[]): void {
  expect(text).not.toBe('')
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(15)
    for (const form of formsOf(secret)) expect(text).not.toContain(form)
  }
}

describe('what opens /api', () => {
  it('G14: is in no file, as it was typed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lumika-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const open = async () => openLog(await openStorage(`fs:${folder}`))
    const world = await openStaffedWorld({ kind: 'fs', open, dispose: async () => {} })
    const secrets = await everything(world, 'Ann')
    await world.close()
    const files = await readdir(folder, { recursive: true, withFileTypes: true })
    const texts = files
      .filter((file) => file.isFile())
      .map((file) => readFile(join(file.parentPath, file.name), 'utf8'))
    expectNone((await Promise.all(texts)).join('\n') + files.map(({ name }) => name).join('\n'), secrets)
  })

  it('G14: is in no key and no value of Redis, as it was typed', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    const open = async () => openLog(await openStorage(redis.url))
    const world = await openStaffedWorld({ kind: 'redis', open, dispose: async () => {} })
    const secrets = await everything(world, 'Ann')
    await world.close()
    const client = new Redis(redis.url)
    onTestFinished(() => client.disconnect())
    const keys = await client.keys('*')
    const values = await Promise.all(
      keys.map(async (key) =>
        inspect(await valueOf(client, key), { maxStringLength: null, maxArrayLength: null, depth: 9 }),
      ),
    )
    expectNone([...keys, ...values].join('\n'), secrets)
  })

  it('G14: is not logged, when all is well and when storage breaks', async () => {
    const lines: string[] = []
    const write = (line: string) => void lines.push(line)
    const own = [true, false].map((json) => createLineLogger({ json, out: write, err: write }))
    const note =
      (level: 'info' | 'warn' | 'error') =>
      (message: string, fields: Record<string, unknown> = {}) => {
        lines.push(inspect([message, fields], { depth: 12, maxStringLength: null, maxArrayLength: null }))
        for (const logger of own) logger[level](message, fields)
      }
    const log = { info: note('info'), warn: note('warn'), error: note('error') }
    let isBroken = false
    const driver = memoryDriver()
    const storage = createStorage({
      driver: {
        ...driver,
        setItem(key, value, options) {
          if (isBroken) throw Object.assign(new Error(`No room for ${value}`), { key, request: { body: value } })
          return driver.setItem?.(key, value, options)
        },
      },
    })
    const place: Place = { kind: 'memory', open: () => openLog(storage), dispose: () => storage.dispose() }
    const world = await openStaffedWorld(place, { log })
    const secrets = await everything(world, 'Ann')
    const ann = browserAt(world)
    await ann.ask('/api/session', { body: { name: 'Ann', password } })
    const invitation = (await ann.ask<{ url: string }>('/api/invitations', { body: { role: 'owner' } })).body.url.split(
      '#',
    )[1]
    secrets.push(invitation ?? '', ann.cookie.split('.')[1] ?? '')

    isBroken = true
    const broken = [
      await browserAt(world).ask('/api/session', { body: { name: 'Ann', password } }),
      await ann.ask('/api/invitations', { body: { role: 'owner' } }),
      await browserAt(world).ask('/api/operators', { body: { invitation, name: 'Cleo', password: next } }),
      await ann.ask('/api/operators/me/password', { body: { current: password, next } }),
      await ann.ask('/api/sessions', { method: 'DELETE' }),
      await ann.ask('/api/session', { method: 'DELETE' }),
    ]
    expect(broken.map(refusal)).toEqual(broken.map(() => [503, 'storage_unavailable']))
    await browserAt(world).ask('/api/session', { body: stranger })
    await world.close().catch(() => {})
    expectNone(lines.join('\n'), [...secrets, operatorKey])
    expectNone(JSON.stringify(broken), secrets)
  })
})

describe('a log-in that fails', () => {
  it('G6: takes as long whether the name exists or not', async () => {
    const place = await openPlace('memory')
    // Cheap ones, so that a look at the storage or a second hash could not hide behind the cost of the first.
    const passwords = createScrypt({ logN: 5 })
    const limits = { loginsPerName: Infinity, loginsPerAddress: Infinity }
    const world = await openStaffedWorld(place, { passwords, limits })
    await firstOwner(world)
    const answers = new Set<string>()
    const guess = (name: string) => async () => {
      const answer = await browserAt(world).ask('/api/session', { body: { name, password: 'wrong horse battery' } })
      answers.add(JSON.stringify([answer.status, answer.body, [...answer.headers]]))
    }
    const { z, median } = await compare(guess('Ann'), guess('Bob'), PROBES)
    expect(answers.size).toBe(1)
    expect(Math.abs(z)).toBeLessThan(FAIR)
    expect(Math.abs(median)).toBeLessThan(1)
    await world.close()
    await place.dispose()
  })
})

async function valueOf(client: Redis, key: string): Promise<unknown> {
  const type = await client.type(key)
  if (type === 'string') return client.get(key)
  if (type === 'hash') return client.hgetall(key)
  if (type === 'list') return client.lrange(key, 0, -1)
  if (type === 'zset') return client.zrange(key, 0, -1)
  if (type === 'stream') return client.xrange(key, '-', '+')
  return client.smembers(key)
}
