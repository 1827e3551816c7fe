/** One run: visitors write through a bad network while servers and storage fail; then it is quiet, and all is counted. */
import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { ConversationRecord, HistoryPage } from '../../protocol.ts'
import { startNginx } from '../helpers/nginx.ts'
import { startAnswerer } from './answerer.ts'
import { startProxy } from './proxy.ts'
import { createChance } from './random.ts'
import { startReader } from './reader.ts'
import { startServers } from './servers.ts'
import type { Slot } from './servers.ts'
import { openChaosStorage } from './storage.ts'
import { startTroubles } from './troubles.ts'
import type { TroubleOptions } from './troubles.ts'
import { judge, violationsOf } from './verdict.ts'
import type { Verdict } from './verdict.ts'
import { createVisitor } from './visitors.ts'

/** How a run is made. */
export interface ChaosOptions extends TroubleOptions {
  /** `fs`, `redis` (both made for the run, and removed), or the address of a storage of your own. */
  storage: string
  /** Servers on that storage, behind nginx when there are several; only Redis takes more than one. */
  replicas: number
  visitors: number
  /** How long visitors write, in seconds, unless `messages` says how many messages they send in all. */
  seconds: number
  messages: number | null
  /** Share of connections that are harmed, 0 to 1. */
  faultRate: number
  seed: number
  /** Told what happens. */
  say: (line: string) => void
}

/** What a run came to. */
export interface ChaosResult {
  verdict: Verdict
  /** How often each kind of trouble has come. */
  troubles: Readonly<Record<string, number>>
  /** How many connections met with each fault. */
  faults: Readonly<Record<string, number>>
  /** Visitors who were still waiting for something when the time was up. */
  unsettled: number
}

/** Longest time after the storm without anything new: a lease, what follows it, and some polls. */
const PATIENCE_MS = 75_000
/** Longest time after the storm in all. */
const LONGEST_MS = 900_000
/** Visitors look at the history every 2 s: after so many seconds everything has its place. */
const LOOKS = 6

/** Makes a run. @throws Error when the options do not go together, or a server does not come up again */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  // A visitor in a storm waits for many answers at once, each of which listens to one signal: no leak.
  setMaxListeners(0)
  const chance = createChance(options.seed)
  const cleanups: (() => Promise<unknown>)[] = []
  const cleaned = <T>(thing: T, cleanup: (thing: T) => Promise<unknown>): T => {
    cleanups.push(() => cleanup(thing))
    return thing
  }
  try {
    const storage = cleaned(await openChaosStorage(options.storage), (it) => it.close())
    const answerer = cleaned(await startAnswerer(chance.fork()), (it) => it.close())
    const servers = await startServers({
      ...{ count: options.replicas, storage: storage.url, webhook: answerer.url },
      ...{ hasClocks: options.clockEvery > 0, onStart: (slot: Slot) => cleanups.push(() => slot.stop()) },
    })
    const token = await createToken(servers[0] as Slot)
    const ports = await startBalancer(servers, cleanups)
    const proxy = cleaned(await startProxy({ ports, chance: chance.fork(), rate: options.faultRate }), (it) =>
      it.close(),
    )
    const chances = Array.from({ length: options.visitors }, () => chance.fork())
    const access = { serverUrl: proxy.url, integrationToken: token }
    const visitors = await Promise.all(
      chances.map((own, n) => createVisitor({ ...access, name: `visitor${n}`, chance: own })),
    )
    cleanups.push(async () => visitors.forEach((visitor) => visitor.leave()))
    const readers = visitors.map(({ conversationId }) =>
      startReader({ ...access, conversationId, chance: chance.fork() }),
    )

    const troubles = await startTroubles(options, { servers, storage, chance: chance.fork(), say: options.say })
    await Promise.all(visitors.map((visitor, n) => visitor.write(untilDone(options, n, visitor.sent))))
    await troubles.end()
    proxy.calm()
    options.say('quiet: waiting until everything is shown')
    const patience = { patienceMs: PATIENCE_MS, longestMs: LONGEST_MS }
    const settled = await Promise.all(visitors.map((visitor) => visitor.settle(patience)))
    await Promise.all(readers.map((reader) => reader.finish(PATIENCE_MS)))

    const base = `http://127.0.0.1:${ports()[0]}`
    const accounts = () =>
      Promise.all(
        visitors.map(async (visitor, n) => ({
          ...{ sent: visitor.sent, accepted: visitor.accepted, setAside: visitor.setAside },
          stored: await readAll(base, token, visitor.conversationId),
          shown: visitor.view().bubbles,
          read: readers[n] ?? { ids: [], lostCursors: 0 },
        })),
      )
    let verdict = judge(await accounts(), answerer.calls)
    // What a stream has just shown gets its place among all records with the next look at the history.
    for (let look = 0; violationsOf(verdict) > 0 && look < LOOKS; look++) {
      await pause(1_000)
      verdict = judge(await accounts(), answerer.calls)
    }
    const unsettled = settled.filter((isSettled) => !isSettled).length
    return { verdict, troubles: troubles.counts, faults: proxy.played, unsettled }
  } finally {
    for (const cleanup of cleanups.toReversed()) await cleanup()
  }
}

/** Where visitors come in: nginx in front of several servers, and otherwise the one there is. */
async function startBalancer(
  servers: readonly Slot[],
  cleanups: (() => Promise<unknown>)[],
): Promise<() => readonly number[]> {
  if (servers.length === 1) return () => servers.map(({ port }) => port)
  const nginx = await startNginx(...servers.map(({ port }) => `http://127.0.0.1:${port}`))
  cleanups.push(() => nginx.stop())
  return () => [Number(new URL(nginx.url).port)]
}

/** Whether a visitor has written enough. Every visitor sends a like share of the messages. */
function untilDone({ seconds, messages, visitors }: ChaosOptions, n: number, sent: readonly string[]): () => boolean {
  const end = performance.now() + seconds * 1_000
  const share = messages === null ? 0 : Math.floor((messages + n) / visitors)
  return () => (messages === null ? performance.now() >= end : sent.length >= share)
}

/** A token for a server's own callers: no page is involved, so no origin has to be listed. */
async function createToken({ port, operatorKey }: Slot): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/api/integrations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
    // A storm of hours has more answers than a day's usual budget.
    body: JSON.stringify({ name: 'Chaos', kind: 'api', answersPerDay: 10_000_000 }),
  })
  return ((await response.json()) as { token: string }).token
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
