/** Files of lines that survive a crash: written at the end, made durable before anybody is told, mended when torn. */
import * as nodeFs from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pieceName, quarantineOf } from './filesystem-quarantine.ts'
import { LogError } from './log.ts'

/** The part of `node:fs/promises` that is used. */
export type FileSystem = Pick<
  typeof nodeFs,
  | 'access'
  | 'mkdir'
  | 'open'
  | 'readFile'
  | 'readdir'
  | 'rename'
  | 'rm'
  | 'rmdir'
  | 'stat'
  | 'truncate'
  | 'unlink'
  | 'utimes'
>

export interface LineFile {
  path: string
  /** Bytes of whole lines. */
  size: number
  exists: boolean
}

export interface Files {
  /** Where a file stands, its torn end cut off and kept in quarantine. */
  openLines(path: string): Promise<LineFile>
  /** Adds text that ends in a line feed. On failure the file is as before. */
  append(file: LineFile, text: string, isDurable: boolean): Promise<void>
  /** The bytes from `from` up to `to`. */
  readBytes(path: string, from: number, to: number): Promise<Buffer>
  /** Puts a text, or bytes, in the place of a file, all or nothing. */
  replace(path: string, content: string | Uint8Array): Promise<void>
  /** Removes files and folders that may not be there. */
  remove(paths: string[], isDurable: boolean): Promise<void>
  removeIfEmpty(folder: string): Promise<void>
  makeFolder(path: string): Promise<void>
  /** Keeps a copy of what should not be in a file, once. */
  quarantine(path: string, offset: number, bytes: Buffer): Promise<void>
}

export interface FilesOptions {
  base: string
  /** @default node:fs/promises */
  fs?: FileSystem
  onAlert: (message: string) => void
}

const chunkSize = 64 * 1024

export function createFiles({ base, fs = nodeFs, onAlert }: FilesOptions): Files {
  const files: Files = {
    openLines: (path) =>
      guarded(async () => {
        const stats = await unlessMissing(fs.stat(path))
        if (!stats) return { path, size: 0, exists: false }
        const size = await endOfLastLine(path, stats.size)
        if (size < stats.size) {
          await files.quarantine(path, size, await files.readBytes(path, size, stats.size))
          await fs.truncate(path, size)
        }
        return { path, size, exists: true }
      }),

    append: (file, text, isDurable) =>
      guarded(async () => {
        const bytes = Buffer.from(text)
        if (!file.exists) await makeFolder(dirname(file.path), isDurable)
        const handle = await fs.open(file.path, 'a', 0o600)
        try {
          await handle.appendFile(bytes)
          if (isDurable) await handle.datasync()
          if (isDurable && !file.exists) await syncFolder(dirname(file.path))
        } catch (error) {
          // Best effort: what stays behind is mended when the file is opened again.
          await handle.truncate(file.size).catch(() => {})
          throw error
        } finally {
          await handle.close()
        }
        file.exists = true
        file.size += bytes.length
      }),

    readBytes: (path, from, to) =>
      guarded(async () => {
        const handle = await fs.open(path, 'r')
        try {
          const bytes = Buffer.allocUnsafe(to - from)
          let done = 0
          while (done < bytes.length) {
            const { bytesRead } = await handle.read(bytes, done, bytes.length - done, from + done)
            if (bytesRead === 0) throw new LogError('storage_corrupt', 'A conversation file is shorter than it was.')
            done += bytesRead
          }
          return bytes
        } finally {
          await handle.close()
        }
      }),

    replace: (path, content) =>
      guarded(async () => {
        const temporary = `${path}.new`
        const handle = await fs.open(temporary, 'w', 0o600)
        try {
          await handle.writeFile(content)
          await handle.sync()
        } finally {
          await handle.close()
        }
        await fs.rename(temporary, path)
        await syncFolder(dirname(path))
      }),

    remove: (paths, isDurable) =>
      guarded(async () => {
        for (const path of paths) await fs.rm(path, { force: true, recursive: true })
        if (!isDurable) return
        for (const folder of new Set(paths.map((path) => dirname(path)))) {
          await unlessMissing(syncFolder(folder))
        }
      }),

    // Best effort: an empty folder does no harm.
    removeIfEmpty: (folder) => fs.rmdir(folder).catch(() => {}),

    makeFolder: (path) => guarded(() => makeFolder(path, true)),

    quarantine: (path, offset, bytes) =>
      guarded(async () => {
        const folder = quarantineOf(base)
        await makeFolder(folder, true)
        const handle = await fs
          .open(join(folder, pieceName(base, path, offset)), 'wx', 0o600)
          .catch((error: unknown) => {
            if (codeOf(error) === 'EEXIST') return null
            throw error
          })
        if (!handle) return
        try {
          await handle.writeFile(bytes)
          await handle.sync()
        } finally {
          await handle.close()
        }
        onAlert(`A damaged piece of a file was copied to the folder "${basename(folder)}".`)
      }),
  }
  return files

  async function endOfLastLine(path: string, size: number): Promise<number> {
    for (let to = size; to > 0; to -= chunkSize) {
      const from = Math.max(0, to - chunkSize)
      const at = (await files.readBytes(path, from, to)).lastIndexOf(0x0a)
      if (at >= 0) return from + at + 1
    }
    return 0
  }

  async function makeFolder(path: string, isDurable: boolean): Promise<void> {
    const first = await fs.mkdir(path, { recursive: true, mode: 0o700 })
    if (first === undefined || !isDurable) return
    // Every folder that is new must be entered durably in the one above it.
    for (let folder = path; ; folder = dirname(folder)) {
      await syncFolder(dirname(folder))
      if (folder === first || folder === dirname(folder)) return
    }
  }

  async function syncFolder(path: string): Promise<void> {
    // Windows cannot open a folder, and needs no such step.
    if (process.platform === 'win32') return
    const handle = await fs.open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}

/** Turns every failure of the file system into the one error of the log. */
export async function guarded<R>(task: () => Promise<R>): Promise<R> {
  try {
    return await task()
  } catch (cause) {
    if (cause instanceof LogError) throw cause
    const code = codeOf(cause) ?? 'unknown error'
    throw new LogError('storage_unavailable', `The conversation files cannot be read or written (${code}).`, { cause })
  }
}

/** The code of a system error, such as `ENOSPC`. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code
}

/** Null when a file or folder is not there. */
export async function unlessMissing<R>(promise: Promise<R>): Promise<R | null> {
  try {
    return await promise
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}
