/** Error answers: one shape, a documented code, and nothing of what was sent. What is logged holds none of it either. */
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ErrorBody } from '../../../protocol.ts'
import type { CreatedToken } from '../../../server/access/registry.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { LogError } from '../../../server/storage/log.ts'
import { allEvents } from '../../helpers/sse.ts'
import { openPlace, openWorld, operatorKey, storages } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'
import { openWire } from './socket.ts'
import type { RawAnswer, RawHeaders, Wire } from './socket.ts'
import { watchPlace } from './watched.ts'
import type { WatchedPlace } from './watched.ts'

const text = 'canary text of a message'
const conversationId = 'canary-id-of-a-conversation'
const clientMessageId = 'canary-client-message-id'
const turnId = 'tcanaryturn00000000000'
const recordId = 'canary-record-id'
const userHash = 'canaryproof'.padEnd(64, '0')
const sse = '/conversation/sse'
const history = '/conversation/history'
const form: RawHeaders = [['Content-Type', 'application/x-www-form-urlencoded']]

describe.each(storages)('section 6: errors, on %s', (kind) => {
  let place: WatchedPlace
  let world: World
  let wire: Wire
  let widget: CreatedToken
  const logged: unknown[] = []
  beforeAll(async () => {
    place = watchPlace(await openPlace(kind))
    const note = (...line: unknown[]) => void logged.push(line)
    world = await openWorld(place, { log: { info: note, warn: note, error: note } })
    wire = await openWire(world.lumika)
    widget = await world.lumika.registry.create({ name: 'Shop', kind: 'widget', allowedDomains: ['shop.example'] })
    const params = { conversationId, clientMessageId, textContent: text }
    await allEvents(await world.get(sse, params))
  })
  afterAll(async () => {
    await wire.close()
    await world.close()
    await place.dispose()
  })

  const canaries = () => [
    ...[world.token, widget.token, operatorKey, text, conversationId, clientMessageId, turnId, recordId, userHash],
    ...[encodeURIComponent(text), text.replaceAll(' ', '+'), 'canary'],
    conversationKey(world.integration.id, conversationId),
  ]

  /** A request with everything in it that must not come back. */
  function ask(
    method: string,
    path: string,
    params: Record<string, string | null> = {},
    headers: RawHeaders = [],
  ): Promise<RawAnswer> {
    const all = {
      integrationToken: world.token,
      conversationId,
      textContent: text,
      clientMessageId,
      userHash,
      ...params,
    }
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(all)) if (value !== null) query.set(name, value)
    if (method !== 'POST') return wire.raw({ method, target: `${path}?${query.toString()}`, headers })
    return wire.raw({ method, target: path, headers: [...form, ...headers], body: query.toString() })
  }

  function operator(method: string, path: string, body?: string, type = 'application/json'): Promise<RawAnswer> {
    const headers: RawHeaders = [['Authorization', `Bearer ${operatorKey}`]]
    if (body !== undefined) headers.push(['Content-Type', type])
    return wire.raw({ method, target: path, headers, ...(body !== undefined && { body }) })
  }

  const records = () => `/api/conversations/${conversationKey(world.integration.id, conversationId)}`
  const page: RawHeaders = [['Origin', 'https://shop.example']]

  it.each<[status: number, code: string, what: string, request: () => Promise<RawAnswer>]>([
    [400, 'invalid_text', 'no text', () => ask('GET', sse, { textContent: ' ' })],
    [400, 'invalid_text', 'no text in a form', () => ask('POST', sse, { textContent: null })],
    [400, 'invalid_conversation_id', 'no id', () => ask('GET', history, { conversationId: null })],
    [
      400,
      'invalid_conversation_id',
      'an id of no form',
      () => ask('GET', sse, { conversationId: `${conversationId} ` }),
    ],
    [400, 'invalid_conversation_id', 'a short capability', () => ask('GET', sse, { conversationId: 'c_canary' })],
    [400, 'invalid_client_message_id', 'a key of no form', () => ask('GET', sse, { clientMessageId: 'canary' })],
    [400, 'invalid_event_id', 'an event id of no form', () => ask('GET', sse, { lastEventId: 'canary' })],
    [400, 'invalid_turn_id', 'a turn id of no form', () => ask('POST', '/conversation/stop', { turnId: 'canary!' })],
    [400, 'invalid_cursor', 'a cursor of no form', () => ask('GET', history, { afterId: 'canary!' })],
    [400, 'invalid_cursor', 'two cursors', () => ask('GET', history, { afterId: recordId, beforeId: recordId })],
    [400, 'invalid_limit', 'a limit of no form', () => ask('GET', history, { limit: 'canary' })],
    [400, 'invalid_wait', 'a wait of no form', () => ask('GET', history, { wait: 'canary' })],
    [400, 'invalid_context', 'a context of no form', () => ask('GET', sse, { context: '{"canary"' })],
    [400, 'invalid_request', 'a repeated text', () => ask('POST', `${sse}?textContent=canary`)],
    [400, 'invalid_request', 'a path of no form', () => wire.raw({ method: 'GET', target: '/canary/%ff' })],
    [401, 'invalid_token', 'no token', () => ask('GET', history, { integrationToken: null })],
    [401, 'invalid_token', 'another token', () => ask('GET', sse, { integrationToken: 'lw_canary'.padEnd(30, '0') })],
    [401, 'invalid_token', 'the operator key', () => ask('GET', history, { integrationToken: operatorKey })],
    [403, 'domain_not_allowed', 'another site', () => ask('GET', history, { integrationToken: widget.token })],
    [403, 'request_not_allowed', 'a navigation', () => ask('GET', sse, {}, [['Sec-Fetch-Mode', 'navigate']])],
    [403, 'identity_required', 'no proof', () => ask('GET', history, { integrationToken: widget.token }, page)],
    [404, 'cursor_not_found', 'a cursor of nothing', () => ask('GET', history, { afterId: recordId })],
    [404, 'cursor_not_found', 'one backwards', () => ask('GET', history, { beforeId: recordId })],
    [404, 'not_found', 'a turn that is not', () => ask('GET', sse, { lastEventId: `${turnId}.0` })],
    [404, 'not_found', 'a turn to stop that is not', () => ask('POST', '/conversation/stop', { turnId })],
    [404, 'not_found', 'a path of nothing', () => ask('GET', '/canary')],
    [405, 'method_not_allowed', 'another method', () => ask('DELETE', history)],
    [405, 'method_not_allowed', 'a method of our own', () => ask('PATCH', sse)],
    [409, 'idempotency_mismatch', 'another text', () => ask('GET', sse, { textContent: `another ${text}` })],
    [413, 'text_too_long', 'too long a text', () => ask('POST', sse, { textContent: text.repeat(200) })],
    [413, 'body_too_large', 'too long a form', () => ask('POST', sse, { textContent: text.repeat(6_000) })],
    [415, 'unsupported_media_type', 'no form', () => ask('POST', sse, {}, [['Content-Type', 'text/canary']])],
    [401, 'operator_required', 'no operator key', () => ask('GET', records() + '/records')],
    [
      404,
      'not_found',
      'a conversation that is not',
      () => operator('GET', '/api/conversations/canary.Y2FuYXJ5/records'),
    ],
    [404, 'not_found', 'a key of no form', () => operator('GET', '/api/conversations/canary/records')],
    [
      400,
      'invalid_cursor',
      'a records cursor of no form',
      () => operator('GET', `${records()}/records?afterId=canary`),
    ],
    [404, 'cursor_not_found', 'one of nothing', () => operator('GET', `${records()}/records?afterId=canary.canary`)],
    [400, 'invalid_request', 'an empty reply', () => operator('POST', `${records()}/messages`, '{"body":""}')],
    [400, 'invalid_request', 'no JSON', () => operator('POST', `${records()}/messages`, `{"body":"${text}`)],
    [415, 'unsupported_media_type', 'not JSON', () => operator('POST', `${records()}/messages`, text, 'text/plain')],
    [405, 'method_not_allowed', 'no such call', () => operator('DELETE', `${records()}/records`)],
    [413, 'body_too_large', 'a huge body', () => operator('POST', `${records()}/messages`, text.repeat(6_000))],
    [
      422,
      'invalid_domain',
      'a path as a domain',
      () =>
        operator(
          'POST',
          '/api/integrations',
          '{"name":"x","kind":"api","allowedDomains":["https://a:canary@b.example"]}',
        ),
    ],
  ])('%i %s: %s', async (status, code, _, request) => {
    await expectError(await request(), status, code)
  })

  it.each<[status: number, code: string, failure: () => Error]>([
    [503, 'storage_unavailable', () => new LogError('storage_unavailable', 'The disk is gone.')],
    [503, 'storage_unavailable', () => new LogError('storage_corrupt', 'A file is damaged.')],
    [503, 'storage_unavailable', () => new LogError('storage_locked', 'Somebody else has it.')],
    [500, 'internal_error', () => new TypeError('A mistake of ours.')],
  ])('%i %s when storage fails, on every call, never an empty page or an ack', async (status, code, failure) => {
    place.failure = failure()
    const answers = [
      await ask('GET', history),
      await ask('GET', history, { afterId: recordId }),
      await ask('GET', history, { wait: '1' }),
      await ask('GET', sse),
      await ask('POST', sse, { clientMessageId: null, conversationId: null }),
      await ask('GET', sse, { lastEventId: `${turnId}.0` }),
      await ask('POST', '/conversation/stop', { turnId }),
      await operator('GET', '/api/activities'),
      await operator('GET', `${records()}/records`),
      await operator('POST', `${records()}/messages`, '{"body":"canary"}'),
      await wire.raw({ method: 'GET', target: '/ready' }),
    ]
    place.failure = null
    for (const answer of answers) {
      await expectError(answer, status, code)
      if (status === 503) expect(answer.header('retry-after')).toMatch(/^[1-9]\d*$/)
    }
    expect(await world.bodies(conversationId)).toEqual([text, `You said: ${text}`])
  })

  it('503 shutting_down, with Retry-After, once the server takes no more messages', async () => {
    const place = await openPlace('memory')
    const closing = await openWorld(place)
    await closing.close()
    const response = await closing.get(sse, { conversationId, textContent: text })
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    expect(((await response.json()) as ErrorBody).error.code).toBe('shutting_down')
    await place.dispose()
  })

  it('G14: what was logged meanwhile holds none of it', () => {
    expect(logged.length).toBeGreaterThan(0)
    const lines = inspect(logged, { depth: 10, maxStringLength: null, maxArrayLength: null })
    for (const canary of canaries()) expect(lines).not.toContain(canary)
  })

  async function expectError(answer: RawAnswer, status: number, code: string): Promise<void> {
    expect([answer.status, answer.header('content-type')]).toEqual([status, 'application/json; charset=utf-8'])
    expect(answer.header('cache-control')).toBe('no-store')
    expect(JSON.parse(answer.body)).toEqual({
      error: { code, message: expect.stringMatching(/^[A-Za-z][^]{5,}$/) as string },
    })
    const everything = answer.body + JSON.stringify(answer.headers)
    for (const canary of canaries()) expect(everything).not.toContain(canary)
  }
})
