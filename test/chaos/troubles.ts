/** What is done to servers and storage while visitors write: each kind of trouble in a rhythm of its own. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Chance } from './random.ts'
import type { Slot } from './servers.ts'
import type { ChaosStorage } from './storage.ts'

/** The kinds of trouble, and how often each comes, in seconds; 0: never. */
export interface TroubleOptions {
  /** A server, in turn, gets SIGKILL and is started again. */
  killEvery: number
  /** A server, in turn, gets SIGSTOP for longer than its lease, so that another takes its answers over. */
  pauseEvery: number
  /** Redis gets SIGKILL, and comes back on its append-only file within 3 s. */
  redisKillEvery: number
  /** Redis gets SIGSTOP for 1 to 8 s. */
  redisPauseEvery: number
  /** A server's wall clock steps; from the start the servers' clocks are 10 minutes apart. */
  clockEvery: number
}

/** What troubles are made for, and where they are told of. */
export interface TroublesContext {
  servers: readonly Slot[]
  storage: ChaosStorage
  chance: Chance
  say: (line: string) => void
}

/** Troubles under way. */
export interface Troubles {
  /** How often each has come. */
  readonly counts: Readonly<Record<string, number>>
  /** Begins no more; resolves when everything is up again. */
  end(): Promise<void>
}

/** Longer than the lease of 30 s and the 2 s until it is looked at. */
const PAUSE_MS = [34_000, 42_000] as const
const HOUR_MS = 3_600_000
/** Where a clock may step to: right, an hour back, a day ahead, 10 minutes to either side. */
const CLOCKS_MS = [0, -HOUR_MS, 24 * HOUR_MS, 600_000, -600_000]

interface Trouble {
  name: string
  everyMs: number
  /** The trouble number `n`, from 0. */
  come: (n: number, chance: Chance) => Promise<string>
}

/** Lets troubles come until they are ended. @throws Error when one is asked for that is not possible here */
export async function startTroubles(options: TroubleOptions, context: TroublesContext): Promise<Troubles> {
  const { servers, storage, chance, say } = context
  if (!storage.redis && (options.redisKillEvery || options.redisPauseEvery)) {
    throw new Error('Only a Redis of the run’s own is killed or paused: use --storage redis.')
  }
  if (options.clockEvery > 0) {
    await Promise.all(servers.map((slot, n) => slot.setClock(n * 600_000)))
  }
  const counts: Record<string, number> = {}
  const ending = new AbortController()
  const loops = troublesOf(options, servers, storage)
    .filter(({ everyMs }) => everyMs > 0)
    .map(async ({ name, everyMs, come }) => {
      counts[name] = 0
      const own = chance.fork()
      for (let n = 0; ; n++) {
        await pause(everyMs * (0.5 + own.next()), undefined, { signal: ending.signal }).catch(() => {})
        if (ending.signal.aborted) return
        counts[name] = n + 1
        say(await come(n, own))
      }
    })
  const done = Promise.all(loops)
  // Told by `end`; until then nobody listens.
  done.catch(() => {})
  return {
    counts,
    async end() {
      ending.abort()
      await done
    },
  }
}

function troublesOf(options: TroubleOptions, servers: readonly Slot[], { redis }: ChaosStorage): Trouble[] {
  const inTurn = (n: number) => servers[n % servers.length] as Slot
  const nameOf = (slot: Slot) => `server ${servers.indexOf(slot) + 1}`
  return [
    {
      name: 'servers killed',
      everyMs: options.killEvery * 1_000,
      async come(n) {
        await inTurn(n).kill()
        return `killed and restarted ${nameOf(inTurn(n))}`
      },
    },
    {
      name: 'servers paused',
      everyMs: options.pauseEvery * 1_000,
      async come(n, chance) {
        const ms = chance.between(...PAUSE_MS)
        await inTurn(n).pause(ms)
        return `paused ${nameOf(inTurn(n))} for ${ms} ms`
      },
    },
    {
      name: 'Redis killed',
      everyMs: options.redisKillEvery * 1_000,
      async come(_n, chance) {
        const ms = chance.between(0, 3_000)
        await redis?.kill(ms)
        return `killed Redis, restarted it after ${ms} ms`
      },
    },
    {
      name: 'Redis paused',
      everyMs: options.redisPauseEvery * 1_000,
      async come(_n, chance) {
        const ms = chance.between(1_000, 8_000)
        await redis?.pause(ms)
        return `paused Redis for ${ms} ms`
      },
    },
    {
      name: 'clocks set',
      everyMs: options.clockEvery * 1_000,
      async come(_n, chance) {
        const slot = chance.pick(servers)
        const ms = chance.pick(CLOCKS_MS)
        await slot.setClock(ms)
        return `set the clock of ${nameOf(slot)} to ${ms / 60_000} minutes from the right time`
      },
    },
  ]
}
