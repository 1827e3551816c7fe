/** The documents' own samples, over real sockets, and through a proxy. */
import type { Socket } from 'node:net'
import { serve } from 'srvx/node'
import type { Server } from 'srvx'
import { EventSource } from 'eventsource'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startNginx } from '../../helpers/nginx.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { allEvents, eventOf, eventsOf, textOf } from '../../helpers/sse.ts'
import type { Received } from '../../helpers/sse.ts'
import { openPlace, openWorld } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'

describe('over sockets', () => {
  let place: Place
  let world: World
  let server: Server
  let base: string
  const sockets = new Set<Socket>()
  const seen: { search: string; status: number }[] = []
  let say: Parameters<typeof spyResponder>[0]

  beforeEach(async () => {
    place = await openPlace('memory')
    world = await openWorld(place, { responder: spyResponder((request) => say?.(request) ?? ['You ', 'said ', 'it.']) })
    server = serve({
      port: 0,
      hostname: '127.0.0.1',
      silent: true,
      node: { maxHeaderSize: 65_536 },
      fetch: async (request) => {
        const response = await world.lumika.fetch(request)
        seen.push({ search: new URL(request.url).search, status: response.status })
        return response
      },
    })
    await server.ready()
    server.node?.server?.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    base = (server.url ?? '').replace(/\/$/, '')
  })
  afterEach(async () => {
    await server.close(true)
    await world.close()
    await place.dispose()
  })

  it('A1: the sample EventSource gives one message, one call, and ends with a 204', async () => {
    const before = world.responder.requests.length
    const params = new URLSearchParams({
      integrationToken: world.token,
      textContent: 'Hi, can you help me with billing?',
      conversationId: 'customer-42',
    })
    seen.length = 0
    const events: Received[] = []
    const source = new EventSource(`${base}/conversation/sse?` + params.toString())
    source.onmessage = (event) => {
      events.push({ ...(JSON.parse(event.data as string) as Received), id: event.lastEventId })
    }
    // The client never closes: it comes back by itself, is told 204, and stays away.
    await expect.poll(() => seen.map(({ status }) => status), { timeout: 10_000 }).toEqual([200, 204])
    await expect.poll(() => source.readyState).toBe(EventSource.CLOSED)
    source.close()
    expect(events.map(({ type }) => type)).toEqual(['ack', 'delta', 'delta', 'delta', 'message', 'done'])
    expect(world.responder.requests).toHaveLength(before + 1)
    expect(await world.bodies('customer-42')).toEqual(['Hi, can you help me with billing?', 'You said it.'])
  }, 20_000)

  it('A2: an EventSource that is cut after ack gets the whole text on its own reconnect', async () => {
    const gate = valve()
    say = async function* () {
      yield 'one '
      await gate.opened
      yield 'two'
    }
    seen.length = 0
    const url = `${base}/conversation/sse?integrationToken=${world.token}&textContent=Count&conversationId=customer-2`
    const events: Received[] = []
    const source = new EventSource(url)
    source.onmessage = (event) => {
      events.push({ ...(JSON.parse(event.data as string) as Received), id: event.lastEventId })
      if (events.length === 2) for (const socket of sockets) socket.destroy()
    }
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(2)
    gate.open()
    await expect.poll(() => source.readyState, { timeout: 10_000 }).toBe(EventSource.CLOSED)
    source.close()
    say = undefined
    expect(events.map(({ type }) => type)).toEqual(['ack', 'delta', 'delta', 'message', 'done'])
    expect(textOf(events)).toBe('one two')
    expect(await world.bodies('customer-2')).toEqual(['Count', 'one two'])
  }, 20_000)

  it('the history sample with afterId gives only what is new', async () => {
    const read = async (afterId: string) => {
      const query = new URLSearchParams({
        integrationToken: world.token,
        conversationId: 'customer-3',
        afterId,
        limit: '100',
      })
      if (!afterId) query.delete('afterId')
      const res = await fetch(`${base}/conversation/history?` + query.toString())
      return (await res.json()) as { messages: { body: string }[]; lastMessageId: string }
    }
    await allEvents(await world.get('/conversation/sse', { conversationId: 'customer-3', textContent: 'One' }))
    const first = await read('')
    expect(first.messages.map(({ body }) => body)).toEqual(['One', 'You said it.'])
    expect(await read(first.lastMessageId)).toMatchObject({ messages: [], lastMessageId: first.lastMessageId })
    await allEvents(await world.get('/conversation/sse', { conversationId: 'customer-3', textContent: 'Two' }))
    expect((await read(first.lastMessageId)).messages.map(({ body }) => body)).toEqual(['Two', 'You said it.'])
  })

  it('ack is on the wire before the responder is called', async () => {
    const order: string[] = []
    say = () => {
      order.push('responder')
      return ['Hello']
    }
    const response = await fetch(`${base}/conversation/sse?integrationToken=${world.token}&textContent=Hi`)
    for await (const event of eventsOf(response)) if (event.type === 'ack') order.unshift('ack')
    say = undefined
    expect(order).toEqual(['ack', 'responder'])
  })

  it('A11: through nginx as it comes, compression on, a delta arrives while the answer is being written', async () => {
    const nginx = await startNginx(base)
    const gate = valve()
    say = async function* () {
      yield 'first'
      await gate.opened
      yield ' second'
    }
    try {
      const url = `${nginx.url}/conversation/sse?integrationToken=${world.token}&textContent=Hi`
      const response = await fetch(url, { headers: { 'accept-encoding': 'gzip' } })
      expect(response.headers.get('content-encoding')).toBeNull()
      const events: Received[] = []
      for await (const event of eventsOf(response)) {
        events.push(event)
        // Nothing but what has arrived opens the gate: a proxy that held the piece back would hold the test up.
        if (event.type === 'delta') gate.open()
      }
      expect(textOf(events)).toBe('first second')
    } finally {
      say = undefined
      await nginx.stop()
    }
  })

  it('A13: a GET of 8,000 bytes passes nginx as it comes; 4,000 Chinese characters pass our own server', async () => {
    const nginx = await startNginx(base)
    try {
      const start = `/conversation/sse?integrationToken=${world.token}&conversationId=customer-13&textContent=`
      const short = 'x'.repeat(Math.min(4_000, 8_000 - start.length))
      const padded = `${nginx.url}${start}${short}&context=${encodeURIComponent(JSON.stringify({ pad: 'y'.repeat(3_800) }))}`
      expect(padded.length).toBeGreaterThan(7_900)
      const viaNginx = await allEvents(await fetch(padded))
      expect(eventOf(viaNginx, 'done')).toBeTruthy()
      const chinese = '汉'.repeat(4_000)
      await allEvents(await fetch(`${base}${start}${encodeURIComponent(chinese)}`))
      expect(await world.bodies('customer-13')).toEqual([short, 'You said it.', chinese, 'You said it.'])
    } finally {
      await nginx.stop()
    }
  })
})
