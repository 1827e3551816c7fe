/** What is changed on one replica counts on the other: two servers, each with connections of its own to one Redis. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { TestContext } from 'vitest'
import { openLog } from '../../../server/storage/open.ts'
import { openStorage } from '../../../server/storage/url.ts'
import { startRedis } from '../../helpers/redis.ts'
import type { TestRedis } from '../../helpers/redis.ts'
import { spyResponder } from '../../helpers/responder.ts'
import { eventsOf } from '../../helpers/sse.ts'
import { openWorld, operatorKey } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'

let redis: TestRedis
/** The way to Redis of a replica that no notice reaches. */
let silent: { url: string; close(): void }
const worlds: World[] = []

beforeAll(async () => {
  redis = await startRedis()
  silent = await startSilentWay(redis.port)
})
afterAll(async () => {
  for (const world of worlds) await world.close()
  silent.close()
  await redis.stop()
})

const placeAt = (url: string): Place => ({
  kind: 'redis',
  open: async () => openLog(await openStorage(url)),
  dispose: async () => {},
})

/** What the responder says: pieces for ever, or nothing for a while, by what it is asked. */
async function* chatter({ text }: { text: string }): AsyncGenerator<string> {
  yield 'Well, '
  for (let n = 0; n < 600; n++) {
    await sleep(text === 'Talk on and on' ? 100 : 19_000)
    yield `${n} `
  }
}

/** Two replicas that know one integration; `two` hears of changes, or only reads for itself. */
async function openReplicas({ hears }: { hears: boolean }) {
  const responder = spyResponder(chatter)
  const one = await openWorld(placeAt(redis.url), { responder, integration: { kind: 'widget' } })
  const two = await openWorld(placeAt(hears ? redis.url : silent.url), { responder }, one.token)
  worlds.push(one, two)
  const { id, tokens } = one.integration
  const call = (method: string, path: string, body?: object) =>
    one.lumika.fetch(
      new Request(`http://localhost:3000/api/integrations/${id}${path}`, {
        method,
        headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      }),
    )
  return {
    ...{ one, two },
    change: (settings: object) => call('PATCH', '', settings),
    revoke: () => call('DELETE', `/tokens/${tokens[0]?.id}`),
  }
}

const conversationId = `c_${'r'.repeat(22)}`
const since = (start: number) => performance.now() - start

describe.concurrent.each([
  { name: 'that is told', hears: true },
  { name: 'whose notices are lost', hears: false },
])('O52: a replica $name', ({ hears }) => {
  const untilStatus = async (
    world: World,
    status: number,
    headers: Record<string, string>,
    { expect }: TestContext,
  ) => {
    const start = performance.now()
    for (;;) {
      const response = await world.get('/conversation/history', { conversationId }, headers)
      if (response.status === status) break
      if (since(start) > 10_000) break
      await sleep(20)
    }
    expect(since(start)).toBeLessThan(5_000)
  }

  it.concurrent(
    'lets an origin in, and out, within 5 s of a change of the list on the other',
    async (context) => {
      const { two, change } = await openReplicas({ hears })
      const headers = { origin: 'https://shop.example' }
      for (const [allowedDomains, status] of [
        [['other.example'], 403],
        [['other.example', 'shop.example'], 200],
        [['other.example'], 403],
      ] as const) {
        context.expect((await change({ allowedDomains })).status).toBe(200)
        await untilStatus(two, status, headers, context)
      }
    },
    30_000,
  )

  it.concurrent(
    'refuses a token within 5 s of its end on the other',
    async (context) => {
      const { two, revoke } = await openReplicas({ hears })
      const headers = { origin: 'https://shop.example' }
      await untilStatus(two, 200, headers, context)
      context.expect((await revoke()).status).toBe(204)
      await untilStatus(two, 401, headers, context)
    },
    30_000,
  )

  it.concurrent.for(['Talk on and on', 'Think'])(
    'ends a running stream within 30 s of the end of its token on the other: asked to %s',
    { timeout: 60_000 },
    async (text, { expect }) => {
      const { two, revoke } = await openReplicas({ hears })
      const headers = { origin: 'https://shop.example' }
      const response = await two.post('/conversation/sse', { conversationId, textContent: text }, headers)
      const types: string[] = []
      let revokedAt = Infinity
      for await (const event of eventsOf(response)) {
        if (event.type === 'failure') expect(event).toMatchObject({ code: 'token_revoked', retryable: false })
        if (event.type !== types.at(-1)) types.push(event.type)
        if (event.type === 'ack') {
          revokedAt = performance.now()
          expect((await revoke()).status).toBe(204)
        }
        // The answer would take a minute at least.
        if (since(revokedAt) > 35_000) break
      }
      expect(since(revokedAt)).toBeLessThan(30_000)
      expect(types.filter((type) => type !== 'delta')).toEqual(['ack', 'failure', 'done'])
      // Pieces come by notices, too.
      if (hears) expect(types).toContain('delta')
    },
  )

  it.concurrent(
    'gives nothing to who waited for it when the token ended',
    async ({ expect }) => {
      const { one, two, revoke } = await openReplicas({ hears })
      const headers = { origin: 'https://shop.example' }
      const waiting = two.get('/conversation/history', { conversationId, wait: '8' }, headers)
      await sleep(500)
      const { token } = await one.lumika.registry.addToken(one.integration.id)
      expect((await revoke()).status).toBe(204)
      await sleep(hears ? 500 : 4_000)
      const sent = { integrationToken: token, conversationId, textContent: 'For others to see' }
      await (await one.post('/conversation/sse', sent, headers)).body?.cancel()
      const answer = await waiting
      expect({ status: answer.status, body: await answer.text() }).toEqual({
        status: 401,
        body: expect.stringMatching(/^\{"error":\{"code":"invalid_token","message":"[^"]+"\}\}$/),
      })
    },
    30_000,
  )
})

/** Passes everything on to Redis and back, but for the notices that others have published. */
async function startSilentWay(port: number): Promise<{ url: string; close(): void }> {
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1')
    client.pipe(target)
    target.on('data', (chunk: Buffer) => {
      if (!chunk.includes('$7\r\nmessage\r\n')) client.write(chunk)
    })
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.once('close', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
