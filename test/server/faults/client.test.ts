/** T3: a bad network between a visitor and the server, each fault with what has to come of it. */
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { spyResponder } from '../../helpers/responder.ts'
import { allEvents, eventOf, textOf } from '../../helpers/sse.ts'
import { after, delay, split, stall, startWire, through } from '../../helpers/wire.ts'
import type { Handling, Link, Wire } from '../../helpers/wire.ts'
import { openPlace, openWorld } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { openChat } from './chat.ts'
import { listen } from './listen.ts'
import type { Listening } from './listen.ts'
import { patience, slowly } from './patience.ts'

vi.setConfig(slowly)

const question = 'How much is the 🐳, “really”?'
const pieces = ['Zwölf ', 'Euro 🙂, ', 'and ', 'that is ', 'all there is to say about it.']
const answer = pieces.join('')
const whole = [`visitor: ${question}`, `assistant: ${answer}`]

let place: Place
let world: World
let server: Listening
let wire: Wire
let count = 0

beforeAll(async () => {
  place = await openPlace('memory')
  const responder = spyResponder(async function* () {
    for (const piece of pieces) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      yield piece
    }
  })
  world = await openWorld(place, { responder })
  server = await listen(world)
  wire = await startWire(server.port)
})
afterAll(async () => {
  await wire.close()
  await server.close()
  await world.close()
  await place.dispose()
})

let conversationId: string
beforeEach(() => {
  conversationId = `customer-${++count}`
  wire.up = through
  wire.down = through
})

const callsFor = (id: string) => world.responder.requests.filter(({ conversationId: of }) => of === id).length
const sendFrom = (base: string, id: string, key?: string) =>
  fetch(`${base}/conversation/sse`, {
    method: 'POST',
    body: new URLSearchParams({
      ...{ integrationToken: world.token, conversationId: id, textContent: question },
      ...(key && { clientMessageId: key }),
    }),
  })

/** The chat comes to show the message and its answer once; both are stored once, and nobody was asked twice. */
async function expectWhole(id: string, said: () => string[]): Promise<void> {
  await expect.poll(said, patience).toEqual(whole)
  expect(await world.bodies(id)).toEqual([question, answer])
  expect(callsFor(id)).toBe(1)
}

describe('an answer on its way to the visitor', () => {
  /** Bytes of a whole answer, head included. */
  let total = 0
  beforeAll(async () => {
    wire.down = (piece, pass) => {
      total += piece.length
      return pass(piece)
    }
    await allEvents(await sendFrom(wire.url, 'customer-0'))
  })

  it('T3, G4: cut, reset or stalled for good at any place, is shown whole, stored once and asked for once', async () => {
    const harms: [string, (link: Link) => Promise<void> | void][] = [
      ['cut', (link) => link.cut()],
      ['reset', (link) => link.reset()],
      ['stall', stall],
    ]
    const places = Array.from({ length: 12 }, (_, n) => Math.floor((n * total) / 12))
    const cases = harms.flatMap(([name, harm]) => places.map((bytes) => ({ name, harm, bytes })))
    // Each in a conversation and over a wire of its own, at the same time.
    await Promise.all(
      cases.map(async ({ name, harm, bytes }) => {
        const own = await startWire(server.port)
        const id = `${conversationId}-${name}-${bytes}`
        const chat = await openChat({ serverUrl: own.url, integrationToken: world.token, conversationId: id })
        let harmed = 0
        own.down = after(bytes, (link) => {
          harmed++
          return harm(link)
        })
        chat.engine.send(question)
        await expectWhole(id, chat.said)
        expect(harmed, id).toBe(1)
        chat.engine.destroy()
        await own.close()
      }),
    )
  })

  it.each<[string, Handling]>([
    ['one byte at a time', split],
    ['each piece 40 ms late', delay(40)],
  ])('T3: that comes %s is the same answer', async (_title, handling) => {
    wire.down = handling
    const events = await allEvents(await sendFrom(wire.url, conversationId))
    expect(textOf(events)).toBe(answer)
    expect(eventOf(events, 'message').message.body).toBe(answer)
    expect(events.map(({ type }) => type)).toEqual(['ack', ...pieces.map(() => 'delta'), 'message', 'done'])
    const chat = await openChat({ serverUrl: wire.url, integrationToken: world.token, conversationId })
    expect(chat.said()).toEqual(whole)
    chat.engine.destroy()
  })

  it('T3: whose ack was cut off is found again by its key, not stored or asked for again', async () => {
    const key = 'client-message-00000001'
    wire.down = after(0, (link) => link.reset())
    await expect(sendFrom(wire.url, conversationId, key)).rejects.toThrow()
    const events = await allEvents(await sendFrom(wire.url, conversationId, key))
    expect(eventOf(events, 'ack').replayed).toBe(true)
    expect(textOf(events)).toBe(answer)
    expect(await world.bodies(conversationId)).toEqual([question, answer])
    expect(callsFor(conversationId)).toBe(1)
  })
})

describe('a message on its way to the server', () => {
  /** Bytes of a whole request, head included. */
  let total = 0
  beforeAll(async () => {
    wire.up = (piece, pass) => {
      total += piece.length
      return pass(piece)
    }
    await allEvents(await sendFrom(wire.url, 'customer-x'))
  })

  it.each<[string, (link: Link) => void]>([
    ['cut', (link) => link.cut()],
    ['reset', (link) => link.reset()],
  ])('T3: %s before its last byte, stores nothing and asks nobody; sent again, it is new', async (_title, harm) => {
    const places = Array.from({ length: 12 }, (_, n) => Math.floor((n * (total - 1)) / 11))
    for (const bytes of places) {
      const id = `${conversationId}-${String(bytes).padStart(4, '0')}`
      wire.up = after(bytes, harm)
      await expect(sendFrom(wire.url, id)).rejects.toThrow()
      expect(await world.bodies(id)).toEqual([])
      const events = await allEvents(await sendFrom(wire.url, id))
      expect(eventOf(events, 'ack').replayed).toBe(false)
      expect(await world.bodies(id)).toEqual([question, answer])
      expect(callsFor(id)).toBe(1)
    }
  })

  it.each<[string, Handling]>([
    ['one byte at a time', split],
    ['each piece 40 ms late', delay(40)],
  ])('T3: that comes %s is stored to the letter', async (_title, handling) => {
    wire.up = handling
    expect(textOf(await allEvents(await sendFrom(wire.url, conversationId)))).toBe(answer)
    expect(await world.bodies(conversationId)).toEqual([question, answer])
  })

  it('T3: half of which never comes keeps nobody else waiting, and stores nothing', async () => {
    const appends = () => world.calls['append'] ?? 0
    const before = appends()
    const head = `POST /conversation/sse HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n`
    const body = `integrationToken=${world.token}&conversationId=${conversationId}&textContent=Hello`
    const halves = [head, `${head}content-length: ${body.length + 20}\r\n\r\n${body}`]
    const sockets = Array.from({ length: 100 }, (_, n) => {
      const socket = connect(server.port, '127.0.0.1')
      socket.write(halves[n % 2] as string)
      return socket
    })
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    const start = performance.now()
    expect(textOf(await allEvents(await sendFrom(server.url, `${conversationId}-else`)))).toBe(answer)
    expect(performance.now() - start).toBeLessThan(5_000)
    const own = appends()
    expect(own).toBeGreaterThan(before)
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => world.bodies(conversationId), patience).toEqual([])
    expect(appends()).toBe(own)
  })
})
