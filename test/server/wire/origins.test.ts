/** Who may call, by where a request comes from: bytes on a socket in, and nothing but a refusal out. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ErrorBody, HistoryPage } from '../../../protocol.ts'
import type { IntegrationInput } from '../../../server/access/integration.ts'
import type { CreatedToken } from '../../../server/access/registry.ts'
import { LogError } from '../../../server/storage/log.ts'
import { openPlace, openWorld, operatorKey, storages } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'
import { openWire } from './socket.ts'
import type { RawAnswer, RawHeaders, RawRequest, Wire } from './socket.ts'
import { watchPlace } from './watched.ts'
import type { WatchedPlace } from './watched.ts'

type Fields = [name: string, value: string][]

const listed = ['example.com', '*.example.org', 'localhost:3000']
const conversationId = `c_${'k'.repeat(22)}`
const canary = 'a message that only its own page may read'
const endpoints = [
  ['GET', '/conversation/sse'],
  ['POST', '/conversation/sse'],
  ['GET', '/conversation/history'],
  ['POST', '/conversation/stop'],
  ['POST', '/conversation/person'],
  ['POST', '/conversation/feedback'],
  ['POST', '/conversation/typing'],
  ['POST', '/conversation/erase'],
  ['GET', '/widget/config'],
] as const

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('origins on the wire, on %s', (kind) => {
  let place: WatchedPlace
  let world: World
  let wire: Wire
  /** A widget and an api integration with the same list, each with a stored message. */
  let widget: CreatedToken
  let api: CreatedToken
  beforeAll(async () => {
    place = watchPlace(await openPlace(kind))
    world = await openWorld(place)
    wire = await openWire(world.lumika)
    widget = await create({ kind: 'widget' })
    api = await create({ kind: 'api' })
    for (const made of [widget, api])
      await expectServed(made, [['Origin', 'https://example.com']], 'https://example.com')
  })
  afterAll(async () => {
    await wire.close()
    await world.close()
    await place.dispose()
  })

  const create = (input: Partial<IntegrationInput>): Promise<CreatedToken> =>
    world.lumika.registry.create({ name: 'Shop', kind: 'widget', allowedDomains: listed, ...input })

  /** One request; every endpoint gets the fields of all of them. */
  function requestFor(
    { token }: CreatedToken,
    [method, path]: readonly [method: string, path: string],
    headers: RawHeaders = [],
    more: Fields = [],
  ): RawRequest {
    const all: Fields = [
      ['integrationToken', token],
      ['conversationId', conversationId],
      ['textContent', canary],
      ['turnId', `t${'0'.repeat(22)}`],
    ]
    const names = new Set(more.map(([name]) => name))
    const form = new URLSearchParams([...all.filter(([name]) => !names.has(name)), ...more]).toString()
    if (method !== 'POST') return { method, target: `${path}?${form}`, headers }
    return {
      method,
      target: path,
      headers: [...headers, ['Content-Type', 'application/x-www-form-urlencoded']],
      body: form,
    }
  }

  const history = (made: CreatedToken, headers: RawHeaders) =>
    wire.raw(requestFor(made, ['GET', '/conversation/history'], headers))

  /** G7: every endpoint refuses, and nothing else happens. */
  async function expectRefused(made: CreatedToken, headers: RawHeaders): Promise<void> {
    const asked = place.asked.length
    const answered = world.responder.requests.length
    for (const endpoint of endpoints) {
      const answer = await wire.raw(requestFor(made, endpoint, headers))
      expect([endpoint, answer.status]).toEqual([endpoint, 403])
      expect(JSON.parse(answer.body)).toEqual({
        error: { code: 'domain_not_allowed', message: expect.any(String) as string },
      })
      expect(answer.body).not.toContain(canary)
      expect(answer.header('access-control-allow-origin')).toBeNull()
      expect(answer.header('access-control-allow-credentials')).toBeNull()
      expect(answer.header('vary')).toBe('Origin')
      expect(answer.header('cache-control')).toContain('no-store')
    }
    expect(place.asked.slice(asked)).toEqual([])
    expect(world.responder.requests).toHaveLength(answered)
  }

  /** A reader gets the stored message, a sender its stream, and the page whose origin it is may read them. */
  async function expectServed(made: CreatedToken, headers: RawHeaders, allowOrigin: string | null): Promise<void> {
    const sent = await wire.raw(requestFor(made, ['POST', '/conversation/sse'], headers))
    expect([sent.status, sent.header('access-control-allow-origin')]).toEqual([200, allowOrigin])
    expect(sent.body).toContain('"type":"done"')
    const read = await history(made, headers)
    expect([read.status, read.header('access-control-allow-origin')]).toEqual([200, allowOrigin])
    expect((JSON.parse(read.body) as HistoryPage).messages[0]?.body).toBe(canary)
    for (const answer of [sent, read]) {
      expect(answer.header('vary')).toBe('Origin')
      expect(answer.header('access-control-allow-credentials')).toBeNull()
    }
  }

  describe('with an Origin', () => {
    it.each([
      ['O36', 'https://evil-example.com'],
      ['O36', 'https://example.com.evil.com'],
      ['O36', 'https://notexample.com'],
      ['O36', 'https://example.com@evil.com'],
      ['O36', 'https://example.comx'],
      ['O37', 'https://www.example.com'],
      ['O37', 'https://example.org'],
      ['O37', 'https://xexample.org'],
      ['O37', 'https://.example.org'],
      ['O38', 'http://example.com'],
      ['O38', 'http://a.example.org'],
      ['O38', 'https://example.com:8443'],
      ['O38', 'https://a.example.org:8443'],
      ['O38', 'http://localhost:3001'],
      ['O38', 'http://localhost'],
      ['O39', 'null'],
      ['O40', 'https://EXAMPLE.com'],
      ['O40', 'HTTPS://example.com'],
      ['O40', 'https://example.com.'],
      ['O40', 'https://user@example.com'],
      ['O40', 'https://user:password@example.com'],
      ['O40', 'https://example.com/'],
      ['O40', 'https://example.com/path'],
      ['O40', 'https://example.com?'],
      ['O40', 'https://example.com#'],
      ['O40', 'https://example%2ecom'],
      ['O40', Buffer.from('https://example。com').toString('latin1')],
      ['O40', 'https://example\xffcom'],
      ['O40', 'https://example.com, https://example.com'],
      ['O40', 'https://example.com https://evil.com'],
      ['O40', 'https:example.com'],
      ['O40', '//example.com'],
      ['O40', 'example.com'],
      ['O40', 'blob:https://example.com'],
      ['O40', 'file://'],
      ['O40', 'NULL'],
      ['O40', ''],
      ['O38, O40', 'https://example.com:443'],
      ['O41', new URL('https://еxample.com').origin],
      ['O42', 'http://[::1]:3000'],
      ['O42', 'http://127.0.0.1:3000'],
      ['O42', 'http://127.1:3000'],
    ])('%s: %j is refused, without a trace', async (_, origin) => {
      await expectRefused(widget, [['Origin', origin]])
      await expectRefused(api, [['Origin', origin]])
    })

    it.each<[string, RawHeaders]>([
      [
        'twice the same',
        [
          ['Origin', 'https://example.com'],
          ['Origin', 'https://example.com'],
        ],
      ],
      [
        'a listed one first',
        [
          ['Origin', 'https://example.com'],
          ['origin', 'https://evil.example'],
        ],
      ],
      [
        'a listed one last',
        [
          ['Origin', 'https://evil.example'],
          ['ORIGIN', 'https://example.com'],
        ],
      ],
      [
        'an empty one and a listed one',
        [
          ['Origin', ''],
          ['Origin', 'https://example.com'],
        ],
      ],
    ])('O40: two Origin headers, %s, are refused', async (_, headers) => {
      await expectRefused(widget, headers)
    })

    it('O40: an Origin of 10 KB is refused', async () => {
      await expectRefused(widget, [['Origin', `https://${'a'.repeat(10_000)}.example.org`]])
      await expectRefused(widget, [['Origin', `https://${'a.'.repeat(5_000)}example.org`]])
    })

    it.each([
      ['O36', 'https://example.com'],
      ['O37', 'https://a.example.org'],
      ['O37', 'https://a.b.example.org'],
      ['O38', 'http://localhost:3000'],
      ['O38', 'https://localhost:3000'],
    ])('%s: %s is served', async (_, origin) => {
      await expectServed(widget, [['Origin', origin]], origin)
    })

    it.each([
      ['O38', 'http://example.com', 'http://example.com', 'https://example.com'],
      ['O38', 'example.com:8443', 'https://example.com:8443', 'https://example.com'],
      ['O38', 'example.com:443', 'https://example.com', 'https://example.com:8443'],
      ['O39', 'null', 'null', 'https://example.com'],
      ['O41', 'bücher.example', 'https://xn--bcher-kva.example', 'https://bcher.example'],
      ['O41', 'xn--bcher-kva.example', 'https://xn--bcher-kva.example', 'https://xn--bcher-kv.example'],
      ['O42', '[0:0:0:0:0:0:0:1]:3000', 'http://[::1]:3000', 'http://[::1]:3001'],
      ['O42', '127.0.0.1', 'http://127.0.0.1:5173', 'http://127.1:5173'],
      ['O43', '  HTTPS://Example.COM/ ', 'https://example.com', 'http://example.com'],
      ['O43', 'example.com.', 'https://example.com', 'https://example.com.'],
    ])('%s: the entry %j lets in %s and not %s', async (_, entry, origin, other) => {
      const made = await create({ allowedDomains: [entry] })
      await expectServed(made, [['Origin', origin]], origin)
      await expectRefused(made, [['Origin', other]])
    })

    it('O39: an integration that lists null is told what that means', async () => {
      const { integration } = await create({ allowedDomains: ['null'] })
      const card = await operator('GET', `/api/integrations/${integration.id}`)
      expect((JSON.parse(card.body) as Card).integration.warnings.join()).toContain('`null`')
    })
  })

  describe('the list', () => {
    it.each(['', ' ', 'example.com/path', '*', '*.com', '*.org', '*.co.uk', 'co.uk', '*.*.example.com', 'a b.example'])(
      'O37, O43: the entry %j is refused when it is saved',
      async (entry) => {
        const body = { name: 'Shop', kind: 'widget', allowedDomains: ['example.com', entry] }
        const answer = await operator('POST', '/api/integrations', body)
        expect([answer.status, (JSON.parse(answer.body) as ErrorBody).error.code]).toEqual([422, 'invalid_domain'])
        const before = world.lumika.registry.get(widget.integration.id)
        const path = `/api/integrations/${widget.integration.id}`
        expect((await operator('PATCH', path, { allowedDomains: [entry] })).status).toBe(422)
        expect(world.lumika.registry.get(widget.integration.id)).toEqual(before)
      },
    )

    it('O43: an empty list lets any origin in, and says so; the opaque one it does not', async () => {
      const made = await create({ allowedDomains: [] })
      await expectServed(made, [['Origin', 'https://any.example']], 'https://any.example')
      await expectServed(made, [], null)
      await expectRefused(made, [['Origin', 'null']])
      const card = await operator('GET', `/api/integrations/${made.integration.id}`)
      expect((JSON.parse(card.body) as Card).integration.warnings.join()).toContain('Every website')
    })

    it.each([['example.com'], [{ 0: 'example.com' }], [null], [[42]], [['%%%']], [[null, 'example.com']]])(
      'O43: a stored list that cannot be read, %j, lets nobody in',
      async (allowedDomains) => {
        const made = await create({})
        const integration = { ...made.integration, allowedDomains }
        await place.log.append('~registry', 'public', { type: 'integration', integration })
        await expect
          .poll(() => world.lumika.registry.get(made.integration.id)?.allowedDomains, { timeout: 10_000 })
          .toEqual(allowedDomains)
        for (const headers of [[['Origin', 'https://example.com']], []] satisfies RawHeaders[]) {
          await expectRefused(made, headers)
        }
      },
    )
  })

  describe('without an Origin', () => {
    it('O44: a same-origin page is served where the server’s own origin is listed', async () => {
      await expectServed(
        widget,
        [
          ['Sec-Fetch-Site', 'same-origin'],
          ['Sec-Fetch-Mode', 'cors'],
        ],
        null,
      )
      const made = await create({ allowedDomains: ['example.com'] })
      await expectRefused(made, [
        ['Sec-Fetch-Site', 'same-origin'],
        ['Sec-Fetch-Mode', 'cors'],
      ])
    })

    it.each(['cross-site', 'same-site', 'none', '', 'same-origin, same-origin', 'SAME-ORIGIN'])(
      'O44: Sec-Fetch-Site "%s" is refused, for api tokens too',
      async (site) => {
        const headers: RawHeaders = [
          ['Sec-Fetch-Site', site],
          ['Referer', 'https://example.com/'],
        ]
        await expectRefused(widget, headers)
        await expectRefused(api, headers)
      },
    )

    it.each(['https://example.com/', 'https://example.com/a?b=c', 'https://a.example.org/', 'http://localhost:3000/x'])(
      'O45: the Referer %s is served',
      async (referer) => {
        await expectServed(widget, [['Referer', referer]], null)
      },
    )

    it.each([
      'https://evil.example/',
      'https://evil.example/?https://example.com/',
      'https://example.com@evil.example/',
      'https://example.com.evil.example/',
      'http://example.com/',
      'https://www.example.com/',
      'example.com',
      'about:blank',
      'data:text/html,https://example.com/',
      'null',
      '',
    ])('O45: the Referer "%s" is refused, for api tokens too', async (referer) => {
      await expectRefused(widget, [['Referer', referer]])
      await expectRefused(api, [['Referer', referer]])
    })

    const curl: RawHeaders = [
      ['User-Agent', 'curl/8.5.0'],
      ['Accept', '*/*'],
    ]

    it('O45, O47: a program is served with an api token and refused with a widget token', async () => {
      await expectServed(api, curl, null)
      await expectRefused(widget, curl)
    })

    it('O47: a program that forges an allowed Origin is served: the list is no authentication', async () => {
      await expectServed(widget, [...curl, ['Origin', 'https://example.com']], 'https://example.com')
    })
  })

  describe('O48: what a request says about its address', () => {
    const claims: RawHeaders = [
      ['X-Forwarded-Host', 'example.com'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-For', '127.0.0.1'],
      ['Forwarded', 'for=127.0.0.1;host=example.com;proto=https'],
      ['X-Original-Host', 'example.com'],
      ['X-Original-URL', '/conversation/history'],
      ['X-Http-Method-Override', 'GET'],
    ]
    let elsewhere: CreatedToken
    beforeAll(async () => {
      elsewhere = await create({ allowedDomains: ['example.com'] })
      await expectServed(elsewhere, [['Origin', 'https://example.com']], 'https://example.com')
    })

    it.each<[string, RawHeaders]>([
      [
        'another origin',
        [
          ['Origin', 'https://evil.example'],
          ['Referer', 'https://example.com/'],
        ],
      ],
      [
        'the same origin',
        [
          ['Sec-Fetch-Site', 'same-origin'],
          ['Referer', 'https://example.com/'],
        ],
      ],
      [
        'another site',
        [
          ['Sec-Fetch-Site', 'cross-site'],
          ['Referer', 'https://example.com/'],
        ],
      ],
      ['a program', []],
    ])('lets nobody in: %s', async (_, headers) => {
      await expectRefused(elsewhere, [['Host', 'example.com'], ...claims, ...headers])
      const asked = place.asked.length
      for (const [method, path] of endpoints) {
        for (const base of ['http://example.com', 'https://example.com', 'https://example.com:443']) {
          const request = requestFor(elsewhere, [method, path], [...claims, ...headers])
          const answer = await wire.raw({ ...request, target: base + request.target })
          expect(answer.status).toBe(403)
          expect(answer.header('access-control-allow-origin')).toBeNull()
        }
      }
      expect(place.asked.slice(asked)).toEqual([])
    })

    it('keeps nobody out: an allowed page, whatever the Host', async () => {
      const headers: RawHeaders = [
        ['Origin', 'https://example.com'],
        ['Referer', 'https://evil.example/'],
        ...claims.map(([name, value]): [string, string] => [name, value.replace('example.com', 'evil.example')]),
      ]
      await expectServed(elsewhere, [['Host', 'evil.example'], ...headers], 'https://example.com')
      const request = requestFor(elsewhere, ['GET', '/conversation/history'], headers)
      const answer = await wire.raw({ ...request, target: `http://evil.example${request.target}` })
      expect([answer.status, answer.header('access-control-allow-origin')]).toEqual([200, 'https://example.com'])
      const old = await wire.raw({ ...request, version: '1.0' })
      expect([old.status, old.header('access-control-allow-origin')]).toEqual([200, 'https://example.com'])
    })

    it.each([
      '[',
      'a b',
      'example.com/conversation/history?',
      'x?integrationToken=1',
      '%',
      'ü',
      '',
      'example.com:99999',
    ])('a Host that is none, "%s", changes nothing', async (host) => {
      const served = await history(elsewhere, [
        ['Host', host],
        ['Origin', 'https://example.com'],
      ])
      // Node's own parser may refuse such a head before anybody sees it.
      expect([200, 400]).toContain(served.status)
      const refused = await history(elsewhere, [
        ['Host', host],
        ['Sec-Fetch-Site', 'same-origin'],
      ])
      expect([403, 400]).toContain(refused.status)
      expect(refused.body).not.toContain(canary)
    })
  })

  describe('O49, O50: answers', () => {
    const origin = 'https://example.com'
    const home: RawHeaders = [['Origin', origin]]

    /** One answer of every kind an allowed page can get, by what it is. */
    async function everyAnswer(headers: RawHeaders): Promise<[name: string, status: number, answer: RawAnswer][]> {
      const ask = (endpoint: readonly [string, string], more: Fields = [], extra: RawHeaders = []) =>
        wire.raw(requestFor(widget, endpoint, [...headers, ...extra], more))
      const sse = ['POST', '/conversation/sse'] as const
      const read = ['GET', '/conversation/history'] as const
      const key: Fields = [['clientMessageId', `answers-${kind}-00000001`]]
      const stream = await ask(sse, key)
      const ids = [...stream.body.matchAll(/^id: (.+)$/gm)].map(([, id]) => id as string)
      const last = ids.at(-1) ?? ''
      const turnId = last.split('.')[0] ?? ''
      const answers: [string, number, RawAnswer][] = [
        ['a stream', 200, stream],
        ['a resumed stream', 200, await ask(sse, [['lastEventId', `${turnId}.0`]])],
        ['a finished stream', 204, await ask(sse, [], [['Last-Event-ID', last]])],
        ['a page', 200, await ask(read)],
        ['a stopped turn', 204, await ask(['POST', '/conversation/stop'], [['turnId', turnId]])],
        ['a preflight', 204, await ask(['OPTIONS', read[1]], [], [['Access-Control-Request-Method', 'GET']])],
        ['no text', 400, await ask(sse, [['textContent', ' ']])],
        ['no limit', 400, await ask(read, [['limit', '0']])],
        ['no id', 400, await ask(read, [['conversationId', 'c_short']])],
        ['no token', 401, await ask(read, [['integrationToken', 'nobody']])],
        ['no proof', 403, await ask(read, [['conversationId', 'customer-42']])],
        ['no turn', 404, await ask(['POST', '/conversation/stop'])],
        ['no cursor', 404, await ask(read, [['afterId', '0-aaaaaaaaaaaaaaaa']])],
        ['no such method', 405, await ask(['PUT', '/conversation/sse'])],
        ['no body either', 405, await ask(['HEAD', '/conversation/sse'])],
        ['another text', 409, await ask(sse, [...key, ['textContent', 'another']])],
        ['too long', 413, await ask(sse, [['textContent', 'x'.repeat(4_001)]])],
      ]
      const json = {
        ...requestFor(widget, sse, []),
        headers: [...headers, ['Content-Type', 'text/plain']] as RawHeaders,
      }
      answers.push(['no form', 415, await wire.raw(json)])
      place.failure = new LogError('storage_unavailable', 'The disk is gone.')
      answers.push(['no storage', 503, await ask(read)], ['no storage to write', 503, await ask(sse)])
      place.failure = new TypeError('A mistake of ours.')
      answers.push(['a fault', 500, await ask(read)])
      place.failure = null
      return answers
    }

    it('O49: an allowed page can read every answer, errors and empty ones too; each varies by origin', async () => {
      for (const [name, status, answer] of await everyAnswer(home)) {
        expect([name, answer.status]).toEqual([name, status])
        expect([name, answer.header('access-control-allow-origin')]).toEqual([name, origin])
        expect([name, answer.header('vary')]).toEqual([name, 'Origin'])
        expect(answer.header('access-control-allow-credentials')).toBeNull()
        if (status === 503) expect(answer.header('retry-after')).toMatch(/^\d+$/)
        if (status === 204) expect(answer.body).toBe('')
        if (status >= 400 && name !== 'no body either') expect(JSON.parse(answer.body)).toHaveProperty('error.message')
      }
    })

    it('O50: no cache may keep any of them, and no page gets an answer meant for another', async () => {
      for (const other of ['https://a.example.org', 'https://b.example.org']) {
        for (const [name, , answer] of await everyAnswer([['Origin', other]])) {
          expect([name, answer.header('access-control-allow-origin')]).toEqual([name, other])
          expect([name, answer.header('vary')]).toEqual([name, 'Origin'])
          expect([name, answer.header('cache-control')]).toEqual([name, expect.stringContaining('no-store')])
        }
      }
    })

    it('O49: answers that belong to no integration vary by origin, and no page may read them', async () => {
      const paths = ['/', '/nothing', '/conversation', '/conversation/nothing', '/%ff', '/health']
      for (const path of [...paths, '/ready', '/api/integrations', '/api/activities', '/api/nothing']) {
        for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
          const { header, status } = await wire.raw({ method, target: path, headers: home })
          expect([method, path, status < 500, header('vary'), header('access-control-allow-origin')]).toEqual([
            method,
            path,
            true,
            expect.stringContaining('Origin'),
            null,
          ])
        }
      }
    })
  })

  describe('O51: a preflight', () => {
    const preflight = (made: CreatedToken, path: string, origin: string, wants = 'last-event-id') =>
      wire.raw(
        requestFor(
          made,
          ['OPTIONS', path],
          [
            ['Origin', origin],
            ['Access-Control-Request-Method', 'POST'],
            ['Access-Control-Request-Headers', wants],
          ],
        ),
      )

    it('names what a page may send, for ten minutes, and touches nothing', async () => {
      const asked = place.asked.length
      for (const [, path] of endpoints) {
        for (const wants of ['last-event-id', 'authorization,content-type', 'x-anything']) {
          const answer = await preflight(widget, path, 'https://example.com', wants)
          expect([answer.status, answer.body]).toEqual([204, ''])
          expect(answer.header('access-control-allow-origin')).toBe('https://example.com')
          expect(answer.header('access-control-allow-methods')).toBe('GET, POST')
          expect(answer.header('access-control-allow-headers')).toBe('content-type, authorization, last-event-id')
          expect(answer.header('access-control-max-age')).toBe('600')
          expect(answer.header('vary')).toBe('Origin')
        }
        const refused = await preflight(widget, path, 'https://evil.example')
        expect([refused.status, refused.header('access-control-allow-origin')]).toEqual([204, null])
      }
      expect(place.asked.slice(asked)).toEqual([])
    })

    it('that a browser remembers does not outlive its domain: the request itself is refused at once', async () => {
      const made = await create({})
      const answer = await preflight(made, '/conversation/sse', 'https://example.com')
      expect(answer.header('access-control-allow-origin')).toBe('https://example.com')
      await expectServed(made, [['Origin', 'https://example.com']], 'https://example.com')
      const path = `/api/integrations/${made.integration.id}`
      expect((await operator('PATCH', path, { allowedDomains: ['*.example.org'] })).status).toBe(200)
      await expectRefused(made, [['Origin', 'https://example.com']])
    })
  })

  describe('the head', () => {
    it('of just under 64 KiB is read, a larger one is turned away unread', async () => {
      const asked = place.asked.length
      const origin: [string, string] = ['Origin', 'https://example.com']
      const large = await history(widget, [origin, ['Cookie', 'x'.repeat(64_000)]])
      expect(large.status).toBe(200)
      expect(place.asked.length).toBeGreaterThan(asked)
      const after = place.asked.length
      const tooLarge = await history(widget, [origin, ['Cookie', 'x'.repeat(66_000)]])
      expect(tooLarge.status).toBe(431)
      expect(place.asked).toHaveLength(after)
    })

    it('may hold bytes that are no UTF-8: they become U+FFFD or are refused, and break nothing', async () => {
      const fields = `integrationToken=${api.token}&conversationId=bytes-${kind}`
      const target = `/conversation/sse?${fields}&textContent=caf\xe9%FF!`
      const sent = await wire.raw({ method: 'GET', target })
      expect([200, 400]).toContain(sent.status)
      const read = await wire.raw({ method: 'GET', target: `/conversation/history?${fields}` })
      const [first] = (JSON.parse(read.body) as HistoryPage).messages
      if (sent.status === 200) expect(first?.body).toMatch(/^caf.+\uFFFD!$/)
      else expect(first).toBeUndefined()
      const id = await wire.raw({ method: 'GET', target: `/conversation/history?${fields}\xe9` })
      expect(id.status).toBe(400)
    })
  })

  function operator(method: string, target: string, body?: unknown): Promise<RawAnswer> {
    const headers: RawHeaders = [['Authorization', `Bearer ${operatorKey}`]]
    if (body === undefined) return wire.raw({ method, target, headers })
    return wire.raw({
      method,
      target,
      headers: [...headers, ['Content-Type', 'application/json']],
      body: JSON.stringify(body),
    })
  }
})

interface Card {
  integration: { warnings: string[] }
}
