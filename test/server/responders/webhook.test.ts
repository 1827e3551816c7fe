import { afterEach, describe, expect, it, vi } from 'vitest'
import { verify } from '../../../server/responders/signature.ts'
import { withTimeouts } from '../../../server/responders/timeouts.ts'
import { createWebhookResponder } from '../../../server/responders/webhook.ts'
import type { WebhookResponderOptions } from '../../../server/responders/webhook.ts'
import { piecesOf } from '../../contract/responder.suite.ts'
import { startFakeWebhook, webhookAnswerTo } from '../../helpers/fake-webhook.ts'
import type { FakeWebhook, WebhookScenario } from '../../helpers/fake-webhook.ts'

let fake: FakeWebhook | undefined

afterEach(async () => {
  await fake?.close()
  fake = undefined
})

async function start(scenario: WebhookScenario, options: Partial<WebhookResponderOptions> = {}) {
  fake = await startFakeWebhook(scenario)
  return createWebhookResponder({ url: fake.url, secret: fake.secret, ...options })
}

const events = (...lines: string[]): WebhookScenario => ({
  headers: { 'content-type': 'text/event-stream' },
  body: lines.map((line) => `${line}\n\n`).join(''),
})

describe('webhook: what it sends', () => {
  it('a signed question with all there is to know', async () => {
    const responder = await start('json', { headers: { 'x-team': 'chat' } })
    const history = [{ role: 'customer' as const, body: 'before', createdAt: '2026-01-01T00:00:00.000Z' }]
    const context = { page: '/shoes' }
    const url = 'https://chat.example/conversation/attachments/a'
    const attachments = [{ id: 'a'.repeat(32), name: 'a.png', type: 'image/png' as const, size: 9, url }]
    expect(await piecesOf(responder, { text: 'hi ✓', attachments, history, context })).toEqual([
      webhookAnswerTo('hi ✓'),
    ])
    const { headers, question, body } = fake?.questions[0] ?? {}
    expect(question).toEqual({
      ...{ turnId: 'tAAAAAAAAAAAAAAAAAAAAAA', integrationId: 'int_1', conversationId: 'c_conversation-of-the-tests' },
      ...{ text: 'hi ✓', attachments, history, context },
    })
    expect(headers).toMatchObject({
      'lumika-event-id': 'tAAAAAAAAAAAAAAAAAAAAAA',
      'x-team': 'chat',
      'content-type': 'application/json',
    })
    expect(await verify(fake?.secret ?? '', headers?.['lumika-signature'] as string, body ?? '')).toBe(true)
  })

  it('a service with another secret refuses it', async () => {
    const responder = await start('json', { secret: 'another secret altogether' })
    await expect(piecesOf(responder)).rejects.toMatchObject({ name: 'ResponderError', status: 401, isRetryable: false })
    expect(fake?.refused).toBe(1)
  })

  it('finds a setting that cannot be used at the start, without showing it', () => {
    const make = (options: Partial<WebhookResponderOptions>) => () =>
      createWebhookResponder({ url: 'https://example.com/answer?key=1', secret: 's'.repeat(16), ...options })
    expect(make({})).not.toThrow()
    for (const url of ['example.com', 'ftp://example.com', 'https://user:canary@example.com/', ''])
      expect(make({ url })).toThrow(/^The webhook URL must begin with https:\/\/ or http:\/\/ and hold no password\.$/)
    expect(make({ secret: 'canary' })).toThrow(/^The webhook secret must have at least 16 characters\.$/)
    expect(make({ headers: { 'x-key': 'canary\n1' } })).toThrow(/^A header of the webhook responder.{0,60}$/)
  })
})

describe('webhook: how it reads an answer', () => {
  it('204, an empty text and an empty stream are no answer', async () => {
    const nothing: WebhookScenario[] = [
      { status: 204 },
      { body: '{"text":""}' },
      { headers: { 'content-type': 'text/plain' }, body: '' },
      events('data: [DONE]'),
    ]
    for (const scenario of nothing) {
      expect(await piecesOf(await start(scenario))).toEqual([])
      await fake?.close()
    }
  })

  it('events: deltas, texts and plain lines; other events and what follows [DONE] are passed over', async () => {
    const responder = await start(
      events(
        ': comment',
        'event: status\ndata: {"delta":"not this"}',
        'data: {"delta":"a"}',
        'data: {"text":" b"}',
        'data: {"usage":3}',
        'data:  c',
        'data: 42\ndata: {not json',
        'data: [DONE]',
        'data: {"delta":"late"}',
      ),
    )
    expect((await piecesOf(responder)).join('')).toBe('a b c42\n{not json')
  })

  it('F106: invalid UTF-8 becomes U+FFFD', async () => {
    const responder = await start({
      headers: { 'content-type': 'text/plain' },
      body: Uint8Array.of(97, 0xff, 98, 0xe2),
    })
    expect((await piecesOf(responder)).join('')).toBe('a\ufffdb\ufffd')
  })
})

describe('webhook: what can go wrong', () => {
  const failed = { name: 'ResponderError', code: 'responder_failed' }
  const big = 'x'.repeat(2_000_000)
  const cases: [string, WebhookScenario, object, RegExp?][] = [
    ['400', { status: 400, body: 'no' }, { ...failed, status: 400, isRetryable: false }],
    [
      '429 with Retry-After',
      { status: 429, headers: { 'retry-after': '7' } },
      { ...failed, status: 429, isRetryable: true },
      /wait 7 s/,
    ],
    ['500 with a huge body', { status: 500, body: big }, { ...failed, status: 500, isRetryable: true }],
    [
      'a redirect is not followed',
      { status: 302, headers: { location: 'http://127.0.0.1:9/' } },
      { ...failed, status: 302, isRetryable: false },
      /redirect/,
    ],
    ['JSON of another shape', { body: '{"answer":"x"}' }, { ...failed, isRetryable: false }],
    ['JSON that is none', { body: '<html>' }, { ...failed, isRetryable: false }],
    [
      'HTML',
      { headers: { 'content-type': 'text/html' }, body: '<html>' },
      { ...failed, isRetryable: false },
      /content type/,
    ],
    ['an error event', events('data: {"error":"busy"}'), { ...failed, isRetryable: true }],
    [
      'JSON of 2 MB',
      { body: JSON.stringify({ text: big }) },
      { name: 'ResponderError', isRetryable: false },
      /1048576 bytes/,
    ],
    [
      'a text of 2 MB',
      { headers: { 'content-type': 'text/plain' }, body: big },
      { code: 'responder_interrupted', isRetryable: false },
    ],
    ['a cut connection', 'cut', { code: 'responder_interrupted', isRetryable: true }],
  ]
  for (const [title, scenario, expected, message] of cases)
    it(`F106: ${title}`, async () => {
      const responder = await start(scenario)
      const error: unknown = await piecesOf(responder).catch((error: unknown) => error)
      expect(error).toMatchObject(expected)
      if (message) expect((error as Error).message).toMatch(message)
      expect((error as Error).message).not.toMatch(/hello|127\.0\.0\.1|secret/)
      expect(fake?.questions, 'no retry').toHaveLength(1)
      await vi.waitFor(() => expect(fake?.running).toBe(0))
    })

  it('F106: nobody listens', async () => {
    const responder = await start('json')
    await fake?.close()
    await expect(piecesOf(responder)).rejects.toMatchObject({ ...failed, isRetryable: true })
  })

  it('F106: silence ends in time, and the connection is released', async () => {
    for (const scenario of ['silent', 'hang'] as const) {
      const responder = withTimeouts(await start(scenario), { firstPieceMs: 200, nextPieceMs: 100 })
      await expect(piecesOf(responder)).rejects.toMatchObject({ code: 'responder_timeout' })
      await vi.waitFor(() => expect(fake?.running).toBe(0))
      await fake?.close()
    }
  })
})
