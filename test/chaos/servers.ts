/** The servers of a run: built, each in its own process, that can be killed, paused, and have their clocks set. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { freePort } from '../helpers/port.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'

/** One server; it keeps its port over restarts. */
export interface Slot {
  readonly port: number
  readonly operatorKey: string
  /** Whether it takes requests, as far as is known. */
  readonly isUp: boolean
  /** SIGKILL, and a new start. Resolves when that listens. */
  kill(): Promise<void>
  /** SIGSTOP for so long, then SIGCONT. */
  pause(ms: number): Promise<void>
  /** Sets its wall clock off by so many milliseconds, from now on and over restarts. */
  setClock(offsetMs: number): Promise<void>
  /** The end of it. */
  stop(): Promise<void>
}

/** What servers need. */
export interface ServersOptions {
  count: number
  storage: string
  /** The address of the webhook responder. */
  webhook: string
  /** Whether their clocks are going to be set. */
  hasClocks: boolean
  /** Told of each one that has started, also when a later one does not. */
  onStart: (slot: Slot) => void
}

/** Starts them. */
export async function startServers(options: ServersOptions): Promise<Slot[]> {
  const slots: Slot[] = []
  for (let n = 0; n < options.count; n++) {
    const slot = await startSlot(options)
    options.onStart(slot)
    slots.push(slot)
  }
  return slots
}

async function startSlot({ storage, webhook, hasClocks }: ServersOptions): Promise<Slot> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'lumika-clock-'))
  const clock = join(folder, 'offset')
  const preload = pathToFileURL(join(import.meta.dirname, 'clock.mjs')).href
  const env = {
    LUMIKA_WEBHOOK_URL: webhook,
    LUMIKA_WEBHOOK_SECRET: 'a-secret-for-this-run-only',
    ...(hasClocks && { NODE_OPTIONS: `--import=${preload}`, LUMIKA_CHAOS_CLOCK: clock }),
  }
  const start = () => startServer({ storage, port, args: ['--responder', 'webhook'], env })
  let server: ServerProcess = await start()
  let isUp = true
  let isOver = false

  return {
    port,
    operatorKey: server.operatorKey,
    get isUp() {
      return isUp
    },
    async kill() {
      isUp = false
      await server.kill()
      // While storage is away, a server says so and ends; somebody starts it again.
      for (let attempt = 1; !isUp && !isOver; attempt++) {
        try {
          server = await start()
          isUp = true
        } catch (error) {
          if (attempt === RESTARTS) throw error
          await pause(500)
        }
      }
    },
    async pause(ms) {
      const paused = server.process
      paused.kill('SIGSTOP')
      await pause(ms)
      paused.kill('SIGCONT')
    },
    async setClock(offsetMs) {
      await writeFile(clock, String(offsetMs))
      // The preload looks every 100 ms.
      await pause(200)
    },
    async stop() {
      isOver = true
      await server.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Restarts tried before a run gives up; each takes 5 s and more while storage is away. */
const RESTARTS = 10
