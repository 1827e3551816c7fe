/**
 * I64: every call of operators there is, as `/openapi.json` lists them, is closed to what visitors, programs and pages of
 * other sites have. A call that is added is tried here without a word about it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { allEvents } from '../../helpers/sse.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { firstOwner, home, openStaffedWorld } from './staff.ts'
import type { Browser } from './staff.ts'

/** Below `/api`, and for whoever wants to become somebody. All else takes somebody who is. */
const forAnybody = ['GET /api/session', 'POST /api/session', 'DELETE /api/session', 'POST /api/operators']

interface Call {
  method: string
  /** With names that are there where one is taken. */
  path: string
}

describe.each(storages)('I64: every call of operators, on %s', (kind) => {
  let place: Place
  let world: World
  let ann: Browser
  let calls: Call[]
  let writes: Call[]
  let apiToken: string
  let before: unknown
  beforeAll(async () => {
    place = await openPlace(kind)
    world = await openStaffedWorld(place)
    ann = await firstOwner(world)
    apiToken = (await world.lumika.registry.create({ name: 'A program', kind: 'api' })).token
    const said = { integrationToken: apiToken, conversationId: 'customer-1', textContent: 'Hello' }
    await allEvents(await world.post('/conversation/sse', said))
    const { id } = (await world.lumika.registry.resolve(apiToken))?.integration ?? { id: '' }
    const real: Record<string, string> = {
      '/conversations/{key}': `/conversations/${conversationKey(id, 'customer-1')}`,
      '/integrations/{id}': `/integrations/${id}`,
    }
    const { paths } = (await (await world.lumika.fetch(new Request(`${home}/openapi.json`))).json()) as {
      paths: Record<string, object>
    }
    calls = Object.entries(paths).flatMap(([path, methods]) => {
      if (!path.startsWith('/api/')) return []
      const all = Object.keys(methods).map((method) => method.toUpperCase())
      const named = Object.entries(real).reduce((name, [from, to]) => name.replace(from, to), path)
      return all
        .filter((method) => !forAnybody.includes(`${method} ${path}`))
        .map((method) => ({ method, path: named.replace(/\{\w+\}/g, 'some-1') }))
    })
    writes = calls.filter(({ method }) => method !== 'GET')
    expect([calls.length > 50, writes.length > 30]).toEqual([true, true])
    before = await state()
  })
  afterAll(async () => {
    await world.close()
    await place.dispose()
  })

  /** Whatever any of the calls could have changed, and the trail that they would have left. */
  const state = async () => {
    const all = ['activities', 'integrations', 'operators', 'invitations', 'webhooks', 'canned-replies', 'audit']
    const read = async (path: string) => {
      const { status, body } = await ann.ask(`/api/${path}`)
      expect([path, status]).toEqual([path, 200])
      return [path, body]
    }
    return Promise.all(all.map(read))
  }

  const answerTo = async ({ method, path }: Call, headers: Record<string, string>, query = '') => {
    const url = `${home}${path}${query && `?${query}`}`
    const sends = method !== 'GET' && { body: '{}' }
    const all = { ...(sends && { 'content-type': 'application/json' }), ...headers }
    const response = await world.lumika.fetch(new Request(url, { method, headers: all, ...sends }))
    const { error } = (await response.json()) as { error?: { code: string } }
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    expect(response.headers.get('set-cookie')).toBeNull()
    return [method, path, response.status, error?.code]
  }
  const refused = (list: Call[], status: number, code: string) =>
    list.map(({ method, path }) => [method, path, status, code])
  const expectRefused = async (
    list: Call[],
    [status, code]: [number, string],
    headers: Record<string, string>,
    query?: string,
  ) => {
    expect(await Promise.all(list.map((call) => answerTo(call, headers, query)))).toEqual(refused(list, status, code))
    expect(await state()).toEqual(before)
  }
  const nobody: [number, string] = [401, 'operator_required']
  const elsewhere: [number, string] = [403, 'wrong_origin']

  it.each<[string, () => [headers: Record<string, string>, query?: string]]>([
    ['nothing', () => [{}]],
    ['the token of a widget', () => [{ authorization: `Bearer ${world.token}` }]],
    ['the token of a program', () => [{ authorization: `Bearer ${apiToken}` }]],
    ['tokens in the query', () => [{}, new URLSearchParams({ integrationToken: apiToken, operatorKey }).toString()]],
    ['a token for a cookie', () => [{ cookie: `lumika_session=${apiToken}; __Host-lumika_session=${world.token}` }]],
    ['the operator key for a cookie', () => [{ cookie: `lumika_session=${operatorKey}` }]],
    ['the secret of a session for a key', () => [{ authorization: `Bearer ${ann.cookie.split('=')[1]}` }]],
    ['the name and password of nobody', () => [{ authorization: `Basic ${btoa(`:${operatorKey}`)}` }]],
    // What a request says of itself counts before what its browser does.
    ['the token of a program, and the cookie', () => [{ authorization: `Bearer ${apiToken}`, ...ownPage() }]],
  ])('is closed to whoever has %s', async (_what, given) => {
    await expectRefused(calls, nobody, ...given())
  })

  const ownPage = () => ({ cookie: ann.cookie, origin: home, 'sec-fetch-site': 'same-origin' })

  it.each<[string, Record<string, string>]>([
    ['a page of another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a page of a neighbour', { origin: 'http://localhost:4000', 'sec-fetch-site': 'same-site' }],
    ['a sandboxed frame', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['a page that hides its origin', { 'sec-fetch-site': 'cross-site' }],
    ['nobody knows where', {}],
  ])('that writes is refused with the cookie from %s', async (_from, headers) => {
    await expectRefused(writes, elsewhere, { cookie: ann.cookie, ...headers })
  })

  it.each<[string, Record<string, string>]>([
    ['a page of another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a page of a neighbour', { 'sec-fetch-site': 'same-site' }],
  ])('that reads gives %s nothing for the cookie', async (_to, headers) => {
    const reads = calls.filter(({ method }) => method === 'GET')
    await expectRefused(reads, nobody, { cookie: ann.cookie, ...headers })
  })

  it('is open to the operator key and to the own page: what is refused above is refused for what it lacks', async () => {
    for (const headers of [{ authorization: `Bearer ${operatorKey}` }, ownPage()]) {
      // Feeds have no end.
      for (const call of calls.filter(({ method, path }) => method === 'GET' && !/\/(live|writing)$/.test(path))) {
        const [, , , code] = await answerTo(call, headers)
        expect([undefined, 'not_found']).toContain(code)
      }
    }
  })

  it('lets no page of another site ask first', async () => {
    const headers = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, content-type',
    }
    for (const { path } of calls) {
      const response = await world.lumika.fetch(new Request(home + path, { method: 'OPTIONS', headers }))
      const allowed = [...response.headers.keys()].filter((name) => name.startsWith('access-control-allow'))
      expect([path, allowed]).toEqual([path, []])
    }
  })
})
