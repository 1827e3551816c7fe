import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createHttpAdapter } from '../../../adapters/http.ts'
import type { HttpAdapterOptions } from '../../../adapters/http.ts'
import { collect, newId, newKey } from '../../contract/adapter.suite.ts'

interface Seen {
  method: string
  path: string
  query: URLSearchParams
  form: URLSearchParams
  headers: IncomingMessage['headers']
}

type Answer = (response: ServerResponse, seen: Seen) => void

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A server that answers as a test wants, and an adapter for it. */
async function start(answer: Answer, options: Partial<HttpAdapterOptions> = {}) {
  const requests: Seen[] = []
  const open = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    open.add(response)
    response.once('close', () => open.delete(response))
    const url = new URL(request.url ?? '', 'http://localhost')
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      const { method = '', headers } = request
      const seen = { method, headers, path: url.pathname, query: url.searchParams, form: new URLSearchParams(body) }
      requests.push(seen)
      answer(response, seen)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  const serverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/chat/`
  return { adapter: createHttpAdapter({ serverUrl, integrationToken: 'tok_1', ...options }), requests, open }
}

const turnId = 'tAAAAAAAAAAAAAAAAAAAAAA'
const events = [
  { type: 'ack', conversationId: 'c_1', userMessageId: '0-a', turnId, replayed: false },
  { type: 'delta', text: 'Hi' },
  {
    type: 'message',
    message: { id: '1-a', actor: 'assistant', type: 'message', body: 'Hi', createdAt: '2026-01-01T00:00:00.000Z' },
  },
  { type: 'done', lastMessageId: '1-a' },
]
const frames = (list: unknown[]): string =>
  list.map((event, n) => `id: ${turnId}.${n}\ndata: ${JSON.stringify(event)}\n\n`).join('')
const stream: Answer = (response) =>
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=latin1' }).end(frames(events))
const answerWith =
  (status: number, type: string, body: string, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { ...(type && { 'content-type': type }), ...headers }).end(body)
const json = (value: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  answerWith(status, 'application/json', JSON.stringify(value), headers)

const message = (parts: object = {}) => ({
  text: 'hello',
  conversationId: newId(),
  clientMessageId: newKey(),
  ...parts,
})
const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: unknown) => error,
  )

describe('http adapter: requests', () => {
  it('A8: sends by POST as a form that needs no preflight, without credentials', async () => {
    const { adapter, requests } = await start(stream)
    const sent = message({ text: 'a & b\r\n✓', context: { page: '/x' }, proof: { userHash: 'ab' } })
    expect((await collect(adapter.send(sent))).map(({ event }) => event)).toEqual(events)
    const { method, path, query, form, headers } = requests[0] as Seen
    expect([method, path, query.size]).toEqual(['POST', '/chat/conversation/sse', 0])
    expect(Object.fromEntries(form)).toEqual({
      ...{ integrationToken: 'tok_1', conversationId: sent.conversationId, textContent: sent.text },
      ...{ clientMessageId: sent.clientMessageId, userHash: 'ab', context: '{"page":"/x"}' },
    })
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded;charset=UTF-8')
    expect(Object.keys(headers).filter((name) => /^(x-|last-event|authorization|cookie)/.test(name))).toEqual([])
  })

  it('asks for what is public only: no credentials, no cache, no redirects, no page address', async () => {
    const init: RequestInit[] = []
    const { adapter } = await start(
      json({ conversationId: 'c_1', messages: [], lastMessageId: null, hasMore: false }),
      {
        fetch: (url, given) => {
          init.push(given)
          return fetch(url, given)
        },
      },
    )
    await adapter.history({ conversationId: 'c_1' })
    expect(init[0]).toMatchObject({
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'manual',
      referrerPolicy: 'strict-origin',
    })
    expect(init[0]?.headers).toBeUndefined()
  })

  it('resumes with the event id in the query, and ends at once on 204', async () => {
    const { adapter, requests } = await start((response) => response.writeHead(204).end())
    expect(
      await collect(adapter.resume({ conversationId: 'c_1', lastEventId: `${turnId}.3`, proof: { userJwt: 'x.y.z' } })),
    ).toEqual([])
    expect(Object.fromEntries(requests[0]?.query ?? [])).toEqual({
      ...{ integrationToken: 'tok_1', conversationId: 'c_1', lastEventId: `${turnId}.3`, userJwt: 'x.y.z' },
    })
    expect(requests[0]?.method).toBe('GET')
    expect(requests[0]?.headers['last-event-id']).toBeUndefined()
  })

  it('reads history by GET and stops by POST', async () => {
    const { adapter, requests } = await start((response, seen) =>
      seen.method === 'POST'
        ? response.writeHead(204).end()
        : json({ conversationId: 'c_1', messages: [], lastMessageId: null, hasMore: false })(response, seen),
    )
    await adapter.history({ conversationId: 'c_1', afterId: 'a', limit: 9, wait: 2 })
    for (const known of [[], ['typing', 'resolved']] as const) await adapter.history({ conversationId: 'c_1', known })
    await adapter.stop({ conversationId: 'c_1', turnId })
    expect(Object.fromEntries(requests[0]?.query ?? [])).toEqual({
      integrationToken: 'tok_1',
      conversationId: 'c_1',
      afterId: 'a',
      limit: '9',
      wait: '2',
    })
    // Nothing is known to be so, which is not the same as saying nothing.
    expect(requests.slice(1, 3).map(({ query }) => query.get('known'))).toEqual(['', 'typing,resolved'])
    expect(requests[3]).toMatchObject({ method: 'POST', path: '/chat/conversation/stop' })
    expect(Object.fromEntries(requests[3]?.form ?? [])).toEqual({
      integrationToken: 'tok_1',
      conversationId: 'c_1',
      turnId,
    })
  })
})

describe('http adapter: A13, servers that know no POST', () => {
  for (const status of [404, 405, 415])
    it(`A13: after a ${status} it sends by GET, and from then on at once`, async () => {
      const { adapter, requests } = await start((response, seen) =>
        seen.method === 'POST'
          ? answerWith(status, 'text/html', '<h1>No</h1>')(response, seen)
          : stream(response, seen),
      )
      const sent = message({ text: 'ä & ö' })
      expect(await collect(adapter.send(sent))).toHaveLength(4)
      expect(await collect(adapter.send(message()))).toHaveLength(4)
      expect(requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET'])
      expect(Object.fromEntries(requests[1]?.query ?? [])).toEqual(Object.fromEntries(requests[0]?.form ?? []))
      expect(requests[1]?.query.get('clientMessageId')).toBe(sent.clientMessageId)
    })

  it('A13: when GET fails as well, the next send begins with POST again', async () => {
    const { adapter, requests } = await start(answerWith(404, 'text/html', 'no'))
    for (let n = 0; n < 2; n++)
      expect(await caught(collect(adapter.send(message())))).toMatchObject({
        code: 'protocol',
        status: 404,
        isRetryable: false,
      })
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST', 'GET'])
  })

  it('A13: a text too long for a GET is refused before it is sent, or when the server says so', async () => {
    const onlyGet: Answer = (response, seen) =>
      answerWith(seen.method === 'POST' ? 405 : 414, 'text/html', '<h1>No</h1>')(response, seen)
    const { adapter, requests } = await start(onlyGet)
    const tooLong = { name: 'AdapterError', code: 'text_too_long', status: 414, isRetryable: false }
    expect(await caught(collect(adapter.send(message({ text: '你'.repeat(1_000) }))))).toMatchObject(tooLong)
    expect(requests.map(({ method }) => method)).toEqual(['POST'])
    expect(await caught(collect(adapter.send(message({ text: '你'.repeat(500) }))))).toMatchObject(tooLong)
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET'])
  })
})

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
