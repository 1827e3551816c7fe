import { createStorage } from 'unstorage'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { IntegrationCard } from '../../../server/access/card.ts'
import { createEchoResponder } from '../../../server/responders/echo.ts'
import { createLumika } from '../../../server/index.ts'
import type { Lumika } from '../../../server/index.ts'

const operatorKey = 'operator-key-of-the-tests-0123456789'
let lumika: Lumika
const lines: unknown[] = []

interface Answer {
  integration: IntegrationCard & { identitySecret?: string }
  integrations: IntegrationCard[]
  responders: unknown[]
  token: string
  tokenId: string
  snippet?: string
  error: { code: string; message: string }
}

beforeEach(async () => {
  lines.length = 0
  const note = (message: string, fields?: Record<string, unknown>) => void lines.push(message, fields)
  lumika = await createLumika({
    storage: createStorage(),
    responders: { echo: createEchoResponder(), backup: createEchoResponder() },
    operatorKey,
    publicUrl: 'https://chat.example.com/base/',
    log: { info: note, warn: note, error: note },
  })
  onTestFinished(() => lumika.close({ graceMs: 0 }))
})

/** One request to the operator API. */
async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await lumika.fetch(
    new Request(`https://chat.example.com/api${path}`, {
      method,
      headers: {
        authorization: `Bearer ${operatorKey}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }),
  )
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, data: (text ? JSON.parse(text) : null) as Answer }
}

/** What a visitor's history request with a token gets. */
const history = async (integrationToken: string, conversationId = `c_${'a'.repeat(22)}`) => {
  const query = new URLSearchParams({ integrationToken, conversationId })
  return (await lumika.fetch(new Request(`https://chat.example.com/conversation/history?${query.toString()}`))).status
}

const shop = { name: 'Shop', kind: 'widget' }

describe('making an integration', () => {
  it('a widget integration comes with its token, its identity secret and its script tag', async () => {
    const { status, data, headers } = await call('POST', '/integrations', { ...shop, allowedDomains: ['Shop.Example'] })
    expect(status).toBe(201)
    expect(headers.get('vary')).toBe('Origin')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(data).toEqual({
      integration: {
        id: expect.stringMatching(/^int_/),
        ...shop,
        allowedDomains: ['shop.example'],
        responder: 'echo',
        responseMode: 'auto',
        allowUnsignedIds: false,
        requireIdentity: false,
        retentionDays: null,
        answersPerDay: null,
        attachments: false,
        visitorErase: true,
        overdue: null,
        widget: {},
        tokens: [{ id: data.tokenId, hint: data.token.slice(-4), value: data.token, createdAt: expect.any(String) }],
        identitySecret: expect.stringMatching(/^lis_/),
        identitySecrets: [
          { hint: data.integration.identitySecret?.slice(-4), createdAt: expect.any(String) as string },
        ],
        warnings: [],
        createdAt: expect.any(String),
        updatedAt: expect.any(String),
      },
      token: expect.stringMatching(/^lw_/),
      tokenId: expect.any(String),
      snippet: `<script\n  src="https://chat.example.com/base/widget.js"\n  data-integration-token="${data.token}"\n></script>`,
    })
  })

  it('an api integration shows its token this once', async () => {
    const { status, data } = await call('POST', '/integrations', { name: 'Backend', kind: 'api', responder: null })
    expect(status).toBe(201)
    expect(data.token).toMatch(/^la_/)
    expect(data).not.toHaveProperty('snippet')
    expect(data.integration).not.toHaveProperty('identitySecret')
    expect(data.integration.responder).toBeNull()
    const { id } = data.integration
    const later = [await call('GET', `/integrations/${id}`), await call('GET', '/integrations')]
    for (const { text } of [...later, await call('PATCH', `/integrations/${id}`, { name: 'x' })]) {
      expect(text).not.toContain(data.token)
      expect(text).toContain(`"hint":"${data.token.slice(-4)}"`)
    }
    expect(await history(data.token)).toBe(200)
  })

  it('the identity secret and hashes are on no card', async () => {
    const { data } = await call('POST', '/integrations', shop)
    for (const path of ['/integrations', `/integrations/${data.integration.id}`]) {
      const { text } = await call('GET', path)
      expect(text).toContain(data.token)
      expect(text).not.toContain(data.integration.identitySecret)
      expect(text).not.toMatch(/"hash"|"secret"/)
    }
  })

  it('O39, O43: what weakens an integration is warned about', async () => {
    const warningsOf = async (settings: object) =>
      (await call('POST', '/integrations', { ...shop, ...settings })).data.integration.warnings.join(' ')
    expect(await warningsOf({})).toMatch(/Every website/)
    expect(await warningsOf({ allowedDomains: ['shop.example', 'null'] })).toMatch(/sandboxed/)
    expect(await warningsOf({ allowedDomains: ['shop.example'], allowUnsignedIds: true })).toMatch(/guesses/)
  })
})

describe('changing, reading and deleting', () => {
  it('settings are changed one by one', async () => {
    const { data } = await call('POST', '/integrations', shop)
    const path = `/integrations/${data.integration.id}`
    const patch = {
      allowedDomains: ['*.shop.example'],
      responseMode: 'approval',
      retentionDays: 30,
      widget: { title: 'Hi' },
    }
    const changed = await call('PATCH', path, patch)
    expect(changed.status).toBe(200)
    expect(changed.data.integration).toMatchObject({ name: 'Shop', ...patch })
    expect((await call('GET', path)).data.integration).toEqual(changed.data.integration)
    expect((await call('GET', '/integrations')).data.integrations).toEqual([changed.data.integration])
    expect((await call('PATCH', path, { responder: null, retentionDays: null })).data.integration).toMatchObject({
      responder: null,
      retentionDays: null,
    })
  })

  it('a new token works beside the old one until that is revoked', async () => {
    const { data } = await call('POST', '/integrations', { name: 'Backend', kind: 'api' })
    const path = `/integrations/${data.integration.id}/tokens`
    const added = await call('POST', path)
    expect(added.status).toBe(201)
    expect(added.data.integration.tokens).toHaveLength(2)
    expect([await history(data.token), await history(added.data.token)]).toEqual([200, 200])
    const revoked = await call('DELETE', `${path}/${data.tokenId}`)
    expect([revoked.status, revoked.text]).toEqual([204, ''])
    expect([await history(data.token), await history(added.data.token)]).toEqual([401, 200])
    expect((await call('DELETE', `${path}/${data.tokenId}`)).status).toBe(404)
  })

  it('a deleted integration is gone with its conversations; deleting it again carries on where it stopped', async () => {
    const { data } = await call('POST', '/integrations', { name: 'Backend', kind: 'api' })
    const query = new URLSearchParams({
      integrationToken: data.token,
      textContent: 'Hello',
      conversationId: 'customer-42',
    })
    const sent = await lumika.fetch(new Request(`https://chat.example.com/conversation/sse?${query.toString()}`))
    await sent.text()
    expect((await call('GET', '/activities')).text).toContain(data.integration.id)

    const path = `/integrations/${data.integration.id}`
    expect((await call('DELETE', path)).status).toBe(204)
    expect((await call('GET', path)).status).toBe(404)
    expect(await history(data.token, 'customer-42')).toBe(401)
    expect((await call('GET', '/activities')).text).not.toContain(data.integration.id)
    expect((await call('DELETE', path)).status).toBe(204)
  })

  it('responders are listed with their kinds', async () => {
    expect((await call('GET', '/responders')).data).toEqual({
      responders: [
        { name: 'echo', kind: 'echo', isDefault: true },
        { name: 'backup', kind: 'echo', isDefault: false },
      ],
    })
  })

  it('what does not exist is 404', async () => {
    const { data } = await call('POST', '/integrations', shop)
    const missing = [
      await call('GET', '/integrations/int_none'),
      await call('GET', '/integrations/__proto__'),
      await call('PATCH', '/integrations/int_none', { name: 'x' }),
      await call('DELETE', '/integrations/int_none'),
      await call('POST', '/integrations/int_none/tokens'),
      await call('POST', '/integrations/int_none/identity-secrets', {}),
      await call('DELETE', '/integrations/int_none/tokens/tok_none'),
      await call('DELETE', `/integrations/${data.integration.id}/tokens/tok_none`),
    ]
    for (const { status, data: answer, headers } of missing) {
      expect([status, answer.error.code, headers.get('vary')]).toEqual([404, 'not_found', 'Origin'])
    }
  })
})

describe('input that is refused', () => {
  it.each<[string, unknown, RegExp]>([
    ['no name', { kind: 'widget' }, /name/],
    ['a blank name', { ...shop, name: '  ' }, /name/],
    ['a long name', { ...shop, name: 'x'.repeat(101) }, /name/],
    ['no kind', { name: 'Shop' }, /kind/],
    ['another kind', { ...shop, kind: 'secret-kind' }, /kind/],
    ['an unknown field', { ...shop, allowedDomain: ['a.example'] }, /"allowedDomain"/],
    ['a field of ours', { ...shop, tokens: [] }, /"tokens"/],
    ['domains that are no list', { ...shop, allowedDomains: 'shop.example' }, /allowedDomains/],
    ['a domain that is no text', { ...shop, allowedDomains: [1] }, /allowedDomains\.0/],
    ['a mode of no kind', { ...shop, responseMode: 'manual' }, /responseMode/],
    ['a flag that is a text', { ...shop, requireIdentity: 'true' }, /requireIdentity/],
    ['a negative budget', { ...shop, answersPerDay: -1 }, /answersPerDay/],
    ['half a day', { ...shop, retentionDays: 0.5 }, /retentionDays/],
    ['no day', { ...shop, retentionDays: 0 }, /retentionDays/],
    ['a responder nobody configured', { ...shop, responder: 'gone' }, /responder/],
    ['a look that is a list', { ...shop, widget: [] }, /widget/],
    ['a look with what is no part of it', { ...shop, widget: { serverUrl: 'https://evil.example' } }, /"serverUrl"/],
    ['a colour that is more', { ...shop, widget: { accent: '#000000; background: url(x)' } }, /widget\.accent/],
    ['a corner there is not', { ...shop, widget: { position: 'top' } }, /widget\.position/],
    ['a theme there is not', { ...shop, widget: { theme: 'sepia' } }, /widget\.theme/],
    ['a language that is none', { ...shop, widget: { locale: '../fr' } }, /widget\.locale/],
    ['a title without end', { ...shop, widget: { title: 'x'.repeat(101) } }, /widget\.title/],
    ['a launcher that is a text', { ...shop, widget: { launcher: 'false' } }, /widget\.launcher/],
    ['an address for a host', { ...shop, widget: { imageHosts: ['https://img.example/x'] } }, /widget\.imageHosts\.0/],
    ['corners larger than a panel', { ...shop, widget: { radius: 41 } }, /widget\.radius/],
    ['a typeface with more in it', { ...shop, widget: { font: 'x; background: url(y)' } }, /widget\.font/],
    ['a size without a height', { ...shop, widget: { size: '400' } }, /widget\.size/],
    ['an offset in other units', { ...shop, widget: { offset: '2rem' } }, /widget\.offset/],
    ['half a z-index', { ...shop, widget: { zIndex: 1.5 } }, /widget\.zIndex/],
    ['an invitation in no words', { ...shop, widget: { invite: [{ text: {} }] } }, /widget\.invite\.0\.text/],
    [
      'an invitation to a script',
      { ...shop, widget: { invite: [{ text: { en: 'x' }, url: 'javascript:x' }] } },
      /widget\.invite\.0\.url/,
    ],
    ['a poll each second', { ...shop, widget: { pollInterval: 1 } }, /widget\.pollInterval/],
    [
      'a look nested without end',
      `{"name":"x","kind":"widget","widget":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`,
      /"a"/,
    ],
    ['a list', [], /body/],
    ['null', null, /body/],
    ['no JSON', '{"name":', /JSON/],
    ['nothing', '', /JSON/],
  ])('%s: 400 invalid_request', async (_, body, message) => {
    const { status, data } = await call('POST', '/integrations', body)
    expect([status, data.error.code]).toEqual([400, 'invalid_request'])
    expect(data.error.message).toMatch(message)
    expect(data.error.message).not.toMatch(/secret-kind/)
    expect((await call('GET', '/integrations')).data.integrations).toEqual([])
  })

  it('the kind of an integration is settled when it is made', async () => {
    const { data } = await call('POST', '/integrations', shop)
    const { status, data: answer } = await call('PATCH', `/integrations/${data.integration.id}`, { kind: 'api' })
    expect([status, answer.error.code]).toEqual([400, 'invalid_request'])
    expect(answer.error.message).toMatch(/"kind"/)
  })

  it.each(['', '*', '*.com', '*.co.uk', 'shop.example/path', 'exa mple.com'])(
    'O37, O43: domain %j: 422 invalid_domain',
    async (entry) => {
      const { status, data } = await call('POST', '/integrations', { ...shop, allowedDomains: ['good.example', entry] })
      expect([status, data.error.code]).toEqual([422, 'invalid_domain'])
    },
  )

  it('a body that is not JSON by its type is 415, one that is too large 413', async () => {
    const text = JSON.stringify(shop)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', '']) {
      const { status, data } = await call('POST', '/integrations', text, { 'content-type': type })
      expect([status, data.error.code]).toEqual([415, 'unsupported_media_type'])
    }
    const accepted = await call('POST', '/integrations', text, { 'content-type': 'Application/JSON; charset=utf-8' })
    expect(accepted.status).toBe(201)
    const large = await call('POST', '/integrations', { ...shop, widget: { css: 'x'.repeat(65_536) } })
    expect([large.status, large.data.error.code]).toEqual([413, 'body_too_large'])
  })
})

describe('I64: the door', () => {
  const calls: [string, string][] = [
    ['GET', '/integrations'],
    ['POST', '/integrations'],
    ['GET', '/integrations/int_none'],
    ['PATCH', '/integrations/int_none'],
    ['DELETE', '/integrations/int_none'],
    ['POST', '/integrations/int_none/tokens'],
    ['DELETE', '/integrations/int_none/tokens/tok_none'],
    ['POST', '/integrations/int_none/identity-secrets'],
    ['GET', '/responders'],
    ['PUT', '/integrations'],
    ['HEAD', '/integrations'],
  ]

  it.each(calls)('%s %s is for operators only', async (method, path) => {
    const widget = (await call('POST', '/integrations', shop)).data.token
    const api = (await call('POST', '/integrations', { name: 'Backend', kind: 'api' })).data.token
    const answers = await Promise.all(
      [
        '',
        'Bearer',
        'Bearer ',
        `Bearer ${widget}`,
        `Bearer ${api}`,
        `Bearer ${operatorKey}x`,
        `Basic ${operatorKey}`,
        operatorKey,
      ].map((authorization) => call(method, path, undefined, { authorization })),
    )
    for (const { status, text, headers } of answers) {
      expect(status).toBe(401)
      if (method !== 'HEAD') expect(JSON.parse(text)).toMatchObject({ error: { code: 'operator_required' } })
      expect(headers.get('vary')).toBe('Origin')
      expect(headers.has('access-control-allow-origin')).toBe(false)
      for (const secret of [widget, api, operatorKey]) expect(text).not.toContain(secret)
    }
    expect(JSON.stringify(lines)).not.toMatch(/l[aw]_/)
  })

  it('a token in the query opens nothing, and the operator key is no token', async () => {
    const { data } = await call('POST', '/integrations', { name: 'Backend', kind: 'api' })
    const path = `/integrations?integrationToken=${data.token}`
    expect((await call('GET', path, undefined, { authorization: '' })).status).toBe(401)
    expect(await history(operatorKey)).toBe(401)
  })

  it('HEAD is GET without a body; other methods are 405 and name those that work', async () => {
    const head = await call('HEAD', '/integrations')
    expect([head.status, head.text]).toEqual([200, ''])
    for (const method of ['PUT', 'OPTIONS', 'DELETE', 'PATCH']) {
      const { status, data, headers } = await call(method, '/integrations')
      expect([status, data.error.code, headers.get('allow')]).toEqual([405, 'method_not_allowed', 'GET, POST'])
    }
  })
})
