/** The answers a day that a responder is asked for. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { allEvents, eventOf } from '../../helpers/sse.ts'
import { openPlace, openWorld, operatorKey, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'

describe.each(storages)('F105: the daily budget of an integration, on %s', (kind) => {
  let place: Place
  let clock = Date.parse('2026-05-01T22:00:00Z')
  const now = () => clock
  const open: World[] = []
  const keep = (world: World) => (open.push(world), world)
  beforeAll(async () => (place = await openPlace(kind)))
  afterEach(async () => {
    for (const world of open.splice(0)) await world.close()
  })
  afterAll(() => place.dispose())

  const send = async (world: World, text: string) =>
    allEvents(await world.post('/conversation/sse', { conversationId: 'customer-1', textContent: text }))
  const kinds = async (world: World, text: string) => (await send(world, text)).map(({ type }) => type)
  const answered = ['ack', 'delta', 'delta', 'delta', 'message', 'done']
  const waiting = ['ack', 'pending', 'done']

  it('F105: once it is used up, messages are stored and wait for a person, until midnight UTC', async () => {
    const world = keep(await openWorld(place, { now, integration: { answersPerDay: 2 } }))
    expect(await kinds(world, 'one')).toEqual(answered)
    expect(await kinds(world, 'two')).toEqual(answered)
    const events = await send(world, 'three')
    expect(events.map(({ type }) => type)).toEqual(waiting)
    expect(eventOf(events, 'pending').reason).toBe('human')
    expect(world.responder.requests).toHaveLength(2)
    expect(await world.bodies('customer-1')).toEqual(['one', 'You said: one', 'two', 'You said: two', 'three'])

    clock += 3 * 3_600_000
    expect(await kinds(world, 'four')).toEqual(answered)
    expect(world.responder.requests).toHaveLength(3)
  })

  it('F105: outlives a restart, and holds for all integrations by default', async () => {
    const first = keep(await openWorld(place, { now, limits: { answersPerDay: 2 } }))
    expect(await kinds(first, 'one')).toEqual(answered)
    await first.close()
    open.pop()
    const second = keep(await first.another())
    expect(await kinds(second, 'two')).toEqual(answered)
    expect(await kinds(second, 'three')).toEqual(waiting)
  })

  it('F105: may be raised while it is used up, and 0 means people only', async () => {
    const world = keep(await openWorld(place, { now, integration: { answersPerDay: 0 } }))
    expect(await kinds(world, 'one')).toEqual(waiting)
    await world.lumika.registry.update(world.integration.id, { answersPerDay: 5 })
    expect(await kinds(world, 'two')).toEqual(answered)
  })

  it('F105: counts a turn once, however often its message is sent', async () => {
    const world = keep(await openWorld(place, { now, integration: { answersPerDay: 1 } }))
    const retry = { conversationId: 'customer-1', textContent: 'one', clientMessageId: 'a'.repeat(16) }
    for (let i = 0; i < 3; i++) {
      const events = await allEvents(await world.post('/conversation/sse', retry))
      expect(events.map(({ type }) => type)).toEqual(answered)
    }
    expect(await kinds(world, 'two')).toEqual(waiting)
  })

  it('F105: leaves no trace in the inbox', async () => {
    const world = keep(await openWorld(place, { now, integration: { answersPerDay: 1 } }))
    await send(world, 'one')
    const request = new Request(`http://localhost/api/activities?integrationId=${world.integration.id}`, {
      headers: { authorization: `Bearer ${operatorKey}` },
    })
    const { activities } = (await (await world.lumika.fetch(request)).json()) as { activities: unknown[] }
    expect(activities).toHaveLength(1)
  })
})

describe('F105: the daily budget of replicas', () => {
  let place: Place
  let one: World
  let two: World
  beforeAll(async () => {
    place = await openPlace('redis')
    one = await openWorld(place, { integration: { answersPerDay: 3 } })
    two = await one.another({ responder: one.responder })
  })
  afterAll(async () => {
    await one.close()
    await two.close()
    await place.dispose()
  })

  it('F105: is one budget', async () => {
    const sends = Array.from({ length: 8 }, async (_, i) => {
      const params = { conversationId: `customer-${i}`, textContent: 'Hi' }
      return (await allEvents(await (i % 2 ? one : two).post('/conversation/sse', params))).some(
        ({ type }) => type === 'pending',
      )
    })
    const pending = await Promise.all(sends)
    expect(pending.filter(Boolean)).toHaveLength(5)
    expect(one.responder.requests).toHaveLength(3)
  })
})
