/** T3: a bad network between the server and Redis, each fault with what has to come of it for the visitor. */
import { describe, it, vi } from 'vitest'
import type { TestContext } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import { openLog } from '../../../server/storage/open.ts'
import { openStorage } from '../../../server/storage/url.ts'
import { startRedis } from '../../helpers/redis.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { allEvents, eventOf, textOf } from '../../helpers/sse.ts'
import { delay, split, stall, startWire, through } from '../../helpers/wire.ts'
import type { Handling, Link, Wire } from '../../helpers/wire.ts'
import { openWorld } from '../../helpers/world.ts'
import type { World, WorldOptions } from '../../helpers/world.ts'
import { patience, slowly } from './patience.ts'

vi.setConfig(slowly)

/** Opens a server that reaches Redis by a wire of its own; `like`: as a replica of another. */
type Open = (options?: WorldOptions, like?: World) => Promise<{ world: World; wire: Wire }>

/** A Redis of the test's own. */
async function setUp({ onTestFinished }: TestContext): Promise<Open> {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  return async (options = {}, like) => {
    const wire = await startWire(redis.port)
    onTestFinished(() => wire.close())
    const place = {
      kind: 'redis' as const,
      open: async () => openLog(await openStorage(`redis://127.0.0.1:${wire.port}`)),
      dispose: async () => {},
    }
    const world = await openWorld(place, options, like?.token)
    onTestFinished(async () => {
      wire.up = through
      wire.down = through
      await world.close()
    })
    return { world, wire }
  }
}

const conversationId = 'customer-42'
const key = (n: number | string) => `client-message-${String(n).padStart(8, '0')}`
const send = (world: World, textContent: string, clientMessageId?: string, id = conversationId) =>
  world.post('/conversation/sse', {
    ...{ conversationId: id, textContent },
    ...(clientMessageId && { clientMessageId }),
  })

/** Sends again and again, as a client does that is told to, until the answer is a stream. */
async function sendUntilTaken(...[world, text, clientMessageId, id]: Parameters<typeof send>): Promise<Response> {
  let response = await send(world, text, clientMessageId, id)
  for (const end = performance.now() + 5_000; response.status === 503 && performance.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    response = await send(world, text, clientMessageId, id)
  }
  return response
}

/** An error that says when to come again, within 2 s. */
async function expectUnavailable({ expect }: TestContext, ask: () => Promise<Response>): Promise<void> {
  const start = performance.now()
  const response = await ask()
  expect(performance.now() - start).toBeLessThan(2_000)
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(await response.json()).toMatchObject({ error: { code: 'storage_unavailable' } })
}

/** The connection that carries commands says nothing of this kind without breaking; what notices come on goes on. */
const onAnswer =
  (isMeant: (piece: Buffer) => boolean, harm: (link: Link) => void): Handling =>
  (piece, pass, link) =>
    isMeant(piece) ? harm(link) : pass(piece)

const harms: [string, (link: Link) => void][] = [
  ['cut', (link) => link.cut()],
  ['reset', (link) => link.reset()],
]

// At the same time: most of it is waiting.
describe.concurrent('a commit whose answer is lost', () => {
  it('T3, G1, G10: cut or reset after it was applied: 503, and the retry finds it, by its key or its text: stored, answered and asked for once', async (context) => {
    const { expect } = context
    const open = await setUp(context)
    const cases = harms.flatMap(([, harm]) => [key(1), undefined].map((clientMessageId) => ({ harm, clientMessageId })))
    // They share Redis, so any of them may answer what another's connection has lost.
    const responder = spyResponder()
    const { world: first } = await open({ responder })
    await Promise.all(
      cases.map(async ({ harm, clientMessageId }, n) => {
        const { world, wire } = await open({ responder }, first)
        const id = `${conversationId}-${n}`
        const text = `What time is it, ${n}?`
        await allEvents(await send(world, 'Before', undefined, id))
        let lost = 0
        // Only the commit of this message answers with its text.
        wire.down = onAnswer(
          (piece) => lost === 0 && piece.includes('stored') && piece.includes(text),
          (link) => {
            lost++
            harm(link)
          },
        )
        await expectUnavailable(context, () => send(world, text, clientMessageId, id))
        expect(lost).toBe(1)
        const events = await allEvents(await sendUntilTaken(world, text, clientMessageId, id))
        expect(eventOf(events, 'ack').replayed).toBe(true)
        expect(textOf(events)).toBe(`You said: ${text}`)
        expect((await world.bodies(id)).slice(2)).toEqual([text, `You said: ${text}`])
        expect(responder.requests.filter((request) => request.text === text)).toHaveLength(1)
      }),
    )
  })

  it.sequential(
    'T3, G1, G10: lost at any answer of Redis in turn: every message ends up stored, answered and asked for once',
    async (context) => {
      const { expect } = context
      const open = await setUp(context)
      const responder = spyResponder()
      const { world: first } = await open({ responder })
      // Each in a world of its own, at the same time. A send has some 20 answers; the last of these harm none.
      const harmed = await Promise.all(
        Array.from({ length: 30 }, async (_, n) => {
          const { world, wire } = await open({ leaseMs: 5_000, responder }, first)
          const id = `${conversationId}-${n}`
          let left = n
          let isHarmed = false
          wire.down = (piece, pass, link) => {
            // Notices begin like this: they come on the other connection.
            if (isHarmed || piece.includes('message\r\n') || left-- > 0) return pass(piece)
            isHarmed = true
            link.reset()
          }
          const isDone = async () => {
            const response = await send(world, 'Hello', key(n), id)
            if (response.status !== 200) return false
            const types = (await allEvents(response)).map(({ type }) => type)
            return types.at(-1) === 'done' && !types.includes('failure')
          }
          await expect.poll(isDone, { timeout: 15_000, interval: 100 }).toBe(true)
          wire.down = through
          expect(await world.bodies(id)).toEqual(['Hello', 'You said: Hello'])
          expect(responder.requests.filter(({ conversationId: of }) => of === id)).toHaveLength(1)
          return isHarmed
        }),
      )
      expect(harmed.filter(Boolean).length).toBeGreaterThan(15)
    },
    30_000,
  )
})

describe.concurrent('a Redis that falls silent behind an open connection', () => {
  it('T3, F93, G10: 503 within 2 s; when it goes on, no answer is taken for another’s, and nothing is stored twice', async (context) => {
    const { expect } = context
    const open = await setUp(context)
    const { world, wire } = await open()
    for (const id of ['a', 'b']) {
      await allEvents(await send(world, `For ${id}`, undefined, `${conversationId}-${id}`))
    }
    const goesOn = valve()
    wire.down = async (piece, pass) => {
      await goesOn.opened
      return pass(piece)
    }
    const history = (id: string) => world.get('/conversation/history', { conversationId: `${conversationId}-${id}` })
    await Promise.all([
      expectUnavailable(context, () => send(world, 'Hello', key(2))),
      expectUnavailable(context, () => history('a')),
      expectUnavailable(context, () => history('b')),
      expectUnavailable(context, () => world.get('/ready')),
    ])
    // A process that lives: nobody has to restart it.
    expect((await world.get('/health')).status).toBe(200)
    wire.down = through
    goesOn.open()

    // The answers that come now are late, and the questions they belong to were given up.
    for (let round = 0; round < 5; round++) {
      for (const id of ['a', 'b']) {
        const page = (await (await history(id)).json()) as HistoryPage
        expect(page.messages.map(({ body }) => body)).toEqual([`For ${id}`, `You said: For ${id}`])
      }
    }
    const events = await allEvents(await sendUntilTaken(world, 'Hello', key(2)))
    expect(textOf(events)).toBe('You said: Hello')
    expect(await world.bodies(conversationId)).toEqual(['Hello', 'You said: Hello'])
    expect(world.responder.requests.filter(({ text }) => text === 'Hello')).toHaveLength(1)
  })

  it.for([
    ['by its key', key(3)],
    ['by its text', undefined],
  ] as const)(
    'T3, F93: a message that reaches it late is found %s, and stored once',
    async ([, clientMessageId], context) => {
      const { expect } = context
      const open = await setUp(context)
      const { world, wire } = await open()
      await allEvents(await send(world, 'Before'))
      const goesOn = valve()
      wire.up = async (piece, pass) => {
        await goesOn.opened
        return pass(piece)
      }
      await expectUnavailable(context, () => send(world, 'Hello', clientMessageId))
      wire.up = through
      goesOn.open()
      const events = await allEvents(await sendUntilTaken(world, 'Hello', clientMessageId))
      expect(textOf(events)).toBe('You said: Hello')
      expect(await world.bodies(conversationId)).toEqual(['Before', 'You said: Before', 'Hello', 'You said: Hello'])
      expect(world.responder.requests).toHaveLength(2)
    },
  )

  it('T3, G4: an answer that is being written goes on where it was, without a piece lost or doubled', async (context) => {
    const { expect } = context
    const open = await setUp(context)
    const gate = valve()
    const pieces = Array.from({ length: 20 }, (_, n) => `piece ${n} `)
    const responder = spyResponder(async function* () {
      for (const [n, piece] of pieces.entries()) {
        if (n === 5) await gate.opened
        yield piece
      }
    })
    const { world, wire } = await open({ responder })
    const reading = allEvents(await send(world, 'Hello', key(4)))
    await expect.poll(() => responder.requests.length, patience).toBe(1)
    const goesOn = valve()
    wire.down = async (piece, pass) => {
      await goesOn.opened
      return pass(piece)
    }
    gate.open()
    // Longer than a command may take: each piece written meanwhile is of unknown fate.
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    wire.down = through
    goesOn.open()
    await reading
    await expect.poll(() => world.bodies(conversationId), patience).toEqual(['Hello', pieces.join('')])
    expect(textOf(await allEvents(await send(world, 'Hello', key(4))))).toBe(pieces.join(''))
    expect(responder.requests).toHaveLength(1)
  })
})

describe.concurrent('a slow or choppy connection to Redis', () => {
  it.for<[string, Handling]>([
    ['one byte at a time', split],
    ['each piece 30 ms late', delay(30)],
  ])('T3: %s, both ways: everything is stored, streamed and polled as ever', async ([, handling], context) => {
    const { expect } = context
    const open = await setUp(context)
    const { world, wire } = await open()
    wire.up = handling
    wire.down = handling
    const text = 'Zwölf 🐳, please\r\n$5\r\n*3'
    const events = await allEvents(await send(world, text, key(5)))
    expect(events.map(({ type }) => type)).toEqual(['ack', 'delta', 'delta', 'delta', 'message', 'done'])
    expect(textOf(events)).toBe(`You said: ${text}`)
    expect(await world.bodies(conversationId)).toEqual([text, `You said: ${text}`])
  })
})

describe.concurrent('the connection that notices come on', () => {
  /** Whether a piece belongs to it, and from then on all its connection's pieces. */
  function noticesOf(wire: Wire): Set<Link> {
    const links = new Set<Link>()
    const up = wire.up
    wire.up = (piece, pass, link) => {
      if (piece.includes('subscribe')) links.add(link)
      return up(piece, pass, link)
    }
    return links
  }

  it.for(harms)('T3, F95: %s: a stream and a poll on another replica miss nothing', async ([, harm], context) => {
    const { expect } = context
    const open = await setUp(context)
    const gate = valve()
    const responder = spyResponder(async function* () {
      yield 'one '
      await gate.opened
      yield 'two'
    })
    const { world: writer } = await open({ responder })
    const { world: reader, wire } = await open({ responder }, writer)
    const notices = noticesOf(wire)
    // The first subscription was made before anybody looked.
    for (const link of wire.links) harm(link)
    await expect.poll(() => notices.size, patience).toBe(1)
    const writing = allEvents(await send(writer, 'Hello', key(6)))
    const reading = allEvents(await sendUntilTaken(reader, 'Hello', key(6)))
    await expect.poll(() => responder.requests.length, patience).toBe(1)
    const afterId = eventOf(await allEvents(await cutAfterAck(writer)), 'ack').userMessageId
    const polling = reader.get('/conversation/history', { conversationId, afterId, wait: '25' })
    await new Promise((resolve) => setTimeout(resolve, 100))
    for (const link of notices) harm(link)
    const start = performance.now()
    gate.open()
    expect(textOf(await reading)).toBe('one two')
    const page = (await (await polling).json()) as HistoryPage
    expect(page.messages.map(({ body }) => body)).toEqual(['one two'])
    // Not at the next sign of life, nor at the end of the wait.
    expect(performance.now() - start).toBeLessThan(3_000)
    expect(textOf(await writing)).toBe('one two')
    expect(notices.size).toBe(2)
  })

  it('T3, F93: when Redis is slow to take it at the start, is asked for once more', async ({
    expect,
    onTestFinished,
  }) => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    const wire = await startWire(redis.port)
    onTestFinished(() => wire.close())
    let asked = 0
    wire.up = (piece, pass) => (piece.includes('subscribe') && ++asked === 1 ? stall() : pass(piece))
    const log = await openLog(await openStorage(wire.url.replace(/^http/, 'redis')))
    onTestFinished(() => log.close())
    expect(asked).toBe(2)
    await log.append('shop.a', 'public', 1)
    expect((await log.recent()).conversations).toHaveLength(1)
  })

  /** The stream up to its first event. */
  async function cutAfterAck(world: World): Promise<Response> {
    const reader = ((await send(world, 'Hello', key(6))).body as ReadableStream<Uint8Array>).getReader()
    const { value } = await reader.read()
    await reader.cancel()
    return new Response(new TextDecoder().decode(value))
  }
})
