/** Conversations that were kept for as long as their integration says are erased; nothing else ever is. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { sha256 } from '../../../server/random.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { openPlace, openWorld, operatorKey, storages } from '../../helpers/world.ts'
import type { Place, World, WorldOptions } from '../../helpers/world.ts'

const dayMs = 86_400_000

describe.each(storages)('retention, on %s', (kind) => {
  let place: Place
  let world: World
  let worlds: World[]
  /** How far the servers' clocks have gone on. */
  let days: number
  beforeEach(async () => {
    place = await openPlace(kind)
    worlds = []
    days = 0
  })
  afterEach(async () => {
    for (const one of worlds) await one.close()
    await place.dispose()
  })

  const options = (more: WorldOptions = {}): WorldOptions => ({
    responder: spyResponder(({ text }) => [`An answer to ${text}`]),
    now: () => Date.now() + days * dayMs,
    retention: { sweepMs: 20, pauseMs: 1 },
    ...more,
  })
  const start = async (more: WorldOptions = {}) => {
    world = await openWorld(place, options(more))
    worlds.push(world)
    return world
  }
  const ask = async (path: string, method = 'GET', body?: object, at = world) => {
    const headers = { authorization: `Bearer ${operatorKey}`, ...(body && { 'content-type': 'application/json' }) }
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
    return at.lumika.fetch(new Request(`http://localhost:3000/api${path}`, init))
  }
  const keep = (retentionDays: number | null) =>
    ask(`/integrations/${world.integration.id}`, 'PATCH', { retentionDays })
  const send = async (conversationId: string, textContent = 'Hello', at = world) =>
    (await at.post('/conversation/sse', { conversationId, textContent })).text()
  const listed = async () => {
    const { activities } = (await (await ask('/activities?limit=100')).json()) as {
      activities: { conversationId: string }[]
    }
    return activities.map(({ conversationId }) => conversationId).toSorted()
  }
  const proofs = async () => {
    const { entries } = (await (await ask('/audit?limit=200')).json()) as {
      entries: { action: string; target: string; by: string; integrationId: string }[]
    }
    return entries.filter((one) => one.action === 'conversation-expired' && one.integrationId === world.integration.id)
  }
  const nameOf = (conversationId: string) => sha256(conversationKey(world.integration.id, conversationId))
  /** Lets the sweeper look at everything as it is now: what is another integration's, and looked at last, goes twice. */
  const swept = async () => {
    const { token } = await world.lumika.registry.create({
      name: 'Short',
      kind: 'api',
      retentionDays: 1,
      responder: null,
    })
    for (let round = 0; round < 2; round++) {
      await world.post('/conversation/sse', { integrationToken: token, conversationId: 'sentinel', textContent: 'Hi' })
      await expect.poll(listed, { timeout: 20_000 }).not.toContain('sentinel')
    }
  }

  it('erases what is older than the days that are set, and proves each once', async () => {
    await start()
    await send('old')
    await send('other')
    await ask(`/conversations/${conversationKey(world.integration.id, 'old')}/notes`, 'POST', { body: 'A note.' })
    days = 29
    await keep(30)
    await swept()
    expect(await listed()).toEqual(['old', 'other'])
    days = 31
    await expect.poll(listed, { timeout: 10_000 }).toEqual([])
    await expect.poll(async () => (await proofs()).length).toBe(2)
    const names = [await nameOf('old'), await nameOf('other')]
    const integrationId = world.integration.id
    expect(await proofs()).toEqual(
      expect.arrayContaining(names.map((target) => expect.objectContaining({ target, by: 'Lumika', integrationId }))),
    )
    expect((await ask(`/conversations/${conversationKey(integrationId, 'old')}/records`)).status).toBe(404)
    expect(await world.bodies('old')).toEqual([])
    await swept()
    expect(await proofs()).toHaveLength(2)
  })

  it('keeps everything where no days are set, and follows each change at the next sweep', async () => {
    await start()
    await send('one')
    days = 10_000
    await swept()
    expect(await listed()).toEqual(['one'])
    await keep(20_000)
    await swept()
    expect(await listed()).toEqual(['one'])
    await keep(9_999)
    await expect.poll(listed, { timeout: 10_000 }).toEqual([])
  })

  it('never erases an answer that is being written, however old', async () => {
    const gate = valve()
    const responder = spyResponder(async function* () {
      yield 'one '
      await gate.opened
      yield 'two'
    })
    await start({ responder })
    const answer = send('slow')
    await expect.poll(() => responder.requests.length, { timeout: 10_000 }).toBe(1)
    await keep(1)
    days = 5
    await swept()
    expect(await listed()).toEqual(['slow'])
    days = 0
    gate.open()
    expect(await answer).toContain('two')
    expect(await world.bodies('slow')).toEqual(['Hello', 'one two'])
  })

  it('erases more than a batch, and leaves other integrations alone', async () => {
    await start()
    const { integration: other, token } = await world.lumika.registry.create({ name: 'Other', kind: 'api' })
    await world.post('/conversation/sse', { integrationToken: token, conversationId: 'theirs', textContent: 'Hi' })
    for (let i = 0; i < 45; i++) await send(`c${i}`)
    days = 3
    await keep(2)
    await expect.poll(listed, { timeout: 30_000 }).toEqual(['theirs'])
    expect(other.retentionDays).toBeNull()
    await expect.poll(async () => (await proofs()).length).toBe(45)
  })
})
