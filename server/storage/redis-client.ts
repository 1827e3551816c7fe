/** Connections to Redis that keep our time limits, whatever the options of the driver they come from. */
import type { Cluster, Redis } from 'ioredis'
import { LogError } from './log.ts'
import { redisLimits } from './redis-limits.ts'

/** Milliseconds a first connection may take. */
const firstConnectionMs = 5_000
/** Milliseconds an operation may take in all; a cluster may try several nodes meanwhile. */
const operationMs = 1_800

/** A connection of our own, ready to use. @param commandTimeout milliseconds until an unanswered command fails */
export async function connectRedis(
  source: Redis | Cluster,
  commandTimeout = redisLimits.commandTimeout,
): Promise<Redis | Cluster> {
  const client = duplicate(source, commandTimeout)
  let lastError: unknown
  client.on('error', (error: unknown) => (lastError = error))
  const isReady = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(resolve, firstConnectionMs, false)
    client.once('ready', () => {
      clearTimeout(timer)
      resolve(true)
    })
    // A refused connection is tried again until the time is up.
    client.connect().catch((error: unknown) => (lastError ??= error))
  })
  if (isReady) return client
  client.disconnect()
  throw new LogError('storage_unavailable', 'Redis does not answer. Is it running, and is its address right?', {
    cause: lastError,
  })
}

/** A connection for one subscription, to any node. It does not reconnect by itself. */
export function subscriberOf(client: Redis | Cluster): Redis {
  const nodes = client.isCluster ? (client as Cluster).nodes('all') : [client as Redis]
  const node = nodes[Math.floor(Math.random() * nodes.length)]
  if (!node) throw new LogError('storage_unavailable', 'No node of the Redis cluster can be reached.')
  const limits = { ...redisLimits, autoResubscribe: false, readOnly: false, lazyConnect: true }
  return node.duplicate({ ...limits, retryStrategy: null })
}

/** Runs an operation within the time limit; every failure of Redis becomes the one error of the log. */
export async function bounded<R>(task: () => Promise<R>): Promise<R> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Redis took too long.')), operationMs)
  })
  try {
    return await Promise.race([task(), late])
  } catch (cause) {
    if (cause instanceof LogError) throw cause
    throw new LogError('storage_unavailable', 'Redis cannot be reached or refused. Try again.', { cause })
  } finally {
    clearTimeout(timer)
  }
}

function duplicate(source: Redis | Cluster, commandTimeout: number): Redis | Cluster {
  const limits = { ...redisLimits, commandTimeout }
  if (!source.isCluster) return (source as Redis).duplicate({ ...limits, keyPrefix: '', lazyConnect: true })
  const { retryStrategy, enableOfflineQueue, ...redisOptions } = limits
  return (source as Cluster).duplicate([], {
    clusterRetryStrategy: retryStrategy,
    enableOfflineQueue,
    keyPrefix: '',
    lazyConnect: true,
    redisOptions: { ...(source as Cluster).options.redisOptions, ...redisOptions, keyPrefix: '' },
  })
}
