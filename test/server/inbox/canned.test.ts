/** Replies that operators have ready: the same for all of them, on every server, over restarts. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPlace, openWorld, operatorKey, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'

interface Reply {
  id: string
  title: string
  body: string
  shortcut: string | null
  variables: string[]
}

async function call(world: World, method: string, id = '', body?: object) {
  const response = await world.lumika.fetch(
    new Request(`http://localhost:3000/api/canned-replies${id && `/${id}`}`, {
      method,
      headers: { authorization: `Bearer ${operatorKey}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    }),
  )
  const text = await response.text()
  const answer = (text === '' ? {} : JSON.parse(text)) as { cannedReply?: Reply; cannedReplies?: Reply[] }
  return { status: response.status, reply: answer.cannedReply as Reply, replies: answer.cannedReplies as Reply[] }
}

const titles = async (world: World) => (await call(world, 'GET')).replies.map(({ title }) => title)

describe.each(storages)('canned replies, on %s', (kind) => {
  let place: Place
  let world: World
  beforeEach(async () => {
    place = await openPlace(kind)
    world = await openWorld(place)
  })
  afterEach(async () => {
    await world.close()
    await place.dispose()
  })

  it('are kept, changed and removed, for other servers and the next process, too', async () => {
    const body = 'Thank you, {{ customer }}! {{operator}} of {{customer}}. {{not a name}} {{}}'
    const { status, reply } = await call(world, 'POST', '', { title: ' Thanks ', body, shortcut: 'ty' })
    expect(status).toBe(201)
    expect(reply).toMatchObject({ title: 'Thanks', body, shortcut: 'ty', variables: ['customer', 'operator'] })
    const hours = (await call(world, 'POST', '', { title: 'Hours', body: 'From nine to five.' })).reply
    expect(hours.shortcut).toBeNull()
    expect(await titles(world)).toEqual(['Hours', 'Thanks'])

    if (kind !== 'redis') await world.close()
    const next = await world.another()
    await expect.poll(() => titles(next)).toEqual(['Hours', 'Thanks'])
    const changed = await call(next, 'PATCH', hours.id, { title: 'When we are here', shortcut: 'hours' })
    expect(changed.reply).toMatchObject({ title: 'When we are here', body: 'From nine to five.', shortcut: 'hours' })
    expect((await call(next, 'DELETE', reply.id)).status).toBe(204)
    expect((await call(next, 'DELETE', reply.id)).status).toBe(204)
    expect(await titles(next)).toEqual(['When we are here'])
    if (kind === 'redis') await expect.poll(() => titles(world)).toEqual(['When we are here'])
    if (kind === 'redis') await world.close()
    world = next
  })

  it('share no shortcut, also when two are made at once', async () => {
    const other = kind === 'fs' ? world : await world.another()
    const make = (at: World) => call(at, 'POST', '', { title: 'One', body: 'x', shortcut: 'one' })
    const made = await Promise.all([make(world), make(other)])
    expect(made.map(({ status }) => status).sort()).toEqual([201, 409])
    const second = (await call(world, 'POST', '', { title: 'Two', body: 'x' })).reply
    expect((await call(world, 'PATCH', second.id, { shortcut: 'one' })).status).toBe(409)
    const first = made.find(({ status }) => status === 201)?.reply.id ?? ''
    expect((await call(world, 'PATCH', first, { shortcut: 'one', title: 'Still' })).status).toBe(200)
    expect((await call(world, 'PATCH', first, { shortcut: null })).reply.shortcut).toBeNull()
    expect((await call(world, 'PATCH', second.id, { shortcut: 'one' })).status).toBe(200)
    if (other !== world) await other.close()
  })

  it('say what is wrong with them', async () => {
    const wrong = [
      { title: '', body: 'x' },
      { title: 'x' },
      { title: 'x', body: ' ' },
      { title: 'x', body: 'x', shortcut: 'No!' },
    ]
    for (const body of [...wrong, { title: 'x', body: 'x', id: 'can_1' }]) {
      expect([body, (await call(world, 'POST', '', body)).status]).toEqual([body, 400])
    }
    for (const id of ['can_nothing', '__proto__']) {
      expect((await call(world, 'PATCH', id, { title: 'x' })).status).toBe(404)
      expect((await call(world, 'DELETE', id)).status).toBe(404)
    }
    expect(await titles(world)).toEqual([])
  })
})
