/** Several servers, or none for a while: every event arrives, and by no more requests than it needs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LogError } from '../../../server/storage/log.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { openPlace, openWorld, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { api, quick, register, startReceiver } from './receiver.ts'
import type { Receiver } from './receiver.ts'

const patience = { timeout: 20_000 }
const send = (world: World, conversationId: string, textContent: string) =>
  world.post('/conversation/sse', { conversationId, textContent })

describe('two replicas on one Redis', () => {
  let place: Place
  let worlds: World[]
  let receiver: Receiver
  beforeEach(async () => {
    place = await openPlace('redis')
    receiver = await startReceiver()
    const world = await openWorld(place, { integration: { responder: null }, webhooks: quick })
    worlds = [world, await world.another()]
  })
  afterEach(async () => {
    await Promise.all(worlds.map((world) => world.close()))
    await place.dispose()
    await receiver.close()
  })

  it('send each event once, in the order of its conversation, whoever took the message', async () => {
    const [one, other] = worlds as [World, World]
    await register(one, receiver.url, ['message.created'])
    const conversations = ['a', 'b', 'c', 'd', 'e', 'f']
    const texts = Array.from({ length: 8 }, (_, n) => `${n}`)
    await Promise.all(
      conversations.map(async (conversationId) => {
        for (const text of texts) await send(Number(text) % 2 ? one : other, conversationId, `${conversationId}${text}`)
      }),
    )
    const all = conversations.length * texts.length
    await expect.poll(() => new Set(receiver.requests.map(({ event }) => event.id)).size, patience).toBe(all)
    for (const id of conversations) {
      const bodies = receiver.bodies('message.created').filter((body) => body?.startsWith(id))
      expect(bodies).toEqual(texts.map((text) => `${id}${text}`))
    }
    // Nobody dies here, so nobody has a reason to send twice.
    expect(receiver.requests).toHaveLength(all)
  })

  it('take over what the other one does not finish', async () => {
    const [one, other] = worlds as [World, World]
    const { id } = await register(one, receiver.url, ['message.created'])
    receiver.answer = () => {}
    await send(one, 'a', 'Hello')
    await expect.poll(() => receiver.requests.length, patience).toBe(1)
    receiver.answer = (_event, response) => void response.writeHead(200).end()
    // Ended in the middle of a request, whoever of them makes it: it is written down as interrupted, and made again.
    await one.close()
    await expect
      .poll(async () => (await api(other, `/webhooks/${id}/deliveries`)).body, patience)
      .toMatchObject({ deliveries: [{ state: 'delivered' }] })
    expect(new Set(receiver.requests.map(({ event }) => event.id)).size).toBe(1)
  })
})

describe.each(storages)('on %s', (kind) => {
  let place: Place
  let receiver: Receiver
  beforeEach(async () => {
    place = await openPlace(kind)
    receiver = await startReceiver()
  })
  afterEach(async () => {
    await place.dispose()
    await receiver.close()
  })

  it('what is not delivered when a server ends is delivered by the next one', async () => {
    const world = await openWorld(place, { integration: { responder: null }, webhooks: { ...quick, delays: [60_000] } })
    await register(world, receiver.url, ['message.created'])
    receiver.answer = (_event, response) => void (response.headersSent || receiver.requests.length > 99)
    await send(world, 'a', 'In the middle')
    await expect.poll(() => receiver.requests.length, patience).toBe(1)
    await world.close()
    receiver.answer = (_event, response) => void response.writeHead(200).end()
    const next = await world.another()
    await expect.poll(() => receiver.requests.length, patience).toBe(2)
    expect(receiver.requests[1]?.text).toBe(receiver.requests[0]?.text)
    await next.close()
  })

  it('a receiver that hangs holds up no other, and none of its own but four', async () => {
    const slow = await startReceiver()
    slow.answer = () => {}
    const world = await openWorld(place, { integration: { responder: null }, webhooks: quick })
    await register(world, slow.url, ['message.created'])
    await register(world, receiver.url, ['message.created'])
    for (let n = 0; n < 7; n++) await send(world, `c${n}`, `${n}`)
    await expect.poll(() => receiver.bodies('message.created').toSorted(), patience).toEqual([...'0123456'])
    await expect.poll(() => slow.requests.length, patience).toBe(4)
    await world.close()
    await slow.close()
  })

  it('where queueing fails for a while, nothing is lost: the inbox asks again', async () => {
    let isAway = false
    const flaky: Place = { ...place, open: async () => failing(await place.open(), () => isAway) }
    const world = await openWorld(flaky, { integration: { responder: null }, webhooks: quick })
    await register(world, receiver.url, ['message.created'])
    isAway = true
    await send(world, 'a', 'Hello')
    // An answer with a filter waits for everything to be queued, and says so where it cannot be.
    expect((await api(world, '/activities?state=waiting')).status).toBe(503)
    expect(receiver.requests).toEqual([])
    isAway = false
    expect((await api(world, '/activities?state=waiting')).status).toBe(200)
    await expect.poll(() => receiver.bodies('message.created'), patience).toEqual(['Hello'])
    await world.close()
  })
})

/** A log whose journals of webhooks cannot be written now and then. */
function failing(log: ConversationLog, isAway: () => boolean): ConversationLog {
  return {
    ...log,
    append(conversation, ...rest) {
      const isJournal = conversation.startsWith('~webhook.')
      if (isJournal && isAway()) return Promise.reject(new LogError('storage_unavailable', 'Away.'))
      return log.append(conversation, ...rest)
    },
  }
}
