/** A real Redis for tests, on a free loopback port, in a folder of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { findTool } from '../../scripts/tools.mjs'
import { freePort } from './port.ts'

export interface StartRedisOptions {
  /** The port to listen on. @default a free one */
  port?: number
  /** Keep every write in an append-only file, so that a restart in the same folder finds it. @default false */
  isPersistent?: boolean
  /** The folder to work in. @default a new one, removed by `stop` */
  folder?: string
  /** A cluster of this one node, which refuses scripts and commands over several slots. @default false */
  isCluster?: boolean
}

export interface TestRedis {
  url: string
  port: number
  folder: string
  /** Ends the server and removes its folder. */
  stop(): Promise<void>
  /** Sends a signal; resolves when the server is gone if the signal ends it. */
  kill(signal: NodeJS.Signals): Promise<void>
}

export async function startRedis(options: StartRedisOptions = {}): Promise<TestRedis> {
  const { isPersistent = false, isCluster = false } = options
  const binary = findTool('redis')
  if (!binary) throw new Error('redis-server is missing. `npm test` installs it or says how.')
  const port = options.port ?? (await freePort())
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'lumika-redis-')))
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '']
  settings.push('--appendonly', isPersistent ? 'yes' : 'no', '--appendfsync', 'always')
  if (isCluster)
    settings.push(
      '--cluster-enabled',
      'yes',
      '--cluster-announce-ip',
      '127.0.0.1',
      '--cluster-port',
      `${await freePort()}`,
    )
  const server = spawn(binary, settings, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  server.stdout.on('data', (data: Buffer) => (output += data.toString()))
  server.stderr.on('data', (data: Buffer) => (output += data.toString()))
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  await answering(server, port, isCluster, () => output)

  return {
    url: isCluster ? `redis-cluster://127.0.0.1:${port}` : `redis://127.0.0.1:${port}`,
    port,
    folder,
    async kill(signal) {
      server.kill(signal)
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await ended
    },
    async stop() {
      server.kill('SIGKILL')
      await ended
      if (!options.folder) await rm(folder, { recursive: true, force: true })
    },
  }
}

async function answering(server: ChildProcess, port: number, isCluster: boolean, output: () => string): Promise<void> {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => {})
  const exit = new Promise<never>((_, reject) => {
    server.once('exit', () => reject(new Error(`redis-server did not start:\n${output()}`)))
    server.once('error', reject)
  })
  try {
    await Promise.race([client.ping(), exit])
    if (!isCluster) return
    await client.cluster('ADDSLOTSRANGE', 0, 16383)
    while (!(await client.cluster('INFO')).includes('cluster_state:ok')) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  } finally {
    client.disconnect()
  }
}
