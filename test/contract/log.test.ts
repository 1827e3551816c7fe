import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStorage } from 'unstorage'
import fsLite from 'unstorage/drivers/fs-lite'
import { afterAll, beforeAll } from 'vitest'
import { openLog } from '../../server/storage/open.ts'
import { openRedisLog } from '../../server/storage/redis.ts'
import { openStorage } from '../../server/storage/url.ts'
import type { Redis } from 'ioredis'
import type { Cluster } from 'ioredis'
import { startRedis } from '../helpers/redis.ts'
import type { TestRedis } from '../helpers/redis.ts'
import { logSuite } from './log.suite.ts'
import type { LogMedium } from './log/bench.ts'

logSuite('memory', async () => {
  const storage = createStorage()
  return { open: (options) => openLog(storage, options), hasOurClock: true, dispose: () => storage.dispose() }
})

logSuite('any other driver', () =>
  inFolder(async (base) => {
    const storage = createStorage({ driver: { ...fsLite({ base }), name: 'another' } })
    return (options) => openLog(storage, options)
  }),
)

logSuite('files', () =>
  inFolder(async (base) => {
    const storage = await openStorage(`fs:${base}`)
    return (options) => openLog(storage, options)
  }),
)

for (const isCluster of [false, true]) {
  let server: TestRedis
  let storage: Awaited<ReturnType<typeof openStorage>>
  let source: Redis | Cluster
  let count = 0
  beforeAll(async () => {
    server = await startRedis({ isCluster })
    storage = await openStorage(server.url)
    source = storage.getMount('').driver.getInstance?.() as Redis | Cluster
  })
  afterAll(async () => {
    await storage.dispose()
    await server.stop()
  })
  logSuite(isCluster ? 'a Redis cluster' : 'Redis', async () => {
    const prefix = `test${++count}:`
    return {
      open: (options) => openRedisLog(source, { ...options, prefix }),
      hasOurClock: false,
      dispose: async () => {},
    }
  })
}

async function inFolder(create: (base: string) => Promise<LogMedium['open']>): Promise<LogMedium> {
  const base = await mkdtemp(join(tmpdir(), 'lumika-log-'))
  return { open: await create(base), hasOurClock: true, dispose: () => rm(base, { recursive: true, force: true }) }
}
