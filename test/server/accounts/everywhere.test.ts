/** Whoever is logged out, or thrown out, is out everywhere: on every server, and in what is running. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AuditPage } from '../../../server/access/audit.ts'
import type { LiveEvent } from '../../../server/conversations/live.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { browserAt, firstOwner, invited, openStaffedWorld, password } from './staff.ts'
import type { Browser } from './staff.ts'

/** What the promise is, in milliseconds. */
const patience = { timeout: 5_000, interval: 20 }

/** A page that listens to the feed. */
async function listen(browser: Browser) {
  const response = await browser.fetch('/api/activities/live')
  expect(response.status).toBe(200)
  const seen: LiveEvent[] = []
  const feed = { seen, hasEnded: false, leave: () => reader?.cancel() }
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  void (async () => {
    for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) {
      const data = /^data: (.*)\n\n$/s.exec(step.value)?.[1]
      if (data) seen.push(JSON.parse(data) as LiveEvent)
    }
    feed.hasEnded = true
  })()
  await expect.poll(() => seen.length).toBe(1)
  return feed
}

describe.each(storages)('out is out, on %s', (kind) => {
  let place: Place
  let world: World
  /** Another server where the storage is for several. */
  let other: World
  let ann: Browser
  beforeEach(async () => {
    place = await openPlace(kind)
    world = await openStaffedWorld(place)
    other = kind === 'redis' ? await world.another() : world
    ann = await firstOwner(world)
  })
  afterEach(async () => {
    await world.close()
    if (other !== world) await other.close()
    await place.dispose()
  })

  /** The same browser, at the other server. */
  const there = (browser: Browser) => Object.assign(browserAt(other), { cookie: browser.cookie })
  const statusOf = async (browser: Browser) => (await browser.ask('/api/activities')).status
  const loggedIn = async (name: string) => {
    const browser = browserAt(world)
    await browser.ask('/api/session', { body: { name, password } })
    await expect.poll(() => statusOf(there(browser)), patience).toBe(200)
    return browser
  }
  const idOf = async (name: string) => {
    const { body } = await ann.ask<{ operators: { id: string; name: string }[] }>('/api/operators')
    return body.operators.find((each) => each.name === name)?.id
  }

  it('for one session that logs out: others go on', async () => {
    const [one, two] = [await loggedIn('Ann'), await loggedIn('Ann')]
    const [feed, kept] = [await listen(there(one)), await listen(there(two))]
    const elsewhere = there(one)
    expect((await one.ask('/api/session', { method: 'DELETE' })).status).toBe(204)
    await expect.poll(() => feed.hasEnded, patience).toBe(true)
    await expect.poll(() => statusOf(elsewhere), patience).toBe(401)
    expect([await statusOf(there(two)), kept.hasEnded]).toEqual([200, false])
    await kept.leave()
  })

  it.each<[string, (ben: Browser) => Promise<unknown>]>([
    ['who logs out everywhere', (ben) => ben.ask('/api/sessions', { method: 'DELETE' })],
    ['who is removed', async () => ann.ask(`/api/operators/${await idOf('Ben')}`, { method: 'DELETE' })],
    [
      'who sets another password',
      (ben) => ben.ask('/api/operators/me/password', { body: { current: password, next: 'a better password' } }),
    ],
  ])('for somebody %s: all their feeds and sessions end, and nobody else’s', async (_, leave) => {
    const ben = await invited(world, ann)
    const [one, two] = [await loggedIn('Ben'), await loggedIn('Ben')]
    const feeds = [await listen(one), await listen(there(two))]
    const others = await listen(there(ann))
    await leave(ben)
    await expect.poll(() => feeds.map(({ hasEnded }) => hasEnded), patience).toEqual([true, true])
    for (const each of [one, there(two)]) await expect.poll(() => statusOf(each), patience).toBe(401)
    expect([await statusOf(there(ann)), others.hasEnded]).toEqual([200, false])
    await others.leave()
  })

  it('of two who make the first owner at once, one does; of two who use an invitation at once, one does', async () => {
    await world.close()
    if (other !== world) await other.close()
    await place.dispose()
    place = await openPlace(kind)
    world = await openStaffedWorld(place)
    other = kind === 'redis' ? await world.another() : world
    const make = (at: World, body: object) => browserAt(at).ask('/api/operators', { body: { ...body, password } })
    const names = ['Ann', 'Bea', 'Cleo', 'Dora']
    const servers = [world, other, world, other]
    const owners = await Promise.all(servers.map((at, n) => make(at, { operatorKey, name: names[n] })))
    expect(owners.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409])

    const winner = names[owners.findIndex(({ status }) => status === 201)] ?? ''
    ann = browserAt(world)
    await expect
      .poll(async () => (await ann.ask('/api/session', { body: { name: winner, password } })).status, patience)
      .toBe(200)
    const { body } = await ann.ask<{ url: string; invitation: object }>('/api/invitations', {
      body: { role: 'operator' },
    })
    const invitation = body.url.split('#')[1]
    const listed = async () => (await there(ann).ask<{ invitations: object[] }>('/api/invitations')).body.invitations
    await expect.poll(listed, patience).toEqual([body.invitation])
    const used = await Promise.all(servers.map((at, n) => make(at, { invitation, name: `Guest ${n}` })))
    expect(used.map(({ status }) => status).toSorted()).toEqual([201, 403, 403, 403])
    for (const at of [world, other]) {
      const everybody = async () => {
        const page = await Object.assign(browserAt(at), { cookie: ann.cookie }).ask<{ operators: object[] }>(
          '/api/operators',
        )
        return page.body.operators.length
      }
      await expect.poll(everybody, patience).toBe(2)
    }
    const { entries } = (await ann.ask<AuditPage>('/api/audit')).body
    const deeds = ['owner-created', 'invitation-created', 'invitation-used']
    const told = entries.map(({ action }) => action).filter((action) => deeds.includes(action))
    expect(told.toReversed()).toEqual(deeds)
  })
})

it('out is out within 5 s where no notice arrives, on Redis', async () => {
  const place = await openPlace('redis')
  const deaf: Place = {
    ...place,
    open: async () =>
      new Proxy(await place.open(), {
        get: (log, name) => (name === 'watch' ? () => () => {} : Reflect.get(log, name)),
      }),
  }
  const [world, other] = [await openStaffedWorld(deaf), await openStaffedWorld(deaf)]
  const ann = await firstOwner(world)
  const there = Object.assign(browserAt(other), { cookie: ann.cookie })
  await expect.poll(async () => (await there.ask('/api/activities')).status, patience).toBe(200)
  const feed = await listen(there)
  await ann.ask('/api/sessions', { method: 'DELETE' })
  await expect.poll(() => feed.hasEnded, patience).toBe(true)
  expect((await there.ask('/api/activities')).status).toBe(401)
  for (const each of [world, other]) await each.close()
  await place.dispose()
})
