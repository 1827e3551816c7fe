import { describe, expect, it } from 'vitest'
import { answerOf, collect } from '../../contract/adapter.suite.ts'
import { openAIAnswerTo } from '../../helpers/fake-openai.ts'
import type { OpenAIScenario } from '../../helpers/fake-openai.ts'
import { chunk, create, eventsOf, message, model, piece } from './openai-model.ts'

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
