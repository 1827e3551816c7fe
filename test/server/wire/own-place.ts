/** Places whose insides a test may look at: what they hold, and how much they had to fetch. */
import * as nodeFs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Redis } from 'ioredis'
import { createStorage } from 'unstorage'
import type { Driver } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import type { PublicValue } from '../../../server/conversations/values.ts'
import { toLine } from '../../../server/storage/entry.ts'
import { pathsOf } from '../../../server/storage/file-names.ts'
import { openFilesystemLog } from '../../../server/storage/filesystem.ts'
import { entryId, randomPart } from '../../../server/storage/ids.ts'
import { openLog } from '../../../server/storage/open.ts'
import { openStorage } from '../../../server/storage/url.ts'
import { startRedis } from '../../helpers/redis.ts'
import type { Place, StorageKind } from '../../helpers/world.ts'

/** A place one can look into. */
export interface OwnPlace extends Place {
  /** Everything that is there, by name: keys, or paths relative to the folder around the one that was given. */
  names(): Promise<string[]>
  /** How much has been fetched so far: bytes from files and from Redis, items from memory. */
  fetched(): Promise<number>
  /** Puts messages `0`, `1`, … into a conversation while no server is running. */
  fill(conversation: string, messages: number): Promise<void>
}

/** The folder in `names` that was given to the log; everything else stands outside. */
export const ownFolder = join('around', 'data')

/** Makes an empty place. */
export async function openOwnPlace(kind: StorageKind): Promise<OwnPlace> {
  if (kind === 'memory') return openMemory()
  return kind === 'fs' ? openFolder() : openRedis()
}

const message = (n: number): PublicValue => ({ actor: 'customer', type: 'message', body: `${n}` })

async function fillLog(place: Pick<Place, 'open'>, conversation: string, messages: number): Promise<void> {
  const log = await place.open()
  const batch = 1_000
  for (let first = 0; first < messages; first += batch) {
    const size = Math.min(batch, messages - first)
    await Promise.all(Array.from({ length: size }, (_, n) => log.append(conversation, 'public', message(first + n))))
  }
  await log.close()
}

async function openMemory(): Promise<OwnPlace> {
  let items = 0
  const driver = new Proxy<Driver>(memoryDriver(), {
    get(target, name: keyof Driver) {
      const value: unknown = target[name]
      if (typeof value !== 'function' || !/^(get|has)/.test(name)) return value
      return (...args: unknown[]) => {
        const found = (value as (...args: unknown[]) => unknown).apply(target, args)
        items += Array.isArray(found) ? found.length : 1
        return found
      }
    },
  })
  const storage = createStorage({ driver })
  const open = () => openLog(storage)
  return {
    kind: 'memory',
    open,
    names: () => storage.getKeys(),
    fetched: async () => items,
    fill: (conversation, messages) => fillLog({ open }, conversation, messages),
    dispose: () => storage.dispose(),
  }
}

async function openFolder(): Promise<OwnPlace> {
  const top = await nodeFs.mkdtemp(join(tmpdir(), 'lumika-'))
  const base = join(top, ownFolder)
  let bytes = 0
  const counted = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get(target, name: keyof FileHandle) {
        const value: unknown = target[name]
        if (typeof value !== 'function') return value
        return async (...args: unknown[]) => {
          const result: unknown = await (value as (...args: unknown[]) => unknown).apply(target, args)
          if (name === 'read') bytes += (result as { bytesRead: number }).bytesRead
          return result
        }
      },
    })
  const fs = { ...nodeFs, open: async (...args: Parameters<typeof nodeFs.open>) => counted(await nodeFs.open(...args)) }
  return {
    kind: 'fs',
    open: () => openFilesystemLog({ base, fs }),
    names: async () => (await nodeFs.readdir(top, { recursive: true })).sort(),
    fetched: async () => bytes,
    // Every append waits for the disk, which takes a minute for 100,000; what counts here is what is read.
    async fill(conversation, messages) {
      const file = pathsOf(base, conversation).laneFile('public')
      await nodeFs.mkdir(dirname(file), { recursive: true })
      const createdAt = new Date(0).toISOString()
      const lines = Array.from({ length: messages }, (_, position) => {
        const entry = { position, id: entryId(position, randomPart()), createdAt, keys: [], value: null }
        return `${toLine(entry, JSON.stringify(message(position)))}\n`
      })
      await nodeFs.writeFile(file, lines.join(''))
    },
    dispose: () => nodeFs.rm(top, { recursive: true, force: true }),
  }
}

async function openRedis(): Promise<OwnPlace> {
  const redis = await startRedis()
  const client = new Redis(redis.url)
  const open = async () => openLog(await openStorage(redis.url))
  return {
    kind: 'redis',
    open,
    names: () => client.keys('*'),
    fetched: async () => Number(/^total_net_output_bytes:(\d+)/m.exec(await client.info('stats'))?.[1]),
    fill: (conversation, messages) => fillLog({ open }, conversation, messages),
    async dispose() {
      client.disconnect()
      await redis.stop()
    },
  }
}
