/** Opens the conversation log that suits a storage. */
import type { Cluster, Redis } from 'ioredis'
import type { Driver, Storage } from 'unstorage'
import type { LogOptions } from './local.ts'
import type { ConversationLog } from './log.ts'

/**
 * The log for a storage, by the name of the driver mounted at its root: `redis`, `fs` and `fs-lite` have their own, any
 * other driver gets the universal one, which holds for one process. Closing the log leaves the storage open: whoever
 * made the storage disposes of it.
 * @throws LogError `storage_unavailable`, `storage_locked`, `storage_corrupt`
 */
export async function openLog(storage: Storage, options: LogOptions = {}): Promise<ConversationLog> {
  const { driver } = storage.getMount('')
  const driverOptions = driver.options as { base?: string; readOnly?: boolean } | undefined
  switch (driver.name) {
    case 'redis': {
      const { openRedisLog } = await import('./redis.ts')
      const prefix = driverOptions?.base ? `${driverOptions.base.replace(/:$/, '')}:` : 'lumika:'
      return openRedisLog((driver as Driver<unknown, Redis | Cluster>).getInstance?.() as Redis, { ...options, prefix })
    }
    case 'fs':
    case 'fs-lite': {
      const { openFilesystemLog } = await import('./filesystem.ts')
      return openFilesystemLog({ ...options, base: driverOptions?.base as string })
    }
    default: {
      const { openUniversalLog } = await import('./universal.ts')
      return openUniversalLog(storage, options)
    }
  }
}

/** Milliseconds a count may take: counting must not use up the time a message has to be stored in. */
const countersMs = 150

/**
 * A connection with which processes that share a storage can count together; null where there is none to share.
 * Whoever opened it disconnects it.
 * @throws LogError `storage_unavailable`
 */
export async function openCounters(storage: Storage): Promise<Redis | Cluster | null> {
  const { driver } = storage.getMount('')
  if (driver.name !== 'redis') return null
  const { connectRedis } = await import('./redis-client.ts')
  return connectRedis((driver as Driver<unknown, Redis | Cluster>).getInstance?.() as Redis, countersMs)
}
