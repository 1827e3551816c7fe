/** Who may call `/conversation`, over the whole server: what is refused leaves no trace, what is allowed can be read. */
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ErrorBody, HistoryPage } from '../../../protocol.ts'
import type { CreatedToken } from '../../../server/access/registry.ts'
import type { IntegrationInput } from '../../../server/access/integration.ts'
import { conversationEndpoints } from '../../helpers/endpoints.ts'
import { allEvents, eventOf } from '../../helpers/sse.ts'
import { openPlace, openWorld, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'

const home = 'http://localhost:3000'
const capability = `c_${'k'.repeat(22)}`

describe.each(storages)('callers, on %s', (kind) => {
  let place: Place
  let world: World
  beforeAll(async () => {
    place = await openPlace(kind)
    world = await openWorld(place)
  })
  afterAll(async () => {
    await world.close()
    await place.dispose()
  })

  const create = (input: Partial<IntegrationInput>) =>
    world.lumika.registry.create({
      name: 'Shop',
      kind: 'widget',
      allowedDomains: ['shop.example', '*.example.org'],
      ...input,
    })

  /** One request; every endpoint gets the fields of all of them. */
  function call(
    [method, path]: readonly [string, string],
    fields: [string, string][],
    headers: Record<string, string> = {},
  ) {
    const form = new URLSearchParams([['textContent', 'Hello'], ['turnId', `t${'0'.repeat(22)}`], ...fields])
    const isForm = method === 'POST'
    const url = isForm ? home + path : `${home}${path}?${form.toString()}`
    return world.lumika.fetch(new Request(url, { method, headers, ...(isForm && { body: form }) }))
  }

  /** How often storage and responder were asked. A shared registry is read again now and then, whoever calls. */
  const traces = () => {
    const { after = 0, ...calls } = world.calls
    return { ...calls, after: kind === 'redis' ? 0 : after, responder: world.responder.requests.length }
  }

  /** Calls every endpoint and expects the same refusal of each, without a trace. */
  async function expectRefused(
    fields: [string, string][],
    headers: Record<string, string>,
    status: number,
    code: string,
    allowOrigin: string | null = null,
  ): Promise<string[]> {
    const before = traces()
    const bodies: string[] = []
    for (const endpoint of conversationEndpoints) {
      const response = await call(endpoint, fields, headers)
      const body = await response.text()
      expect([response.status, (JSON.parse(body) as ErrorBody).error.code]).toEqual([status, code])
      expect(response.headers.get('access-control-allow-origin')).toBe(allowOrigin)
      expect(response.headers.get('vary')).toBe('Origin')
      expect(response.headers.has('access-control-allow-credentials')).toBe(false)
      for (const [name, value] of fields) if (name !== 'textContent' && value) expect(body).not.toContain(value)
      bodies.push(body)
    }
    expect(traces()).toEqual(before)
    return bodies
  }

  const as = ({ token }: CreatedToken, conversationId = capability): [string, string][] => [
    ['integrationToken', token],
    ['conversationId', conversationId],
  ]

  describe('by origin', () => {
    it.each<[string, Record<string, string>]>([
      ['O36: another site', { origin: 'https://evil-shop.example' }],
      ['O36: a site below a look-alike', { origin: 'https://shop.example.evil.com' }],
      ['O37: the apex of a wildcard', { origin: 'https://example.org' }],
      ['O37: a subdomain of an exact entry', { origin: 'https://www.shop.example' }],
      ['O38: http', { origin: 'http://shop.example' }],
      ['O38: another port', { origin: 'https://shop.example:8443' }],
      ['O39: the opaque origin', { origin: 'null' }],
      ['O40: upper case', { origin: 'https://SHOP.example' }],
      ['O40: empty', { origin: '' }],
      ['O40: two values', { origin: 'https://shop.example, https://shop.example' }],
      ['O40: 10 KB', { origin: `https://${'a'.repeat(10_000)}.example.org` }],
      ['O41: a look-alike', { origin: 'https://xn--hop-3xc.example' }],
      ['O42: an address', { origin: 'http://[::1]:3000' }],
      ['O44: the same origin, when the server is not listed', { 'sec-fetch-site': 'same-origin' }],
      ['O44: another site without Origin', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }],
      ['O45: Referer of another site', { referer: 'https://evil.example/shop.example' }],
      ['O45, O47: a program with a widget token', {}],
      [
        'O48: whoever claims to be behind a proxy',
        {
          origin: 'https://evil.example',
          host: 'shop.example',
          forwarded: 'host=shop.example;proto=https',
          'x-forwarded-host': 'shop.example',
          'x-forwarded-proto': 'https',
          'x-original-host': 'shop.example',
          referer: 'https://shop.example/',
          'sec-fetch-site': 'same-origin',
        },
      ],
    ])('%s is refused, unread, without a trace', async (_, headers) => {
      await expectRefused(as(await create({})), headers, 403, 'domain_not_allowed')
    })

    it.each<[string, Partial<IntegrationInput>, Record<string, string>, string | null]>([
      ['O36: a listed site', {}, { origin: 'https://shop.example' }, 'https://shop.example'],
      ['O37: below a wildcard', {}, { origin: 'https://a.b.example.org' }, 'https://a.b.example.org'],
      ['O39: the opaque origin, listed', { allowedDomains: ['null'] }, { origin: 'null' }, 'null'],
      [
        'O41: an IDN',
        { allowedDomains: ['bücher.example'] },
        { origin: 'https://xn--bcher-kva.example' },
        'https://xn--bcher-kva.example',
      ],
      ['O43: any site, empty list', { allowedDomains: [] }, { origin: 'https://any.example' }, 'https://any.example'],
      ['O44: the same origin, listed', { allowedDomains: ['localhost'] }, { 'sec-fetch-site': 'same-origin' }, null],
      ['O45: Referer of a listed site', {}, { referer: 'https://shop.example/a' }, null],
      ['O47: a program with an api token', { kind: 'api' }, {}, null],
      ['O47: a program that forges Origin', {}, { origin: 'https://shop.example' }, 'https://shop.example'],
    ])('%s is served', async (_, input, headers, allowOrigin) => {
      const made = await create(input)
      const before = traces()
      const response = await call(['GET', '/conversation/history'], as(made), headers)
      expect(response.status).toBe(200)
      expect(response.headers.get('access-control-allow-origin')).toBe(allowOrigin)
      expect(response.headers.get('vary')).toBe('Origin')
      const stream = await call(['POST', '/conversation/sse'], as(made), headers)
      expect(stream.headers.get('access-control-allow-origin')).toBe(allowOrigin)
      expect((await allEvents(stream)).at(-1)).toMatchObject({ type: 'done' })
      expect(traces()).not.toEqual(before)
    })

    it('O48: the address a request was sent to does not make it the server’s own', async () => {
      const made = await create({})
      const query = new URLSearchParams(as(made))
      const url = `https://shop.example/conversation/history?${query.toString()}`
      const response = await world.lumika.fetch(new Request(url, { headers: { 'sec-fetch-site': 'same-origin' } }))
      expect(response.status).toBe(403)
    })

    it('O49: an allowed page can read every error, and every answer varies by origin', async () => {
      const made = await create({})
      const origin = 'https://shop.example'
      const fields = as(made)
      const answers: [number, Response][] = [
        [400, await call(['GET', '/conversation/history'], [...fields, ['limit', '0']], { origin })],
        [400, await call(['GET', '/conversation/history'], as(made, 'c_short'), { origin })],
        [400, await call(['GET', '/conversation/sse'], [...fields, ['textContent', 'x']], { origin })],
        [403, await call(['GET', '/conversation/history'], as(made, 'customer-42'), { origin })],
        [404, await call(['GET', '/conversation/history'], [...fields, ['afterId', '0-aaaaaaaaaaaaaaaa']], { origin })],
        [404, await call(['GET', '/conversation/sse'], [...fields, ['lastEventId', 'tnone.0']], { origin })],
        [401, await call(['GET', '/conversation/history'], [], { origin })],
        [405, await call(['PUT', '/conversation/sse'], fields, { origin })],
        [415, await call(['POST', '/conversation/sse'], fields, { origin, 'content-type': 'application/json' })],
      ]
      for (const [status, response] of answers) {
        expect(response.status).toBe(status)
        expect(await response.json()).toHaveProperty('error.message')
        expect(response.headers.get('access-control-allow-origin')).toBe(origin)
        expect(response.headers.get('vary')).toBe('Origin')
        expect(response.headers.has('access-control-allow-credentials')).toBe(false)
      }
      for (const path of ['/', '/nothing', '/conversation/nothing', '/health', '/ready', '/api/nothing']) {
        const response = await world.lumika.fetch(new Request(home + path, { headers: { origin } }))
        expect([path, response.headers.get('vary')]).toEqual([path, expect.stringContaining('Origin')])
      }
    })

    it('O49: a finished answer’s 204 can be read, too', async () => {
      const made = await create({})
      const headers = { origin: 'https://shop.example' }
      const events = await allEvents(await call(['GET', '/conversation/sse'], as(made), headers))
      const last = events.at(-1)?.id ?? ''
      const response = await call(['GET', '/conversation/sse'], as(made), { ...headers, 'last-event-id': last })
      expect(response.status).toBe(204)
      expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example')
      expect(response.headers.get('vary')).toBe('Origin')
    })

    it.each<[string, string | null, string, boolean]>([
      ['of a listed site', 'token', 'https://shop.example', true],
      ['of another site', 'token', 'https://evil.example', false],
      ['without a token', null, 'https://evil.example', true],
      ['with an unknown token', `lw_${'0'.repeat(24)}`, 'https://evil.example', true],
      ['of no origin', null, 'null', false],
    ])('O49: a preflight %s', async (_, token, origin, isEchoed) => {
      const made = await create({})
      const query = token === null ? '' : `?integrationToken=${token === 'token' ? made.token : token}`
      const before = traces()
      for (const [, path] of conversationEndpoints) {
        const headers = { origin, 'access-control-request-method': 'POST' }
        const response = await world.lumika.fetch(new Request(home + path + query, { method: 'OPTIONS', headers }))
        expect([response.status, await response.text()]).toEqual([204, ''])
        expect(response.headers.get('vary')).toBe('Origin')
        expect(response.headers.get('access-control-allow-origin')).toBe(isEchoed ? origin : null)
        if (!isEchoed) continue
        expect(Object.fromEntries(response.headers)).toMatchObject({
          'access-control-allow-methods': 'GET, POST',
          'access-control-allow-headers': 'content-type, authorization, last-event-id',
          'access-control-max-age': '600',
        })
      }
      expect(traces()).toEqual(before)
    })

    it('O52: a changed list counts at once', async () => {
      const made = await create({})
      const read = async () =>
        (await call(['GET', '/conversation/history'], as(made), { origin: 'https://shop.example' })).status
      expect(await read()).toBe(200)
      await world.lumika.registry.update(made.integration.id, { allowedDomains: ['other.example'] })
      expect(await read()).toBe(403)
    })
  })

  describe('by token', () => {
    it('I65: unknown, revoked, malformed, empty, missing, repeated and contradicting tokens get one identical 401', async () => {
      const made = await create({ kind: 'api', allowedDomains: [] })
      const { token: live } = await world.lumika.registry.addToken(made.integration.id)
      await world.lumika.registry.revokeToken(made.integration.id, made.tokenId)
      const id: [string, string] = ['conversationId', capability]
      const wrong: [[string, string][], Record<string, string>][] = [
        [[['integrationToken', `lw_${'0'.repeat(24)}`], id], {}],
        [[['integrationToken', `la_${'0'.repeat(43)}`], id], {}],
        [[['integrationToken', made.token], id], {}],
        [[['integrationToken', 'hello world'], id], {}],
        [[['integrationToken', ''], id], {}],
        [[id], {}],
        [[['integrationToken', live], ['integrationToken', live], id], {}],
        [[['integrationToken', live], id], { authorization: `Bearer la_${'0'.repeat(43)}` }],
        [[id], { authorization: `Bearer ${made.token}` }],
        [[id], { authorization: 'Bearer' }],
        [[id], { authorization: `Basic ${live}` }],
      ]
      const bodies = new Set<string>()
      for (const [fields, headers] of wrong) {
        const origin = 'https://shop.example'
        const refused = await expectRefused(fields, { origin, ...headers }, 401, 'invalid_token', origin)
        for (const body of refused) bodies.add(body)
      }
      expect(bodies.size).toBe(1)
      const headers = { authorization: `Bearer ${live}` }
      expect((await call(['GET', '/conversation/history'], [id], headers)).status).toBe(200)
    })

    it('I60: the token of another integration finds none of the messages', async () => {
      const [one, two] = [await create({ kind: 'api' }), await create({ kind: 'api' })]
      const events = await allEvents(await call(['GET', '/conversation/sse'], as(one, 'customer-42')))
      const ack = eventOf(events, 'ack')
      const page = await call(['GET', '/conversation/history'], as(two, 'customer-42'))
      expect(await page.json()).toEqual({
        conversationId: 'customer-42',
        messages: [],
        lastMessageId: null,
        hasMore: false,
      })
      const cursor: [string, string] = ['afterId', ack.userMessageId]
      const foreign = await call(['GET', '/conversation/history'], [...as(two, 'customer-42'), cursor])
      expect(foreign.status).toBe(404)
      const last: [string, string] = ['lastEventId', `${ack.turnId}.0`]
      expect((await call(['GET', '/conversation/sse'], [...as(two, 'customer-42'), last])).status).toBe(404)
    })
  })

  describe('by identity', () => {
    const origin = { origin: 'https://shop.example' }

    it('I53, I61: an unsigned id of a page is refused alike whether or not it is in use', async () => {
      const made = await create({})
      const used = await proven(made, 'customer-42')
      await allEvents(await call(['GET', '/conversation/sse'], used, origin))
      const bodies = new Set<string>()
      for (const id of ['customer-42', 'customer-43']) {
        const refused = await expectRefused(as(made, id), origin, 403, 'identity_required', origin.origin)
        for (const body of refused) bodies.add(body)
      }
      expect(bodies.size).toBe(1)
      const page = (await (await call(['GET', '/conversation/history'], used, origin)).json()) as HistoryPage
      expect(page.messages.map(({ body }) => body)).toEqual(['Hello', 'You said: Hello'])
    })

    it('I54: with the right userHash it is served; with a wrong or a repeated one it is not', async () => {
      const made = await create({})
      const right = await proven(made, 'customer-42')
      expect((await call(['GET', '/conversation/history'], right, origin)).status).toBe(200)
      const proof = right.at(-1) as [string, string]
      const others = await proven(made, 'customer-43')
      const wrong: [string, string][][] = [
        [...as(made, 'customer-42'), others.at(-1) as [string, string]],
        [...as(made, 'customer-42'), ['userHash', proof[1].toUpperCase()]],
        [...as(made, 'customer-42'), ['userHash', '']],
        [...right, proof],
      ]
      for (const fields of wrong) await expectRefused(fields, origin, 403, 'identity_required', origin.origin)
    })

    it('I57: with an api token any id is served', async () => {
      const made = await create({ kind: 'api', requireIdentity: true })
      expect((await call(['GET', '/conversation/history'], as(made, 'customer-42'))).status).toBe(200)
    })

    it('I58: an id that only looks random is no id', async () => {
      for (const kindOfToken of ['widget', 'api'] as const) {
        const fields = as(await create({ kind: kindOfToken }), `c_${'k'.repeat(21)}`)
        await expectRefused(fields, origin, 400, 'invalid_conversation_id', origin.origin)
      }
    })

    it('I61: where proof is required, an anonymous visitor stores and reads nothing', async () => {
      const made = await create({ requireIdentity: true })
      await expectRefused(as(made), origin, 403, 'identity_required', origin.origin)
      const [first] = as(made)
      const response = await call(['POST', '/conversation/sse'], [first as [string, string]], origin)
      expect(response.status).toBe(403)
    })

    async function proven({ integration, token, tokenId }: CreatedToken, id: string): Promise<[string, string][]> {
      const secret = integration.identitySecrets[0]?.secret ?? ''
      const userHash = createHmac('sha256', secret).update(`${integration.id}\n${id}`).digest('hex')
      return [...as({ integration, token, tokenId }, id), ['userHash', userHash]]
    }
  })
})
