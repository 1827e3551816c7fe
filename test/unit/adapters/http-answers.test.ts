import { describe, expect, it, vi } from 'vitest'
import { createHttpAdapter } from '../../../adapters/http.ts'
import { collect } from '../../contract/adapter.suite.ts'
import { answerWith, caught, closers, events, frames, json, message, start, stream, turnId } from './http-server.ts'
import type { Answer } from './http-server.ts'

describe('http adapter: answers', () => {
  it('A22: an error answer keeps its code, status and time to wait', async () => {
    const refusal = json({ error: { code: 'rate_limited', message: 'Slow down.' } }, 429, { 'retry-after': '17' })
    const { adapter } = await start(refusal)
    const expected = {
      name: 'AdapterError',
      code: 'rate_limited',
      message: 'Slow down.',
      status: 429,
      retryAfter: 17,
      isRetryable: true,
    }
    expect(await caught(collect(adapter.send(message())))).toMatchObject(expected)
    expect(await caught(collect(adapter.resume({ conversationId: 'c', lastEventId: 't.0' })))).toMatchObject(expected)
    expect(await caught(adapter.history({ conversationId: 'c' }))).toMatchObject(expected)
    expect(await caught(adapter.stop({ conversationId: 'c', turnId }))).toMatchObject(expected)
  })

  const html = '<!doctype html><script>alert(1)</script>'
  const strange: [string, Answer, object][] = [
    ['a page of HTML with 200', answerWith(200, 'text/html', html), { status: 200, isRetryable: false }],
    ['no content type', answerWith(200, '', frames(events)), { status: 200, isRetryable: false }],
    ['204', answerWith(204, '', ''), { status: 204, isRetryable: false }],
    ['204 by the name of a stream', answerWith(204, 'text/event-stream', ''), { status: 204, isRetryable: false }],
    ['a redirect', answerWith(302, '', '', { location: 'http://127.0.0.1:9/' }), { status: 302, isRetryable: false }],
    ['a gateway error in HTML', answerWith(502, 'text/html', html), { status: 502, isRetryable: true }],
    ['an error of another shape', json({ error: 'no' }, 400), { status: 400, isRetryable: false }],
    ['an error that is no JSON', answerWith(500, 'application/json', html), { status: 500, isRetryable: true }],
  ]
  for (const [title, answer, expected] of strange)
    it(`P35: ${title} is a typed error, and nothing of it is shown`, async () => {
      const { adapter } = await start(answer)
      for (const error of [
        await caught(collect(adapter.send(message()))),
        await caught(adapter.history({ conversationId: 'c' })),
      ]) {
        expect(error).toMatchObject({ name: 'AdapterError', code: 'protocol', ...expected })
        expect((error as Error).message).not.toMatch(/[<>]|tok_1/)
      }
    })

  it('P35: a redirect as browsers show it is no network error', async () => {
    const redirect = Object.defineProperties(new Response(null), {
      type: { value: 'opaqueredirect' },
      status: { value: 0 },
      ok: { value: false },
    })
    const adapter = createHttpAdapter({
      serverUrl: 'https://a.example',
      integrationToken: 't',
      fetch: async () => redirect,
    })
    expect(await caught(collect(adapter.send(message())))).toMatchObject({
      code: 'protocol',
      status: 0,
      isRetryable: false,
    })
  })

  it('nobody listening is a network error', async () => {
    const { adapter } = await start(stream)
    await closers.pop()?.()
    const expected = { name: 'AdapterError', code: 'network', status: 0, isRetryable: true }
    expect(await caught(collect(adapter.send(message())))).toMatchObject(expected)
    expect(await caught(adapter.history({ conversationId: 'c' }))).toMatchObject(expected)
    expect(await caught(adapter.stop({ conversationId: 'c', turnId }))).toMatchObject(expected)
  })

  it('a cut stream gives what came, then a network error; one that ends early just ends', async () => {
    for (const end of ['destroy', 'end'] as const) {
      const { adapter } = await start((response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(frames(events.slice(0, 2)), () => response[end]())
      })
      const seen: string[] = []
      const error = await caught(
        (async () => {
          for await (const { event } of adapter.send(message())) seen.push(event.type)
        })(),
      )
      expect(seen).toEqual(['ack', 'delta'])
      expect(error).toEqual(
        end === 'end' ? 'no error' : expect.objectContaining({ code: 'network', isRetryable: true }),
      )
    }
  })

  it('a server that falls silent is a network error in time, whether fetch listens to its signal or not', async () => {
    const { adapter, open } = await start(
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(frames(events.slice(0, 1)))
      },
      { silenceMs: 150 },
    )
    expect(await caught(collect(adapter.send(message())))).toMatchObject({ code: 'network', isRetryable: true })
    await vi.waitFor(() => expect(open.size).toBe(0))
    const deaf = createHttpAdapter({
      serverUrl: '',
      integrationToken: 't',
      silenceMs: 20,
      fetch: () => new Promise(() => {}),
    })
    expect(await caught(deaf.stop({ conversationId: 'c', turnId }))).toMatchObject({
      code: 'network',
      isRetryable: true,
    })
  })

  it('a reader that leaves, or aborts while nothing comes, releases the connection', async () => {
    const { adapter, open } = await start((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(frames(events.slice(0, 2)))
    })
    for await (const { event } of adapter.send(message())) if (event.type === 'delta') break
    await vi.waitFor(() => expect(open.size).toBe(0))

    const controller = new AbortController()
    const reason = new Error('gone')
    const reading = caught(collect(adapter.send(message({ signal: controller.signal }))))
    await vi.waitFor(() => expect(open.size).toBe(1))
    controller.abort(reason)
    expect(await reading).toBe(reason)
    await vi.waitFor(() => expect(open.size).toBe(0))
  })

  it('P34: an event above 1 MB ends the stream with a typed error and releases the connection', async () => {
    const { adapter, open } = await start((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${'x'.repeat(1_200_000)}`)
    })
    expect(await caught(collect(adapter.send(message())))).toMatchObject({ code: 'protocol', isRetryable: false })
    await vi.waitFor(() => expect(open.size).toBe(0))
  })
})

describe('http adapter: what a hostile server says', () => {
  const sent = async (list: unknown[]) => {
    const { adapter } = await start((response) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(frames(list)),
    )
    return collect(adapter.send(message())).catch((error: unknown) => error)
  }
  const [ack, delta, record, done] = events as [object, object, { message: object }, object]

  it('events of unknown types, and records of unknown actors, are passed over', async () => {
    const odd = [
      { type: 'typing' },
      {},
      { type: '__proto__' },
      { ...record, message: { ...record.message, actor: 'robot' } },
    ]
    expect(await sent([ack, ...odd, delta, done])).toMatchObject([{ event: ack }, { event: delta }, { event: done }])
  })

  it('fields nobody asked for are left behind, pollution included', async () => {
    const [first] = (await sent([{ ...ack, extra: 1, ['__proto__']: { polluted: true } }, done])) as { event: object }[]
    expect(first?.event).toEqual(ack)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  const broken: unknown[] = [
    'text',
    null,
    [],
    5,
    { type: 'ack', conversationId: 5 },
    { type: 'delta', text: { toString: 1 } },
    { type: 'message' },
    { type: 'message', message: { ...record.message, body: null } },
    { type: 'message', message: { ...record.message, id: '' } },
    { type: 'message', message: { ...record.message, createdAt: 'yesterday-ish' } },
    { type: 'message', message: { ...record.message, data: { author: { kind: 'operator', name: {} } } } },
    { type: 'failure', code: 1 },
    { type: 'done' },
  ]
  for (const event of broken)
    it(`${JSON.stringify(event)} is a typed error`, async () => {
      expect(await sent([ack, event])).toMatchObject({ name: 'AdapterError', code: 'protocol' })
    })

  it('what is no JSON, or has no proper id, is a typed error', async () => {
    for (const body of [
      'data: {"type":"done"\n\n',
      'data: {"type":"done","lastMessageId":"a"}\n\n',
      'id: a b\ndata: {"type":"delta","text":""}\n\n',
    ]) {
      const { adapter } = await start(answerWith(200, 'text/event-stream', body))
      expect(await caught(collect(adapter.send(message())))).toMatchObject({ name: 'AdapterError', code: 'protocol' })
    }
  })

  it('history: odd fields are left behind, broken pages are a typed error', async () => {
    const page = { conversationId: 'c_1', messages: [record.message], lastMessageId: '1-a', hasMore: false }
    const read = async (value: unknown) => {
      const { adapter } = await start(json(value))
      return adapter.history({ conversationId: 'c_1' }).catch((error: unknown) => error)
    }
    expect(await read(page)).toEqual(page)
    const active = { turnId, userMessageId: '0-a' }
    expect(await read({ ...page, hasMore: 'yes', extra: [], activeTurn: active })).toEqual({
      ...page,
      activeTurn: active,
    })
    const data = { author: { kind: 'operator', name: 'Ann', extra: 1 }, clientMessageId: 7, page: '/x' }
    expect(
      await read({
        ...page,
        messages: [
          { ...record.message, data },
          { ...record.message, actor: 'system' },
        ],
      }),
    ).toEqual({
      ...page,
      messages: [{ ...record.message, data: { author: { kind: 'operator', name: 'Ann' }, page: '/x' } }],
    })
    for (const wrong of [
      [],
      'x',
      {},
      { ...page, messages: {} },
      { ...page, messages: [null] },
      { ...page, lastMessageId: 5 },
      { ...page, activeTurn: {} },
    ])
      expect(await read(wrong)).toMatchObject({ name: 'AdapterError', code: 'protocol', isRetryable: false })
  })
})
