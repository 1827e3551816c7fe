/** Streams and waiting reads: how many may be open, and what becomes of those nobody reads. */
import { connect } from 'node:net'
import { serve } from 'srvx/node'
import type { Server } from 'srvx'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { allEvents, eventsOf } from '../../helpers/sse.ts'
import { openPlace, openWorld, operatorKey } from '../../helpers/world.ts'
import type { Place, World, WorldOptions } from '../../helpers/world.ts'

let place: Place
let world: World
let server: Server | undefined
async function open(options: WorldOptions = {}) {
  place = await openPlace('memory')
  world = await openWorld(place, options)
}
afterEach(async () => {
  vi.useRealTimers()
  await server?.close(true)
  server = undefined
  await world.close()
  await place.dispose()
})

const send = (conversationId: string, textContent = 'Hi') =>
  world.post('/conversation/sse', { conversationId, textContent })

describe('F103: open streams', () => {
  it('F103: are so many in a conversation; one more is refused before it is stored or answered', async () => {
    const gate = valve()
    const say = async function* () {
      await gate.opened
      yield 'Done.'
    }
    await open({ responder: spyResponder(say), limits: { openPerConversation: 2 } })
    const streams = [await send('a', 'one'), await send('a', 'two')]
    const refused = await send('a', 'three')
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    expect(await world.bodies('a')).toEqual(['one', 'two'])
    expect((await send('b')).status).toBe(200)
    // A client that leaves gives its place to the next one.
    await streams[1]?.body?.cancel()
    const third = await send('a', 'three')
    expect(third.status).toBe(200)
    gate.open()
    await allEvents(streams[0] as Response)
    await allEvents(third)
    // Places come back with the end of a stream, too.
    for (let i = 0; i < 5; i++) await allEvents(await send('a', `again ${i}`))
    expect(world.responder.requests.filter(({ text }) => text === 'three')).toHaveLength(1)
  })

  it('F103: and waiting reads are so many for an integration', async () => {
    await open({ limits: { openPerIntegration: 2 } })
    await allEvents(await send('a'))
    const wait = (conversationId: string) =>
      world.get('/conversation/history', { conversationId, wait: '20', afterId: last })
    const page = (await (await world.get('/conversation/history', { conversationId: 'a' })).json()) as {
      lastMessageId: string
    }
    const last = page.lastMessageId
    const waiting = [wait('a'), wait('a')]
    expect((await wait('a')).status).toBe(429)
    expect((await send('b')).status).toBe(429)
    // A read that doesn't wait needs no place.
    expect((await world.get('/conversation/history', { conversationId: 'a' })).status).toBe(200)
    const sent = await world.lumika.fetch(
      new Request(`http://localhost/api/conversations/${conversationKey(world.integration.id, 'a')}/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ body: 'Hello' }),
      }),
    )
    expect(sent.status).toBe(201)
    for (const response of await Promise.all(waiting)) expect(response.status).toBe(200)
    expect((await send('b')).status).toBe(200)
  })
})

describe('F102: a reader that has stopped reading', () => {
  it('F102: is dropped after 30 s, and the answer is written and stored all the same', async () => {
    const gate = valve()
    const say = async function* () {
      yield 'one '
      await gate.opened
      yield 'two'
    }
    await open({ responder: spyResponder(say), limits: { openPerConversation: 1 } })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const response = await send('a')
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    await vi.advanceTimersByTimeAsync(10)
    await reader.read()
    await vi.advanceTimersByTimeAsync(29_000)
    expect((await send('a', 'more')).status).toBe(429)
    await vi.advanceTimersByTimeAsync(2_000)
    await expect(reader.read()).rejects.toThrow('stopped reading')
    gate.open()
    await vi.advanceTimersByTimeAsync(100)
    vi.useRealTimers()
    await expect.poll(() => world.bodies('a')).toEqual(['Hi', 'one two'])
    expect((await send('a', 'more')).status).toBe(200)
  })

  it('F102: over a connection that stays open does not hold up the answer', async () => {
    await open({ responder: spyResponder(() => Array<string>(2_000).fill('x'.repeat(50))) })
    server = serve({ port: 0, hostname: '127.0.0.1', silent: true, fetch: (request) => world.lumika.fetch(request) })
    await server.ready()
    const socket = connect(Number(new URL(server.url ?? '').port), '127.0.0.1')
    const params = new URLSearchParams({ integrationToken: world.token, conversationId: 'a', textContent: 'Hi' })
    socket.write(`GET /conversation/sse?${params.toString()} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    socket.pause()
    await expect.poll(() => world.bodies('a'), { timeout: 20_000 }).toHaveLength(2)
    expect((await world.bodies('a'))[1]).toBe('x'.repeat(100_000))
    socket.destroy()
  }, 30_000)

  it('F102: a client that leaves after some pieces finds the whole answer, stored once', async () => {
    const gate = valve()
    const say = async function* () {
      yield 'a'
      yield 'b'
      yield 'c'
      await gate.opened
      yield 'd'
    }
    await open({ responder: spyResponder(say) })
    let deltas = 0
    for await (const event of eventsOf(await send('a'))) if (event.type === 'delta' && ++deltas === 3) break
    gate.open()
    await expect.poll(() => world.bodies('a')).toEqual(['Hi', 'abcd'])
    expect(world.responder.requests).toHaveLength(1)
  })
})
