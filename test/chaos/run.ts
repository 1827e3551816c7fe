/** One run: visitors write through a bad network while servers are killed; then it is quiet, and all is counted. */
import { setMaxListeners } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ConversationRecord, HistoryPage } from '../../protocol.ts'
import { freePort } from '../helpers/port.ts'
import { startRedis } from '../helpers/redis.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { startAnswerer } from './answerer.ts'
import { startProxy } from './proxy.ts'
import { createChance } from './random.ts'
import type { Chance } from './random.ts'
import { judge, violations } from './verdict.ts'
import type { Verdict } from './verdict.ts'
import { createVisitor } from './visitors.ts'

/** How a run is made. */
export interface ChaosOptions {
  /** `fs`, `redis` (both made for the run, and removed), or the address of a storage of your own. */
  storage: string
  /** Servers on that storage; only Redis takes more than one. */
  replicas: number
  visitors: number
  /** How long visitors write, in seconds. */
  seconds: number
  /** A server is killed about this often, in seconds; 0: never. */
  killEvery: number
  /** Share of connections that are harmed, 0 to 1. */
  faultRate: number
  seed: number
  /** Told what happens. */
  say: (line: string) => void
}

/** What a run came to. */
export interface ChaosResult {
  verdict: Verdict
  kills: number
  faults: Record<string, number>
  /** Visitors who were still waiting for something when the time was up. */
  unsettled: number
}

/** Longest time after the storm without anything new: a lease, what follows it, and some polls. */
const PATIENCE_MS = 75_000

/** Visitors look at the history every 2 s: after so many seconds everything has its place. */
const LOOKS = 6

/** Makes a run. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  // A visitor in a storm waits for many answers at once, each of which listens to one signal: no leak.
  setMaxListeners(0)
  const chance = createChance(options.seed)
  const cleanups: (() => Promise<unknown>)[] = []
  try {
    const storage = await openStorage(options.storage, cleanups)
    const answerer = await startAnswerer(chance.fork())
    cleanups.push(() => answerer.close())
    const servers = await startServers(options.replicas, storage, answerer.url)
    cleanups.push(() => Promise.all(servers.map((slot) => slot.server.kill())))
    const token = await createToken(servers[0] as Slot)
    const ports = () => servers.filter(({ isUp }) => isUp).map(({ port }) => port)
    const proxy = await startProxy({
      ports: () => (ports().length > 0 ? ports() : servers.map(({ port }) => port)),
      chance: chance.fork(),
      rate: options.faultRate,
    })
    cleanups.push(() => proxy.close())

    const visitors = await Promise.all(
      Array.from({ length: options.visitors }, (_, n) =>
        createVisitor({ name: `visitor${n}`, serverUrl: proxy.url, integrationToken: token, chance: chance.fork() }),
      ),
    )
    cleanups.push(async () => visitors.forEach((visitor) => visitor.leave()))
    const end = Date.now() + options.seconds * 1_000
    const killing = killUntil(end, servers, options, chance.fork())
    await Promise.all(visitors.map((visitor) => visitor.write(end)))
    const kills = await killing
    proxy.calm()
    options.say('quiet: waiting until everything is shown')
    const settled = await Promise.all(visitors.map((visitor) => visitor.settle(PATIENCE_MS)))

    const base = `http://127.0.0.1:${ports()[0]}`
    const accounts = () =>
      Promise.all(
        visitors.map(async (visitor) => ({
          sent: visitor.sent,
          stored: await readAll(base, token, visitor.conversationId),
          shown: visitor.view().bubbles,
        })),
      )
    let verdict = judge(await accounts(), answerer.calls)
    // What a stream has just shown gets its place among all records with the next look at the history.
    for (let look = 0; violations(verdict) > 0 && look < LOOKS; look++) {
      await pause(1_000)
      verdict = judge(await accounts(), answerer.calls)
    }
    const unsettled = settled.filter((isSettled) => !isSettled).length
    return { verdict, kills, faults: proxy.played, unsettled }
  } finally {
    for (const cleanup of cleanups.toReversed()) await cleanup()
  }
}

interface Slot {
  port: number
  server: ServerProcess
  isUp: boolean
  start(): Promise<ServerProcess>
}

async function openStorage(name: string, cleanups: (() => Promise<unknown>)[]): Promise<string> {
  if (name === 'fs') {
    const folder = await mkdtemp(join(tmpdir(), 'lumika-chaos-'))
    cleanups.push(() => rm(folder, { recursive: true, force: true }))
    return `fs:${folder}`
  }
  if (name !== 'redis') return name
  const redis = await startRedis({ isPersistent: true })
  cleanups.push(() => redis.stop())
  return redis.url
}

async function startServers(replicas: number, storage: string, webhook: string): Promise<Slot[]> {
  const env = { LUMIKA_WEBHOOK_URL: webhook, LUMIKA_WEBHOOK_SECRET: 'a-secret-for-this-run-only' }
  const slots: Slot[] = []
  for (let n = 0; n < replicas; n++) {
    const port = await freePort()
    const start = () => startServer({ storage, port, args: ['--responder', 'webhook'], env })
    slots.push({ port, server: await start(), isUp: true, start })
  }
  return slots
}

/** A token for a server's own callers: no page is involved, so no origin has to be listed. */
async function createToken({ server }: Slot): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${server.port}/api/integrations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.operatorKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Chaos', kind: 'api' }),
  })
  return ((await response.json()) as { token: string }).token
}

/** Kills servers in turn, each without warning, and starts it again. Resolves to how often. */
async function killUntil(end: number, servers: Slot[], options: ChaosOptions, chance: Chance): Promise<number> {
  let kills = 0
  while (options.killEvery > 0) {
    await pause(Math.min(options.killEvery * 1_000 * (0.5 + chance.next()), Math.max(end - Date.now(), 0)))
    if (Date.now() >= end) break
    const slot = servers[kills++ % servers.length] as Slot
    slot.isUp = false
    await slot.server.kill()
    slot.server = await slot.start()
    slot.isUp = true
    options.say(`killed and restarted server ${servers.indexOf(slot) + 1}`)
  }
  return kills
}

/** Everything a client can read of a conversation, page by page. */
async function readAll(base: string, integrationToken: string, conversationId: string): Promise<ConversationRecord[]> {
  const records: ConversationRecord[] = []
  for (let beforeId: string | undefined, hasMore = true; hasMore;) {
    const query = new URLSearchParams({ integrationToken, conversationId, limit: '200', ...(beforeId && { beforeId }) })
    const page = (await (await fetch(`${base}/conversation/history?${query.toString()}`)).json()) as HistoryPage
    records.unshift(...page.messages)
    beforeId = page.messages[0]?.id
    hasMore = page.hasMore && beforeId !== undefined
  }
  return records
}
