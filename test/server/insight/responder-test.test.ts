/** Asking the responder something, outside of all conversations. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createOpenAIResponder } from '../../../server/responders/openai.ts'
import { ResponderError } from '../../../server/responders/responder.ts'
import { startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../../helpers/fake-openai.ts'
import { spyResponder } from '../../helpers/responder.ts'
import { openPlace, openWorld, operatorKey } from '../../helpers/world.ts'
import type { Place, World, WorldOptions } from '../../helpers/world.ts'
import { firstOwner, invited, openStaffedWorld } from '../accounts/staff.ts'
import { ask, sightings, usage } from './api.ts'

type Event = { type: string; [field: string]: unknown }

let place: Place
let openai: FakeOpenAI
const open: World[] = []
beforeAll(async () => {
  ;[place, openai] = await Promise.all([openPlace('memory'), startFakeOpenAI()])
})
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})
afterAll(async () => {
  await openai.close()
  await place.dispose()
})

const opened = async (options: WorldOptions = {}): Promise<World> => {
  const world = await openWorld(place, options)
  open.push(world)
  return world
}
const trial = (world: World, text: unknown = 'Hello') =>
  ask(world, 'POST', `/${world.integration.id}/responder-test`, { text })
const eventsOf = async (response: Response): Promise<Event[]> =>
  [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data) as Event)
const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code

describe('the responder test', () => {
  it('streams the answer, and stores and counts nothing', async () => {
    const world = await opened({ integration: { answersPerDay: 1 } })
    const calls = { ...world.calls }
    const response = await trial(world, '  Hello ')
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const time = expect.any(Number) as number
    expect(await eventsOf(response)).toEqual([
      { type: 'delta', text: 'You ' },
      { type: 'delta', text: 'said: ' },
      { type: 'delta', text: 'Hello' },
      { type: 'done', firstMs: time, totalMs: time },
    ])
    expect(world.calls).toEqual(calls)
    expect(world.responder.requests[0]).toMatchObject({ text: 'Hello', history: [], conversationId: 'responder-test' })
    const { days, budget } = await usage(world, 1)
    expect([days[0], budget]).toMatchObject([
      { messages: 0, calls: 0, answers: 0 },
      { limit: 1, used: 0 },
    ])
    expect((await sightings(world)).seen).toEqual([])
    const listed = await world.lumika.fetch(
      new Request('http://localhost:3000/api/activities', { headers: { authorization: `Bearer ${operatorKey}` } }),
    )
    expect(await listed.json()).toMatchObject({ activities: [] })
  })

  it('is the operators’ too, and nobody else’s', async () => {
    const world = await openStaffedWorld(place)
    open.push(world)
    const ben = await invited(world, await firstOwner(world))
    const path = `/api/integrations/${world.integration.id}/responder-test`
    const asked = await ben.fetch(path, { body: { text: 'Hello' } })
    expect((await eventsOf(asked)).at(-1)?.type).toBe('done')
    const post = (headers: Record<string, string>) =>
      world.lumika.fetch(
        new Request(`http://localhost:3000${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: '{"text":"Hello"}',
        }),
      )
    expect((await post({})).status).toBe(401)
    expect((await post({ authorization: `Bearer ${world.token}` })).status).toBe(401)
    expect((await post({ cookie: ben.cookie, origin: 'https://evil.example' })).status).toBe(403)
    expect(world.responder.requests).toHaveLength(1)
  })

  it('says what is missing: a responder, a text, an integration', async () => {
    const world = await opened({ integration: { responder: null } })
    const response = await trial(world)
    expect([response.status, await codeOf(response)]).toEqual([409, 'conflict'])
    for (const text of ['', '  ', 'x'.repeat(4_001), 7, null]) expect((await trial(world, text)).status).toBe(400)
    expect((await ask(world, 'POST', '/int_none/responder-test', { text: 'Hello' })).status).toBe(404)
  })

  it('G12: has a limit of its own, which messages know nothing of', async () => {
    const world = await opened({ limits: { responderTests: 2 } })
    for (let n = 0; n < 2; n++) expect((await eventsOf(await trial(world))).at(-1)?.type).toBe('done')
    const refused = await trial(world)
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true])
    expect(await codeOf(refused)).toBe('rate_limited')
    const sent = await world.post('/conversation/sse', { conversationId: 'customer-1', textContent: 'Hello' })
    expect(await sent.text()).toContain('You ')
  })

  it('G14: says what to do about a service that refuses, with its status, and without a word of its own or of the key', async () => {
    const apiKey = 'sk-CANARY-0123456789'
    const told: string[] = []
    const hear = (line: string, fields?: object) => void told.push(`${line} ${JSON.stringify(fields)}`)
    const responders = { model: createOpenAIResponder({ baseUrl: openai.url, model: 'test', apiKey }) }
    const log = { info: hear, warn: hear, error: hear }
    const world = await opened({ responders, log })
    const body = JSON.stringify({
      error: { message: `Incorrect API key provided: ${apiKey}`, code: 'invalid_api_key' },
    })
    for (const [status, advice] of [
      [401, /status 401.*LUMIKA_OPENAI_API_KEY/],
      [404, /status 404.*LUMIKA_OPENAI_BASE_URL and LUMIKA_OPENAI_MODEL/],
      [429, /status 429.*asked too often/],
      [500, /status 500.*trouble of its own/],
    ] as const) {
      openai.scenario = { status, body }
      const events = await eventsOf(await trial(world))
      expect(events).toMatchObject([{ type: 'failure', code: 'responder_failed', status }])
      expect(events[0]?.['message']).toMatch(advice)
      expect(JSON.stringify(events)).not.toContain('CANARY')
    }
    expect(told.join()).not.toContain('CANARY')
    expect(told.join()).toContain('responder test: failed')
  })

  it.each<[string, Error, string, RegExp]>([
    ['is too slow', new ResponderError('responder_timeout', 'Secret words.'), 'responder_timeout', /took too long/],
    ['breaks off', new ResponderError('responder_interrupted', 'Secret words.'), 'responder_interrupted', /broke off/],
    ['has a mistake', new TypeError('Secret words.'), 'responder_failed', /log of this server/],
  ])('says so where the responder %s, after what was said', async (_, error, code, advice) => {
    const world = await opened({
      responder: spyResponder(function* () {
        yield 'Well'
        throw error
      }),
    })
    const events = await eventsOf(await trial(world))
    expect(events).toMatchObject([
      { type: 'delta', text: 'Well' },
      { type: 'failure', code, status: null },
    ])
    expect(events[1]?.['message']).toMatch(advice)
    expect(JSON.stringify(events)).not.toContain('Secret')
  })

  it('F103: lets go of the responder when nobody reads any more, and when the server ends', async () => {
    const signals: AbortSignal[] = []
    const responder = spyResponder(async function* ({ signal }) {
      signals.push(signal)
      yield 'Well'
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    const world = await openWorld(place, { responder })
    const first = (await trial(world)).body?.getReader()
    await first?.read()
    await first?.cancel()
    await vi.waitFor(() => expect(signals[0]?.aborted).toBe(true))
    const second = (await trial(world)).body?.getReader()
    await second?.read()
    await world.close()
    expect((await second?.read())?.done).toBe(true)
    expect(signals[1]?.aborted).toBe(true)
  })
})
