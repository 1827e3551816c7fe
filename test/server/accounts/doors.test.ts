/** I64: what another site's page makes a browser send comes to nothing, and what is the owners' is the owners' alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { allEvents } from '../../helpers/sse.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { browserAt, firstOwner, home, invited, openStaffedWorld, password, refusal } from './staff.ts'
import type { Asked, Browser } from './staff.ts'

describe.each(storages)('the door of /api, on %s', (kind) => {
  let place: Place
  let world: World
  let ann: Browser
  let ben: Browser
  let key: string
  beforeAll(async () => {
    place = await openPlace(kind)
    world = await openStaffedWorld(place, { integration: { kind: 'api' } })
    ann = await firstOwner(world)
    ben = await invited(world, ann)
    await allEvents(await world.post('/conversation/sse', { conversationId: 'customer-1', textContent: 'Hello' }))
    key = conversationKey(world.integration.id, 'customer-1')
  })
  afterAll(async () => {
    await world.close()
    await place.dispose()
  })

  const count = async () => {
    const { body } = await ann.ask<{ records: unknown[] }>(`/api/conversations/${key}/records?limit=200`)
    return body.records.length
  }

  it.each<[string, Record<string, string | null>]>([
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { origin: 'http://localhost:4000', 'sec-fetch-site': 'same-site' }],
    ['this server by another scheme', { origin: 'https://localhost:3000' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['an origin with a path', { origin: `${home}/` }],
    ['an empty origin', { origin: '' }],
    ['another site that hides its origin', { origin: null, 'sec-fetch-site': 'cross-site' }],
    ['a neighbour that hides its origin', { origin: null, 'sec-fetch-site': 'same-site' }],
    ['the address bar', { origin: null, 'sec-fetch-site': 'none' }],
    ['nobody knows where', { origin: null, 'sec-fetch-site': null }],
  ])('I64: writes with the cookie from %s are refused, and nothing is done', async (_, given) => {
    const before = await count()
    const headers = {
      'content-type': 'application/json',
      cookie: ann.cookie,
      origin: home,
      'sec-fetch-site': 'same-origin',
    }
    const sent = Object.entries({ ...headers, ...given }).filter((pair): pair is [string, string] => pair[1] !== null)
    const writes: [string, string, object?][] = [
      ['POST', `/api/conversations/${key}/messages`, { body: 'Mine' }],
      ['POST', `/api/conversations/${key}/takeover`],
      ['DELETE', `/api/conversations/${key}`],
      ['POST', '/api/integrations', { name: 'Mine', kind: 'api' }],
      ['POST', '/api/invitations', { role: 'owner' }],
      ['DELETE', '/api/session'],
      ['DELETE', '/api/sessions'],
      ['PATCH', `/api/integrations/${world.integration.id}`, { name: 'Mine' }],
    ]
    for (const [method, path, body] of writes) {
      const init = { method, headers: sent, ...(body && { body: JSON.stringify(body) }) }
      const response = await world.lumika.fetch(new Request(home + path, init))
      const { error } = (await response.json()) as { error: { code: string } }
      expect([method, path, response.status, error.code]).toEqual([method, path, 403, 'wrong_origin'])
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
      expect(response.headers.get('set-cookie')).toBeNull()
    }
    expect(await count()).toBe(before)
    expect(world.lumika.registry.get(world.integration.id)?.name).toBe('Test')
    expect(await ann.ask('/api/invitations')).toMatchObject({ status: 200, body: { invitations: [] } })
  })

  it('I64: what the server’s own page sends is taken, with an Origin or where a browser leaves it out', async () => {
    const path = `/api/conversations/${key}/notes`
    const note = (headers: Record<string, string>) => {
      const init = { 'content-type': 'application/json', cookie: ann.cookie, ...headers }
      return world.lumika.fetch(new Request(home + path, { method: 'POST', headers: init, body: '{"body":"Hi"}' }))
    }
    for (const origin of [home, 'http://127.0.0.1:3000', 'http://[::1]:3000'])
      expect((await note({ origin })).status).toBe(201)
    expect((await note({ 'sec-fetch-site': 'same-origin' })).status).toBe(201)
  })

  it('I64: other sites cannot log anybody in, nor read as somebody', async () => {
    const cross = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    for (const [path, body] of [
      ['/api/session', { name: 'Ann', password }],
      ['/api/operators', { operatorKey, name: 'Eve', password }],
    ] as const) {
      const browser = browserAt(world)
      expect(refusal(await browser.ask(path, { body, headers: cross }))).toEqual([403, 'wrong_origin'])
      expect(browser.cookie).toBe('')
    }
    expect((await ann.ask('/api/session', { headers: cross })).body).toEqual({ operator: null, hasOwner: true })
    const near = { 'sec-fetch-site': 'same-site' }
    expect(refusal(await ann.ask('/api/activities', { headers: near }))).toEqual([401, 'operator_required'])
    const preflight = await world.lumika.fetch(
      new Request(`${home}/api/session`, { method: 'OPTIONS', headers: { origin: 'https://evil.example' } }),
    )
    expect([...preflight.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('operators answer conversations; what opens doors is the owners’', async () => {
    const { id } = world.integration
    const allowed: [string, Asked?][] = [
      ['/api/activities'],
      [`/api/conversations/${key}/records`],
      [`/api/conversations/${key}/messages`, { body: { body: 'Hi' } }],
      [`/api/conversations/${key}/notes`, { body: { body: 'Hi' } }],
      [`/api/conversations/${key}/takeover`, { method: 'POST' }],
      [`/api/conversations/${key}/handback`, { method: 'POST' }],
      ['/api/integrations'],
      [`/api/integrations/${id}`],
      ['/api/responders'],
      ['/api/operators'],
    ]
    for (const [path, asked] of allowed) {
      const { status } = await ben.ask(path, asked)
      expect([path, status < 300]).toEqual([path, true])
    }
    const operators = (await ben.ask<{ operators: { id: string; name: string }[] }>('/api/operators')).body.operators
    const [first, second] = operators.map((each) => each.id)
    const refused: [string, Asked][] = [
      ['/api/integrations', { body: { name: 'Mine', kind: 'api' } }],
      [`/api/integrations/${id}`, { method: 'PATCH', body: { name: 'Mine' } }],
      [`/api/integrations/${id}`, { method: 'DELETE' }],
      [`/api/integrations/${id}/tokens`, { method: 'POST' }],
      [`/api/integrations/${id}/tokens/${world.integration.tokens[0]?.id}`, { method: 'DELETE' }],
      [`/api/integrations/${id}/identity-secrets`, { method: 'POST', body: {} }],
      [`/api/conversations/${key}`, { method: 'DELETE' }],
      [`/api/operators/${first}`, { method: 'PATCH', body: { role: 'operator' } }],
      [`/api/operators/${second}`, { method: 'PATCH', body: { role: 'owner' } }],
      [`/api/operators/${first}`, { method: 'DELETE' }],
      ['/api/invitations', { body: { role: 'owner' } }],
      ['/api/invitations', {}],
      ['/api/invitations/inv_1', { method: 'DELETE' }],
    ]
    for (const [path, asked] of refused) {
      expect([path, ...refusal(await ben.ask(path, asked))]).toEqual([path, 403, 'role_required'])
    }
    expect(operators.map(({ name }) => name)).toEqual(['Ann', 'Ben'])
    expect(world.lumika.registry.get(id)?.tokens).toHaveLength(1)
  })

  it('operators see integrations without what opens them', async () => {
    const made = await ann.ask<{ token: string; integration: { id: string; identitySecret: string } }>(
      '/api/integrations',
      {
        body: { name: 'Shop', kind: 'widget' },
      },
    )
    const { token, integration } = made.body
    for (const path of ['/api/integrations', `/api/integrations/${integration.id}`]) {
      const seen = JSON.stringify((await ben.ask(path)).body)
      expect(seen).toContain(integration.id)
      for (const secret of [token, integration.identitySecret]) expect(seen).not.toContain(secret)
      expect(seen).not.toContain('hint')
      expect(JSON.stringify((await ann.ask(path)).body)).toContain(token)
    }
  })
})
