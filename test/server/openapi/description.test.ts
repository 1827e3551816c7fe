/** `/openapi.json` describes every call there is, and nothing else, as it is answered. */
import { H3 } from 'h3'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { operations } from '../../../server/routes/openapi/operations.ts'
import { openPlace, openWorld, operatorKey } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { quick, startReceiver } from '../webhooks/receiver.ts'

import { checkedApi } from './api.ts'
import type { Call } from './api.ts'

interface Document {
  openapi: string
  paths: Record<string, Record<string, { operationId: string; parameters?: { name: string; in: string }[] }>>
  components: { schemas: Record<string, object> }
}

/** Served, and no call of programs. */
const pages = ['/dashboard', '/dashboard/**', '/**']

const origin = 'http://localhost:3000'
let place: Place
let world: World
let routes: string[]

beforeEach(async () => {
  const on = vi.spyOn(H3.prototype, 'on')
  place = await openPlace('memory')
  world = await openWorld(place, { integration: { responseMode: 'approval', attachments: true }, webhooks: quick })
  routes = on.mock.calls.map(([, route]) => String(route))
  on.mockRestore()
})
afterEach(async () => {
  await world.close()
  await place.dispose()
})

const fetched = (headers: Record<string, string> = {}, path = '/openapi.json', method = 'GET') =>
  world.lumika.fetch(new Request(`${origin}${path}`, { method, headers }))
const read = async () => (await (await fetched()).json()) as Document

describe('the description', () => {
  it('is public, and kept until it changes', async () => {
    const response = await fetched({ origin: 'https://elsewhere.example' })
    expect(response.status).toBe(200)
    const etag = response.headers.get('etag') ?? ''
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=300',
      'content-type': 'application/json; charset=utf-8',
    })
    expect((await fetched({ 'if-none-match': etag })).status).toBe(304)
    expect((await fetched({ 'if-none-match': '"other"' })).status).toBe(200)
  })

  it('is OpenAPI 3.1 whose references lead somewhere and whose names are each given once', async () => {
    const document = await read()
    expect(document.openapi).toMatch(/^3\.1\./)
    const text = JSON.stringify(document)
    const refs = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref))
    expect(refs.size).toBeGreaterThan(20)
    const names = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)
    expect([...refs].filter((ref) => !names.includes(ref))).toEqual([])
    const all = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, ...operation })),
    )
    expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length)
    for (const { path, parameters = [] } of all) {
      const named = parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`)
      expect([path, named]).toEqual([path, path.match(/\{\w+\}/g) ?? []])
    }
    expect(text).not.toMatch(/"\$(id|schema)"|~standard/)
  })

  it('names every route and method there is, and no other', async () => {
    const { paths } = await read()
    const served = [...new Set(routes)].filter((route) => !pages.includes(route))
    const described = Object.keys(paths).map((path) => path.replace(/\{(\w+)\}/g, ':$1'))
    expect(served.toSorted()).toEqual(described.toSorted())
    for (const [path, methods] of Object.entries(paths)) {
      if (!/^\/(api|conversation|widget)\//.test(path)) continue
      const response = await fetched({ authorization: `Bearer ${operatorKey}` }, path.replace(/[{}]/g, ''), 'PUT')
      expect([path, response.status]).toEqual([path, 405])
      const allowed = response.headers
        .get('allow')
        ?.split(', ')
        .filter((method) => method !== 'OPTIONS')
      expect([path, allowed?.toSorted()]).toEqual([
        path,
        Object.keys(methods)
          .map((one) => one.toUpperCase())
          .toSorted(),
      ])
    }
  })

  it('holds for real answers to every call', async () => {
    const api = checkedApi(world)
    const { ask } = api
    const conversationId = 'customer-1'
    const key = conversationKey(world.integration.id, conversationId)
    const path = { key }
    const send = (textContent: string) => ask('GET /conversation/sse', { query: { conversationId, textContent } })
    const drafts = async () => {
      type Page = { records: { id: string; type: string }[] }
      const { records }: Page = (await ask('GET /api/conversations/:key/records', { path })).json
      return records.filter(({ type }) => type === 'draft').map(({ id }) => id)
    }

    for (const probe of ['GET /health', 'GET /ready', 'GET /openapi.json'] as const) await ask(probe)
    await send('Hello')
    await expect.poll(async () => (await drafts()).length).toBe(1)
    await ask('GET /api/activities', { query: { state: 'draft' } })
    await ask('GET /api/activities/live')
    await ask('POST /api/conversations/:key/drafts/:id/approve', { path: { key, id: (await drafts())[0] ?? '' } })
    const messageId = 'a-message-with-a-key'
    const form = { conversationId, textContent: 'Again', clientMessageId: messageId }
    await ask('POST /conversation/sse', { query: form })
    await ask('POST /conversation/sse', { query: form })
    await expect.poll(async () => (await drafts()).length).toBe(2)
    const file = { type: 'text/plain', text: '%PDF-1.7 and so on' }
    const upload = { query: { conversationId, name: 'a.pdf' }, raw: file }
    const { attachment } = (await ask('POST /conversation/attachments', upload)).json as { attachment: { id: string } }
    const sending = { conversationId, textContent: 'Look', attachments: attachment.id }
    await ask('GET /conversation/sse', { query: sending })
    await ask('GET /conversation/attachments/:id', { path: { id: attachment.id } })
    await ask('POST /api/conversations/:key/attachments', { path, query: { name: 'a.pdf' }, raw: file })
    await expect.poll(async () => (await drafts()).length).toBe(3)
    const second = { key, id: (await drafts())[1] ?? '' }
    await ask('POST /api/conversations/:key/drafts/:id/reject', { path: second, body: { reason: 'No.' } })
    const history = await ask('GET /conversation/history', { query: { conversationId } })
    const { messages, lastMessageId } = history.json as {
      messages: { id: string; type: string }[]
      lastMessageId: string
    }
    expect(messages).toHaveLength(4)
    await ask('POST /api/conversations/:key/messages', { path, body: { body: 'A person.' } })
    await ask('POST /api/conversations/:key/notes', { path, body: { body: 'A note.' } })
    await ask('POST /api/conversations/:key/read', { path, body: { upTo: lastMessageId } })
    await ask('POST /api/conversations/:key/presence', { path, body: { typing: true } })
    await ask('GET /conversation/history', { query: { conversationId } })
    await ask('GET /api/activities/live')
    await ask('POST /api/conversations/:key/assign', { path, body: { operatorId: 'operator-key' } })
    for (const name of ['approve-customer', 'revoke-approval', 'takeover', 'handback', 'resolve', 'reopen'] as const) {
      await ask(`POST /api/conversations/:key/${name}`, { path })
      await ask('GET /conversation/history', { query: { conversationId } })
    }
    const stream = (await send('Once more')).text
    const turnId = /"turnId":"([^"]+)"/.exec(stream)?.[1] ?? ''
    await ask('POST /conversation/stop', { query: { conversationId, turnId } })
    await ask('POST /conversation/feedback', {
      query: { conversationId, messageId: messages[1]?.id ?? '', rating: 'up' },
    })
    await ask('POST /conversation/feedback', { query: { conversationId, score: '4', comment: 'Nice' } })
    await ask('GET /conversation/history', { query: { conversationId, known: 'typing' } })
    await ask('POST /conversation/typing', { query: { conversationId, isTyping: 'true' } })
    await ask('GET /api/activities/live')
    await ask('POST /conversation/person', { query: { conversationId } })
    await ask('GET /api/conversations/:key', { path })
    await ask('GET /api/conversations/:key/records', { path })
    await ask('GET /api/conversations/:key/writing', { path })
    for (const format of ['json', 'text']) await ask('GET /api/conversations/:key/export', { path, query: { format } })
    await ask('GET /api/activities')
    await ask('DELETE /api/conversations/:key', { path })
    await ask('POST /conversation/erase', { query: { conversationId } })
    await ask('GET /api/audit')

    const reply = { title: 'Thanks', body: 'Thank you, {{customer}}!', shortcut: 'thanks' }
    const canned = (await ask('POST /api/canned-replies', { body: reply })).json as { cannedReply: { id: string } }
    const cannedPath = { id: canned.cannedReply.id }
    await ask('GET /api/canned-replies')
    await ask('PATCH /api/canned-replies/:id', { path: cannedPath, body: { title: 'Thank you' } })
    await ask('DELETE /api/canned-replies/:id', { path: cannedPath })

    await ask('GET /api/responders')
    const input = { name: 'Shop', kind: 'widget', allowedDomains: ['shop.example'], widget: { title: 'Ask us' } }
    const created = await ask('POST /api/integrations', { body: input })
    const { integration, token } = created.json as { integration: { id: string }; token: string }
    const own = { id: integration.id }
    await ask('GET /widget/config', {
      query: { integrationToken: token },
      headers: { origin: 'https://shop.example' },
    })
    await ask('GET /api/integrations')
    await ask('GET /api/integrations/:id', { path: own })
    await ask('PATCH /api/integrations/:id', { path: own, body: { name: 'The shop', retentionDays: 30 } })
    const { tokenId } = (await ask('POST /api/integrations/:id/tokens', { path: own })).json as { tokenId: string }
    await ask('DELETE /api/integrations/:id/tokens/:tokenId', { path: { ...own, tokenId } })
    await ask('POST /api/integrations/:id/identity-secrets', { path: own, body: {} })
    await ask('GET /api/integrations/:id/snippets', { path: own })
    await ask('POST /api/integrations/:id/origin-check', { path: own, body: { origin: 'https://shop.example' } })
    await ask('GET /api/integrations/:id/sightings', { path: own })
    await ask('GET /api/integrations/:id/usage', { path: own, query: { days: '7' } })
    await ask('POST /api/integrations/:id/responder-test', { path: own, body: { text: 'Hello' } })
    await ask('GET /api/integrations/:id', { path: own })
    await ask('DELETE /api/integrations/:id', { path: own })

    const ana = { name: 'Ana', password: 'a password of hers' }
    const fromPage = { origin }
    await ask('POST /api/operators', { body: { ...ana, operatorKey }, headers: fromPage })
    const { cookie } = await ask('POST /api/session', { body: ana, headers: fromPage })
    await ask('GET /api/session', { headers: { cookie, 'sec-fetch-site': 'same-origin' } })
    const change = { current: ana.password, next: 'another password of hers' }
    const changed = await ask('POST /api/operators/me/password', { body: change, headers: { ...fromPage, cookie } })
    await ask('DELETE /api/sessions', { headers: { ...fromPage, cookie: changed.cookie } })
    await ask('DELETE /api/session', { headers: { ...fromPage, cookie: changed.cookie } })
    await ask('GET /api/session')
    const made = await ask('POST /api/invitations', { body: { role: 'operator' } })
    const { url } = made.json as { url: string }
    const ben = { name: 'Ben', password: 'a password of his', invitation: url.split('#')[1] }
    const joined = await ask('POST /api/operators', { body: ben, headers: fromPage })
    const { operator } = joined.json as { operator: { id: string } }
    await ask('PATCH /api/operators/:id', { path: { id: operator.id }, body: { name: 'Benjamin' } })
    await ask('GET /api/operators')
    await ask('DELETE /api/operators/:id', { path: { id: operator.id } })
    const other = (await ask('POST /api/invitations', { body: { role: 'owner' } })).json as {
      invitation: { id: string }
    }
    await ask('GET /api/invitations')
    await ask('DELETE /api/invitations/:id', { path: { id: other.invitation.id } })

    const receiver = await startReceiver()
    const hook = { url: receiver.url, events: ['message.created'] }
    const hooked = (await ask('POST /api/webhooks', { body: hook })).json as { webhook: { id: string } }
    const { id } = hooked.webhook
    await ask('GET /api/webhooks')
    await ask('GET /api/webhooks/:id', { path: { id } })
    await ask('PATCH /api/webhooks/:id', { path: { id }, body: { events: ['message.created', 'draft.created'] } })
    await ask('POST /api/webhooks/:id/secret', { path: { id } })
    await ask('POST /api/webhooks/:id/test', { path: { id } })
    await send('Heard elsewhere')
    type Log = { deliveries: { eventId: string; state: string }[] }
    const log = async (): Promise<Log> => (await ask('GET /api/webhooks/:id/deliveries', { path: { id } })).json
    await expect.poll(async () => (await log()).deliveries.map(({ state }) => state)).toContain('delivered')
    const eventId = (await log()).deliveries[0]?.eventId ?? ''
    await ask('POST /api/webhooks/:id/deliveries/:eventId/redeliver', { path: { id, eventId } })
    await ask('DELETE /api/webhooks/:id', { path: { id } })
    await receiver.close()

    const left = (Object.keys(operations) as Call[]).filter((call) => !api.kept.has(call))
    expect(left).toEqual([])
  })
})
