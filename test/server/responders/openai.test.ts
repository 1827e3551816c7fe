import { afterEach, describe, expect, it, vi } from 'vitest'
import { createOpenAIResponder } from '../../../server/responders/openai.ts'
import type { OpenAIResponderOptions } from '../../../server/responders/openai.ts'
import { withTimeouts } from '../../../server/responders/timeouts.ts'
import { piecesOf, requestFor } from '../../contract/responder.suite.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI, OpenAIScenario } from '../../helpers/fake-openai.ts'

const apiKey = 'sk-canary-0123456789'
const answer = openAIAnswerTo('hello')
let fake: FakeOpenAI | undefined

afterEach(async () => {
  await fake?.close()
  fake = undefined
})

async function start(scenario: OpenAIScenario, options: Partial<OpenAIResponderOptions> = {}) {
  fake = await startFakeOpenAI(scenario)
  return createOpenAIResponder({ model: 'fake-1', baseUrl: fake.url, apiKey, ...options })
}

/** What came, and the error it ended with. */
async function outcome(scenario: OpenAIScenario, options: Partial<OpenAIResponderOptions> = {}) {
  const responder = await start(scenario, options)
  let text = ''
  try {
    for await (const piece of responder.respond(requestFor())) text += piece
    return { text, error: undefined }
  } catch (error) {
    // Nothing that is thrown may give the key away, in its message, its cause or its stack.
    for (let each = error; each instanceof Error; each = each.cause)
      expect(`${each.message} ${each.stack}`).not.toContain(apiKey)
    return { text, error }
  }
}

const raw = (...parts: (string | Uint8Array)[]): OpenAIScenario => ({ raw: parts })
const delta = (content: unknown, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason }] })}\n\n`

describe('openai: what it asks', () => {
  it('asks for a stream at the base URL + /chat/completions, with the key as a bearer token', async () => {
    const responder = await start('ok', { headers: { 'x-team': 'chat' }, body: { temperature: 0.2, stream: false } })
    await piecesOf(responder)
    const request = fake?.requests[0]
    expect(request?.path).toBe('/v1/chat/completions')
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'x-team': 'chat',
    })
    expect(request?.body).toEqual({
      model: 'fake-1',
      stream: true,
      temperature: 0.2,
      messages: [{ role: 'user', content: 'hello' }],
    })
  })

  it('takes the base URL with slashes at its end, and as it is otherwise', async () => {
    await start('ok')
    await piecesOf(createOpenAIResponder({ model: 'fake-1', baseUrl: `${fake?.url}//` }))
    expect(fake?.requests[0]?.path).toBe('/v1/chat/completions')
    expect(fake?.requests[0]?.headers.authorization).toBeUndefined()
    const withoutV1 = createOpenAIResponder({ model: 'fake-1', baseUrl: fake?.url.replace('/v1', '') ?? '' })
    await expect(piecesOf(withoutV1)).rejects.toMatchObject({ status: 404 })
  })

  it('tells the model what was said before: customers are users, assistants and operators the assistant', async () => {
    const responder = await start('ok', { systemPrompt: 'Be brief.', maxOutputTokens: 50 })
    const said = (role: 'customer' | 'assistant' | 'operator', body: string) => ({
      role,
      body,
      createdAt: '2026-01-01T00:00:00.000Z',
    })
    await piecesOf(responder, {
      history: [said('customer', 'one'), said('assistant', 'two'), said('operator', 'three'), said('customer', 'four')],
      text: 'five',
      attachments: [
        { id: 'a'.repeat(32), name: 'a.png', type: 'image/png', size: 9, url: 'https://chat.example/a' },
        { id: 'b'.repeat(32), name: 'b.pdf', type: 'application/pdf', size: 9, url: 'https://chat.example/b' },
      ],
    })
    expect(fake?.requests[0]?.body.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'two' },
      { role: 'assistant', content: 'three' },
      { role: 'user', content: 'four' },
      { role: 'user', content: 'five\n[File: a.png (image/png)]\n[File: b.pdf (application/pdf)]' },
    ])
    expect(fake?.requests[0]?.body['max_tokens']).toBe(50)
  })

  it('names the limit of tokens as OpenAI itself wants it', async () => {
    const fetch = vi.fn(async (_url: string, _init: RequestInit) => new Response(null, { status: 500 }))
    await piecesOf(createOpenAIResponder({ model: 'm', fetch, maxOutputTokens: 9 })).catch(() => {})
    expect(fetch.mock.calls[0]?.[0]).toBe('https://api.openai.com/v1/chat/completions')
    expect(JSON.parse(String(fetch.mock.calls[0]?.[1].body))).toMatchObject({ max_completion_tokens: 9 })
  })

  it('finds a setting that cannot be used at the start, without showing the key', () => {
    const make = (options: Partial<OpenAIResponderOptions>) => () => createOpenAIResponder({ model: 'm', ...options })
    for (const baseUrl of [
      'localhost:11434/v1',
      'ftp://x/v1',
      'http://user:secret@host/v1',
      'http://h/v1?key=secret',
      '',
    ])
      expect(make({ baseUrl })).toThrow(/^The base URL must begin with https:\/\/ or http:\/\/ and hold no password\.$/)
    expect(make({ apiKey: `${apiKey}\nx` })).toThrow(/^The API key or a header .{0,80}$/)
    expect(make({ apiKey: `${apiKey}\n` })).not.toThrow()
  })
})

describe('openai: how it reads an answer', () => {
  for (const scenario of ['ok', 'usage', 'split', 'json'] as const)
    it(`${scenario}: the whole answer, byte for byte`, async () => {
      expect(await outcome(scenario)).toEqual({ text: answer, error: undefined })
    })

  it('role-only chunks, null contents, other choices, comments and CR LF make no difference', async () => {
    const { text, error } = await outcome(
      raw(
        ': OPENROUTER PROCESSING\r\n\r\n',
        'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\r\n\r\n',
        'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null}}]}\r\n\r\n',
        'data: {"choices":[null,{"index":1,"delta":{"content":"other"}}]}\r\n\r\n',
        'data: {"prompt_filter_results":[],"choices":[]}\r\n\r\ndata: \r\n\r\n',
        'event: ping\r\ndata: what\r\n\r\n',
        delta('a').replaceAll('\n', '\r\n'),
        delta([{ type: 'text', text: 'b' }, { type: 'image' }]),
        delta('c', 'stop'),
        'data: {"choices":[],"usage":{"total_tokens":3}}\n\ndata: [DONE]\n\n',
      ),
    )
    expect({ text, error }).toEqual({ text: 'abc', error: undefined })
  })

  it('a refusal is an answer', async () => {
    const refusal = 'data: {"choices":[{"delta":{"refusal":"I must not."},"finish_reason":"stop"}]}\n\n'
    expect(await outcome(raw(refusal))).toEqual({ text: 'I must not.', error: undefined })
  })

  it('an answer is complete with its finish reason, whatever becomes of the connection', async () => {
    expect(await outcome(raw(delta('all', 'stop')))).toEqual({ text: 'all', error: undefined })
    await fake?.close()
    expect(await outcome(raw(delta('all', 'stop'), 'data: nonsense\n\n'))).toEqual({ text: 'all', error: undefined })
    await fake?.close()
    expect(await outcome({ raw: [delta('all', 'stop')], keepOpen: true })).toEqual({ text: 'all', error: undefined })
    await vi.waitFor(() => expect(fake?.running).toBe(0))
  })

  it('F106: invalid UTF-8 becomes U+FFFD', async () => {
    const bytes = [...new TextEncoder().encode(delta('a#b', 'stop'))].map((byte) => (byte === 35 ? 0xff : byte))
    expect(await outcome(raw(Uint8Array.from(bytes)))).toEqual({ text: 'a\ufffdb', error: undefined })
  })

  it('a model that thinks shows that it is alive, and says nothing of it', async () => {
    const responder = await start(
      raw('data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}\n\n', delta('x', 'stop')),
    )
    expect(await piecesOf(responder)).toEqual(['', 'x'])
  })
})

describe('openai: what can go wrong', () => {
  const cases: [
    string,
    OpenAIScenario,
    { code: string; status?: number | undefined; isRetryable: boolean },
    RegExp?,
  ][] = [
    [
      '401',
      { status: 401, body: `{"error":{"message":"Incorrect API key provided: ${apiKey}","code":"invalid_api_key"}}` },
      { code: 'responder_failed', status: 401, isRetryable: false },
      /invalid_api_key.*Check the API key/,
    ],
    [
      '401 with the key as its code',
      { status: 401, body: `{"error":{"code":"${apiKey}"}}` },
      { code: 'responder_failed', status: 401, isRetryable: false },
    ],
    [
      '404',
      { status: 404, body: '{"error":{"message":"no model","code":"model_not_found"}}' },
      { code: 'responder_failed', status: 404, isRetryable: false },
      /model_not_found.*name of the model/,
    ],
    [
      '429 with Retry-After',
      { status: 429, headers: { 'retry-after': '20' } },
      { code: 'responder_failed', status: 429, isRetryable: true },
      /wait 20 s/,
    ],
    ['500', { status: 500, body: 'oops' }, { code: 'responder_failed', status: 500, isRetryable: true }],
    [
      '503 with 10 MB of HTML',
      { status: 503, headers: { 'content-type': 'text/html' }, body: 'x'.repeat(1e7) },
      { code: 'responder_failed', status: 503, isRetryable: true },
    ],
    [
      'a redirect',
      { status: 307, headers: { location: 'http://127.0.0.1:9/' } },
      { code: 'responder_failed', status: 307, isRetryable: false },
      /redirect/,
    ],
    [
      'an error in the stream',
      'error',
      { code: 'responder_failed', status: undefined, isRetryable: true },
      /server_error/,
    ],
    [
      'an error with a status in the stream',
      raw('data: {"error":{"code":400,"message":"too long"}}\n\n'),
      { code: 'responder_failed', status: 400, isRetryable: false },
    ],
    [
      'an error as JSON with status 200',
      { raw: ['{"error":"model not loaded"}'], contentType: 'application/json' },
      { code: 'responder_failed', isRetryable: true },
    ],
    ['a cut connection', 'cut', { code: 'responder_interrupted', isRetryable: true }],
    ['a stream without an end', 'end', { code: 'responder_interrupted', isRetryable: true }],
    ['an empty stream', raw(), { code: 'responder_interrupted', isRetryable: true }],
    [
      'the limit of tokens',
      { finish: 'length' },
      { code: 'responder_interrupted', isRetryable: false },
      /maxOutputTokens/,
    ],
    ['a content filter', { finish: 'content_filter' }, { code: 'responder_interrupted', isRetryable: false }, /filter/],
    ['a limit spent on thinking', raw(delta(null, 'length')), { code: 'responder_failed', isRetryable: false }],
    [
      'a page of HTML',
      { raw: ['<html>'], contentType: 'text/html' },
      { code: 'responder_failed', isRetryable: false },
      /base URL/,
    ],
    ['something else in the stream', raw('data: hello\n\n'), { code: 'responder_failed', isRetryable: false }],
    ['an endless event', raw(`data: ${'x'.repeat(1_100_000)}`), { code: 'responder_interrupted', isRetryable: false }],
  ]
  for (const [title, scenario, expected, message] of cases)
    it(`F106: ${title}`, async () => {
      const { text, error } = await outcome(scenario)
      expect(error).toMatchObject({ name: 'ResponderError', ...expected })
      if (message) expect((error as Error).message).toMatch(message)
      expect((error as Error).message).not.toContain('hello')
      expect(answer.startsWith(text)).toBe(true)
      expect(fake?.requests, 'no retry').toHaveLength(1)
      await vi.waitFor(() => expect(fake?.running).toBe(0))
    })

  it('F106: nobody listens', async () => {
    const responder = await start('ok')
    await fake?.close()
    await expect(piecesOf(responder)).rejects.toMatchObject({
      name: 'ResponderError',
      code: 'responder_failed',
      isRetryable: true,
    })
  })

  it('F106: silence before the first piece and between pieces ends in time, and the connection is released', async () => {
    for (const scenario of ['silent', 'hang'] as const) {
      const responder = withTimeouts(await start(scenario), { firstPieceMs: 200, nextPieceMs: 100 })
      await expect(piecesOf(responder)).rejects.toMatchObject({ name: 'ResponderError', code: 'responder_timeout' })
      await vi.waitFor(() => expect(fake?.running).toBe(0))
      await fake?.close()
    }
  })
})
