/** Where a run keeps its conversations. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startRedis } from '../helpers/redis.ts'

/** A storage, and what can be done to it. */
export interface ChaosStorage {
  /** The value of `--storage`. */
  url: string
  /** A Redis of the run's own; a storage of the user's is left alone. */
  redis?: {
    /** SIGKILL, and a new start on the same append-only file after so long. */
    kill(ms: number): Promise<void>
    /** SIGSTOP for so long, then SIGCONT. */
    pause(ms: number): Promise<void>
  }
  close(): Promise<void>
}

/** Opens what `--storage` names: `fs` and `redis` are made for the run and removed; anything else is an address. */
export async function openChaosStorage(name: string): Promise<ChaosStorage> {
  if (name === 'redis') return startOwnRedis()
  if (name !== 'fs') return { url: name, close: async () => {} }
  const folder = await mkdtemp(join(tmpdir(), 'lumika-chaos-'))
  return { url: `fs:${folder}`, close: () => rm(folder, { recursive: true, force: true }) }
}

async function startOwnRedis(): Promise<ChaosStorage> {
  const folder = await mkdtemp(join(tmpdir(), 'lumika-chaos-'))
  let server = await startRedis({ isPersistent: true, folder })
  return {
    url: server.url,
    redis: {
      async kill(ms) {
        await server.kill('SIGKILL')
        await pause(ms)
        server = await startRedis({ isPersistent: true, folder, port: server.port })
      },
      async pause(ms) {
        await server.kill('SIGSTOP')
        await pause(ms)
        await server.kill('SIGCONT')
      },
    },
    async close() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
