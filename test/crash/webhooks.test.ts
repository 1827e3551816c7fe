/** Whatever moment a server dies at between a message and the receiver's yes: the event comes, always by the same id. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { ExpectStatic } from 'vitest'
import { startRedis } from '../helpers/redis.ts'
import { startReceiver } from '../server/webhooks/receiver.ts'
import { buildEntry, startMortal } from './server.ts'
import type { MortalServer } from './server.ts'

const operatorKey = 'operator-key-of-the-crash-tests'
const leaseMs = 6_000

let entry: Awaited<ReturnType<typeof buildEntry>>
beforeAll(async () => void (entry = await buildEntry()))
afterAll(() => entry.remove())

const inFlight = 'while the receiver has it'

/** Moments, and whether the event may have arrived before the server died. */
const moments: [moment: string, mayBeDoubled: boolean][] = [
  ['after-append', false],
  ['before-hook-queued', false],
  ['after-hook-queued', false],
  [inFlight, true],
  ['before-hook-settled', true],
  ['after-hook-settled', false],
]

async function call<T>(port: number, path: string, body?: object): Promise<T> {
  const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' }
  const init = body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers }
  return (await fetch(`http://127.0.0.1:${port}/api${path}`, init)).json() as Promise<T>
}

/** A message is sent; whichever server comes by a moment dies; a new one, and whoever is left, go on. */
async function runCase(expect: ExpectStatic, storage: string, replicas: 1 | 2, moment: string, notes: string) {
  await writeFile(notes, '')
  const receiver = await startReceiver()
  const servers: MortalServer[] = []
  const start = () => {
    const settings = { storage, notes, operatorKey, leaseMs, gapMs: 0, isPatient: true, armed: null }
    servers.push(startMortal(entry.file, settings))
    return servers.at(-1)?.ready
  }
  try {
    const port = (await start()) ?? 0
    if (replicas === 2) await start()
    const { token } = await call<{ token: string }>(port, '/integrations', { name: 'x', kind: 'api', responder: null })
    const { webhook } = await call<{ webhook: { id: string } }>(port, '/webhooks', {
      url: receiver.url,
      events: ['message.created'],
    })
    const victims = [...servers]
    if (moment === inFlight) {
      receiver.answer = () => {
        receiver.answer = (_event, response) => void response.writeHead(204).end()
        for (const victim of victims) void victim.kill()
      }
    } else await Promise.all(victims.map((victim) => victim.arm(moment)))
    const body = new URLSearchParams({ integrationToken: token, conversationId: 'one', textContent: 'Hello' })
    const sent = fetch(`http://127.0.0.1:${port}/conversation/sse`, { method: 'POST', body })
    sent.then((response) => response.text()).catch(() => {})
    expect(await Promise.race(victims.map(({ ended }) => ended))).toBe('SIGKILL')
    const next = (await start()) ?? 0
    await expect.poll(() => receiver.bodies('message.created'), { timeout: 45_000, interval: 50 }).toEqual(['Hello'])
    // Whoever comes last sees to it that it is written down: nothing is on its way any more.
    const id = receiver.requests[0]?.event.id
    const isSettled = async () => {
      const { deliveries } = await call<Log>(next, `/webhooks/${webhook.id}/deliveries`)
      return deliveries.map(({ eventId, state }) => [eventId, state])
    }
    await expect.poll(isSettled, { timeout: 45_000, interval: 100 }).toEqual([[id, 'delivered']])
    return receiver.requests.map(({ event }) => event.id)
  } finally {
    await Promise.all(servers.map((server) => server.kill()))
    await receiver.close()
  }
}

interface Log {
  deliveries: { eventId: string; state: string }[]
}

describe('the server dies on the way to a receiver', () => {
  let folder: string
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'lumika-hooks-'))))
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const judge = (expect: ExpectStatic, ids: string[], mayBeDoubled: boolean) => {
    expect(new Set(ids).size).toBe(1)
    expect(ids.length).toBeLessThanOrEqual(mayBeDoubled ? 2 : 1)
  }

  it.concurrent.for(moments)('on files: %s', async ([moment, mayBeDoubled], { expect }) => {
    const base = await mkdtemp(join(folder, 'case-'))
    judge(expect, await runCase(expect, `fs:${base}/data`, 1, moment, `${base}/notes`), mayBeDoubled)
  })

  it.concurrent.for<[string, boolean]>([...moments, ['before-hook-claim', false], ['after-hook-claim', false]])(
    'two replicas on Redis: %s',
    async ([moment, mayBeDoubled], { expect }) => {
      const redis = await startRedis()
      try {
        const notes = join(await mkdtemp(join(folder, 'case-')), 'notes')
        judge(expect, await runCase(expect, redis.url, 2, moment, notes), mayBeDoubled)
      } finally {
        await redis.stop()
      }
    },
  )
})
