/** G14: what a server tells its operator holds nothing a visitor wrote, is called or proves, also when things really break. */
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import { createStorage } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createLineLogger } from '../../../server/cli/logger.ts'
import { createFunctionResponder } from '../../../server/responders/function.ts'
import { openLog } from '../../../server/storage/open.ts'
import { openStorage } from '../../../server/storage/url.ts'
import { formsOf } from '../../helpers/canary.ts'
import { startRedis } from '../../helpers/redis.ts'
import { openWorld, operatorKey } from '../../helpers/world.ts'
import type { StorageKind, World } from '../../helpers/world.ts'

const text = 'CanaryTextOfSomebody'
const conversationId = 'canary-conversation-of-somebody'
const context = 'CanaryContextOfAPage'
const clientMessageId = 'canary-key-of-a-message'

/** A storage that works, and then really does not. */
interface Ground {
  open: Parameters<typeof openWorld>[0]
  breakIt: () => Promise<void>
}

const grounds: Record<StorageKind, () => Promise<Ground>> = {
  async memory() {
    let isBroken = false
    const driver = memoryDriver()
    const storage = createStorage({
      driver: {
        ...driver,
        // As drivers over HTTP and for databases do: the request is in the error.
        setItem(key, value, options) {
          if (isBroken) throw Object.assign(new Error('The database is away.'), { key, request: { body: value } })
          return driver.setItem?.(key, value, options)
        },
      },
    })
    return {
      open: { kind: 'memory', open: () => openLog(storage), dispose: () => storage.dispose() },
      breakIt: async () => void (isBroken = true),
    }
  },
  async fs() {
    const base = await mkdtemp(join(tmpdir(), 'lumika-'))
    onTestFinished(() => rm(base, { recursive: true, force: true }))
    return {
      open: { kind: 'fs', open: async () => openLog(await openStorage(`fs:${base}`)), dispose: async () => {} },
      async breakIt() {
        await rename(join(base, 'conversations'), join(base, 'gone'))
        await writeFile(join(base, 'conversations'), '')
        await chmod(join(base, 'conversations'), 0o400)
      },
    }
  },
  async redis() {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    const client = new Redis(redis.url)
    onTestFinished(() => client.disconnect())
    return {
      open: { kind: 'redis', open: async () => openLog(await openStorage(redis.url)), dispose: async () => {} },
      breakIt: async () => void (await client.config('SET', 'maxmemory', '1')),
    }
  },
}

/** Everything a server logs, as a program that is given the errors may print them, and as the command line prints it. */
function createListener() {
  const lines: string[] = []
  const write = (line: string) => void lines.push(line)
  const own = [true, false].map((json) => createLineLogger({ json, out: write, err: write }))
  const note =
    (level: 'info' | 'warn' | 'error') =>
    (message: string, fields: Record<string, unknown> = {}): void => {
      lines.push(inspect([message, fields], { depth: 12, maxStringLength: null, maxArrayLength: null }))
      for (const logger of own) logger[level](message, fields)
    }
  return { lines, log: { info: note('info'), warn: note('warn'), error: note('error') } }
}

async function everything(world: World, key = clientMessageId): Promise<void> {
  const params = { conversationId, textContent: text, clientMessageId: key, context: JSON.stringify({ context }) }
  const requests = [
    world.post('/conversation/sse', params),
    world.get('/conversation/sse', { ...params, clientMessageId: `${key}-2` }),
    world.get('/conversation/history', { conversationId }),
    world.get('/conversation/history', { conversationId: `${conversationId}-2` }),
    world.get('/conversation/sse', { conversationId, lastEventId: 't0000000000000000000000.0' }),
    ...['activities', `conversations/${world.integration.id}.eA/records`].map((path) =>
      world.lumika.fetch(
        new Request(`http://localhost:3000/api/${path}`, { headers: { authorization: `Bearer ${operatorKey}` } }),
      ),
    ),
  ]
  for (const response of requests) await (await response).text()
}

function expectSilence(lines: string[], world: World): void {
  expect(lines.length).toBeGreaterThan(0)
  const all = lines.join('\n')
  for (const canary of [text, conversationId, context, clientMessageId, world.token, operatorKey]) {
    for (const form of formsOf(canary)) expect(all).not.toContain(form)
  }
}

describe('G14: the canary', () => {
  it.each<StorageKind>(['memory', 'fs', 'redis'])('G14: is not logged when storage breaks, on %s', async (kind) => {
    const ground = await grounds[kind]()
    const { lines, log } = createListener()
    const world = await openWorld(ground.open, { log })
    await everything(world)
    await ground.breakIt()
    await everything(world, `${clientMessageId}-afterwards`)
    // What cannot be written cannot be given back in order either.
    await world.close().catch(() => {})
    expectSilence(lines, world)
  })

  it.each<[string, () => Error]>([
    ['in its message', () => new Error(`I cannot answer ${text} of ${conversationId}`)],
    ['in what caused it', () => new Error('No.', { cause: new Error(`SELECT '${text}'`) })],
    ['beside it', () => Object.assign(new Error('No.'), { request: { text, conversationId } })],
    ['as its name', () => Object.assign(new Error('No.'), { name: text })],
    ['as its code', () => Object.assign(new Error('No.'), { code: text })],
    ['as all there is', () => text as unknown as Error],
  ])('G14: is not logged when somebody’s own code throws it, %s', async (_, problem) => {
    const ground = await grounds.memory()
    const { lines, log } = createListener()
    const own = createFunctionResponder(() => {
      throw problem()
    })
    const world = await openWorld(ground.open, { log, responders: { own } })
    await everything(world)
    await world.close()
    expectSilence(lines, world)
    expect(lines.join()).toContain('responder: failed')
  })
})
