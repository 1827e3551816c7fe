/** Items of an unstorage storage, with its surprises turned into errors. */
import type { Storage } from 'unstorage'
import { LogError } from './log.ts'

/** The object stored under a name, or null. */
export async function readItem(storage: Storage, name: string): Promise<object | null> {
  const item: unknown = await storage.getItem(name).catch((cause: unknown) => {
    throw unavailable('read', cause)
  })
  if (item === null || item === undefined) return null
  // Some drivers resolve to an Error instead of throwing it.
  if (item instanceof Error) throw unavailable('read', item)
  if (typeof item !== 'object' || Array.isArray(item)) {
    throw new LogError('storage_corrupt', 'An item in the storage is not what Lumika wrote there.')
  }
  return item
}

export async function writeItem(storage: Storage, name: string, item: object): Promise<void> {
  await storage.setItem(name, item as Record<string, never>).catch((cause: unknown) => {
    throw unavailable('written', cause)
  })
}

export async function removeItem(storage: Storage, name: string): Promise<void> {
  await storage.removeItem(name).catch((cause: unknown) => {
    throw unavailable('written', cause)
  })
}

/** 128 bits of SHA-256 in hex: names that no driver changes, on file systems that ignore case as well. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest, 0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function unavailable(what: string, cause: unknown): LogError {
  return new LogError('storage_unavailable', `The storage cannot be ${what} right now. Try again.`, { cause })
}
