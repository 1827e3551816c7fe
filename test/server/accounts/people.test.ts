/** Invitations, roles, passwords, log out everywhere: what one person may do to the accounts of others, and to their own. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { browserAt, firstOwner, invited, openStaffedWorld, password, refusal } from './staff.ts'
import type { Browser } from './staff.ts'

const hour = 3_600_000

interface Person {
  id: string
  name: string
  role: string
  lastSeenAt: string | null
}

describe.each(storages)('the people, on %s', (kind) => {
  let place: Place
  let world: World
  let ann: Browser
  let time = Date.now()
  beforeEach(async () => {
    place = await openPlace(kind)
    world = await openStaffedWorld(place, { now: () => time })
    ann = await firstOwner(world)
  })
  afterEach(async () => {
    await world.close()
    await place.dispose()
  })

  const people = async () => (await ann.ask<{ operators: Person[] }>('/api/operators')).body.operators
  const idOf = async (name: string) => (await people()).find((each) => each.name === name)?.id ?? ''
  const invite = async (by = ann, role = 'operator') => {
    const { body } = await by.ask<{ url: string; invitation: { id: string; expiresAt: string } }>('/api/invitations', {
      body: { role },
    })
    return { ...body.invitation, secret: body.url.split('#')[1] ?? '' }
  }
  const use = (invitation: string, name: string) =>
    browserAt(world).ask('/api/operators', { body: { invitation, name, password } })

  it('an invitation works once, for 72 hours, until it is taken back, and as long as its maker is an owner', async () => {
    const one = await invite()
    expect(Date.parse(one.expiresAt)).toBe(time + 72 * hour)
    expect(refusal(await use(one.secret, 'ANN'))).toEqual([409, 'name_taken'])
    const answers = await Promise.all(['Ben', 'Cleo', 'Dan'].map((name) => use(one.secret, name)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 403, 403])
    expect(await people()).toHaveLength(2)

    const late = await invite()
    time += 72 * hour
    const revoked = await invite()
    expect((await ann.ask<{ invitations: unknown[] }>('/api/invitations')).body.invitations).toHaveLength(1)
    expect((await ann.ask(`/api/invitations/${revoked.id}`, { method: 'DELETE' })).status).toBe(204)
    expect((await ann.ask(`/api/invitations/${revoked.id}`, { method: 'DELETE' })).status).toBe(404)

    const other = await invited(world, ann, { name: 'Olga', role: 'owner' })
    const orphaned = await invite(other, 'owner')
    await ann.ask(`/api/operators/${await idOf('Olga')}`, { method: 'PATCH', body: { role: 'operator' } })
    for (const { secret } of [one, late, revoked, orphaned, { secret: 'x' }, { secret: '' }]) {
      expect(refusal(await use(secret, 'Eve'))).toEqual([403, 'invalid_invitation'])
    }
    const seen = JSON.stringify((await ann.ask('/api/invitations')).body)
    expect(seen).toBe('{"invitations":[]}')
  })

  it('a role counts at once, and somebody is always left who may do everything', async () => {
    const ben = await invited(world, ann)
    const [annId, benId] = [await idOf('Ann'), await idOf('Ben')]
    expect(refusal(await ann.ask(`/api/operators/${annId}`, { method: 'DELETE' }))).toEqual([409, 'last_owner'])
    const step = await ann.ask(`/api/operators/${annId}`, { method: 'PATCH', body: { role: 'operator' } })
    expect(refusal(step)).toEqual([409, 'last_owner'])

    expect((await ben.ask('/api/invitations')).status).toBe(403)
    const made = await ann.ask(`/api/operators/${benId}`, { method: 'PATCH', body: { role: 'owner' } })
    expect(made.body).toEqual({ operator: { id: benId, name: 'Ben', role: 'owner' } })
    expect((await ben.ask('/api/invitations')).status).toBe(200)
    // Each takes the other's role: one of them comes first.
    const both = await Promise.all([
      ann.ask(`/api/operators/${benId}`, { method: 'PATCH', body: { role: 'operator' } }),
      ben.ask(`/api/operators/${annId}`, { method: 'PATCH', body: { role: 'operator' } }),
    ])
    expect(both.map(({ status }) => status).toSorted()[0]).toBe(200)
    expect((await people()).filter(({ role }) => role === 'owner')).toHaveLength(1)
    expect(refusal(await ann.ask('/api/operators/op_nobody', { method: 'DELETE' }))[0]).toBeGreaterThanOrEqual(403)
  })

  it('whoever is removed is out at once, for good, and their name is free', async () => {
    const ben = await invited(world, ann)
    expect((await ben.ask('/api/activities')).status).toBe(200)
    expect((await ann.ask(`/api/operators/${await idOf('Ben')}`, { method: 'DELETE' })).status).toBe(204)
    expect(refusal(await ben.ask('/api/activities'))).toEqual([401, 'operator_required'])
    const login = await browserAt(world).ask('/api/session', { body: { name: 'Ben', password } })
    expect(refusal(login)).toEqual([401, 'invalid_login'])
    const other = await invited(world, ann, { name: 'ben' })
    expect((await ben.ask('/api/activities')).status).toBe(401)
    expect((await other.ask('/api/activities')).status).toBe(200)
  })

  it('another password ends all sessions but the one that set it', async () => {
    const elsewhere = browserAt(world)
    await elsewhere.ask('/api/session', { body: { name: 'Ann', password } })
    const before = ann.cookie
    const set = (current: string, next: string) => ann.ask('/api/operators/me/password', { body: { current, next } })
    expect(refusal(await set('wrong horse battery', 'a better password'))).toEqual([403, 'wrong_password'])
    expect(refusal(await set(password, 'short'))).toEqual([400, 'invalid_request'])
    expect((await set(password, 'a better password')).status).toBe(200)
    expect(ann.cookie).not.toBe(before)
    expect((await ann.ask('/api/activities')).status).toBe(200)
    expect((await elsewhere.ask('/api/activities')).status).toBe(401)
    const old = Object.assign(browserAt(world), { cookie: before })
    expect((await old.ask('/api/activities')).status).toBe(401)
    const login = (given: string) => browserAt(world).ask('/api/session', { body: { name: 'Ann', password: given } })
    expect([(await login(password)).status, (await login('a better password')).status]).toEqual([401, 200])
    const headers = { authorization: `Bearer ${operatorKey}` }
    const key = await browserAt(world).ask('/api/operators/me/password', {
      body: { current: operatorKey, next: 'a better password' },
      headers,
    })
    expect(refusal(key)).toEqual([404, 'not_found'])
  })

  it('are listed with when they were last here, after a restart too', async () => {
    await invited(world, ann)
    const started = new Date(time).toISOString()
    time += 2 * hour
    await ann.ask('/api/activities')
    const expected = [
      { name: 'Ann', lastSeenAt: new Date(time).toISOString() },
      { name: 'Ben', lastSeenAt: started },
    ]
    expect(await people()).toMatchObject(expected)
    if (kind !== 'redis') await world.close()
    const next = await world.another()
    if (kind === 'redis') await world.close()
    world = next
    const headers = { authorization: `Bearer ${operatorKey}` }
    const later = await browserAt(world).ask<{ operators: Person[] }>('/api/operators', { headers })
    expect(later.body.operators).toMatchObject(expected)
    expect(JSON.stringify(later.body)).not.toMatch(/scrypt|generation/)
  })

  it('guesses are refused beyond the limit of a name, whether somebody has it or not, and right ones count for nothing', async () => {
    const login = (name: string, given: string) =>
      browserAt(world).ask('/api/session', { body: { name, password: given } })
    for (let n = 0; n < 12; n++) expect((await login('Ann', password)).status).toBe(200)
    for (const name of ['Ann', 'Nobody']) {
      const seen: number[] = []
      for (let n = 0; n < 11; n++) seen.push((await login(n % 2 ? name : name.toUpperCase(), 'wrong horse')).status)
      expect(seen).toEqual([...Array<number>(10).fill(401), 429])
    }
    const refused = await login('Ann', password)
    expect(refusal(refused)).toEqual([429, 'rate_limited'])
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d?$/)
    expect((await ann.ask('/api/activities')).status).toBe(200)
    // Somebody who found a cookie does not find out the password either.
    const seen = new Set<number>()
    for (let n = 0; n < 11; n++) {
      const body = { current: `wrong horse ${n}`, next: 'a better password' }
      seen.add((await ann.ask('/api/operators/me/password', { body })).status)
    }
    expect([...seen]).toEqual([403, 429])
  })

  it('guesses are refused beyond the limit of an address, whatever name they try', async () => {
    const ask = async (ip: string, path: string, body: object) => {
      const headers = { 'content-type': 'application/json' }
      const request = new Request(`http://localhost:3000${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })
      return (await world.lumika.fetch(Object.assign(request, { ip }))).status
    }
    const seen: number[] = []
    for (let n = 0; n < 31; n++) {
      const guess = { name: `Nobody ${n}`, password: 'wrong horse' }
      const key = { operatorKey: 'wrong', name: 'Eve', password }
      seen.push(await (n % 2 ? ask('192.0.2.1', '/api/session', guess) : ask('192.0.2.1', '/api/operators', key)))
    }
    expect([...new Set(seen.slice(0, 30))].toSorted()).toEqual([401, 403])
    expect(seen[30]).toBe(429)
    expect(await ask('192.0.2.1', '/api/session', { name: 'Ann', password })).toBe(429)
    expect(await ask('192.0.2.2', '/api/session', { name: 'Ann', password })).toBe(200)
  })
})
