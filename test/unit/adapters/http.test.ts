import { describe, expect, it } from 'vitest'
import { collect } from '../../contract/adapter.suite.ts'
import { answerWith, caught, events, json, message, start, stream, turnId } from './http-server.ts'
import type { Answer, Seen } from './http-server.ts'

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
