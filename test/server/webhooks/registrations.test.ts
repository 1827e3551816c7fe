/** Who hears of what is the owners' matter; secrets are shown once, and everything is signed in the trail. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AuditPage } from '../../../server/access/audit.ts'
import { openPlace, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { firstOwner, invited, openStaffedWorld } from '../accounts/staff.ts'
import { api, isSigned, quick, register, startReceiver } from './receiver.ts'
import type { Receiver } from './receiver.ts'

describe.each(storages)('webhooks are made, on %s', (kind) => {
  let place: Place
  let world: World
  let receiver: Receiver
  beforeEach(async () => {
    place = await openPlace(kind)
    receiver = await startReceiver()
    world = await openStaffedWorld(place, { integration: { responder: null }, webhooks: quick })
  })
  afterEach(async () => {
    await world.close()
    await place.dispose()
    await receiver.close()
  })

  it('by owners only, changed, tried, and removed; the secret is in no later answer and in no log', async () => {
    const ann = await firstOwner(world)
    const ben = await invited(world, ann)
    expect((await ben.ask('/api/webhooks')).status).toBe(403)
    expect((await ben.ask('/api/webhooks', { body: { url: receiver.url, events: ['draft.created'] } })).status).toBe(
      403,
    )

    const made = await ann.ask<{ webhook: { id: string }; secret: string }>('/api/webhooks', {
      body: { url: receiver.url, events: ['draft.created', 'message.created'] },
    })
    const { webhook, secret } = made.body
    expect([made.status, webhook]).toEqual([
      201,
      {
        ...{ id: expect.stringMatching(/^wh_[a-z0-9]{16}$/) as string, url: receiver.url, integrationId: null },
        ...{ events: ['message.created', 'draft.created'], paused: false },
        createdAt: expect.stringMatching(/Z$/) as string,
      },
    ])
    const path = `/api/webhooks/${webhook.id}`
    const tried = await ann.ask(`${path}/test`, { method: 'POST' })
    expect(tried.body).toMatchObject({ attempt: { status: 204 } })
    expect(receiver.requests.map((request) => [request.event.type, isSigned(request, secret)])).toEqual([
      ['test', true],
    ])

    const rotated = await ann.ask<{ secret: string }>(`${path}/secret`, { method: 'POST' })
    expect(rotated.body.secret).not.toBe(secret)
    await ann.ask(`${path}/test`, { method: 'POST' })
    const last = receiver.requests.at(-1)
    expect(last && [isSigned(last, secret), isSigned(last, rotated.body.secret)]).toEqual([false, true])

    await ann.ask(path, { method: 'PATCH', body: { paused: true, events: ['message.created'] } })
    const listed = await ann.ask<{ webhooks: object[] }>('/api/webhooks')
    expect(listed.body.webhooks).toMatchObject([{ id: webhook.id, paused: true, events: ['message.created'] }])
    expect((await ann.ask(path, { method: 'DELETE' })).status).toBe(204)
    expect((await ann.ask(path)).status).toBe(404)
    // Whoever did not hear that it is gone may ask again.
    expect((await ann.ask(path, { method: 'DELETE' })).status).toBe(204)
    expect((await ann.ask('/api/webhooks/wh_0000000000000000', { method: 'DELETE' })).status).toBe(404)

    const trail = (await ann.ask<AuditPage>('/api/audit?limit=200')).body
    expect(
      trail.entries.filter(({ target }) => target === webhook.id).map(({ by, action, fields }) => [by, action, fields]),
    ).toEqual([
      ['Ann', 'webhook-removed', undefined],
      ['Ann', 'webhook-changed', ['paused', 'events']],
      ['Ann', 'webhook-secret-rotated', undefined],
      ['Ann', 'webhook-created', undefined],
    ])
    const later = JSON.stringify([listed.body, trail, tried.body])
    for (const one of [secret, rotated.body.secret]) expect(later).not.toContain(one)
  })

  it('only with what there is', async () => {
    const cases: [body: object, status: number][] = [
      [{ url: receiver.url, events: [] }, 400],
      [{ url: receiver.url, events: ['note.created'] }, 400],
      [{ url: receiver.url, events: ['draft.created'], integrationId: 'nobodys' }, 404],
      [{ url: receiver.url, events: ['draft.created'], secret: 'mine' }, 400],
      [{ events: ['draft.created'] }, 400],
    ]
    for (const [body, status] of cases)
      expect([body, (await api(world, '/webhooks', body)).status]).toEqual([body, status])
    expect((await api(world, '/webhooks/wh_none/test', {}, 'POST')).status).toBe(404)
    expect((await api(world, '/webhooks/wh_none/deliveries')).status).toBe(404)
  })

  it('and hold over a restart, paused ones, too: what happened meanwhile is sent', async () => {
    const { id } = await register(world, receiver.url, ['message.created'])
    await api(world, `/webhooks/${id}`, { paused: true }, 'PATCH')
    await world.post('/conversation/sse', { conversationId: 'one', textContent: 'Meanwhile' })
    await world.close()
    world = await world.another()
    expect(receiver.requests).toEqual([])
    await api(world, `/webhooks/${id}`, { paused: false }, 'PATCH')
    await expect.poll(() => receiver.bodies('message.created'), { timeout: 15_000 }).toEqual(['Meanwhile'])
  })
})
