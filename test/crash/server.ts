/** Starts servers that can be told when to die. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'vite'
import { root } from '../helpers/build.ts'

/** What a server is told when it starts. */
export interface ServerSettings {
  /** As `--storage` takes it. */
  storage: string
  /** The file of notes. */
  notes: string
  operatorKey: string
  leaseMs: number
  /** Time between two pieces of an answer, in milliseconds. */
  gapMs: number
  /** Waits while another process holds the storage, instead of ending. */
  isPatient: boolean
  /** The moment at which it is to die, from its start on. */
  armed: string | null
}

/** What a server is told later: when to die. */
export interface ToServer {
  arm: string | null
}

/** What a server tells. */
export type FromServer = { ready: number } | { waiting: true } | { busy: true } | { armed: string | null }

/** A server in a process of its own. */
export interface MortalServer {
  /** Resolves to the port when it takes requests. Rejects when it ended before that. */
  ready: Promise<number>
  /** Resolves when it has found the storage held by another process. */
  waiting: Promise<void>
  /** The signal that ended it, or its exit code. */
  ended: Promise<NodeJS.Signals | number>
  isUp(): boolean
  /** Resolves when a request to send or to resume comes in. */
  busy(): Promise<void>
  /** Has it die when it comes by a moment; null: no more. */
  arm(name: string | null): Promise<void>
  kill(): Promise<void>
  output(): string
}

/** Bundles the process with all its packages, which halves the time it takes to start. Resolves to its file. */
export async function buildEntry(): Promise<{ file: string; remove(): Promise<void> }> {
  const cache = join(root, 'node_modules/.cache')
  await mkdir(cache, { recursive: true })
  // A folder of its own: several runs may go on at once.
  const outDir = await mkdtemp(join(cache, 'lumika-crash-'))
  // Beside no package.json that would say so, the name has to tell that these are modules.
  const output = { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' }
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    ssr: { noExternal: true },
    build: { ssr: 'test/crash/entry.ts', outDir, emptyOutDir: false, target: 'node20', rolldownOptions: { output } },
  })
  return { file: join(outDir, 'entry.mjs'), remove: () => rm(outDir, { recursive: true, force: true }) }
}

/** Starts a server. It ends with this process. */
export function startMortal(entry: string, settings: ServerSettings): MortalServer {
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, LUMIKA_CRASH: JSON.stringify(settings) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  let isUp = false
  const ended = once(child, 'exit').then(([code, signal]) => {
    isUp = false
    return (signal ?? code) as NodeJS.Signals | number
  })

  const heard = <T>(read: (message: FromServer) => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const listen = (message: FromServer) => {
        const found = read(message)
        if (found === undefined) return
        child.off('message', listen)
        resolve(found)
      }
      child.on('message', listen)
    })
  const orEnd = <T>(promise: Promise<T>): Promise<T> =>
    Promise.race([
      promise,
      ended.then((how) => {
        throw new Error(`The server ended (${how}):\n${text}`)
      }),
    ])

  const ready = orEnd(heard((message) => ('ready' in message ? message.ready : undefined))).then((port) => {
    isUp = true
    return port
  })
  // Whoever needs it hears of a failure; a server that dies while nobody waits for it is no error.
  ready.catch(() => {})
  return {
    ready,
    waiting: heard((message) => ('waiting' in message ? null : undefined)).then(() => {}),
    ended,
    isUp: () => isUp,
    busy: () => heard((message) => ('busy' in message ? null : undefined)).then(() => {}),
    async arm(name) {
      const armed = orEnd(heard((message) => ('armed' in message ? (message.armed ?? '') : undefined)))
      // To a process that has just died it cannot be said; its end says so.
      child.send({ arm: name } satisfies ToServer, () => {})
      await armed
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    output: () => text,
  }
}
