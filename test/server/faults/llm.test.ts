/** T3: a bad network between the server and a language model, each fault with what has to come of it for the visitor. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createOpenAIResponder } from '../../../server/responders/openai.ts'
import { withTimeouts } from '../../../server/responders/timeouts.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../../helpers/fake-openai.ts'
import { allEvents, eventOf, textOf } from '../../helpers/sse.ts'
import type { Received } from '../../helpers/sse.ts'
import { after, delay, split, stall, startWire, through } from '../../helpers/wire.ts'
import type { Handling, Link, Wire } from '../../helpers/wire.ts'
import { openPlace, openWorld } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { patience, slowly } from './patience.ts'

vi.setConfig(slowly)

const question = 'Do you have a 🐳 in “blue”?'
const answer = openAIAnswerTo(question)

let model: FakeOpenAI
let wire: Wire
let place: Place
let world: World
/** Bytes the model says in a whole answer, head included, and bytes it is told. */
let total: { up: number; down: number }
let count = 0
let conversationId: string

beforeAll(async () => {
  model = await startFakeOpenAI()
  wire = await startWire(Number(new URL(model.url).port))
  place = await openPlace('memory')
  const openai = createOpenAIResponder({ model: 'fake-1', baseUrl: `${wire.url}/v1` })
  world = await openWorld(place, {
    responders: { openai: withTimeouts(openai, { firstPieceMs: 1_500, nextPieceMs: 500 }) },
    integration: { responder: 'openai' },
  })
  total = { up: 0, down: 0 }
  const counting =
    (name: 'up' | 'down'): Handling =>
    (piece, pass) => {
      total[name] += piece.length
      return pass(piece)
    }
  wire.up = counting('up')
  wire.down = counting('down')
  await allEvents(await world.post('/conversation/sse', { conversationId: 'customer-0', textContent: question }))
})
afterAll(async () => {
  await world.close()
  await place.dispose()
  await wire.close()
  await model.close()
})
beforeEach(() => {
  conversationId = `customer-${++count}`
  model.scenario = 'ok'
  model.requests.length = 0
  wire.up = through
  wire.down = through
})

const ask = async (): Promise<Received[]> =>
  allEvents(await world.post('/conversation/sse', { conversationId, textContent: question }))
const typesOf = (events: Received[]) => [...new Set(events.map(({ type }) => type))]

/** What came is stored and marked; the stream ends with a failure and `done`; nobody was asked twice. */
async function expectBrokenOff(events: Received[], code: string): Promise<void> {
  const text = textOf(events)
  expect(answer.startsWith(text) && text.length < answer.length).toBe(true)
  expect(typesOf(events)).toEqual(text ? ['ack', 'delta', 'message', 'failure', 'done'] : ['ack', 'failure', 'done'])
  expect(eventOf(events, 'failure')).toMatchObject({ code, retryable: true })
  if (text) expect(eventOf(events, 'message').message).toMatchObject({ body: text, data: { interrupted: true } })
  expect(await world.bodies(conversationId)).toEqual(text ? [question, text] : [question])
  expect(model.requests.length).toBeLessThan(2)
  // The model stops as well: an answer nobody gets is not paid for.
  await expect.poll(() => model.running, patience).toBe(0)
}

describe('the answer of a language model', () => {
  it.each<[string, (link: Link) => void]>([
    ['cut', (link) => link.cut()],
    ['reset', (link) => link.reset()],
  ])('T3, F106: %s at any place: what came is stored once, marked as broken off', async (_title, harm) => {
    const texts = new Set<string>()
    for (const share of [0.15, 0.3, 0.5, 0.7, 0.85]) {
      conversationId = `customer-${++count}`
      model.requests.length = 0
      wire.down = after(Math.floor(total.down * share), async (link) => {
        // Time to read what has come: what is unread when a connection ends is thrown away.
        await new Promise((resolve) => setTimeout(resolve, 50))
        harm(link)
      })
      const events = await ask()
      await expectBrokenOff(events, 'responder_interrupted')
      texts.add(textOf(events))
    }
    expect(texts.size).toBeGreaterThan(2)
  })

  it('T3, F106: cut before its first byte is a failure, and the message stays stored', async () => {
    wire.down = after(0, (link) => link.reset())
    await expectBrokenOff(await ask(), 'responder_failed')
    // The next message is answered as ever.
    expect(textOf(await ask())).toBe(answer)
  })

  it('T3, F106: stalled in the middle, behind an open connection, fails once the silence is too long', async () => {
    wire.down = after(Math.floor(total.down / 2), stall)
    const start = performance.now()
    const events = await ask()
    expect(performance.now() - start).toBeLessThan(5_000)
    expect(textOf(events)).not.toBe('')
    await expectBrokenOff(events, 'responder_timeout')
  })

  it('T3, F106: stalled before its first word fails, too', async () => {
    wire.down = after(0, stall)
    await expectBrokenOff(await ask(), 'responder_timeout')
  })

  it.each<[string, Handling]>([
    ['one byte at a time', split],
    ['each piece 25 ms late', delay(25)],
  ])('T3: that comes %s gives the same text', async (_title, handling) => {
    wire.down = handling
    const events = await ask()
    expect(textOf(events)).toBe(answer)
    expect(typesOf(events)).toEqual(['ack', 'delta', 'message', 'done'])
    expect(await world.bodies(conversationId)).toEqual([question, answer])
    expect(model.requests).toHaveLength(1)
  })
})

describe('a question on its way to a language model', () => {
  it('T3, F106: cut in the middle is a failure; nobody is asked half a question, nor asked again', async () => {
    wire.up = after(total.up - 5, (link) => link.reset())
    await expectBrokenOff(await ask(), 'responder_failed')
    expect(model.requests).toHaveLength(0)
  })

  it.each<[string, Handling]>([
    ['one byte at a time', split],
    ['each piece 25 ms late', delay(25)],
  ])('T3: that comes %s is the same question', async (_title, handling) => {
    wire.up = handling
    expect(textOf(await ask())).toBe(answer)
    expect(model.requests).toHaveLength(1)
    expect(model.requests[0]?.body.messages.at(-1)?.content).toBe(question)
  })
})
