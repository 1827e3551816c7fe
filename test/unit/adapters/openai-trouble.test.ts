/** Services that refuse, pages that are loaded again, and storage that fails. */
import { describe, expect, it, vi } from 'vitest'
import type { ConversationRecord } from '../../../protocol.ts'
import { answerOf, collect } from '../../contract/adapter.suite.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../../helpers/fake-openai.ts'
import { freePort } from '../../helpers/port.ts'
import { create, eventsOf, message, model, openStore } from './openai-model.ts'

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
