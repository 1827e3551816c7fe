/** G10: one call of the storage fails, every one in its turn, while everything a server does is done. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createStorage } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { conversationKey, turnKey } from '../../../server/conversations/keys.ts'
import { openFilesystemLog } from '../../../server/storage/filesystem.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { openLog } from '../../../server/storage/open.ts'
import { openRedisLog } from '../../../server/storage/redis.ts'
import { hookedFs, systemError } from '../../helpers/faulty-fs.ts'
import { startRedis } from '../../helpers/redis.ts'
import type { TestRedis } from '../../helpers/redis.ts'
import { openWorld } from '../../helpers/world.ts'
import { createClient } from './client.ts'
import { calmly, createFault, faultyDriver, faultyLog, strikes } from './faults.ts'
import type { Fault, FaultTime } from './faults.ts'
import { expectSettled, sceneResponder, scenes } from './scenes.ts'
import type { Cast, Scene } from './scenes.ts'

/** An empty storage, a call of which may fail. */
interface Ground {
  log: ConversationLog
  leave(): Promise<void>
}

let redis: TestRedis
let client: Redis
let grounds = 0
beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.url)
})
afterAll(async () => {
  client.disconnect()
  await redis.stop()
})

async function inFolder(open: (base: string) => Promise<ConversationLog>): Promise<Ground> {
  const base = await mkdtemp(join(tmpdir(), 'lumika-'))
  return { log: await open(base), leave: () => rm(base, { recursive: true, force: true }) }
}

/** In the long run nothing stays in memory, so that what a log stands on is read as often as it can be. */
const isLong = Boolean(process.env['LUMIKA_LONG'])
const memory = isLong ? { maxConversations: 0 } : {}

/** What may fail: the log itself, or what a log stands on. */
const places: Record<string, (fault: Fault) => Promise<Ground>> = {
  'the log in memory': async (fault) => ({
    log: faultyLog(await openLog(createStorage()), fault),
    leave: async () => {},
  }),
  'the log in Redis': async (fault) => {
    const log = await openRedisLog(client, { prefix: `ground-${grounds++}:` })
    return { log: faultyLog(log, fault), leave: async () => {} }
  },
  'a driver of unstorage': async (fault) => {
    const storage = createStorage({ driver: faultyDriver(memoryDriver(), fault) })
    return { log: await openLog(storage, memory), leave: async () => {} }
  },
  'the file system': (fault) =>
    inFolder((base) => {
      const hook = (call: string, path: string) => {
        if (!path.endsWith('lock') && strikes(fault, call)) throw systemError('EIO')
      }
      return openFilesystemLog({ base, fs: hookedFs(hook), ...memory })
    }),
}

/** Plays a scene with one failure in it. */
async function run(open: (fault: Fault) => Promise<Ground>, scene: Scene, fault: Fault): Promise<void> {
  const { log, leave } = await open(fault)
  const world = await openWorld(
    { kind: 'memory', open: async () => log, dispose: leave },
    // What a process on Redis leaves behind is taken over when its lease is up, by itself, too.
    { responder: sceneResponder(), leaseMs: 1_000, ...(scene.integration && { integration: scene.integration }) },
  )
  const refusals: string[] = []
  const clientOf = (token: string) => {
    const isStored = async (conversationId: string, turnId: string) => {
      const { integration } = (await world.lumika.registry.resolve(token)) ?? world
      const name = conversationKey(integration.id, conversationId)
      return (await calmly(fault, () => log.find(name, turnKey(turnId)))) !== null
    }
    return createClient({ world, token, isStored, refusals })
  }
  const cast: Cast = { world, client: clientOf(world.token), clientOf }
  try {
    await scene.before?.(cast)
    fault.isArmed = true
    await scene.play(cast)
    fault.isArmed = false
    if (fault.fired === null) expect(refusals).toEqual([])
    refusals.length = 0
    await expectSettled(cast, scene)
    expect(refusals).toEqual([])
  } finally {
    await world.close()
    await leave()
  }
}

/** How many servers run at once. Most of them wait for something to be tried again. */
const WORKERS = 40

/** Of how many calls one fails, where `npm test` would take too long with all of them. */
const sparsely: Record<string, number> = isLong
  ? {}
  : { 'the log in memory': 2, 'the log in Redis': 7, 'a driver of unstorage': 3, 'the file system': 11 }

describe.each(Object.entries(places))('G10: %s', (place, open) => {
  // A system call that fails has done nothing.
  const times: FaultTime[] = place === 'the file system' ? ['before'] : ['before', 'after']

  it.each(times)(
    'G10: fails at one call after the other, %s it took effect; nothing is lost, doubled or made up',
    async (time) => {
      const runs: { scene: Scene; fault: Fault }[] = []
      for (const scene of scenes) {
        const whole = createFault(time, Infinity)
        await run(open, scene, whole)
        runs.push(...whole.seen.map((_, n) => ({ scene, fault: createFault(time, n + 1) })))
      }
      const chosen = runs.filter((_, n) => n % (sparsely[place] ?? 1) === 0)
      const queue = [...chosen]
      const problems: string[] = []
      const work = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
          const { scene, fault } = next
          await run(open, scene, fault).catch((error: unknown) => {
            problems.push(`${scene.title}, call ${fault.at} (${fault.fired}): ${(error as Error).stack?.slice(0, 900)}`)
          })
        }
      }
      await Promise.all(Array.from({ length: WORKERS }, work))
      expect(problems).toEqual([])
      // Calls come in another order now and then, so the last ones of a count may not be reached.
      const fired = chosen.filter(({ fault }) => fault.fired !== null)
      expect(fired.length).toBeGreaterThan(0.9 * chosen.length)
    },
    600_000,
  )
})
