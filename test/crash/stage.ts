/** Where servers live and die: a storage, the servers on it, and one address that leads to whoever is up. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLog } from '../../server/storage/open.ts'
import { openStorage } from '../../server/storage/url.ts'
import type { ConversationLog } from '../../server/storage/log.ts'
import { startProxy } from '../chaos/proxy.ts'
import { createChance } from '../chaos/random.ts'
import { startRedis } from '../helpers/redis.ts'
import { callsIn, deathsIn, readNotes } from './notes.ts'
import type { AnswerMode } from './points.ts'
import { startMortal } from './server.ts'
import type { MortalServer } from './server.ts'

/** The storages that outlive a process. */
export type LastingKind = 'fs' | 'redis'

/** How a stage is set. */
export interface StageOptions {
  kind: LastingKind
  /** Servers at a time. The second one on files waits for the first one's lock. */
  replicas: 1 | 2
  /** The bundled process. */
  entry: string
  leaseMs: number
  gapMs: number
  /** Whether requests go to every server that is up, or to the first. @default false */
  isBalanced?: boolean
}

/** An integration to talk to. */
export interface Door {
  integrationId: string
  token: string
}

/** A set stage. */
export interface Stage {
  /** The address of whoever is up. */
  url: string
  doors: Record<AnswerMode, Door>
  /** Those that have not died yet, the oldest first. */
  readonly servers: readonly MortalServer[]
  /** The addresses of the servers that take requests. */
  bases(): string[]
  /**
   * Takes a dead server off. Resolves to the next one, when that takes requests or is dead as well: a server that is
   * started now may be told from the start when to die.
   */
  goOn(dead: MortalServer, armed?: string): Promise<MortalServer>
  /** Starts as many servers as are missing. */
  restore(): Promise<void>
  /** Where the last of those that died by themselves did so. */
  lastDeath(): string
  calls(): Map<string, number>
  /** What all servers so far have written to their terminals. */
  output(): string
  /** Everything an operator can read of a conversation. */
  operatorReads(base: string, path: string): Promise<Response>
  /** Kills the servers, and opens their storage for a look. */
  audit<T>(look: (log: ConversationLog, folder: string | null) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** The key of all its servers. */
export const operatorKey = 'operator-key-of-the-crash-tests'
/** Nobody listens here. */
const closedPort = 1

/** Sets a stage and starts its servers. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { kind, replicas, entry, leaseMs, gapMs, isBalanced = false } = options
  const folder = await mkdtemp(join(tmpdir(), 'lumika-crash-'))
  const data = join(folder, 'data')
  const redis = kind === 'redis' ? await startRedis() : null
  const storage = redis ? redis.url : `fs:${data}`
  const notes = join(folder, 'notes')
  await writeFile(notes, '')
  const servers: MortalServer[] = []
  const everStarted: MortalServer[] = []
  const ports = new Map<MortalServer, number>()

  const start = (armed: string | null = null) => {
    const isPatient = kind === 'fs' && servers.length > 0
    const server = startMortal(entry, { storage, notes, operatorKey, leaseMs, gapMs, isPatient, armed })
    servers.push(server)
    everStarted.push(server)
    server.ready.then(
      (port) => ports.set(server, port),
      () => {},
    )
    return isPatient ? Promise.race([server.ready, server.waiting]) : server.ready
  }
  const restore = async () => {
    while (servers.length < replicas) await start()
  }
  const up = () => servers.filter((server) => server.isUp()).map((server) => ports.get(server) ?? closedPort)
  const kill = () => Promise.all(servers.splice(0).map((server) => server.kill()))
  const proxy = await startProxy({
    ports: () => (up().length === 0 ? [closedPort] : isBalanced ? up() : up().slice(0, 1)),
    chance: createChance(1),
    rate: 0,
  })
  const close = async () => {
    await kill()
    await proxy.close()
    await redis?.stop()
    await rm(folder, { recursive: true, force: true })
  }
  const bases = () => up().map((port) => `http://127.0.0.1:${port}`)

  try {
    await restore()
    const [base = ''] = bases()
    return {
      url: proxy.url,
      doors: { auto: await createDoor(base, 'auto'), approval: await createDoor(base, 'approval') },
      servers,
      bases,
      async goOn(dead, armed) {
        servers.splice(servers.indexOf(dead), 1)
        if (servers.length === 0) start(armed).catch(() => {})
        const [next] = servers
        if (!next) throw new Error('There is no server to go on.')
        await (armed === undefined ? next.ready : Promise.race([next.ready, next.ended]))
        return next
      },
      restore,
      lastDeath: () => deathsIn(readNotes(notes)).at(-1) ?? '',
      calls: () => callsIn(readNotes(notes)),
      output: () => everStarted.map((server) => server.output()).join(''),
      operatorReads: (address, path) => fetch(address + path, { headers: { authorization: `Bearer ${operatorKey}` } }),
      async audit(look) {
        await kill()
        const opened = await openStorage(storage)
        const log = await openLog(opened)
        try {
          return await look(log, redis ? null : data)
        } finally {
          await log.close()
          await opened.dispose()
        }
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** An integration for a server's own callers: no page is involved, so no origin has to be listed. */
async function createDoor(base: string, responseMode: AnswerMode): Promise<Door> {
  const response = await fetch(`${base}/api/integrations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: `Crash ${responseMode}`, kind: 'api', responseMode }),
  })
  const { integration, token } = (await response.json()) as { integration: { id: string }; token: string }
  return { integrationId: integration.id, token }
}
