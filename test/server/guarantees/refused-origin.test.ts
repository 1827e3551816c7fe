/** G7: a request from a place that may not call causes nothing at all, whatever it asks for. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { IntegrationInput } from '../../../server/access/integration.ts'
import type { CreatedToken } from '../../../server/access/registry.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { spyResponder } from '../../helpers/responder.ts'
import { eventsOf } from '../../helpers/sse.ts'
import { openPlace, openWorld } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

type Headers = Record<string, string>

const listed = ['example.com', '*.example.org', 'localhost:3000']
const conversationId = `c_${'k'.repeat(22)}`
const canary = 'a message that only its own page may read'
const key = 'the-key-of-a-stored-message'
const methods = ['GET', 'POST', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
/** The methods each path serves. */
const served: Record<string, string[]> = {
  '/conversation/sse': ['GET', 'POST'],
  '/conversation/history': ['GET'],
  '/conversation/stop': ['POST'],
  '/conversation/person': ['POST'],
  '/conversation/feedback': ['POST'],
  '/conversation/typing': ['POST'],
  '/conversation/erase': ['POST'],
}
const evil = { origin: 'https://evil.example' }

/** Every way of being refused, by the case that names it. The api token is refused alike where a page calls. */
const refusals: [what: string, headers: Headers, kinds?: IntegrationInput['kind'][]][] = [
  ['O36: another site', { origin: 'https://evil-example.com' }],
  ['O36: a listed name in front', { origin: 'https://example.com.evil.com' }],
  ['O36: a listed name at the end', { origin: 'https://notexample.com' }],
  ['O36: a listed name as the user', { origin: 'https://example.com@evil.com' }],
  ['O36: a longer top-level domain', { origin: 'https://example.comx' }],
  ['O37: below an exact entry', { origin: 'https://www.example.com' }],
  ['O37: the apex of a wildcard', { origin: 'https://example.org' }],
  ['O38: http', { origin: 'http://example.com' }],
  ['O38: another port', { origin: 'https://example.com:8443' }],
  ['O38: another port of this machine', { origin: 'http://localhost:3001' }],
  ['O39: the opaque origin', { origin: 'null' }],
  ['O40: upper case', { origin: 'https://EXAMPLE.com' }],
  ['O40: a trailing dot', { origin: 'https://example.com.' }],
  ['O40: a user', { origin: 'https://user@example.com' }],
  ['O40: a path', { origin: 'https://example.com/path' }],
  ['O40: an encoded dot', { origin: 'https://example%2ecom' }],
  ['O40: two values', { origin: 'https://example.com, https://example.com' }],
  ['O40: nothing', { origin: '' }],
  ['O40: 10 KB', { origin: `https://${'a'.repeat(10_000)}.example.org` }],
  ['O41: a look-alike', { origin: new URL('https://еxample.com').origin }],
  ['O42: an address', { origin: 'http://[::1]:3000' }],
  ['O42: an address in short', { origin: 'http://127.1:3000' }],
  ['O44: another site without Origin', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }],
  ['O44: the same site', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }],
  ['O44: nobody', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'cors' }],
  ['O45: the Referer of another site', { referer: 'https://evil.example/?https://example.com/' }],
  ['O45, O47: a program with a public token', {}, ['widget']],
  [
    'O48: claims about the address',
    {
      ...evil,
      host: 'example.com',
      forwarded: 'host=example.com;proto=https',
      'x-forwarded-host': 'example.com',
      'x-original-url': '/conversation/history',
      referer: 'https://example.com/',
      'sec-fetch-site': 'same-origin',
    },
  ],
]

/** What a page makes a browser send that is no fetch and no EventSource: refused even where the page is listed. */
const pageLoads: [what: string, headers: Headers][] = [
  ['a navigation', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }],
  ['a frame', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
  ['an image', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
  ['a script', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }],
  ['an opaque fetch', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' }],
  ['a prefetch', { 'sec-purpose': 'prefetch' }],
  ['a prerender', { 'sec-purpose': 'prefetch;prerender' }],
]

// The storage is not even asked, so which one it is makes no difference; `wire/origins` asks on all of them.
describe('G7: a refused request', () => {
  let place: Place
  let world: World
  let made: Record<IntegrationInput['kind'], CreatedToken>
  /** An answer that is being written, and is not to be stopped. */
  let turnId: string
  /** Set while a request is answered: whatever is called on its behalf, now or later, is known by it. */
  const request = new AsyncLocalStorage<string>()
  const calls: string[] = []
  beforeAll(async () => {
    place = await openPlace('memory')
    const responder = spyResponder(async function* ({ signal }) {
      yield canary
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    const open = async () => watched(await place.open())
    world = await openWorld({ ...place, open }, { responder })
    const create = (kindOfToken: IntegrationInput['kind']) =>
      world.lumika.registry.create({ name: 'Shop', kind: kindOfToken, allowedDomains: listed })
    made = { widget: await create('widget'), api: await create('api') }
    for (const { token } of Object.values(made)) {
      const params = { integrationToken: token, conversationId, textContent: canary, clientMessageId: key }
      const stream = await world.post('/conversation/sse', params, { origin: 'https://example.com' })
      for await (const event of eventsOf(stream)) {
        if (event.type === 'ack') turnId = event.turnId
        if (event.type === 'delta') break
      }
    }
    expect(responder.requests).toHaveLength(2)
  })
  afterAll(async () => {
    await world.close()
    await place.dispose()
  })

  /** Notes every call of the log, reads too, that is made on behalf of a request. */
  function watched(log: ConversationLog): ConversationLog {
    return new Proxy(log, {
      get(target, name: keyof ConversationLog) {
        const value = target[name]
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          const about = request.getStore()
          if (about !== undefined) calls.push(`${about}: ${name}`)
          return (value as (...args: unknown[]) => unknown).apply(target, args)
        }
      },
    })
  }

  /** All that can be asked for of a path, whether it is there or not. */
  const wishes = (): Record<string, string>[] => [
    { textContent: 'a new message' },
    { textContent: canary, clientMessageId: key },
    { textContent: 'x', lastEventId: `${turnId}.0` },
    { wait: '25', afterId: '0-aaaaaaaaaaaaaaaa' },
    { turnId },
  ]

  async function ask(
    method: string,
    path: string,
    headers: Headers,
    fields: Record<string, string>,
  ): Promise<Response> {
    const form = new URLSearchParams(fields)
    const isForm = method === 'POST'
    const url = `http://localhost:3000${path}${isForm ? '' : `?${form.toString()}`}`
    const init = { method, headers, ...(isForm && { body: form }) }
    return request.run(`${method} ${path}`, () => world.lumika.fetch(new Request(url, init)))
  }

  /** Asks for everything by every method. Nothing is called, nothing is said but that it may not be. */
  async function expectNothing(headers: Headers, kindOfToken: IntegrationInput['kind'], code: string): Promise<void> {
    const { token } = made[kindOfToken]
    const answered = world.responder.requests.length
    const bodies = new Map<number, Set<string>>()
    calls.length = 0
    for (const path of Object.keys(served)) {
      for (const method of methods) {
        const isServed = (served[path] ?? []).includes(method)
        const expected = method === 'OPTIONS' ? 204 : isServed ? 403 : 405
        for (const wish of isServed ? wishes() : wishes().slice(0, 1)) {
          const fields = { integrationToken: token, conversationId, ...wish }
          const response = await ask(method, path, headers, fields)
          expect([method, path, response.status]).toEqual([method, path, expected])
          if (expected === 403) expect(response.headers.get('access-control-allow-origin')).toBeNull()
          const seen = bodies.get(expected) ?? new Set<string>()
          bodies.set(expected, seen.add(await response.text()))
        }
      }
    }
    // Whatever a request set going has begun by now.
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(calls).toEqual([])
    expect(world.responder.requests).toHaveLength(answered)
    // One body for all of them: it can hold nothing that depends on what was asked for.
    expect([...(bodies.get(403) ?? [])].map((body) => JSON.parse(body) as unknown)).toEqual([
      { error: { code, message: expect.any(String) as string } },
    ])
    expect([...(bodies.get(204) ?? [])]).toEqual([''])
    expect([...(bodies.get(405) ?? [])].join()).not.toContain(canary)
  }

  it.each(refusals)('G7: %s', async (_, headers, kinds = ['widget', 'api']) => {
    for (const kindOfToken of kinds) await expectNothing(headers, kindOfToken, 'domain_not_allowed')
  })

  it.each(pageLoads)('G7, O46, A9: %s, of a listed site too', async (_, headers) => {
    for (const from of [{}, evil, { origin: 'https://example.com' }]) {
      await expectNothing({ ...headers, ...from }, 'widget', 'request_not_allowed')
      await expectNothing({ ...headers, ...from }, 'api', 'request_not_allowed')
    }
  })

  it('G7: and the same requests from a listed site do all that is asked for, which is seen', async () => {
    const headers = { origin: 'https://example.com' }
    const fields = { integrationToken: made.widget.token, conversationId }
    calls.length = 0
    const read = await ask('GET', '/conversation/history', headers, fields)
    expect(await read.text()).toContain(canary)
    expect(calls).toContain('GET /conversation/history: before')
    const sent = await ask('POST', '/conversation/sse', headers, { ...fields, textContent: 'a new message' })
    expect(sent.status).toBe(200)
    await sent.body?.cancel()
    expect(calls).toContain('POST /conversation/sse: append')
    const resumed = await ask('GET', '/conversation/sse', headers, { ...fields, lastEventId: `${turnId}.0` })
    await resumed.body?.cancel()
    expect(calls.filter((call) => call.startsWith('GET /conversation/sse'))).not.toEqual([])
  })
})
