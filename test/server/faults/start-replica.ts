/** Bundles the replica of `replica.ts`, and starts it as often as a test likes. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import type { ReplicaSettings } from './replica.ts'

/** A running replica. */
export interface Replica {
  url: string
  process: ChildProcess
  /** Ends it by SIGKILL. */
  kill(): Promise<void>
}

/** How a replica is run. */
export interface StartReplicaOptions {
  /** What runs Node: a shell with limits, say. @default nothing */
  command?: string[]
  /** The user it runs as; only root may choose. @default the test's own */
  uid?: number
  /** More environment variables. @default none */
  env?: Record<string, string>
}

/** A bundle of the replica, which everybody may read. */
export interface ReplicaBundle {
  start(settings: ReplicaSettings, options?: StartReplicaOptions): Promise<Replica>
  remove(): Promise<void>
}

/** Builds it from its sources. */
export async function bundleReplica(): Promise<ReplicaBundle> {
  const outDir = await mkdtemp(join(tmpdir(), 'lumika-replica-'))
  await build({
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true },
    build: { ssr: join(import.meta.dirname, 'replica.ts'), outDir, rolldownOptions: { output: { format: 'esm' } } },
  })
  await chmod(outDir, 0o755)
  return {
    async start(settings, { command = [], uid, env = {} } = {}) {
      const [program, ...args] = [...command, process.execPath, join(outDir, 'replica.js'), JSON.stringify(settings)]
      const child = spawn(program as string, args, {
        stdio: ['ignore', 'pipe', 'inherit'],
        cwd: outDir,
        env: { ...process.env, ...env },
        ...(uid !== undefined && { uid, gid: uid }),
      })
      const ended = once(child, 'exit')
      const started = once(child.stdout, 'data').then(([data]) => String(data).trim().replace(/\/$/, ''))
      const url = await Promise.race([started, ended.then(([code]) => Promise.reject(failure(code as number)))])
      return {
        url,
        process: child,
        async kill() {
          child.kill('SIGKILL')
          await ended
        },
      }
    },
    remove: () => rm(outDir, { recursive: true, force: true }),
  }
}

const failure = (code: number | null) => new Error(`The replica ended with ${code} before it listened.`)
