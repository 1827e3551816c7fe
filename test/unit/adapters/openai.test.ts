import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ChatAdapter } from '../../../adapters/adapter.ts'
import { createOpenAIAdapter } from '../../../adapters/openai.ts'
import type { OpenAIAdapterOptions, RecordStore } from '../../../adapters/openai.ts'
import type { ConversationRecord, StreamEvent } from '../../../protocol.ts'
import { answerOf, collect, newId, newKey } from '../../contract/adapter.suite.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI, OpenAIScenario } from '../../helpers/fake-openai.ts'
import { freePort } from '../../helpers/port.ts'

let model: FakeOpenAI
beforeEach(async () => {
  model = await startFakeOpenAI()
})
afterEach(() => model.close())

const create = (options: Partial<OpenAIAdapterOptions> = {}): ChatAdapter =>
  createOpenAIAdapter({ baseUrl: model.url, model: 'fake-1', ...options })

/** Something to send. */
const message = (text = 'hello', conversationId = newId()) => ({ text, conversationId, clientMessageId: newKey() })

const eventsOf = async (adapter: ChatAdapter, sent = message()): Promise<StreamEvent[]> =>
  (await collect(adapter.send(sent))).map(({ event }) => event)

const chunk = (fields: object): string => `data: ${JSON.stringify(fields)}\n\n`
const piece = (content: unknown, finish_reason: string | null = null): string =>
  chunk({ choices: [{ index: 0, delta: { content }, finish_reason }] })

/** A store that can be looked into, and be made to fail. */
function openStore(fails: (call: 'read' | 'append', record?: ConversationRecord) => boolean = () => false) {
  const records: ConversationRecord[] = []
  const store: RecordStore = {
    read() {
      if (fails('read')) throw new Error('blocked')
      return [...records]
    },
    append(_conversationId, record) {
      if (fails('append', record)) throw new Error('full')
      records.push(record)
    },
  }
  return { records, store }
}

describe('what is asked', () => {
  it('the question, as a stream, of the model named', async () => {
    await eventsOf(create({ baseUrl: `${model.url}//` }))
    const [request] = model.requests
    expect(request?.path).toBe('/v1/chat/completions')
    expect(request?.body).toEqual({
      ...{ model: 'fake-1', stream: true, messages: [{ role: 'user', content: 'hello' }] },
    })
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json' })
    expect(request?.headers).not.toHaveProperty('authorization')
  })

  it('with whatever the options add; none of it can replace the conversation', async () => {
    const adapter = create({
      ...{ apiKey: ' sk-public ', systemPrompt: 'You sell teapots.', maxOutputTokens: 200 },
      body: { temperature: 0.2, model: 'another', messages: [] },
      headers: { 'x-title': 'Shop' },
    })
    await eventsOf(adapter)
    const [request] = model.requests
    expect(request?.headers).toMatchObject({ authorization: 'Bearer sk-public', 'x-title': 'Shop' })
    expect(request?.body).toMatchObject({ model: 'fake-1', temperature: 0.2, max_tokens: 200 })
    expect(request?.body.messages.map(({ role }) => role)).toEqual(['system', 'user'])
  })

  it('a path of the page itself is taken as it is, and the newer name of the limit for OpenAI alone', async () => {
    const asked: [string, RequestInit][] = []
    const fetch = async (url: string, init: RequestInit): Promise<Response> => {
      asked.push([url, init])
      return new Response(piece('Hi', 'stop'), { headers: { 'content-type': 'text/event-stream' } })
    }
    await eventsOf(create({ baseUrl: '/llm/v1', fetch }))
    await eventsOf(create({ baseUrl: 'https://api.openai.com/v1', maxOutputTokens: 9, fetch }))
    expect(asked.map(([url]) => url)).toEqual([
      '/llm/v1/chat/completions',
      'https://api.openai.com/v1/chat/completions',
    ])
    expect(asked[0]?.[1]).toMatchObject({ credentials: 'omit', redirect: 'manual', referrerPolicy: 'strict-origin' })
    expect(JSON.parse(String(asked[1]?.[1].body))).toMatchObject({ max_completion_tokens: 9 })
  })

  it('what was said before goes along, in turns, even after a question without an answer', async () => {
    const adapter = create({ systemPrompt: 'Be brief.' })
    const { conversationId } = message()
    await eventsOf(adapter, message('one', conversationId))
    model.scenario = { raw: [piece('', 'content_filter')] }
    await eventsOf(adapter, message('two', conversationId))
    model.scenario = 'ok'
    await eventsOf(adapter, message('three', conversationId))
    expect(model.requests.at(-1)?.body.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'one' },
      { role: 'assistant', content: openAIAnswerTo('one') },
      { role: 'user', content: 'two\n\nthree' },
    ])
  })

  it('two questions at once are each asked after the answer before', async () => {
    const adapter = create()
    const { conversationId } = message()
    await Promise.all([
      eventsOf(adapter, message('one', conversationId)),
      eventsOf(adapter, message('two', conversationId)),
    ])
    expect(model.requests.map(({ body }) => body.messages.map(({ content }) => content))).toEqual([
      ['one'],
      ['one', openAIAnswerTo('one'), 'two'],
    ])
  })

  it('no more of it than the budget allows, and beginning with the visitor', async () => {
    const contents = async (budget: { messages?: number; characters?: number }) => {
      const adapter = create({ budget })
      const { conversationId } = message()
      for (const text of ['one', 'two', 'three', 'four']) await eventsOf(adapter, message(text, conversationId))
      return model.requests.at(-1)?.body.messages.map(({ content }) => content)
    }
    expect(await contents({ messages: 0 })).toEqual(['four'])
    expect(await contents({ messages: 3 })).toEqual(['three', openAIAnswerTo('three'), 'four'])
    expect(await contents({ characters: openAIAnswerTo('three').length + 5 })).toEqual([
      ...['three', openAIAnswerTo('three'), 'four'],
    ])
    expect(await contents({})).toHaveLength(7)
  })

  it('a key that cannot be sent is found at once, by an error that does not show it', () => {
    expect(() => create({ apiKey: 'sk-\u{1F511}' })).toThrow(
      new TypeError('Lumika: the API key or a header holds characters that cannot be sent.'),
    )
  })
})

describe('an answer', () => {
  it.each<[string, OpenAIScenario]>([
    ['in pieces', 'ok'],
    ['with a count of tokens at its end', 'usage'],
    ['in packets of one byte', 'split'],
    ['in one JSON object', 'json'],
  ])('%s', async (_name, scenario) => {
    model.scenario = scenario
    const events = await collect(create().send(message('Grüße 🙂')))
    expect(answerOf(events)).toBe(openAIAnswerTo('Grüße 🙂'))
    expect(events.at(-2)?.event).toMatchObject({ type: 'message', message: { body: openAIAnswerTo('Grüße 🙂') } })
  })

  it('in parts, with what is no content and other choices left out, and no [DONE]', async () => {
    model.scenario = {
      raw: [
        ': a comment\n\n',
        chunk({ choices: [] }),
        chunk({ choices: [{ index: 0, delta: { reasoning: 'hmm' } }] }),
        chunk({ choices: [{ index: 1, delta: { content: 'no' } }] }),
        piece([{ type: 'text', text: 'Yes' }, null]),
        piece(', indeed', 'stop'),
      ],
    }
    expect(answerOf(await collect(create().send(message())))).toBe('Yes, indeed')
  })

  it.each<[string, OpenAIScenario, string, boolean]>([
    ['breaks off with the connection', 'cut', 'You asked: “he', true],
    ['ends as if that was all', 'end', 'You asked: “he', true],
    ['turns into an error', 'error', 'You asked: “he', true],
    ['reaches the limit of tokens', { finish: 'length' }, 'You asked: “he', false],
    ['is filtered', { finish: 'content_filter' }, 'You asked: “he', false],
    ['turns into something else', { raw: [piece('Half'), 'data: {not json\n\n'] }, 'Half', false],
  ])('that %s is kept as broken off, and reported', async (_name, scenario, body, retryable) => {
    model.scenario = scenario
    const adapter = create()
    const sent = message()
    const events = await eventsOf(adapter, sent)
    expect(events.slice(-3)).toMatchObject([
      { type: 'message', message: { actor: 'assistant', body, data: { interrupted: true } } },
      { type: 'failure', code: 'responder_interrupted', retryable },
      { type: 'done' },
    ])
    expect((await adapter.history(sent)).messages.map(({ actor }) => actor)).toEqual(['customer', 'assistant'])
  })

  it.each<[string, OpenAIScenario]>([
    ['is empty', { raw: [piece('', 'stop')] }],
    ['is a page of HTML', { raw: ['<!doctype html><title>Hello</title>'], contentType: 'text/html' }],
    ['is no completion', { raw: ['"hello"'], contentType: 'application/json' }],
  ])('that %s is a failure, and nothing of it is kept', async (_name, scenario) => {
    model.scenario = scenario
    const adapter = create()
    const sent = message()
    expect(await eventsOf(adapter, sent)).toMatchObject([
      { type: 'ack' },
      { type: 'failure', code: 'responder_failed', retryable: false },
      { type: 'done' },
    ])
    expect((await adapter.history(sent)).messages).toHaveLength(1)
  })

  it('that falls silent is given up, and its connection with it', async () => {
    model.scenario = 'hang'
    const events = await eventsOf(create({ silenceMs: 100 }))
    expect(events.slice(-2)).toMatchObject([{ type: 'failure', code: 'responder_interrupted' }, { type: 'done' }])
    await expect.poll(() => model.running).toBe(0)
  })

  it('that is stopped is not written any further at the service either', async () => {
    model.scenario = 'hang'
    const adapter = create()
    const sent = message()
    for await (const { id, event } of adapter.send(sent)) {
      expect(model.running).toBe(1)
      if (event.type === 'delta') await adapter.stop({ ...sent, turnId: id.split('.')[0] ?? '' })
      if (event.type === 'message') break
    }
    await expect.poll(() => model.running).toBe(0)
  })

  it('that waits for the one before can be stopped before it is asked for', async () => {
    model.scenario = 'hang'
    const adapter = create()
    const first = message('first')
    const reading = eventsOf(adapter, first)
    const second = adapter.send(message('second', first.conversationId))[Symbol.asyncIterator]()
    const ack = (await second.next()).value?.event
    if (ack?.type !== 'ack') throw new Error('no ack')
    await adapter.stop({ ...first, turnId: ack.turnId })
    expect((await second.next()).value?.event).toMatchObject({ type: 'done', stopped: true })
    const { activeTurn } = await adapter.history(first)
    await adapter.stop({ ...first, turnId: activeTurn?.turnId ?? '' })
    await reading
    expect(model.requests).toHaveLength(1)
  })
})

describe('a service that takes no question', () => {
  const key = 'sk-secret-of-nobody'

  it.each<[number, string, boolean, string?]>([
    [400, 'invalid_request', false],
    [401, 'invalid_token', false, 'Check the API key.'],
    [403, 'invalid_token', false, 'whether the service allows this page'],
    [404, 'not_found', false, 'Check the base URL and the name of the model.'],
    [413, 'text_too_long', false],
    [418, 'protocol', false],
    [429, 'rate_limited', true],
    [500, 'internal_error', true],
    [503, 'internal_error', true],
  ])('with status %i: the send throws %s, and nothing is stored', async (status, code, isRetryable, advice = '') => {
    const body = JSON.stringify({ error: { message: `No ${key}, hello`, code: 'some_code', type: 'x' } })
    model.scenario = { status, body, headers: { 'retry-after': '7' } }
    const adapter = create({ apiKey: key })
    const sent = message()
    const error = await collect(adapter.send(sent)).catch((thrown) => thrown)
    expect(error).toMatchObject({ name: 'AdapterError', code, status, isRetryable, retryAfter: 7 })
    expect(error.message).toBe(
      `The model service answered with status ${status}. It says some_code.${error.message.split('some_code.')[1]}`,
    )
    expect(error.message).toContain(advice)
    expect(error.message).not.toMatch(/sk-secret|hello/)
    expect((await adapter.history(sent)).messages).toEqual([])
  })

  it("G14: the key is in no message, not even as the service's own code", async () => {
    model.scenario = { status: 401, body: JSON.stringify({ error: { code: `bad.${key}`, type: 'auth_error' } }) }
    const error = await collect(create({ apiKey: key }).send(message())).catch((thrown: Error) => thrown)
    expect(String(error)).not.toContain(key)
  })

  it('a quota that is used up is not asked for again', async () => {
    model.scenario = { status: 429, body: '{"error":{"code":"insufficient_quota"}}' }
    const refused = collect(create().send(message()))
    await expect(refused).rejects.toMatchObject({ code: 'rate_limited', isRetryable: false, retryAfter: undefined })
  })

  it('a redirect is not followed: it would carry the question elsewhere', async () => {
    const elsewhere = await startFakeOpenAI()
    model.scenario = { status: 307, headers: { location: `${elsewhere.url}/chat/completions` } }
    await expect(collect(create().send(message()))).rejects.toMatchObject({ code: 'protocol', isRetryable: false })
    expect(elsewhere.requests).toEqual([])
    await elsewhere.close()
  })

  it('because there is none: network, and the same message goes through once there is', async () => {
    const port = await freePort()
    const baseUrl = { value: `http://127.0.0.1:${port}/v1` }
    const adapter = create({
      fetch: (url, init) => fetch(url.replace('http://service', baseUrl.value), init),
      baseUrl: 'http://service',
    })
    const sent = message()
    await expect(collect(adapter.send(sent))).rejects.toMatchObject({
      ...{ name: 'AdapterError', code: 'network', status: 0, isRetryable: true },
    })
    expect((await adapter.history(sent)).messages).toEqual([])
    baseUrl.value = model.url
    expect(answerOf(await collect(adapter.send(sent)))).toBe(openAIAnswerTo('hello'))
    expect((await adapter.history(sent)).messages).toHaveLength(2)
    expect(model.requests).toHaveLength(1)
  })

  it('in time: the message is stored meanwhile, can be stopped, and ends as a failure', async () => {
    model.scenario = 'silent'
    const adapter = create({ silenceMs: 1_500 })
    expect(await eventsOf(adapter)).toMatchObject([
      { type: 'ack' },
      { type: 'failure', code: 'responder_failed', retryable: true },
      { type: 'done' },
    ])
    const stopped = message()
    for await (const { id, event } of adapter.send(stopped)) {
      if (event.type === 'ack') await adapter.stop({ ...stopped, turnId: id.split('.')[0] ?? '' })
      else expect(event).toMatchObject({ type: 'done', stopped: true })
    }
    await expect.poll(() => model.running).toBe(0)
  })

  it('G1: two sends of one message while it is not stored yet are one question', async () => {
    const adapter = create()
    const sent = message()
    const [one, two] = await Promise.all([eventsOf(adapter, sent), eventsOf(adapter, sent)])
    expect(one.slice(1)).toEqual(two.slice(1))
    expect(model.requests).toHaveLength(1)
    expect((await adapter.history(sent)).messages).toHaveLength(2)
  })

  it('a caller that leaves while nothing is stored hears its own reason', async () => {
    model.scenario = 'silent'
    const controller = new AbortController()
    const reading = collect(create().send({ ...message(), signal: controller.signal }))
    const reason = new Error('left')
    controller.abort(reason)
    await expect(reading).rejects.toBe(reason)
  })
})

describe('after a reload', () => {
  it('what is stored is there, and is what the model is told', async () => {
    const { store } = openStore()
    const sent = message('first')
    await eventsOf(create({ store }), sent)
    const adapter = create({ store })
    expect((await adapter.history(sent)).messages.map(({ body }) => body)).toEqual(['first', openAIAnswerTo('first')])
    await eventsOf(adapter, message('second', sent.conversationId))
    expect(model.requests.at(-1)?.body.messages.map(({ content }) => content)).toEqual([
      ...['first', openAIAnswerTo('first'), 'second'],
    ])
  })

  it('G1: a message that was answered is not asked again, and its stream is given once more', async () => {
    const { store, records } = openStore()
    const sent = message()
    await eventsOf(create({ store }), sent)
    const again = create({ store })
    expect(await eventsOf(again, sent)).toEqual([
      {
        ...{ type: 'ack', replayed: true, conversationId: sent.conversationId, userMessageId: records[0]?.id },
        turnId: expect.any(String),
      },
      { type: 'delta', text: openAIAnswerTo('hello') },
      { type: 'message', message: records[1] },
      { type: 'done', lastMessageId: records[1]?.id },
    ])
    expect(model.requests).toHaveLength(1)
    await expect(eventsOf(create({ store }), { ...sent, text: 'other' })).rejects.toMatchObject({
      code: 'idempotency_mismatch',
    })
  })

  it('a message whose answer went with the page is answered when it is sent again, and stored once', async () => {
    const { store, records } = openStore()
    const sent = message()
    model.scenario = 'hang'
    for await (const { event } of create({ store }).send(sent)) if (event.type === 'delta') break
    model.scenario = 'ok'
    expect((await eventsOf(create({ store }), sent)).at(-1)).toEqual({ type: 'done', lastMessageId: records[1]?.id })
    expect(records.map(({ actor }) => actor)).toEqual(['customer', 'assistant'])
  })

  it('an answer of the page before is not found', async () => {
    const { store } = openStore()
    const sent = message()
    const events = await collect(create({ store }).send(sent))
    const lastEventId = events[0]?.id ?? ''
    await expect(collect(create({ store }).resume({ ...sent, lastEventId }))).rejects.toMatchObject({
      ...{ code: 'not_found', status: 404, isRetryable: false },
    })
  })

  it('times do not run backwards when the clock was set back', async () => {
    const { store, records } = openStore()
    const sent = message()
    await eventsOf(create({ store, now: () => 5_000 }), sent)
    await eventsOf(create({ store, now: () => 1_000 }), message('later', sent.conversationId))
    expect(new Set(records.map(({ createdAt }) => createdAt))).toEqual(new Set(['1970-01-01T00:00:05.000Z']))
  })
})

describe('F92: a storage in trouble', () => {
  const storageError = { name: 'AdapterError', code: 'storage_unavailable', status: 503, isRetryable: true }

  it('that cannot be read is an error, never an empty page', async () => {
    const adapter = create({ store: openStore((call) => call === 'read').store })
    await expect(adapter.history(message())).rejects.toMatchObject(storageError)
    await expect(eventsOf(adapter)).rejects.toMatchObject(storageError)
    expect(model.requests).toEqual([])
  })

  it('that takes no message: the send throws, and nobody goes on writing an answer', async () => {
    model.scenario = 'hang'
    const adapter = create({ store: openStore((_call, record) => record?.actor === 'customer').store })
    await expect(eventsOf(adapter)).rejects.toMatchObject(storageError)
    await expect.poll(() => model.running).toBe(0)
  })

  it('that takes no answer: it is shown, and ends with a failure', async () => {
    const fails = vi.fn((_call: string, record?: ConversationRecord) => record?.actor === 'assistant')
    const events = await eventsOf(create({ store: openStore(fails).store }))
    expect(events.slice(-3)).toMatchObject([
      { type: 'delta' },
      { type: 'failure', code: 'storage_unavailable', retryable: true },
      { type: 'done' },
    ])
  })
})
