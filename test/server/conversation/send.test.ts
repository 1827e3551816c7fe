/** `/conversation/sse`: what a send stores and streams, on every storage. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConversationRecord } from '../../../protocol.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { allEvents, eventOf, eventsOf, textOf } from '../../helpers/sse.ts'
import { openPlace, openWorld, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'

const key = (n: number | string) => `client-message-${String(n).padStart(8, '0')}`
let count = 0
const fresh = () => `customer-${++count}`

describe.each(storages)('sending, on %s', (kind) => {
  let place: Place
  let world: World
  beforeAll(async () => {
    place = await openPlace(kind)
    world = await openWorld(place)
  })
  afterAll(async () => {
    await world.close()
    await place.dispose()
  })

  const send = (params: Record<string, string>, in_: World = world) => in_.get('/conversation/sse', params)

  it('streams ack, deltas, the record and done, and stores both messages', async () => {
    const conversationId = fresh()
    const events = await allEvents(await send({ conversationId, textContent: 'Hello' }))
    expect(events.map((event) => event.type)).toEqual(['ack', 'delta', 'delta', 'delta', 'message', 'done'])
    const { turnId } = eventOf(events, 'ack')
    expect(events.map((event) => event.id)).toEqual(events.map((_, n) => `${turnId}.${n}`))
    expect(textOf(events)).toBe('You said: Hello')
    const { message } = eventOf(events, 'message')
    expect(message).toMatchObject({ actor: 'assistant', type: 'message', body: 'You said: Hello' })
    expect(eventOf(events, 'done').lastMessageId).toBe(message.id)
    expect(await world.bodies(conversationId)).toEqual(['Hello', 'You said: Hello'])
  })

  it('mints a conversation id when none is given', async () => {
    const events = await allEvents(await send({ textContent: 'Hi' }))
    const { conversationId } = eventOf(events, 'ack')
    expect(conversationId).toMatch(/^c_[A-Za-z0-9_-]{22,}$/)
    expect(await world.bodies(conversationId)).toEqual(['Hi', 'You said: Hi'])
  })

  it('A2: after a cut, Last-Event-ID resumes the same turn and gives the rest of the text', async () => {
    const conversationId = fresh()
    const gate = valve()
    const responder = spyResponder(async function* () {
      yield 'first '
      await gate.opened
      yield 'second'
    })
    const other = await openWorldOn(responder)
    const seen = []
    for await (const event of eventsOf(await send({ conversationId, textContent: 'Hello' }, other))) {
      seen.push(event)
      if (event.type === 'delta') break
    }
    const resumed = await other.get(
      '/conversation/sse',
      { conversationId, textContent: 'Hello' },
      { 'last-event-id': seen.at(-1)?.id ?? '' },
    )
    gate.open()
    const rest = await allEvents(resumed)
    expect(textOf([...seen, ...rest])).toBe('first second')
    expect([...seen, ...rest].map((event) => event.type)).toEqual(['ack', 'delta', 'delta', 'message', 'done'])
    expect(responder.requests).toHaveLength(1)
    expect(await other.bodies(conversationId)).toEqual(['Hello', 'first second'])
  })

  it('A2: a stream whose conversation the server named resumes by its event id alone', async () => {
    const events = await allEvents(await send({ textContent: 'Hi' }))
    const resumed = await send({ textContent: 'Hi', lastEventId: events[1]?.id ?? '' })
    expect((await allEvents(resumed)).map((event) => event.type)).toEqual(['delta', 'delta', 'message', 'done'])
    const ended = await send({ textContent: 'Hi', lastEventId: events.at(-1)?.id ?? '' })
    expect(ended.status).toBe(204)
  })

  it('A1: after done, a reconnect gets 204 and stores nothing', async () => {
    const conversationId = fresh()
    const events = await allEvents(await send({ conversationId, textContent: 'Hello' }))
    const calls = world.responder.requests.length
    const again = await world.get(
      '/conversation/sse',
      { conversationId, textContent: 'Hello' },
      { 'last-event-id': events.at(-1)?.id ?? '' },
    )
    expect(again.status).toBe(204)
    expect(await again.text()).toBe('')
    expect(world.responder.requests).toHaveLength(calls)
    expect(await world.bodies(conversationId)).toHaveLength(2)
  })

  it('A3: a retry with the same clientMessageId attaches, and ack says so', async () => {
    const params = { conversationId: fresh(), textContent: 'Hello', clientMessageId: key(3) }
    const first = await send(params)
    await first.body?.cancel()
    const events = await allEvents(await send(params))
    expect(eventOf(events, 'ack').replayed).toBe(true)
    expect(textOf(events)).toBe('You said: Hello')
    const [customer] = await messages(params.conversationId)
    expect(eventOf(events, 'ack').userMessageId).toBe(customer?.id)
    expect(customer?.data).toEqual({ clientMessageId: key(3) })
    expect(await world.bodies(params.conversationId)).toEqual(['Hello', 'You said: Hello'])
  })

  it('A4: without a key, the same text attaches until done has gone out, and is a new message after that', async () => {
    const conversationId = fresh()
    const cut = await send({ conversationId, textContent: 'yes' })
    await cut.body?.cancel()
    const attached = await allEvents(await send({ conversationId, textContent: 'yes' }))
    expect(eventOf(attached, 'ack').replayed).toBe(true)
    expect(await world.bodies(conversationId)).toEqual(['yes', 'You said: yes'])
    const second = await allEvents(await send({ conversationId, textContent: 'yes' }))
    expect(eventOf(second, 'ack').replayed).toBe(false)
    const third = await allEvents(await send({ conversationId, textContent: 'yes' }))
    expect(eventOf(third, 'ack').replayed).toBe(false)
    expect(await world.bodies(conversationId)).toEqual(Array(3).fill(['yes', 'You said: yes']).flat())
  })

  it('A6: the same key with another text is refused and nothing is stored; elsewhere it is free', async () => {
    const conversationId = fresh()
    const params = { conversationId, textContent: 'one', clientMessageId: key(6) }
    await allEvents(await send(params))
    const refused = await send({ ...params, textContent: 'two' })
    expect(refused.status).toBe(409)
    expect(await refused.json()).toMatchObject({ error: { code: 'idempotency_mismatch' } })
    expect(await world.bodies(conversationId)).toEqual(['one', 'You said: one'])
    const elsewhere = { ...params, conversationId: fresh(), textContent: 'two' }
    expect(eventOf(await allEvents(await send(elsewhere)), 'ack').replayed).toBe(false)
  })

  it('A24: messages sent back to back are answered one at a time, in order', async () => {
    const conversationId = fresh()
    const log: string[] = []
    const responder = spyResponder(async function* ({ text }) {
      log.push(`start ${text}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
      yield `answer ${text}`
      log.push(`end ${text}`)
    })
    const other = await openWorldOn(responder)
    const first = await send({ conversationId, textContent: 'a' }, other)
    const second = await send({ conversationId, textContent: 'b' }, other)
    const answers = await Promise.all([allEvents(first), allEvents(second)])
    expect(answers.map(textOf)).toEqual(['answer a', 'answer b'])
    expect(log).toEqual(['start a', 'end a', 'start b', 'end b'])
    expect(await other.bodies(conversationId)).toEqual(['a', 'b', 'answer a', 'answer b'])
  })

  it('50 concurrent sends to one conversation are 50 records in one order', async () => {
    const conversationId = fresh()
    const sends = Array.from({ length: 50 }, (_, n) =>
      send({ conversationId, textContent: `m${n}`, clientMessageId: key(`50${n}`) }),
    )
    const acks = await Promise.all(
      sends.map(async (sent) => {
        for await (const event of eventsOf(await sent)) if (event.type === 'ack') return event.userMessageId
        return ''
      }),
    )
    expect(new Set(acks).size).toBe(50)
    const customers = (await messages(conversationId)).filter((message) => message.actor === 'customer')
    expect(customers.map((message) => message.body).toSorted()).toEqual(sends.map((_, n) => `m${n}`).toSorted())
    const again = (await messages(conversationId)).filter((message) => message.actor === 'customer')
    expect(again).toEqual(customers)
  })

  async function messages(conversationId: string): Promise<ConversationRecord[]> {
    const answer = await world.get('/conversation/history', { conversationId, limit: '200' })
    return ((await answer.json()) as { messages: ConversationRecord[] }).messages
  }

  /** Another responder on the same conversations. One process may hold a directory, so the other place is its own. */
  async function openWorldOn(responder: ReturnType<typeof spyResponder>): Promise<World> {
    const extra = await openPlace(kind)
    const opened = await openWorld(extra, { responder })
    cleanups.push(async () => {
      await opened.close()
      await extra.dispose()
    })
    return opened
  }
  const cleanups: (() => Promise<void>)[] = []
  afterAll(async () => {
    for (const cleanup of cleanups) await cleanup()
  })
})
