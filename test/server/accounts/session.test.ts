/** Logging in and out, and the first owner. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { browserAt, firstOwner, home, openStaffedWorld, password, refusal } from './staff.ts'

const day = 86_400_000

describe.each(storages)('sessions, on %s', (kind) => {
  let place: Place
  let world: World
  let time = Date.now()
  beforeEach(async () => {
    place = await openPlace(kind)
    world = await openStaffedWorld(place, { now: () => time })
  })
  afterEach(async () => {
    await world.close()
    await place.dispose()
  })

  const login = (name: string, given = password) =>
    browserAt(world).ask('/api/session', { body: { name, password: given } })

  it('begin with the first owner, whom only the operator key makes, and only once', async () => {
    const browser = browserAt(world)
    expect((await browser.ask('/api/session')).body).toEqual({ operator: null, hasOwner: false })
    const own = { name: 'Ann', password }
    const wrong = await browser.ask('/api/operators', { body: { operatorKey: `${operatorKey}x`, ...own } })
    expect(refusal(wrong)).toEqual([403, 'invalid_operator_key'])
    expect(refusal(await browser.ask('/api/operators', { body: own }))).toEqual([400, 'invalid_request'])
    expect(browser.cookie).toBe('')

    const made = await browser.ask('/api/operators', { body: { operatorKey, ...own } })
    const ann = { id: expect.stringMatching(/^op_/) as string, name: 'Ann', role: 'owner' }
    expect([made.status, made.body]).toEqual([201, { operator: ann }])
    expect((await browser.ask('/api/session')).body).toEqual({ operator: ann, hasOwner: true })
    const again = await browserAt(world).ask('/api/operators', { body: { operatorKey, name: 'Eve', password } })
    expect(refusal(again)).toEqual([409, 'owner_exists'])
    expect((await browserAt(world).ask('/api/session')).body).toEqual({ operator: null, hasOwner: true })
  })

  it('are given to who knows name and password, and to nobody else, in the same words', async () => {
    await firstOwner(world, 'Änn Straße')
    for (const name of ['Änn Straße', 'änn  STRASSE', 'A\u0308nn Straße ']) {
      expect([name, (await login(name)).status]).toEqual([name, 200])
    }
    const refused = [
      await login('Änn Straße', 'wrong horse battery'),
      await login('Nobody'),
      await login('Operator', operatorKey),
    ]
    for (const answer of refused) {
      expect(refusal(answer)).toEqual([401, 'invalid_login'])
      expect(answer.headers.get('set-cookie')).toBeNull()
    }
    expect(new Set(refused.map(({ body }) => JSON.stringify(body))).size).toBe(1)
  })

  it('are kept in a cookie that no page can read and no other site can use', async () => {
    await firstOwner(world)
    const answer = await login('Ann')
    expect(answer.headers.get('set-cookie')).toMatch(
      /^lumika_session=\d+\.[\w-]{32}; Path=\/; Max-Age=7776000; HttpOnly; SameSite=Strict$/,
    )
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('open /api, end when asked to, and outlive a restart', async () => {
    const ann = await firstOwner(world)
    expect((await ann.ask('/api/activities')).status).toBe(200)
    const other = browserAt(world)
    await other.ask('/api/session', { body: { name: 'ann', password } })

    if (kind !== 'redis') await world.close()
    const next = await world.another()
    if (kind === 'redis') await world.close()
    world = next
    const later = Object.assign(browserAt(world), { cookie: ann.cookie })
    expect((await later.ask('/api/activities')).status).toBe(200)
    expect((await later.ask('/api/session', { method: 'DELETE' })).status).toBe(204)
    expect(later.cookie).toBe('')
    later.cookie = ann.cookie
    expect(refusal(await later.ask('/api/activities'))).toEqual([401, 'operator_required'])
    expect((await later.ask('/api/session', { method: 'DELETE' })).status).toBe(204)
    const there = Object.assign(browserAt(world), { cookie: other.cookie })
    expect((await there.ask('/api/activities')).status).toBe(200)
  })

  it('end when they were not used for 14 days, and after 90 days in any case', async () => {
    const ann = await firstOwner(world)
    for (let days = 0; days < 84; days += 12) {
      time += 12 * day
      expect([days, (await ann.ask('/api/activities')).status]).toEqual([days, 200])
    }
    // Another process knows of the use, too.
    const next = kind === 'redis' ? await world.another({ now: () => time }) : world
    const there = Object.assign(browserAt(next), { cookie: ann.cookie })
    await expect.poll(async () => (await there.ask('/api/activities')).status).toBe(200)
    time += 7 * day
    expect((await there.ask('/api/activities')).status).toBe(401)
    if (next !== world) await next.close()

    await ann.ask('/api/session', { body: { name: 'Ann', password } })
    time += 14 * day + 1
    expect((await ann.ask('/api/activities')).status).toBe(401)
  })

  it('count at /api alone, and whoever sends a key is taken at that', async () => {
    const ann = await firstOwner(world)
    const secret = ann.cookie.split('=')[1] ?? ''
    for (const path of [
      '/conversation/history?conversationId=c1',
      '/conversation/sse?conversationId=c1&textContent=Hi',
    ]) {
      expect(refusal(await ann.ask(path, { headers: { 'sec-fetch-mode': 'cors' } }))).toEqual([401, 'invalid_token'])
      expect(refusal(await ann.ask(`${path}&integrationToken=${secret}`))).toEqual([401, 'invalid_token'])
    }
    for (const key of [world.token, secret, 'x']) {
      const answer = await ann.ask('/api/activities', { headers: { authorization: `Bearer ${key}` } })
      expect(refusal(answer)).toEqual([401, 'operator_required'])
    }
    const answer = await browserAt(world).ask('/api/session', { headers: { authorization: `Bearer ${operatorKey}` } })
    expect(answer.body).toEqual({ operator: { id: 'operator-key', name: 'Operator', role: 'owner' }, hasOwner: true })
    for (const cookie of [
      'lumika_session=',
      `lumika_session=${secret}x`,
      `lumika_session=0.${'A'.repeat(32)}`,
      secret,
    ]) {
      expect((await browserAt(world).ask('/api/activities', { headers: { cookie } })).status).toBe(401)
    }
  })

  it('names and passwords nobody should have are refused before anything is stored', async () => {
    const browser = browserAt(world)
    const names = ['', '  ', 'x'.repeat(61), 'A\nB', 'A\u202eB', 'A\u0000', '\u200b\u200d', 'A\u2066B', '\ud800']
    for (const name of names) {
      const answer = await browser.ask('/api/operators', { body: { operatorKey, name, password } })
      expect([name, ...refusal(answer)]).toEqual([name, 400, 'invalid_request'])
    }
    for (const given of ['', '123456789', 'x'.repeat(257)]) {
      const answer = await browser.ask('/api/operators', { body: { operatorKey, name: 'Ann', password: given } })
      expect(refusal(answer)).toEqual([400, 'invalid_request'])
    }
    const reserved = await browser.ask('/api/operators', { body: { operatorKey, name: 'OPERATOR', password } })
    expect(refusal(reserved)).toEqual([409, 'name_taken'])
    expect((await browser.ask('/api/session')).body).toMatchObject({ hasOwner: false })
    const form = { method: 'POST', headers: { 'content-type': 'text/plain' } }
    expect((await world.lumika.fetch(new Request(`${home}/api/session`, { ...form, body: '{}' }))).status).toBe(415)
  })
})

describe('a server that is reached by https', () => {
  it('gives a cookie that neighbours cannot set and that never travels in the clear', async () => {
    const place = await openPlace('memory')
    const origin = 'https://chat.example.com'
    const world = await openStaffedWorld(place, { publicUrl: `${origin}/`, listeningUrl: home })
    const ann = browserAt(world)
    const made = await ann.ask('/api/operators', {
      body: { operatorKey, name: 'Ann', password },
      headers: { origin },
    })
    expect(made.headers.get('set-cookie')).toMatch(/^__Host-lumika_session=.*; Path=\/;.*; Secure$/)
    expect((await ann.ask('/api/operators')).status).toBe(200)
    const plain = ann.cookie.replace('__Host-', '')
    expect((await browserAt(world).ask('/api/operators', { headers: { cookie: plain } })).status).toBe(401)
    // Whoever opens the Dashboard on the machine itself may do so.
    for (const own of [origin, home, 'http://127.0.0.1:3000']) {
      expect((await ann.ask('/api/invitations', { body: { role: 'operator' }, headers: { origin: own } })).status).toBe(
        201,
      )
    }
    const { body } = await ann.ask<{ url: string }>('/api/invitations', { body: { role: 'operator' } })
    expect(body.url).toMatch(/^https:\/\/chat\.example\.com\/dashboard\/join#[\w-]{43}$/)
    await world.close()
    await place.dispose()
  })
})
