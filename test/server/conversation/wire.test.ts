/** `/conversation/sse` against odd, wrong and hostile requests, on every storage. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { spyResponder, valve } from '../../helpers/responder.ts'
import type { SpyResponder } from '../../helpers/responder.ts'
import { allEvents, eventOf, eventsOf, textOf } from '../../helpers/sse.ts'
import { openPlace, openWorld, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'

let count = 0
const fresh = () => `visitor-${++count}`
const sse = '/conversation/sse'

describe.each(storages)('requests to /conversation/sse, on %s', (kind) => {
  let place: Place
  let world: World
  let say: Parameters<typeof spyResponder>[0]
  beforeAll(async () => {
    place = await openPlace(kind)
    const responder: SpyResponder = spyResponder((request) => say?.(request) ?? [`You said: ${request.text}`])
    world = await openWorld(place, { responder })
  })
  afterAll(async () => {
    await world.close()
    await place.dispose()
  })

  /** What a refused request leaves behind: nothing. */
  async function expectNothing(response: Response, status: number, code: string): Promise<void> {
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({ error: { code, message: expect.any(String) as string } })
  }

  it.each(['HEAD', 'PUT', 'DELETE', 'PATCH'])('A8: %s gets 405 and stores nothing', async (method) => {
    const conversationId = fresh()
    const query = new URLSearchParams({ integrationToken: world.token, conversationId, textContent: 'Hello' })
    const url = `http://localhost:3000${sse}?${query.toString()}`
    const response = await world.lumika.fetch(new Request(url, { method }))
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, POST, OPTIONS')
    expect(await world.bodies(conversationId)).toEqual([])
  })

  it('A8: POST takes the same fields as a form, with the same meaning', async () => {
    const params = { conversationId: fresh(), textContent: 'Hello', clientMessageId: 'post-and-get-0001' }
    const first = await allEvents(await world.post(sse, params))
    expect(textOf(first)).toBe('You said: Hello')
    const again = await allEvents(await world.get(sse, params))
    expect(eventOf(again, 'ack')).toMatchObject({ replayed: true, turnId: eventOf(first, 'ack').turnId })
    expect(await world.bodies(params.conversationId)).toEqual(['Hello', 'You said: Hello'])
  })

  it('A8: a POST that is no form gets 415, a form beyond all sense 413', async () => {
    const url = `http://localhost:3000${sse}?integrationToken=${world.token}`
    const body = JSON.stringify({ textContent: 'Hello' })
    const asJson = new Request(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    await expectNothing(await world.lumika.fetch(asJson), 415, 'unsupported_media_type')
    await expectNothing(await world.post(sse, { textContent: 'x'.repeat(200_000) }), 413, 'body_too_large')
  })

  it('A8: OPTIONS is answered for CORS only', async () => {
    const query = `integrationToken=${world.token}&textContent=Hello`
    const response = await world.lumika.fetch(
      new Request(`http://localhost:3000${sse}?${query}`, {
        method: 'OPTIONS',
        headers: { origin: 'https://a.example' },
      }),
    )
    expect(response.status).toBe(204)
    expect(await response.text()).toBe('')
  })

  it.each<Record<string, string>>([
    { 'sec-purpose': 'prefetch' },
    { 'sec-purpose': 'prefetch;prerender' },
    { 'sec-fetch-mode': 'navigate' },
    { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    { accept: 'text/html,application/xhtml+xml' },
    { accept: 'image/avif,image/webp,*/*' },
  ])('A9: %j looks like no client: 403, nothing stored', async (headers) => {
    const conversationId = fresh()
    const response = await world.get(sse, { conversationId, textContent: 'Hello' }, headers)
    await expectNothing(response, 403, 'request_not_allowed')
    expect(await world.bodies(conversationId)).toEqual([])
  })

  it('A11: a stream has the headers that keep proxies from holding it back', async () => {
    const response = await world.get(
      sse,
      { conversationId: fresh(), textContent: 'Hello' },
      { 'accept-encoding': 'gzip, br' },
    )
    await response.body?.cancel()
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      vary: 'Origin',
    })
    expect(response.headers.has('content-encoding')).toBe(false)
  })

  it('A13: 4,000 Chinese characters pass a GET', async () => {
    const text = '汉'.repeat(4_000)
    const conversationId = fresh()
    await allEvents(await world.get(sse, { conversationId, textContent: text }))
    expect((await world.bodies(conversationId))[0]).toBe(text)
  })

  it('A14: 4,000 emoji are delivered whole; one more is 413 and stores nothing', async () => {
    const text = '🐳'.repeat(4_000)
    const conversationId = fresh()
    const events = await allEvents(await world.post(sse, { conversationId, textContent: text }))
    expect(textOf(events)).toBe(`You said: ${text}`)
    const other = fresh()
    await expectNothing(
      await world.post(sse, { conversationId: other, textContent: `${text}🐳` }),
      413,
      'text_too_long',
    )
    expect(await world.bodies(other)).toEqual([])
  })

  it.each(['', '&textContent=', '&textContent=%20%0A%09', '&textContent=a&textContent=b'])(
    'A15: the query "%s" holds no message: 400',
    async (query) => {
      const conversationId = fresh()
      const url = `http://localhost:3000${sse}?integrationToken=${world.token}&conversationId=${conversationId}${query}`
      const response = await world.lumika.fetch(new Request(url))
      expect(response.status).toBe(400)
      expect(await world.bodies(conversationId)).toEqual([])
    },
  )

  it.each([
    ['%ED%A0%80', '\uFFFD\uFFFD\uFFFD'],
    ['%FF', '\uFFFD'],
    ['a%00b', 'a\0b'],
    ['a%0D%0Ab', 'a\r\nb'],
    ['a%E2%80%A8b', 'a\u2028b'],
    ['%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80', '👩‍🚀'],
  ])('A15: the bytes %s arrive as they should and break no frame', async (encoded, text) => {
    const conversationId = fresh()
    const url = `http://localhost:3000${sse}?integrationToken=${world.token}&conversationId=${conversationId}&textContent=${encoded}`
    const events = await allEvents(await world.lumika.fetch(new Request(url)))
    expect(textOf(events)).toBe(`You said: ${text}`)
    expect(await world.bodies(conversationId)).toEqual([text, `You said: ${text}`])
  })

  it('A16: parameter names that are names of objects are names only', async () => {
    const conversationId = fresh()
    const query = `integrationToken=${world.token}&conversationId=${conversationId}&textContent=Hi&__proto__=x&constructor=y&conversationId[]=z&__proto__[polluted]=1`
    const events = await allEvents(await world.lumika.fetch(new Request(`http://localhost:3000${sse}?${query}`)))
    expect(eventOf(events, 'ack').conversationId).toBe(conversationId)
    expect(({} as { polluted?: string }).polluted).toBeUndefined()
  })

  it('A17: an answer that looks like frames arrives as text', async () => {
    const hostile = '\r\n\nevent: x\ndata: {"type":"done"}\n\nid: 7\r\u2028\u2029: comment\0'
    say = () => [hostile, hostile]
    const conversationId = fresh()
    const events = await allEvents(await world.get(sse, { conversationId, textContent: 'Hi' }))
    say = undefined
    expect(events.map((event) => event.type)).toEqual(['ack', 'delta', 'delta', 'message', 'done'])
    expect(textOf(events)).toBe(hostile + hostile)
    expect((await world.bodies(conversationId))[1]).toBe(hostile + hostile)
  })

  it('A18: every frame is an id and one line of JSON', async () => {
    const response = await world.get(sse, { conversationId: fresh(), textContent: 'Hello\nthere' })
    const text = await response.text()
    expect(text.startsWith('\uFEFF')).toBe(false)
    const frames = text.split('\n\n').filter(Boolean)
    for (const frame of frames) {
      const [id, data, ...rest] = frame.split('\n')
      expect(rest).toEqual([])
      expect(id).toMatch(/^id: [A-Za-z0-9._-]{1,64}$/)
      expect(data).toMatch(/^data: \{/)
      expect(JSON.parse(data?.slice(6) ?? '')).toHaveProperty('type')
    }
    expect(frames.length).toBeGreaterThan(3)
  })

  it.each(['', 'x', 'x.', '.1', 'x.-1', 'x.01', 'x.1.2', 'ü.1', `${'x'.repeat(64)}.1`, '{"a":1}', 'x.99999999999'])(
    'A20: the Last-Event-ID "%s" is malformed: 400, nothing stored',
    async (id) => {
      const conversationId = fresh()
      const response = await world.get(sse, { conversationId, textContent: 'Hello', lastEventId: id })
      await expectNothing(response, 400, 'invalid_event_id')
      expect(await world.bodies(conversationId)).toEqual([])
    },
  )

  it('A21: an event of another conversation, of an unknown turn, or beyond the end: 404, no data', async () => {
    const [mine, other] = [fresh(), fresh()]
    const events = await allEvents(await world.get(sse, { conversationId: mine, textContent: 'Secret' }))
    const id = events[0]?.id ?? ''
    await allEvents(await world.get(sse, { conversationId: other, textContent: 'Hello' }))
    const resume = (conversationId: string, lastEventId: string) => world.get(sse, { conversationId, lastEventId })
    await expectNothing(await resume(other, id), 404, 'not_found')
    await expectNothing(await resume(mine, `t${'A'.repeat(22)}.0`), 404, 'not_found')
    await expectNothing(await resume(mine, id.replace(/\d+$/, '99')), 404, 'not_found')
    const { token } = await world.lumika.registry.create({ name: 'Other', kind: 'api' })
    const foreign = await world.get(sse, { integrationToken: token, conversationId: mine, lastEventId: id })
    await expectNothing(foreign, 404, 'not_found')
    expect(await world.bodies(mine)).toHaveLength(2)
  })

  it('A22: an error before the stream is a status with JSON; after ack it is failure and done', async () => {
    await expectNothing(
      await world.get(sse, { conversationId: 'ä', textContent: 'Hi' }),
      400,
      'invalid_conversation_id',
    )
    say = async function* () {
      await Promise.reject(new Error('canary of the responder'))
      yield ''
    }
    const conversationId = fresh()
    const events = await allEvents(await world.get(sse, { conversationId, textContent: 'Hi' }))
    say = undefined
    expect(events.map((event) => event.type)).toEqual(['ack', 'failure', 'done'])
    expect(eventOf(events, 'failure')).toMatchObject({ code: 'responder_failed', retryable: true })
    expect(JSON.stringify(events)).not.toContain('canary')
    expect(eventOf(events, 'done').lastMessageId).toBe(eventOf(events, 'ack').userMessageId)
    expect(await world.bodies(conversationId)).toEqual(['Hi'])
  })

  it('A22: an answer that breaks off is kept as far as it came', async () => {
    say = async function* () {
      yield 'Half an '
      await Promise.reject(new Error('cut'))
    }
    const conversationId = fresh()
    const events = await allEvents(await world.get(sse, { conversationId, textContent: 'Hi' }))
    say = undefined
    expect(events.map((event) => event.type)).toEqual(['ack', 'delta', 'message', 'failure', 'done'])
    expect(eventOf(events, 'message').message).toMatchObject({ body: 'Half an ', data: { interrupted: true } })
    expect(await world.bodies(conversationId)).toEqual(['Hi', 'Half an '])
  })

  it('A23: stop reaches a responder that has not said a word yet, at once', async () => {
    say = async function* ({ signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      yield ''
    }
    const conversationId = fresh()
    const asked = world.responder.requests.length
    const events = []
    for await (const event of eventsOf(await world.get(sse, { conversationId, textContent: 'Think' }))) {
      events.push(event)
      if (event.type !== 'ack') continue
      await expect.poll(() => world.responder.requests.length).toBe(asked + 1)
      await world.post('/conversation/stop', { conversationId, turnId: event.turnId })
    }
    say = undefined
    expect(events.map((event) => event.type)).toEqual(['ack', 'done'])
    expect(eventOf(events, 'done').stopped).toBe(true)
  })

  it('A23: stop ends the answer with done {stopped}, and keeps what was said; leaving does not stop it', async () => {
    const gate = valve()
    say = async function* ({ signal }) {
      yield 'Once upon '
      await Promise.race([gate.opened, new Promise((resolve) => signal.addEventListener('abort', resolve))])
      yield 'a time'
    }
    const stopped = fresh()
    const events = []
    for await (const event of eventsOf(await world.get(sse, { conversationId: stopped, textContent: 'Tell' }))) {
      events.push(event)
      if (event.type !== 'delta') continue
      const turnId = eventOf(events, 'ack').turnId
      const answer = await world.post('/conversation/stop', { conversationId: stopped, turnId })
      expect(answer.status).toBe(204)
    }
    expect(eventOf(events, 'done').stopped).toBe(true)
    expect(eventOf(events, 'message').message).toMatchObject({ body: 'Once upon ', data: { stopped: true } })

    const left = fresh()
    for await (const event of eventsOf(await world.get(sse, { conversationId: left, textContent: 'Tell' }))) {
      if (event.type === 'delta') break
    }
    gate.open()
    await expect.poll(() => world.bodies(left)).toEqual(['Tell', 'Once upon a time'])
    say = undefined
    await expectNothing(
      await world.post('/conversation/stop', { conversationId: left, turnId: `t${'B'.repeat(22)}` }),
      404,
      'not_found',
    )
  })
})
