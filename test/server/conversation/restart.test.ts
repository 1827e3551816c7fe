/** What a process finds that comes after another one, or runs beside it. */
import { afterEach, describe, expect, it } from 'vitest'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { allEvents, eventOf, eventsOf, textOf } from '../../helpers/sse.ts'
import { openPlace, openWorld, storages } from '../../helpers/world.ts'
import type { Received } from '../../helpers/sse.ts'
import type { Place, StorageKind } from '../../helpers/world.ts'

const sse = '/conversation/sse'
const params = { conversationId: 'customer-42', textContent: 'Hello', clientMessageId: 'the-same-key-for-ever' }

const places: Place[] = []
afterEach(async () => {
  for (const place of places.splice(0)) await place.dispose()
})
async function fresh(kind: StorageKind): Promise<Place> {
  const place = await openPlace(kind)
  places.push(place)
  return place
}

describe.each(storages)('a process after another, on %s', (kind) => {
  it('A7: a key is known after 40 days and 3 restarts', async () => {
    const responder = spyResponder()
    let world = await openWorld(await fresh(kind), { responder })
    const first = await allEvents(await world.get(sse, params))
    for (let restart = 0; restart < 3; restart++) {
      await world.close()
      world = await world.another({ now: () => Date.now() + 40 * 86_400_000 })
    }
    const again = await allEvents(await world.get(sse, params))
    expect(eventOf(again, 'ack')).toEqual({ ...eventOf(first, 'ack'), replayed: true })
    expect(again.map((event) => event.id)).toEqual(first.map((event) => event.id))
    expect(textOf(again)).toBe(textOf(first))
    expect(responder.requests).toHaveLength(1)
    expect(await world.bodies('customer-42')).toEqual(['Hello', 'You said: Hello'])
    await world.close()
  })

  it('A4: a second "yes" right after a restart is a second message', async () => {
    const world = await openWorld(await fresh(kind))
    const yes = { conversationId: 'customer-42', textContent: 'yes' }
    await allEvents(await world.get(sse, yes))
    await world.close()
    const next = await world.another()
    expect(eventOf(await allEvents(await next.get(sse, yes)), 'ack').replayed).toBe(false)
    expect(await next.bodies('customer-42')).toEqual(['yes', 'You said: yes', 'yes', 'You said: yes'])
    await next.close()
  })

  it('a turn that had said something is published once, as interrupted', async () => {
    const gate = valve()
    const responder = spyResponder(async function* () {
      yield 'Half an '
      await gate.opened
    })
    const world = await openWorld(await fresh(kind), { responder })
    for await (const event of eventsOf(await world.get(sse, params))) if (event.type === 'delta') break
    await world.close()
    gate.open()
    const next = await world.another({ responder: spyResponder() })
    await expect.poll(() => next.bodies('customer-42')).toEqual(['Hello', 'Half an '])
    const events = await allEvents(await next.get(sse, params))
    expect(eventOf(events, 'message').message.data).toEqual({ interrupted: true })
    expect(next.responder.requests).toHaveLength(0)
    await next.close()
  })

  it('F107: a process that ends lets the running answer finish and be fetched, and takes no new message', async () => {
    const gate = valve()
    const responder = spyResponder(async function* () {
      yield 'one '
      await gate.opened
      yield 'two'
    })
    const world = await openWorld(await fresh(kind), { responder })
    const events: Received[] = []
    let closed: Promise<void> | undefined
    for await (const event of eventsOf(await world.get(sse, params))) {
      events.push(event)
      if (event.type !== 'delta' || closed) continue
      closed = world.lumika.close({ graceMs: 5_000 })
      const refused = await world.get(sse, { ...params, clientMessageId: 'another-key-0000001' })
      expect(refused.status).toBe(503)
      expect(refused.headers.get('retry-after')).toBe('1')
      gate.open()
    }
    await closed
    expect(events.map((event) => event.type)).toEqual(['ack', 'delta', 'delta', 'message', 'done'])
    expect(textOf(events)).toBe('one two')
  })

  it('a turn that had said nothing is answered by the next process', async () => {
    const silent = spyResponder(async function* ({ signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      yield ''
    })
    const world = await openWorld(await fresh(kind), { responder: silent })
    const stream = eventsOf(await world.get(sse, params))
    await stream.next()
    await expect.poll(() => silent.requests.length).toBe(1)
    await world.close()
    await stream.return(undefined)
    const next = await world.another({ responder: spyResponder(), leaseMs: 1_000 })
    await expect.poll(() => next.bodies('customer-42'), { timeout: 8_000 }).toEqual(['Hello', 'You said: Hello'])
    await next.close()
  })

  it('a message whose turn never began is answered by the next process', async () => {
    const place = await fresh(kind)
    const world = await openWorld(place)
    await world.close()
    const log = await place.open()
    const conversation = conversationKey(world.integration.id, 'customer-42')
    const turn = { id: `t${'A'.repeat(22)}`, mode: 'auto' }
    const message = { actor: 'customer', type: 'message', body: 'Hello', turn }
    await log.append(conversation, 'public', message, { keys: [`turn:${turn.id}`], opens: turn.id })
    await log.close()
    const next = await world.another()
    await expect.poll(() => next.bodies('customer-42'), { timeout: 8_000 }).toEqual(['Hello', 'You said: Hello'])
    await next.close()
  })
})

describe('the pieces of an answer, dropped while it is read', () => {
  it('G4: a reader that had some of them gets the record next', async () => {
    const place = await fresh('memory')
    const world = await openWorld(place)
    const reader = ((await world.get(sse, params)).body as ReadableStream<Uint8Array>).getReader()
    // Nothing is read ahead: chunk by chunk is event by event.
    const next = async () => {
      const { value, done } = await reader.read()
      return done ? null : (/"type":"(\w+)"/.exec(new TextDecoder().decode(value))?.[1] ?? '')
    }
    expect([await next(), await next()]).toEqual(['ack', 'delta'])
    await expect.poll(() => world.bodies('customer-42')).toHaveLength(2)
    const log = await place.open()
    const { conversation = '' } = (await log.recent()).conversations[0] ?? {}
    const page = await log.after<{ turn: { id: string } }>(conversation, 'public', null, 1)
    await log.remove(conversation, `turn/${page.entries[0]?.value.turn.id ?? ''}`)
    expect([await next(), await next(), await next()]).toEqual(['message', 'done', null])
    await world.close()
  })
})

describe('two replicas, on redis', () => {
  it('A5: the same key on both at once is one record, one call, and the same events on both', async () => {
    const responder = spyResponder()
    const one = await openWorld(await fresh('redis'), { responder })
    const two = await one.another()
    const [a, b] = await Promise.all([one, two].map(async (world) => allEvents(await world.get(sse, params))))
    expect(a?.map(({ id, type }) => ({ id, type }))).toEqual(b?.map(({ id, type }) => ({ id, type })))
    expect(textOf(a ?? [])).toBe('You said: Hello')
    expect(textOf(b ?? [])).toBe('You said: Hello')
    expect(new Set([a, b].map((events) => eventOf(events ?? [], 'ack').userMessageId)).size).toBe(1)
    expect(responder.requests).toHaveLength(1)
    expect(await two.bodies('customer-42')).toEqual(['Hello', 'You said: Hello'])
    await one.close()
    await two.close()
  })

  it('A2, A23: a stream that runs on one replica is resumed and stopped on the other', async () => {
    const responder = spyResponder(async function* ({ signal }) {
      yield 'Once upon '
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    const one = await openWorld(await fresh('redis'), { responder })
    const two = await one.another()
    const seen = []
    for await (const event of eventsOf(await one.get(sse, params))) {
      seen.push(event)
      if (event.type === 'delta') break
    }
    const lastEventId = seen[0]?.id ?? ''
    const resumed = await two.get(sse, { conversationId: 'customer-42', lastEventId })
    const { turnId } = eventOf(seen, 'ack')
    expect((await two.post('/conversation/stop', { conversationId: 'customer-42', turnId })).status).toBe(204)
    const rest = await allEvents(resumed)
    expect(rest.map((event) => event.type)).toEqual(['delta', 'message', 'done'])
    expect(eventOf(rest, 'done').stopped).toBe(true)
    expect(responder.requests).toHaveLength(1)
    await one.close()
    await two.close()
  })

  it('a replica takes over what another left, after its lease, and calls nobody twice once something was said', async () => {
    const responder = spyResponder(async function* () {
      yield 'Half an '
      await new Promise(() => {})
    })
    const one = await openWorld(await fresh('redis'), { responder })
    for await (const event of eventsOf(await one.get(sse, params))) if (event.type === 'delta') break
    const two = await one.another({ leaseMs: 1_000 })
    await expect.poll(() => two.bodies('customer-42'), { timeout: 8_000 }).toEqual(['Hello', 'Half an '])
    expect(responder.requests).toHaveLength(1)
    await one.close()
    await two.close()
  })
})
