/** Where files are kept: pieces of bytes under names, in an unstorage mount beside the log. */
import type { Cluster, Redis } from 'ioredis'
import type { Driver, Storage } from 'unstorage'
import { LogError } from './log.ts'

/**
 * Pieces of bytes. A name has 1 to 80 characters of `[a-z0-9.]`. Nothing here is atomic: whoever writes a file in pieces says
 * elsewhere, by one step of the log, that all of them are there.
 * All calls throw LogError `storage_unavailable`.
 */
export interface Blobs {
  /** Writes a piece; as durable as the log's entries when the promise resolves. The bytes are the callee's from now on. */
  write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** The bytes of a piece; null when there is none. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null>
  /** Removes pieces that may not be there, in this order. */
  remove(names: string[]): Promise<void>
  close(): Promise<void>
}

/** Where they are mounted: what is mounted there in the storage, else a place of this name in its root. */
const mountpoint = 'attachments'

/**
 * The blobs of a storage, by the driver that is mounted at `attachments:`: `redis`, `fs` and `fs-lite` have their own way, any
 * other driver is used through unstorage. It connects when it is first used.
 */
export function openBlobs(storage: Storage): Blobs {
  let opening: Promise<Blobs> | undefined
  const opened = () => {
    opening ??= open(storage)
    // Tried again by the next call.
    opening.catch(() => (opening = undefined))
    return opening
  }
  return {
    write: async (name, bytes) => (await opened()).write(assertName(name), bytes),
    read: async (name) => (await opened()).read(assertName(name)),
    remove: async (names) => (await opened()).remove(names.map(assertName)),
    close: async () => void (await opening?.then((blobs) => blobs.close()).catch(() => {})),
  }
}

async function open(storage: Storage): Promise<Blobs> {
  const { base, driver } = storage.getMount(`${mountpoint}:`)
  // A mount of its own is the place itself.
  const place = base === '' ? mountpoint : ''
  const options = driver.options as { base?: string } | undefined
  switch (driver.name) {
    case 'redis': {
      const { openRedisBlobs } = await import('./redis-blobs.ts')
      const prefix = [options?.base?.replace(/:$/, '') ?? 'lumika', place].filter(Boolean).join(':')
      return openRedisBlobs((driver as Driver<unknown, Redis | Cluster>).getInstance?.() as Redis, `${prefix}:`)
    }
    case 'fs':
    case 'fs-lite': {
      const { openFileBlobs } = await import('./file-blobs.ts')
      return openFileBlobs({ base: options?.base as string, place })
    }
    default:
      return openStorageBlobs(storage)
  }
}

/** Any driver, by unstorage's calls for raw values. */
function openStorageBlobs(storage: Storage): Blobs {
  const nameOf = (name: string) => `${mountpoint}:${name}`
  return {
    write: (name, bytes) => guarded(() => storage.setItemRaw(nameOf(name), bytes)),
    read: async (name) => bytesOf(await guarded(() => storage.getItemRaw<unknown>(nameOf(name)))),
    async remove(names) {
      for (const name of names) await guarded(() => storage.removeItem(nameOf(name)))
    },
    close: async () => {},
  }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  const result: unknown = await work().catch((cause: unknown) => cause)
  // Some drivers resolve to an Error instead of throwing it.
  if (!(result instanceof Error)) return result as T
  throw new LogError('storage_unavailable', 'The files cannot be read or written right now. Try again.', {
    cause: result,
  })
}

/** Drivers give bytes back in one of these forms. */
function bytesOf(value: unknown): Uint8Array<ArrayBuffer> | null {
  if (value === null || value === undefined) return null
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }
  throw new LogError('storage_corrupt', 'A file in the storage is not what Lumika wrote there.')
}

function assertName(name: string): string {
  if (/^[a-z0-9.]{1,80}$/.test(name) && !name.includes('..')) return name
  throw new TypeError('That is no name of a piece.')
}
