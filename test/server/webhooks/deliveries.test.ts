/** What happens in conversations arrives at receivers: signed, in order, once it can, and never a note. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Delivery } from '../../../server/webhooks/deliveries.ts'
import { openPlace, openWorld, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { officeOf } from '../desk/office.ts'
import type { Office } from '../desk/office.ts'
import { api, isSigned, quick, register, startReceiver } from './receiver.ts'
import type { Receiver } from './receiver.ts'

const patience = { timeout: 15_000 }

describe.each(storages)('webhooks, on %s', (kind) => {
  let place: Place
  let world: World
  let office: Office
  let receiver: Receiver
  beforeEach(async () => {
    place = await openPlace(kind)
    receiver = await startReceiver()
    world = await openWorld(place, { integration: { responseMode: 'approval' }, webhooks: quick })
    office = officeOf(world, 'customer-42', place)
  })
  afterEach(async () => {
    await world.close()
    await place.dispose()
    await receiver.close()
  })

  const deliveries = async (id: string, query = '') =>
    (await api<{ deliveries: Delivery[]; cursor: string | null }>(world, `/webhooks/${id}/deliveries${query}`)).body

  it('sends messages, drafts, and who waits, signed and with an id; and no note', async () => {
    await office.send('Before anybody listened')
    await office.drafts(1)
    const { secret } = await register(world, receiver.url)
    await office.send('Hello')
    const draft = (await office.drafts(2)).at(-1)
    await office.done('notes', { body: 'CanaryNote' })
    await office.done(`drafts/${draft?.id}/approve`, { body: 'A good day to you' })
    await office.done('takeover')
    await office.send('Anybody?')
    await office.done('messages', { body: 'Yes, me' })

    await expect
      .poll(() => receiver.bodies('message.created'), patience)
      .toEqual(['Hello', 'A good day to you', 'Anybody?', 'Yes, me'])
    await expect.poll(() => receiver.bodies('draft.created'), patience).toEqual([draft?.body])
    await expect.poll(() => receiver.bodies('conversation.waiting'), patience).toEqual(['Hello', 'Anybody?'])
    expect(JSON.stringify(receiver.requests)).not.toContain('CanaryNote')

    const [message] = (await office.messages()).filter(({ body }) => body === 'Hello')
    for (const request of receiver.requests) {
      expect(isSigned(request, secret)).toBe(true)
      expect(request.headers['lumika-event-id']).toBe(request.event.id)
    }
    const names = { integrationId: world.integration.id, conversationId: 'customer-42' }
    const key = `${world.integration.id}.${Buffer.from('customer-42').toString('base64url')}`
    expect(receiver.requests.find(({ event }) => event.type === 'message.created')?.event).toEqual({
      ...{ id: expect.stringMatching(/^evt_[\w-]{32}$/) as string, type: 'message.created' },
      ...{ createdAt: message?.createdAt, ...names, key, record: message },
    })
    expect(new Set(receiver.requests.map(({ event }) => event.id)).size).toBe(receiver.requests.length)
  })

  it('sends what one integration, and one kind of event, is asked for', async () => {
    const elsewhere = await world.lumika.registry.create({ name: 'Another', kind: 'api', responder: null })
    await register(world, receiver.url, ['conversation.waiting'], { integrationId: elsewhere.integration.id })
    await office.send('Not for them')
    const token = { integrationToken: elsewhere.token }
    await world.post('/conversation/sse', { ...token, conversationId: 'there', textContent: 'For them' })
    await expect
      .poll(() => receiver.requests.map(({ event }) => [event.type, event.record.body]), patience)
      .toEqual([['conversation.waiting', 'For them']])
  })

  it('tries again with the same id until it is taken, writes that down, and sends it again on demand', async () => {
    const { id } = await register(world, receiver.url, ['message.created'])
    receiver.answer = (_event, response) => void response.writeHead(receiver.requests.length < 3 ? 500 : 200).end('x')
    await office.send('Hello')
    const state = async () => (await deliveries(id)).deliveries.map(({ state }) => state)
    await expect.poll(state, patience).toEqual(['delivered'])
    const [delivery] = (await deliveries(id)).deliveries
    expect(delivery?.attempts.map(({ status }) => status)).toEqual([500, 500, 200])
    expect(new Set(receiver.requests.map(({ text }) => text)).size).toBe(1)

    const path = `/webhooks/${id}/deliveries/${delivery?.eventId}/redeliver`
    expect((await api(world, path, {}, 'POST')).status).toBe(200)
    await expect.poll(() => receiver.requests.length, patience).toBe(4)
    expect(receiver.requests.at(-1)?.text).toBe(receiver.requests[0]?.text)
    await expect.poll(async () => (await deliveries(id)).deliveries[0]?.attempts.length, patience).toBe(4)
    expect((await api(world, `/webhooks/${id}/deliveries/evt_none/redeliver`, {}, 'POST')).status).toBe(404)
  })

  it('gives up after the last attempt, and says why', async () => {
    const { id } = await register(world, receiver.url, ['message.created'])
    receiver.answer = (_event, response) => void response.destroy()
    await office.send('Hello')
    const failed = { state: 'failed', nextAttemptAt: null }
    await expect.poll(async () => (await deliveries(id)).deliveries, patience).toMatchObject([failed])
    const [delivery] = (await deliveries(id)).deliveries
    expect(delivery?.attempts.map(({ error }) => error)).toEqual(Array(4).fill('connection_failed'))
  })

  it('follows no redirect, and pauses a webhook whose receiver is gone, until somebody lets it go on', async () => {
    const { id } = await register(world, receiver.url, ['message.created'])
    receiver.answer = (_event, response) =>
      void response.writeHead(receiver.requests.length === 1 ? 307 : 410, { location: receiver.url }).end()
    await office.send('Hello')
    const paused = async () =>
      (await api<{ webhook: { paused: boolean } }>(world, `/webhooks/${id}`)).body.webhook.paused
    await expect.poll(paused, patience).toBe(true)
    expect(receiver.requests).toHaveLength(2)
    await office.done('takeover')
    await office.send('And this?')
    receiver.answer = (_event, response) => void response.writeHead(200).end()
    await api(world, `/webhooks/${id}`, { paused: false }, 'PATCH')
    await expect.poll(() => receiver.bodies('message.created'), patience).toEqual(['Hello', 'And this?'])
  })

  it('sends nothing of a conversation that was erased meanwhile', async () => {
    const { id } = await register(world, receiver.url, ['message.created'])
    await api(world, `/webhooks/${id}`, { paused: true }, 'PATCH')
    await office.send('CanaryText')
    await expect.poll(async () => (await deliveries(id)).deliveries.map(({ state }) => state)).toEqual(['queued'])
    const key = (await deliveries(id)).deliveries[0]?.key ?? ''
    expect((await api(world, `/conversations/${key}`, undefined, 'DELETE')).status).toBe(204)
    await api(world, `/webhooks/${id}`, { paused: false }, 'PATCH')
    const erased = { state: 'failed', attempts: [{ error: 'record_erased' }] }
    await expect.poll(async () => (await deliveries(id)).deliveries, patience).toMatchObject([erased])
    expect(receiver.requests).toEqual([])
  })

  it('pages through what was delivered, newest first', async () => {
    const { id } = await register(world, receiver.url, ['message.created'])
    await office.done('takeover').catch(() => {})
    for (let n = 0; n < 5; n++)
      await world.post('/conversation/sse', { conversationId: `paged-${n}`, textContent: `${n}` })
    const all = async () => (await deliveries(id)).deliveries.map(({ state }) => state)
    await expect.poll(all, patience).toEqual(Array(5).fill('delivered'))
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Awaited<ReturnType<typeof deliveries>> = await deliveries(
        id,
        `?limit=2${cursor && `&cursor=${cursor}`}`,
      )
      expect(page.deliveries.length).toBeLessThanOrEqual(2)
      seen.push(...page.deliveries.map(({ eventId }) => eventId))
      cursor = page.cursor
    }
    expect(seen).toEqual((await deliveries(id)).deliveries.map(({ eventId }) => eventId))
    expect((await api(world, `/webhooks/${id}/deliveries?cursor=x`)).status).toBe(400)
  })
})
