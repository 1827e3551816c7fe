/** T3, F96: clocks that are wrong and clocks that step, in processes of their own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import type { TestContext } from 'vitest'
import type { ConversationRecord, HistoryPage } from '../../../protocol.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../../helpers/fake-openai.ts'
import { startRedis } from '../../helpers/redis.ts'
import { valve } from '../../helpers/responder.ts'
import { allEvents, eventOf, textOf } from '../../helpers/sse.ts'
import type { Received } from '../../helpers/sse.ts'
import { operatorKey } from '../../helpers/world.ts'
import { bundleReplica } from './start-replica.ts'
import type { Replica, ReplicaBundle } from './start-replica.ts'
import { patience, slowly } from './patience.ts'

vi.setConfig(slowly)

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const leaseMs = 1_500
const conversationId = 'customer-42'

let bundle: ReplicaBundle
beforeAll(async () => {
  bundle = await bundleReplica()
})
afterAll(() => bundle.remove())

interface Clocked extends Replica {
  /** Sets its clock off by so much. */
  setClock(offsetMs: number): Promise<void>
  /** @param clientMessageId null for none */
  send(text: string, clientMessageId?: string | null): Promise<Received[]>
  poll(afterId?: string): Promise<ConversationRecord[]>
}

interface Scene {
  model: FakeOpenAI
  /** Where files may be kept. */
  folder: string
  /** The address of a Redis, which is started by this. */
  startRedis(): Promise<string>
  /** A replica whose clock is off by so much from its first moment on. */
  start(storage: string, offsetMs: number): Promise<Clocked>
}

async function setUp({ onTestFinished }: TestContext): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'lumika-clocks-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const model = await startFakeOpenAI()
  onTestFinished(() => model.close())
  const preload = pathToFileURL(join(import.meta.dirname, '../../chaos/clock.mjs')).href
  let token = ''
  let count = 0
  return {
    ...{ model, folder },
    async startRedis() {
      const redis = await startRedis()
      onTestFinished(() => redis.stop())
      return redis.url
    },
    async start(storage, offsetMs) {
      const clock = join(folder, `clock-${++count}`)
      await writeFile(clock, String(offsetMs))
      const settings = { storage, operatorKey, leaseMs, model: model.url, firstPieceMs: 30_000 }
      const env = { NODE_OPTIONS: `--import=${preload}`, LUMIKA_CHAOS_CLOCK: clock }
      const replica = await bundle.start(settings, { env })
      onTestFinished(() => replica.kill())
      token ||= await createToken(replica)
      const ask = (path: string, params: Record<string, string>) =>
        fetch(`${replica.url}${path}?${new URLSearchParams({ integrationToken: token, conversationId, ...params })}`)
      return {
        ...replica,
        async setClock(offset) {
          await writeFile(clock, String(offset))
          await new Promise((resolve) => setTimeout(resolve, 250))
        },
        async send(text, clientMessageId = `client-message-${text.padStart(8, '0')}`) {
          return allEvents(
            await ask('/conversation/sse', { textContent: text, ...(clientMessageId && { clientMessageId }) }),
          )
        },
        async poll(afterId) {
          const response = await ask('/conversation/history', { limit: '200', ...(afterId && { afterId }) })
          return ((await response.json()) as HistoryPage).messages
        },
      }
    },
  }
}

async function createToken({ url }: Replica): Promise<string> {
  const response = await fetch(`${url}/api/integrations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Test', kind: 'api' }),
  })
  return ((await response.json()) as { token: string }).token
}

/** Messages and answers, in the order of sending, at times that never decrease. */
function expectInOrder({ expect }: TestContext, records: ConversationRecord[], texts: string[]): void {
  expect(records.map(({ body }) => body)).toEqual(texts.flatMap((text) => [text, openAIAnswerTo(text)]))
  const times = records.map(({ createdAt }) => createdAt)
  expect(times).toEqual(times.toSorted())
}

// At the same time: most of it is waiting.
describe.concurrent('clocks', () => {
  it('T3, F96: on files, a clock that steps back an hour and ahead a day, while it runs and over restarts: order and cursors hold', async (context) => {
    const { expect } = context
    const { model, folder, start } = await setUp(context)
    const storage = `fs:${join(folder, 'data')}`
    const texts: string[] = []
    let replica = await start(storage, 0)
    let afterId: string | undefined
    const read: ConversationRecord[] = []
    const sendAndPoll = async () => {
      texts.push(`message-${texts.length}`)
      expect(textOf(await replica.send(texts.at(-1) as string))).not.toBe('')
      const fresh = await replica.poll(afterId)
      expect(fresh).toHaveLength(2)
      read.push(...fresh)
      afterId = fresh.at(-1)?.id
    }
    await sendAndPoll()
    for (const offset of [-HOUR, DAY, 0]) {
      await replica.setClock(offset)
      await sendAndPoll()
    }
    for (const offset of [-HOUR, DAY, 0]) {
      await replica.kill()
      replica = await start(storage, offset)
      await sendAndPoll()
    }
    expectInOrder(context, read, texts)
    expect(await replica.poll()).toEqual(read)
    // The times are those of the clock: it was a day ahead.
    expect(Date.parse(read.at(-1)?.createdAt ?? '') - Date.now()).toBeGreaterThan(23 * HOUR)
    // A message is answered once, whatever its time.
    await replica.send('message-0')
    expect(model.requests).toHaveLength(texts.length)
  })

  it.for([
    ['10 minutes apart', [0, 10 * MINUTE]],
    ['an hour back and a day ahead', [-HOUR, DAY]],
  ] as const)(
    'T3, F96, G3: two replicas %s: one order, cursors that hold on both, and the time of Redis',
    async ([, offsets], context) => {
      const { expect } = context
      const { model, startRedis, start } = await setUp(context)
      const storage = await startRedis()
      const replicas = [await start(storage, offsets[0]), await start(storage, offsets[1])]
      const texts = Array.from({ length: 6 }, (_, n) => `message-${n}`)
      const read: ConversationRecord[] = []
      for (const [n, text] of texts.entries()) {
        const [writer, reader] = [replicas[n % 2] as Clocked, replicas[(n + 1) % 2] as Clocked]
        await writer.send(text)
        const fresh = await reader.poll(read.at(-1)?.id)
        expect(fresh).toHaveLength(2)
        read.push(...fresh)
      }
      expectInOrder(context, read, texts)
      for (const replica of replicas) expect(await replica.poll()).toEqual(read)
      for (const { createdAt } of read) expect(Math.abs(Date.parse(createdAt) - Date.now())).toBeLessThan(MINUTE)
      expect(model.requests).toHaveLength(texts.length)
    },
  )

  it.for([HOUR, -HOUR])(
    'F96, A4: without a key, a retry at a replica whose clock is %i ms off attaches',
    async (offset, context) => {
      const { expect } = context
      const { model, startRedis, start } = await setUp(context)
      const storage = await startRedis()
      const one = await start(storage, 0)
      const other = await start(storage, offset)
      const gate = valve()
      model.scenario = { until: gate.opened }
      const first = one.send('Hello', null)
      await expect.poll(() => model.requests.length, patience).toBe(1)
      const second = other.send('Hello', null)
      await expect.poll(async () => (await other.poll()).length, patience).toBe(1)
      gate.open()
      const [ack, again] = (await Promise.all([first, second])).map((events) => eventOf(events, 'ack'))
      expect(again).toEqual({ ...ack, replayed: true })
      expect(model.requests).toHaveLength(1)
    },
  )

  it('T3, F96: a lease is counted by a clock nobody sets: one that lives keeps its turn over any step, one that died loses it in time', async (context) => {
    const { expect } = context
    const { model, startRedis, start } = await setUp(context)
    const storage = await startRedis()
    const owner = await start(storage, 0)
    const other = await start(storage, 10 * MINUTE)
    const gate = valve()
    model.scenario = { until: gate.opened }
    const reading = owner.send('Hello')
    await expect.poll(() => model.requests.length, patience).toBe(1)
    for (const offset of [DAY, -HOUR]) {
      await other.setClock(offset)
      await owner.setClock(-offset)
      await new Promise((resolve) => setTimeout(resolve, leaseMs))
    }
    expect(model.requests).toHaveLength(1)
    gate.open()
    expect(textOf(await reading)).toBe(openAIAnswerTo('Hello'))

    // An hour back: by the wall, the owner's last sign of life is still to come.
    model.scenario = 'silent'
    await other.setClock(0)
    const lost = owner.send('Again').catch(() => [])
    await expect.poll(() => model.requests.length, patience).toBe(2)
    await other.setClock(-HOUR)
    model.scenario = 'ok'
    await owner.kill()
    await lost
    await expect.poll(async () => (await other.poll()).length, patience).toBe(4)
    expectInOrder(context, await other.poll(), ['Hello', 'Again'])
  })
})
