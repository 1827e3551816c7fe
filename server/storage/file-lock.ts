/**
 * One writer for a folder. The lock names its holder, so a restart after a crash need not wait: on the same machine
 * the process table tells whether the holder lives. Where it cannot tell (another machine, another container), the
 * holder's heartbeat does, which costs a few seconds.
 */
import * as nodeFs from 'node:fs/promises'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { codeOf, guarded, unlessMissing } from './files.ts'
import type { FileSystem } from './files.ts'
import { randomPart } from './ids.ts'
import { LogError } from './log.ts'

export interface FileLock {
  /** @throws LogError `storage_locked` when another process took the folder over */
  assertHeld(): void
  release(): Promise<void>
}

interface Holder {
  pid: number
  host: string
  since: string
  /** Machine, boot and process namespace in which `pid` means something. */
  where: string
  /** What tells this process from a later one with the same pid; empty where the system does not say. */
  birth: string
  token: string
}

const beatMs = 1_000
const deadAfterMs = 5_000

/** Takes the lock `<base>/lock`. */
export function lockFolder(base: string, fs: FileSystem = nodeFs): Promise<FileLock> {
  return guarded(async () => {
    const path = join(base, 'lock')
    const me: Holder = {
      pid: process.pid,
      host: hostname(),
      since: new Date().toISOString(),
      where: placeOfProcesses(),
      birth: birthOf(process.pid),
      token: randomPart(),
    }
    while (!(await create(path, me))) {
      const holder = (await read(path)) ?? (await readLater(path))
      if (holder && (await lives(holder, path))) throw locked(holder)
      await putAside(path, holder?.token ?? me.token)
    }
    let taker: Holder | undefined
    const beat = setInterval(() => {
      void (async () => {
        const now = await read(path)
        if (now && now.token !== me.token) taker = now
        else if (now) await fs.utimes(path, new Date(), new Date())
        else await create(path, me)
      })().catch(() => {})
    }, beatMs)
    beat.unref()
    return {
      assertHeld() {
        if (taker) throw locked(taker)
      },
      async release() {
        clearInterval(beat)
        if ((await read(path))?.token === me.token) await unlessMissing(fs.unlink(path))
      },
    }
  })

  async function create(path: string, me: Holder): Promise<boolean> {
    try {
      const handle = await fs.open(path, 'wx', 0o600)
      try {
        await handle.writeFile(`${JSON.stringify(me)}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      throw error
    }
  }

  async function read(path: string): Promise<Holder | null> {
    const text = await unlessMissing(fs.readFile(path, 'utf8'))
    try {
      return text === null ? null : (JSON.parse(text) as Holder)
    } catch {
      return null
    }
  }

  /** A lock that says nothing was torn by a crash, or is being written this very moment. */
  async function readLater(path: string): Promise<Holder | null> {
    await new Promise((resolve) => setTimeout(resolve, beatMs / 4))
    return read(path)
  }

  /** Removes the lock of a dead holder, and of nobody else: another process may be doing the same. */
  async function putAside(path: string, token: string): Promise<void> {
    const aside = `${path}.${token}`
    if ((await unlessMissing(fs.rename(path, aside).then(() => true))) === null) return
    const moved = await read(aside)
    if (moved && moved.token !== token) await fs.rename(aside, path)
    else await unlessMissing(fs.unlink(aside))
  }

  async function lives(holder: Holder, path: string): Promise<boolean> {
    if (holder.where === placeOfProcesses()) {
      if (!isRunning(holder.pid)) return false
      if (holder.birth !== '') return birthOf(holder.pid) === holder.birth
    }
    const start = performance.now()
    const seen = (await unlessMissing(fs.stat(path)))?.mtimeMs
    if (seen === undefined) return false
    // The clocks of two machines may differ by any time, so only a movement counts.
    while (performance.now() - start < deadAfterMs) {
      await new Promise((resolve) => setTimeout(resolve, beatMs / 2))
      const mtimeMs = (await unlessMissing(fs.stat(path)))?.mtimeMs
      if (mtimeMs === undefined) return false
      if (mtimeMs !== seen) return true
    }
    return false
  }
}

function locked(holder: Holder): LogError {
  const who = `process ${holder.pid} on ${holder.host}, since ${holder.since}`
  return new LogError(
    'storage_locked',
    `The storage folder is in use by ${who}. Stop that process, use another folder, or use Redis for several processes.`,
  )
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

function placeOfProcesses(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${hostname()} ${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}

/** The start time of a process in ticks, on Linux: the 22nd field, counted after the name, which may hold anything. */
function birthOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
