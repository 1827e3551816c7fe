/** F107: servers are replaced one after the other while visitors write, with SIGTERM, as a deployment does it. */
import { setMaxListeners } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { startAnswerer } from '../chaos/answerer.ts'
import { startProxy } from '../chaos/proxy.ts'
import { createChance } from '../chaos/random.ts'
import { judge } from '../chaos/verdict.ts'
import { createVisitor } from '../chaos/visitors.ts'
import { operatorOf } from '../helpers/operator.ts'
import { startRedis } from '../helpers/redis.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { readHistory } from './read.ts'

const rounds = 2
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

describe('a rolling deployment', () => {
  it.each([
    ['two replicas on Redis', 'redis', 2],
    ['one server on files, which is away for a moment', 'fs', 1],
  ] as const)(
    'F107, G1: of %s: no message is lost or doubled, no answer breaks off, and nobody is asked twice',
    async (_title, kind, replicas) => {
      setMaxListeners(0)
      const storage = await openStorage(kind)
      const answerer = await startAnswerer(createChance(1))
      cleanups.push(() => answerer.close())
      const env = { LUMIKA_WEBHOOK_URL: answerer.url, LUMIKA_WEBHOOK_SECRET: 'a-secret-for-this-run-only' }
      const start = () => startServer({ storage, args: ['--responder', 'webhook'], env })
      const servers: ServerProcess[] = []
      cleanups.push(() => Promise.all(servers.map((server) => server.kill())))
      for (let n = 0; n < replicas; n++) servers.push(await start())
      const [first] = servers as [ServerProcess]
      const { token } = await operatorOf(first).createIntegration({ name: 'Deployed', kind: 'api' })

      // A server that is ending still gets requests: not every balancer notices at once.
      const proxy = await startProxy({
        ports: () => servers.map(({ port }) => port),
        chance: createChance(1),
        rate: 0,
      })
      cleanups.push(() => proxy.close())
      const visitors = await Promise.all(
        [1, 2, 3, 4].map((n) =>
          createVisitor({
            name: `visitor${n}`,
            serverUrl: proxy.url,
            integrationToken: token,
            chance: createChance(n),
          }),
        ),
      )
      cleanups.push(async () => visitors.forEach((visitor) => visitor.leave()))

      let isOver = false
      const writing = Promise.all(visitors.map((visitor) => visitor.write(() => isOver)))
      for (let n = 0; n < rounds * replicas; n++) {
        await pause(700)
        const since = performance.now()
        expect(await servers[n % replicas]?.stop()).toBe(0)
        expect(performance.now() - since).toBeLessThan(12_000)
        servers[n % replicas] = await start()
      }
      isOver = true
      await writing
      const patience = { patienceMs: 30_000, longestMs: 60_000 }
      expect(await Promise.all(visitors.map((visitor) => visitor.settle(patience)))).toEqual(visitors.map(() => true))

      const door = { token, integrationId: '' }
      const base = servers[0]?.url ?? ''
      // What a stream has just shown gets its place among all records with the next look at the history.
      await pause(2_500)
      const accounts = await Promise.all(
        visitors.map(async ({ conversationId, sent, accepted, setAside, view }) => {
          const { records, isActive } = await readHistory(base, door, conversationId)
          expect(isActive).toBe(false)
          const read = { ids: records.map(({ id }) => id), lostCursors: 0 }
          return { sent, accepted, setAside, stored: records, shown: view().bubbles, read }
        }),
      )
      const { facts, violations } = judge(accounts, answerer.calls)
      expect(Object.entries(violations).filter(([, count]) => count > 0)).toEqual([])
      expect(facts['messages stored']).toBe(facts['messages sent'])
      expect(facts['messages stored']).toBeGreaterThan(8)
      expect(facts['answers broken off']).toBe(0)
      expect(facts['calls per message, most']).toBe(1)
    },
    180_000,
  )
})

async function openStorage(kind: 'fs' | 'redis'): Promise<string> {
  if (kind === 'redis') {
    const redis = await startRedis()
    cleanups.push(() => redis.stop())
    return redis.url
  }
  const folder = await mkdtemp(join(tmpdir(), 'lumika-deploy-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  return `fs:${folder}`
}
