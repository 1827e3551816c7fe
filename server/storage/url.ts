/** The storage a `--storage` address names. */
import { createStorage } from 'unstorage'
import type { Storage } from 'unstorage'
import { redisLimits } from './redis-limits.ts'

const examples = 'memory, fs:./data, redis://localhost:6379, rediss://…, redis-cluster://host:port,host:port'

/**
 * An unstorage storage for an address: `memory`, `fs:<folder>`, `redis://…`, `rediss://…` (TLS) or
 * `redis-cluster://[user:password@]host:port,host:port`. It connects when it is first used. Whoever opened it disposes of it.
 *
 * Security: an address may hold a password, so it appears in no error message.
 * @throws TypeError for anything else, with the forms that work
 */
export async function openStorage(url: string): Promise<Storage> {
  const kind = /^[a-z-]+/.exec(url)?.[0]
  const rest = url.slice(kind?.length)
  if (kind === 'memory' && (rest === '' || rest === ':')) return createStorage()
  if (kind === 'fs' && rest.length > 1 && rest.startsWith(':')) {
    const { default: fsDriver } = await import('unstorage/drivers/fs-lite')
    return createStorage({ driver: fsDriver({ base: rest.slice(1) }) })
  }
  if ((kind === 'redis' || kind === 'rediss') && URL.canParse(url) && new URL(url).hostname !== '') {
    const { default: redisDriver } = await import('unstorage/drivers/redis')
    return createStorage({ driver: redisDriver({ ...redisLimits, url, base: 'lumika', lazyConnect: true }) })
  }
  if (kind === 'redis-cluster') {
    const { nodes, username, password } = parseCluster(rest)
    const { default: redisDriver } = await import('unstorage/drivers/redis')
    const { retryStrategy, enableOfflineQueue, ...redisOptions } = redisLimits
    const clusterOptions = {
      clusterRetryStrategy: retryStrategy,
      enableOfflineQueue,
      lazyConnect: true,
      redisOptions: { ...redisOptions, username, password },
    }
    return createStorage({ driver: redisDriver({ base: 'lumika', cluster: nodes, clusterOptions }) })
  }
  throw new TypeError(`This storage address is not understood. Use one of: ${examples}.`)
}

function parseCluster(rest: string): {
  nodes: { host: string; port: number }[]
  username: string | undefined
  password: string | undefined
} {
  const [, login, hosts] = /^:\/\/(?:([^@/]*)@)?([^@/]+)\/?$/.exec(rest) ?? []
  const nodes = (hosts ?? '').split(',').map((node) => {
    const [, host, port] = /^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(node) ?? []
    if (host === undefined) throw new TypeError(`A redis-cluster address lists its nodes as host:port,host:port.`)
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port ?? 6379) }
  })
  const [username, password] = login?.split(':', 2) ?? []
  return {
    nodes,
    username: username ? decodeURIComponent(username) : undefined,
    password: password === undefined ? undefined : decodeURIComponent(password),
  }
}
