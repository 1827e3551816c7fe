/** T3: a replica that is paused for longer than its lease (SIGSTOP, a stalled virtual machine), and wakes up again. */
import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import type { TestContext } from 'vitest'
import { operatorKey, openWorld } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../../helpers/fake-openai.ts'
import { startRedis } from '../../helpers/redis.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { allEvents, eventOf, eventsOf, textOf } from '../../helpers/sse.ts'
import type { Received } from '../../helpers/sse.ts'
import { openLog } from '../../../server/storage/open.ts'
import { openStorage } from '../../../server/storage/url.ts'
import { bundleReplica } from './start-replica.ts'
import type { Replica, ReplicaBundle } from './start-replica.ts'
import { patience, slowly } from './patience.ts'

vi.setConfig(slowly)

const leaseMs = 1_500
const firstPieceMs = 2_500
const question = 'Hello'
const conversationId = 'customer-42'

let bundle: ReplicaBundle
beforeAll(async () => {
  bundle = await bundleReplica()
})
afterAll(() => bundle.remove())

interface Scene {
  model: FakeOpenAI
  /** The one that is going to be paused. */
  replica: Replica
  /** The one that takes over from it. */
  world: World
  send(to: 'replica' | 'world'): Promise<Response>
  /** Who has claimed a turn and what has been said in it, in order. */
  laneOf(turnId: string): Promise<string[]>
  said(): Promise<string[]>
}

/** Two replicas on a Redis of their own. */
async function setUp({ onTestFinished }: TestContext, say?: Parameters<typeof spyResponder>[0]): Promise<Scene> {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const model = await startFakeOpenAI()
  onTestFinished(() => model.close())
  const place = {
    kind: 'redis' as const,
    open: async () => openLog(await openStorage(redis.url)),
    dispose: async () => {},
  }
  const world = await openWorld(place, { leaseMs, responder: spyResponder(say) })
  onTestFinished(() => world.close())
  const log = await place.open()
  onTestFinished(() => log.close())
  const replica = await bundle.start({ storage: redis.url, operatorKey, leaseMs, model: model.url, firstPieceMs })
  onTestFinished(() => replica.kill())
  return {
    ...{ model, replica, world },
    send(to) {
      const params = { conversationId, textContent: question }
      if (to === 'world') return world.get('/conversation/sse', params)
      const query = new URLSearchParams({ integrationToken: world.token, ...params })
      return fetch(`${replica.url}/conversation/sse?${query.toString()}`)
    },
    async laneOf(turnId) {
      const { conversation = '' } = (await log.recent()).conversations[0] ?? {}
      const page = await log.after<{ type: string }>(conversation, `turn/${turnId}`, null, 500)
      return page.entries.map(({ value }) => value.type).filter((type) => type === 'claim' || type === 'delta')
    },
    said: () => world.bodies(conversationId),
  }
}

/** Sends to the replica that is going to be paused, and reads so far. */
async function sendUntil(scene: Scene, type: Received['type']): Promise<{ turnId: string; rest: Promise<Received[]> }> {
  const events = eventsOf(await scene.send('replica'))
  const seen: Received[] = []
  do {
    seen.push((await events.next()).value as Received)
  } while (seen.at(-1)?.type !== type)
  const rest = (async () => {
    for await (const event of events) seen.push(event)
    return seen
  })()
  return { turnId: eventOf(seen, 'ack').turnId, rest }
}

// At the same time: most of it is waiting for leases.
describe.concurrent('an owner that is paused for longer than its lease, and wakes up', () => {
  it('T3, G1: in the middle of an answer, has lost it: what there was stands once, and not a word is added', async (context) => {
    const { expect } = context
    const scene = await setUp(context)
    const { model, replica, world, laneOf, said } = scene
    const goesOn = valve()
    model.scenario = { until: goesOn.opened }
    const { turnId, rest } = await sendUntil(scene, 'delta')
    await expect.poll(() => laneOf(turnId), patience).toEqual(['claim', 'delta', 'delta'])
    replica.process.kill('SIGSTOP')
    await expect.poll(said, patience).toHaveLength(2)
    const [, interrupted = ''] = await said()
    expect(openAIAnswerTo(question).startsWith(interrupted)).toBe(true)
    const before = await laneOf(turnId)

    goesOn.open()
    replica.process.kill('SIGCONT')
    const events = await rest
    expect(events.at(-1)?.type).toBe('done')
    expect(textOf(events)).toBe(interrupted)
    expect(eventOf(events, 'message').message).toMatchObject({ body: interrupted, data: { interrupted: true } })
    // Its model has said the rest by now, to nobody.
    await expect.poll(() => model.running, patience).toBe(0)
    expect(await laneOf(turnId)).toEqual(before)
    expect(await said()).toEqual([question, interrupted])
    expect(model.requests).toHaveLength(1)
    expect(world.responder.requests).toHaveLength(0)
  })

  it('T3, G1: before its first word, has lost it: the one that took over answers, whatever the other’s patience says', async (context) => {
    const { expect } = context
    const gate = valve()
    const scene = await setUp(context, async function* () {
      yield 'I took '
      await gate.opened
      yield 'over.'
    })
    const { model, replica, world, laneOf, said } = scene
    model.scenario = 'silent'
    const { turnId, rest } = await sendUntil(scene, 'ack')
    await expect.poll(() => model.requests.length, patience).toBe(1)
    replica.process.kill('SIGSTOP')
    await expect.poll(() => laneOf(turnId), patience).toEqual(['claim', 'claim', 'delta'])
    // Longer than it gives its model for a first word, so that this is the first thing it notices.
    await new Promise((resolve) => setTimeout(resolve, firstPieceMs))
    replica.process.kill('SIGCONT')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    gate.open()

    const events = await rest
    expect(textOf(events)).toBe('I took over.')
    expect(events.map(({ type }) => type)).toEqual(['ack', 'delta', 'delta', 'message', 'done'])
    expect(await said()).toEqual([question, 'I took over.'])
    expect(await laneOf(turnId)).toEqual(['claim', 'claim', 'delta', 'delta'])
    expect(world.responder.requests).toHaveLength(1)
    expect(model.requests).toHaveLength(1)
  })
})

describe.concurrent('an owner that lives', () => {
  it('G1: keeps its turn although its responder thinks for longer than the lease', async (context) => {
    const { expect } = context
    const gate = valve()
    const { model, world, send, said } = await setUp(context, async function* () {
      await gate.opened
      yield 'Now I know.'
    })
    const reading = allEvents(await send('world'))
    await expect.poll(() => world.responder.requests.length, patience).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 3 * leaseMs))
    gate.open()
    expect(textOf(await reading)).toBe('Now I know.')
    expect(world.responder.requests).toHaveLength(1)
    expect(model.requests).toHaveLength(0)
    expect(await said()).toEqual([question, 'Now I know.'])
  })
})
