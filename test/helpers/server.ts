/** A real server: the built command line in its own process, on a free loopback port. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { built } from './build.ts'

/** Options of `startServer`. */
export interface StartServerOptions {
  /** The value of `--storage`. @default 'memory' */
  storage?: string
  /** The port; 0: any free one. Name the earlier port to come back at the same address. @default 0 */
  port?: number
  /** The operator key; null: the server makes and prints one at the first start. @default one for tests */
  operatorKey?: string | null
  /** More arguments of `lumika serve`. @default [] */
  args?: string[]
  /** More environment variables. @default {} */
  env?: Record<string, string>
}

/** A server in its own process. */
export interface ServerProcess {
  url: string
  port: number
  /** Empty when the server was told to make one, and had one already. */
  operatorKey: string
  /** The token of the integration for localhost. */
  token: string
  process: ChildProcess
  /** The exit code; null when a signal ended it. */
  exited: Promise<number | null>
  /** Everything written to stdout and stderr so far. */
  output(): string
  /** Ends it as an operator would (SIGTERM). Resolves to the exit code. */
  stop(): Promise<number | null>
  /** Ends it as a power cut would (SIGKILL). */
  kill(): Promise<void>
}

/** Starts `lumika serve` and waits until it listens. @throws Error with its output when it ends instead */
export async function startServer(options: StartServerOptions = {}): Promise<ServerProcess> {
  const { storage = 'memory', port = 0, operatorKey = 'operator-key-for-tests', args = [], env = {} } = options
  const flags = ['--storage', storage, '--port', String(port), ...(operatorKey ? ['--operator-key', operatorKey] : [])]
  const child = spawn(process.execPath, [built('dist/cli.js'), 'serve', ...flags, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit').then(([code]) => code as number | null)

  let text = ''
  const isReady = new Promise<void>((resolve) => {
    const read = (chunk: Buffer): void => {
      text += chunk.toString()
      // The pinned script tag comes last.
      if (/^lumika listening on [^]+><\/script>\n[^]+><\/script>\n/m.test(text)) resolve()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
  })
  const outcome = await Promise.race([isReady, exited])
  if (outcome !== undefined) throw new Error(`lumika serve ended with ${outcome}:\n${text}`)

  const find = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? ''
  const url = find(/^lumika listening on (\S+)$/m)
  return {
    url,
    port: Number(new URL(url).port),
    operatorKey: operatorKey ?? find(/Operator key\s+(\S+)/),
    token: find(/data-integration-token="([^"]+)"/),
    process: child,
    exited,
    output: () => text,
    async stop() {
      child.kill('SIGTERM')
      return exited
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** What became of a run of the command line. */
export interface CliRun {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs `lumika` to its end, or until its output matches and it is ended by SIGTERM. */
export async function runCli(
  args: string[],
  options: { env?: Record<string, string>; until?: RegExp } = {},
): Promise<CliRun> {
  const child = spawn(process.execPath, [built('dist/cli.js'), ...args], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const run: CliRun = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    run.stdout += chunk.toString()
    if (options.until?.test(run.stdout)) child.kill('SIGTERM')
  })
  child.stderr.on('data', (chunk: Buffer) => (run.stderr += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { ...run, code }
}
