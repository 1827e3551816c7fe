/** T3, F94: Redis fails over to a replica that is behind. Replication is asynchronous, so what was acknowledged last may be lost. */
import { Redis } from 'ioredis'
import { describe, it, vi } from 'vitest'
import type { TestContext } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import { openLog } from '../../../server/storage/open.ts'
import { openStorage } from '../../../server/storage/url.ts'
import { startRedis } from '../../helpers/redis.ts'
import type { TestRedis } from '../../helpers/redis.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { allEvents, eventOf, eventsOf, textOf } from '../../helpers/sse.ts'
import type { Received } from '../../helpers/sse.ts'
import { startWire } from '../../helpers/wire.ts'
import { openWorld } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'
import { openChat } from './chat.ts'
import { listen } from './listen.ts'
import { patience, slowly } from './patience.ts'

vi.setConfig(slowly)

const conversationId = 'customer-42'
const key = (n: number) => `client-message-${String(n).padStart(8, '0')}`

interface Scene {
  world: World
  /** What is behind the socket of the server. */
  url: string
  send(text: string, n: number): Promise<Response>
  history(params?: Record<string, string>): Promise<Response>
  /** The bodies of what a look at the history gives. */
  bodies(params?: Record<string, string>): Promise<string[]>
  /** Waits until the replica has all that the master took. */
  inStep(): Promise<void>
  /** From here on the replica hears nothing of what the master takes. */
  fallBehind(): Promise<void>
  /** The master is gone, and its address leads to the replica. */
  failOver(): Promise<void>
  promote(): Promise<void>
}

/** A server on a master with a replica in step. */
async function setUp(
  { expect, onTestFinished }: TestContext,
  say: Parameters<typeof spyResponder>[0] = ({ text }) => ['You said: ', text],
): Promise<Scene> {
  const kept = <T>(thing: T, end: (thing: T) => unknown): T => {
    onTestFinished(async () => void (await end(thing)))
    return thing
  }
  const start = async () => kept(await startRedis(), (it) => it.stop())
  const master = await start()
  const replica = await start()
  const client = kept(connectTo(master), (it) => it.disconnect())
  const control = kept(connectTo(replica), (it) => it.disconnect())
  // It waits 5 s for other replicas otherwise.
  await client.config('SET', 'repl-diskless-sync-delay', '0')
  await control.call('REPLICAOF', '127.0.0.1', String(master.port))
  const isFollowing = async () => (await control.info('replication')).includes('master_link_status:up')
  await expect.poll(isFollowing, patience).toBe(true)

  const wire = kept(await startWire(master.port), (it) => it.close())
  const place = {
    kind: 'redis' as const,
    open: async () => openLog(await openStorage(`redis://127.0.0.1:${wire.port}`)),
    dispose: async () => {},
  }
  const world = kept(await openWorld(place, { responder: spyResponder(say), leaseMs: 1_000 }), (it) => it.close())
  const { url } = kept(await listen(world), (it) => it.close())
  const history = (params: Record<string, string> = {}) =>
    world.get('/conversation/history', { conversationId, ...params })
  const promote = async () => void (await control.call('REPLICAOF', 'NO', 'ONE'))
  const inStep = async () => {
    // It waits for what this very connection has written. A replica counts only after its first word to the master,
    // which it says once a second: a second's wait may end a moment before that, with nobody in step.
    await client.set('marker', 'x')
    expect(await client.wait(1, 20_000)).toBe(1)
  }
  return {
    ...{ world, url, history, inStep, promote },
    send: (text, n) => world.post('/conversation/sse', { conversationId, textContent: text, clientMessageId: key(n) }),
    async bodies(params) {
      return ((await (await history(params)).json()) as HistoryPage).messages.map(({ body }) => body)
    },
    async fallBehind() {
      await inStep()
      await promote()
    },
    async failOver() {
      wire.to = replica.port
      await master.kill('SIGKILL')
      for (const link of wire.links) link.reset()
      await expect.poll(async () => (await world.get('/ready')).status, patience).toBe(200)
    },
  }
}

/** A connection of the test's own, which outlives its server without a word. */
function connectTo({ url }: TestRedis): Redis {
  const client = new Redis(url, { retryStrategy: null })
  client.on('error', () => {})
  return client
}

describe('a Redis that failed over behind', () => {
  it('T3, F94: knows no id of what was lost, not even once its place is taken again, and every id from before', async (context) => {
    const { expect } = context
    const { world, send, history, bodies, fallBehind, failOver } = await setUp(context)
    const keptId = eventOf(await allEvents(await send('kept', 1)), 'done').lastMessageId
    await fallBehind()
    const lost = await allEvents(await send('lost', 2))
    expect(await bodies()).toEqual(['kept', 'You said: kept', 'lost', 'You said: lost'])
    await failOver()

    const lostIds = [eventOf(lost, 'ack').userMessageId, eventOf(lost, 'done').lastMessageId]
    const expectLost = async () => {
      for (const afterId of lostIds) {
        const response = await history({ afterId })
        expect(response.status).toBe(404)
        expect(await response.json()).toMatchObject({ error: { code: 'cursor_not_found' } })
      }
      const { turnId } = eventOf(lost, 'ack')
      const resumed = await world.get('/conversation/sse', { conversationId, lastEventId: `${turnId}.0` })
      expect(resumed.status).toBe(404)
    }
    await expectLost()
    expect(await bodies({ afterId: keptId })).toEqual([])

    // The same places in the order, by other messages; and a retry of the lost one, which is new here.
    await allEvents(await send('another', 3))
    const retried = await allEvents(await send('lost', 2))
    expect(eventOf(retried, 'ack').replayed).toBe(false)
    await expectLost()
    expect(await bodies({ afterId: keptId })).toEqual(['another', 'You said: another', 'lost', 'You said: lost'])
  })

  // Its place in the history is lost with what it has read there; what it has not read takes no place with it.
  it.for([
    ['it had read what was lost', false],
    ['it had not read what was lost', true],
  ] as const)(
    'T3, F94, G5: an open chat comes to show what there is now, and goes on, where %s',
    async ([, isUnread], context) => {
      const { expect } = context
      const { world, url, fallBehind, failOver } = await setUp(context)
      let isLost = false
      let looks = 0
      const options = { serverUrl: url, integrationToken: world.token, conversationId, pollMs: 200 }
      const chat = await openChat({ ...options, isLookLost: () => (looks++, isLost) })
      const saying = async (text: string) => {
        chat.engine.send(text)
        await expect.poll(() => chat.said().at(-1), patience).toBe(`assistant: You said: ${text}`)
      }
      await saying('kept')
      await fallBehind()
      isLost = isUnread
      await saying('lost')
      const asked = looks
      // One look at a time: when the second one begins, the first one has brought what there was.
      if (!isUnread) await expect.poll(() => looks, patience).toBeGreaterThan(asked + 1)
      await failOver()
      isLost = false
      const kept = ['visitor: kept', 'assistant: You said: kept']
      await expect.poll(chat.said, patience).toEqual(kept)
      await saying('after')
      expect(chat.said()).toEqual([...kept, 'visitor: after', 'assistant: You said: after'])
      expect(chat.view().connection).toBe('online')
      chat.engine.destroy()
    },
  )

  it('T3, F94: an answer that was being written, with its message lost: its stream ends, and it is not written on', async (context) => {
    const { expect } = context
    const gate = valve()
    let isFirst = true
    const { send, bodies, fallBehind, failOver } = await setUp(context, async function* ({ text }) {
      if (!isFirst) return yield `You said: ${text}`
      isFirst = false
      yield 'one '
      await gate.opened
      yield 'two'
    })
    await fallBehind()
    const events = eventsOf(await send('lost', 1))
    for (let type = ''; type !== 'delta';) type = ((await events.next()).value as Received).type
    await failOver()
    gate.open()
    const rest = []
    for await (const { type } of events) rest.push(type)
    expect(rest).toEqual(['failure', 'done'])
    expect(await bodies()).toEqual([])
    expect(textOf(await allEvents(await send('lost', 1)))).toBe('You said: lost')
    expect(await bodies()).toEqual(['lost', 'You said: lost'])
  })

  it('T3, F94: an answer whose pieces were lost, with its message kept, is written anew, by the one call more that takes', async (context) => {
    const { expect } = context
    const [first, second] = [valve(), valve()]
    let isFirst = true
    const { world, send, bodies, fallBehind, failOver } = await setUp(context, async function* () {
      if (!isFirst) return yield 'All of it.'
      isFirst = false
      await first.opened
      yield 'one '
      await second.opened
      yield 'two'
    })
    const reading = allEvents(await send('kept', 1))
    await expect.poll(() => world.responder.requests.length, patience).toBe(1)
    await fallBehind()
    first.open()
    await new Promise((resolve) => setTimeout(resolve, 200))
    await failOver()
    second.open()
    expect((await reading).at(-1)?.type).toBe('done')
    await expect.poll(() => bodies(), patience).toEqual(['kept', 'All of it.'])
    expect(world.responder.requests).toHaveLength(2)
  })

  it('T3, F94: forgets integrations that were lost, and keeps the others working, without a restart', async (context) => {
    const { expect } = context
    const { world, send, fallBehind, failOver } = await setUp(context)
    await allEvents(await send('kept', 1))
    await fallBehind()
    const { token } = await world.lumika.registry.create({ name: 'Lost', kind: 'api' })
    const asLost = () => world.get('/conversation/history', { conversationId, integrationToken: token })
    expect((await asLost()).status).toBe(200)
    await failOver()
    await expect.poll(async () => (await asLost()).status, patience).toBe(401)
    expect(await world.bodies(conversationId)).toEqual(['kept', 'You said: kept'])
    const { token: made } = await world.lumika.registry.create({ name: 'New', kind: 'api' })
    expect((await world.get('/conversation/history', { conversationId, integrationToken: made })).status).toBe(200)
    expect((await asLost()).status).toBe(401)
  })
})

describe('a replica that is not promoted yet', () => {
  it('T3, F93, G10: reads go on, writes are 503; once it is promoted they go through, without a restart', async (context) => {
    const { expect } = context
    const { send, history, bodies, inStep, failOver, promote } = await setUp(context)
    await allEvents(await send('before', 1))
    await inStep()
    await failOver()
    for (let round = 0; round < 3; round++) {
      const refused = await send('during', 2)
      expect(refused.status).toBe(503)
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    }
    await expect.poll(async () => (await history()).status, patience).toBe(200)
    expect(await bodies()).toEqual(['before', 'You said: before'])
    await promote()
    let response = await send('during', 2)
    for (let attempt = 0; response.status === 503 && attempt < 40; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      response = await send('during', 2)
    }
    expect(textOf(await allEvents(response))).toBe('You said: during')
    expect(await bodies()).toEqual(['before', 'You said: before', 'during', 'You said: during'])
  })
})
