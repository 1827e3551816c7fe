/** The real file system with a hook before every call: to record the order of calls, or to fail at one of them. */
import * as nodeFs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { FileSystem } from '../../server/storage/files.ts'

/** Hears the name of a call and the path it is about; what it throws, the call throws. */
export type CallHook = (call: string, path: string) => void

const handleCalls = ['appendFile', 'writeFile', 'read', 'datasync', 'sync', 'truncate'] as const
const writes = ['appendFile', 'writeFile']

export function hookedFs(hook: CallHook): FileSystem {
  const calls = [
    'access',
    'mkdir',
    'readFile',
    'readdir',
    'rename',
    'rm',
    'rmdir',
    'stat',
    'truncate',
    'unlink',
    'utimes',
  ]
  const hooked: Record<string, unknown> = {}
  for (const call of calls) {
    const real = nodeFs[call as 'rm'] as (...args: unknown[]) => Promise<unknown>
    hooked[call] = async (...args: unknown[]) => {
      hook(call, String(args[0]))
      return real(...args)
    }
  }
  hooked.open = async (path: string, flags: string, mode?: number): Promise<FileHandle> => {
    hook(`open:${flags}`, path)
    return hookedHandle(await nodeFs.open(path, flags, mode), path, hook)
  }
  return hooked as unknown as FileSystem
}

function hookedHandle(handle: FileHandle, path: string, hook: CallHook): FileHandle {
  for (const call of handleCalls) {
    const real = (handle[call] as (...args: unknown[]) => Promise<unknown>).bind(handle)
    const hooked = async (...args: unknown[]): Promise<unknown> => {
      try {
        hook(call, path)
      } catch (error) {
        // A full disk takes the beginning of what is written.
        if (writes.includes(call)) await real((args[0] as Buffer | string).slice(0, 20))
        throw error
      }
      return real(...args)
    }
    Object.assign(handle, { [call]: hooked })
  }
  return handle
}

/** A system error, as the file system throws it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}
