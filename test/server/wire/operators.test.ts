/** What operators read and write, what customers see of it, and that neither gets in by the other's door. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ErrorBody, HistoryPage } from '../../../protocol.ts'
import type { CreatedToken } from '../../../server/access/registry.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import type { OperatorRecord, RecordsPage } from '../../../server/conversations/records.ts'
import { allEvents, eventOf } from '../../helpers/sse.ts'
import { openPlace, openWorld, operatorKey, storages } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'
import { watchPlace } from './watched.ts'
import type { WatchedPlace } from './watched.ts'

interface Activities {
  activities: { key: string; integrationId: string; conversationId: string; updatedAt: string }[]
  cursor: string | null
}

const home = 'http://localhost:3000'
const patience = { timeout: 10_000 }
let count = 0
const fresh = () => `customer-${++count}`

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('section 8: operators, on %s', (kind) => {
  let place: WatchedPlace
  let world: World
  let auto: CreatedToken
  let approval: CreatedToken
  let people: CreatedToken
  beforeAll(async () => {
    place = watchPlace(await openPlace(kind))
    world = await openWorld(place)
    const { registry } = world.lumika
    auto = await registry.create({ name: 'Auto', kind: 'api' })
    approval = await registry.create({ name: 'Approval', kind: 'api', responseMode: 'approval' })
    people = await registry.create({ name: 'People', kind: 'api', responder: null })
  })
  afterAll(async () => {
    await world.close()
    await place.dispose()
  })

  async function api(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return world.lumika.fetch(
      new Request(`${home}/api${path}`, {
        headers: {
          authorization: `Bearer ${operatorKey}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      }),
    )
  }

  async function read<T>(path: string): Promise<T> {
    const response = await api(path)
    expect([path, response.status]).toEqual([path, 200])
    expect(response.headers.get('cache-control')).toBe('no-store')
    return (await response.json()) as T
  }

  const keyOf = ({ integration }: CreatedToken, id: string) => conversationKey(integration.id, id)
  const records = (key: string, query = '') => read<RecordsPage>(`/conversations/${key}/records${query}`)
  const reply = (key: string, body: unknown) => api(`/conversations/${key}/messages`, body)
  const send = async ({ token }: CreatedToken, conversationId: string, textContent: string) =>
    allEvents(await world.get('/conversation/sse', { integrationToken: token, conversationId, textContent }))
  const history = async ({ token }: CreatedToken, conversationId: string, more: Record<string, string> = {}) =>
    (await (
      await world.get('/conversation/history', { integrationToken: token, conversationId, ...more })
    ).json()) as HistoryPage
  const bodies = (page: HistoryPage) => page.messages.map(({ body }) => body)
  const error = async (response: Response) => [response.status, ((await response.json()) as ErrorBody).error.code]

  describe('the doors', () => {
    it('the tokens of integrations are refused at /api, like no key, another key and a key in the query', async () => {
      const widget = await world.lumika.registry.create({ name: 'Widget', kind: 'widget' })
      const id = fresh()
      await send(auto, id, 'Hello')
      const key = keyOf(auto, id)
      const asked = place.asked.length
      const answers = new Set<string>()
      const keys = [
        widget.token,
        auto.token,
        'x',
        operatorKey.slice(1),
        `${operatorKey}x`,
        operatorKey.toUpperCase(),
        '',
      ]
      const headers: Record<string, string>[] = keys.map((each) => ({ authorization: `Bearer ${each}` }))
      headers.push({ authorization: operatorKey }, { authorization: `Basic ${operatorKey}` }, { cookie: operatorKey })
      for (const path of ['/activities', `/conversations/${key}/records`, `/conversations/${key}/messages`]) {
        for (const header of headers) {
          for (const [method, query] of [
            ['GET', `?integrationToken=${auto.token}`],
            ['POST', `?operatorKey=${operatorKey}`],
            ['DELETE', ''],
          ] as const) {
            const init = { method, headers: { 'content-type': 'application/json', ...header } }
            const body = method === 'POST' ? { body: '{"body":"Hi"}' } : {}
            const response = await world.lumika.fetch(new Request(`${home}/api${path}${query}`, { ...init, ...body }))
            expect(response.status).toBe(401)
            answers.add(JSON.stringify([await response.text(), [...response.headers]]))
          }
        }
      }
      expect(answers.size).toBe(1)
      expect(place.asked).toHaveLength(asked)
      expect(bodies(await history(auto, id))).toEqual(['Hello', 'You said: Hello'])
    })

    it('the operator key is refused at /conversation', async () => {
      const id = fresh()
      const asked = place.asked.length
      for (const headers of [{ authorization: `Bearer ${operatorKey}` }, {}] as Record<string, string>[]) {
        const token = `integrationToken=${operatorKey}&`
        const query = `${headers.authorization ? '' : token}conversationId=${id}&textContent=Hi`
        for (const path of ['/conversation/sse', '/conversation/history']) {
          const response = await world.lumika.fetch(new Request(`${home}${path}?${query}`, { headers }))
          expect(await error(response)).toEqual([401, 'invalid_token'])
        }
      }
      expect(place.asked).toHaveLength(asked)
    })
  })

  describe('activities', () => {
    it('lists conversations by latest activity, of all integrations or of one, page by page', async () => {
      const [one, two] = [
        await world.lumika.registry.create({ name: 'One', kind: 'api' }),
        await world.lumika.registry.create({ name: 'Two', kind: 'api' }),
      ]
      const ids = Array.from({ length: 7 }, fresh)
      for (const id of ids) await send(one, id, 'Hello')
      const other = fresh()
      await send(two, other, 'Hello')
      const first = ids[0] ?? ''
      expect((await reply(keyOf(one, first), { body: 'Welcome' })).status).toBe(201)

      const newest = await read<Activities>('/activities?limit=2')
      expect(newest.activities.map(({ conversationId }) => conversationId)).toEqual([first, other])
      expect(newest.activities[0]).toMatchObject({
        key: keyOf(one, first),
        integrationId: one.integration.id,
        conversationId: first,
        updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      })

      const seen: string[] = []
      for (let cursor: string | null = ''; cursor !== null;) {
        const query = new URLSearchParams({ integrationId: one.integration.id, limit: '3', ...(cursor && { cursor }) })
        const page: Activities = await read<Activities>(`/activities?${query.toString()}`)
        expect(page.activities.length).toBeLessThanOrEqual(3)
        seen.push(...page.activities.map(({ conversationId }) => conversationId))
        cursor = page.cursor
      }
      expect(seen).toEqual([first, ...ids.slice(1).toReversed()])
      expect((await read<Activities>('/activities?integrationId=int_nobody')).activities).toEqual([])
    })

    it('never lists what the server keeps for itself', async () => {
      const { activities } = await read<Activities>('/activities?limit=200')
      expect(activities.length).toBeGreaterThan(0)
      for (const { key, integrationId } of activities) {
        expect(key).not.toContain('~')
        expect(world.lumika.registry.get(integrationId)).not.toBeNull()
      }
    })

    it.each(['limit=0', 'limit=-1', 'limit=1.5', 'limit=x', 'limit=1&limit=1'])('?%s is refused', async (query) => {
      expect((await api(`/activities?${query}`)).status).toBe(400)
    })
  })

  describe('records', () => {
    it('hold drafts beside messages, in pages that leave nothing out', async () => {
      const id = fresh()
      const key = keyOf(approval, id)
      for (const text of ['One', 'Two', 'Three']) {
        await send(approval, id, text)
        await vi.waitFor(async () => expect(await draftsOf(key)).toContain(`You said: ${text}`), patience)
      }
      expect((await reply(key, { body: 'A person speaks' })).status).toBe(201)
      const all = (await records(key)).records
      expect(all).toHaveLength(7)
      expect(all.filter(({ visibility }) => visibility === 'private').map(({ type }) => type)).toEqual(
        Array.from({ length: 3 }, () => 'draft'),
      )
      const open = all.filter(({ visibility }) => visibility === 'public').map(({ body }) => body)
      expect(open).toEqual(['One', 'Two', 'Three', 'A person speaks'])
      for (const limit of [1, 2, 3, 200]) {
        const seen: OperatorRecord[] = []
        for (let after = '.', hasMore = true; hasMore;) {
          const page = await records(key, `?limit=${limit}&afterId=${after}`)
          seen.push(...page.records)
          after = page.lastRecordId ?? ''
          hasMore = page.hasMore
        }
        expect(seen).toEqual(all)
        const back: OperatorRecord[] = []
        for (let query = '', hasMore = true; hasMore;) {
          const page = await records(key, `?limit=${limit}${query}`)
          back.unshift(...page.records)
          query = `&beforeId=${page.firstRecordId ?? ''}`
          hasMore = page.hasMore
        }
        expect(back).toEqual(all)
      }
    })

    it('can be waited for', async () => {
      const id = fresh()
      await send(auto, id, 'Hello')
      const key = keyOf(auto, id)
      const { lastRecordId } = await records(key)
      const asked = place.asked.length
      const page = records(key, `?afterId=${lastRecordId ?? ''}&wait=20`)
      await expect.poll(() => place.asked.length, patience).toBeGreaterThan(asked + 1)
      await reply(key, { body: 'News' })
      expect((await page).records.map(({ body }) => body)).toEqual(['News'])
    })

    it.each([
      'limit=0',
      'limit=1.5',
      'limit=1&limit=1',
      'wait=26',
      'wait=x',
      'afterId=x',
      'afterId=a.b.c',
      'afterId=',
      'beforeId=x',
      'afterId=.&beforeId=*.*',
    ])('?%s is refused', async (query) => {
      const id = fresh()
      await send(auto, id, 'Hello')
      expect((await api(`/conversations/${keyOf(auto, id)}/records?${query}`)).status).toBe(400)
    })

    it('of a conversation nobody began, of another integration’s or of the server’s own are not found', async () => {
      const id = fresh()
      await send(auto, id, 'Hello')
      const keys = [keyOf(auto, 'nobody'), keyOf(people, id), '~registry', '%7Eregistry', 'x', `${keyOf(auto, id)}=`]
      keys.push(`${auto.integration.id}.`, `..%2f${keyOf(auto, id)}`, keyOf(auto, id).toUpperCase(), '__proto__.YQ')
      for (const key of keys) {
        expect([key, (await api(`/conversations/${key}/records`)).status]).toEqual([key, 404])
        expect([key, (await reply(key, { body: 'Hi' })).status]).toEqual([key, 404])
      }
      expect((await history(auto, 'nobody')).messages).toEqual([])
    })
  })

  describe('a person’s reply', () => {
    it('is in the history and in polls, with its author, and a responder is told who spoke', async () => {
      const id = fresh()
      const done = eventOf(await send(auto, id, 'Hello'), 'done')
      const response = await reply(keyOf(auto, id), { body: 'This is Ann.\n<b>Hi</b> 👋' })
      expect(response.status).toBe(201)
      const { record } = (await response.json()) as { record: OperatorRecord }
      const author = { kind: 'operator', name: expect.any(String) as string }
      const publicly = {
        id: record.id,
        actor: 'assistant',
        type: 'message',
        body: 'This is Ann.\n<b>Hi</b> 👋',
        data: { author },
        createdAt: record.createdAt,
      }
      expect(record).toEqual({ ...publicly, visibility: 'public' })
      const poll = await history(auto, id, { afterId: done.lastMessageId })
      expect(poll).toMatchObject({ messages: [publicly], lastMessageId: record.id, hasMore: false })
      expect(Object.keys(poll.messages[0] ?? {}).sort()).toEqual(Object.keys(publicly).sort())
      expect((await history(auto, id)).messages.at(-1)).toEqual(publicly)

      await send(auto, id, 'Thanks')
      const told = world.responder.requests.at(-1)?.history.map(({ role, body }) => [role, body])
      expect(told).toEqual([
        ['customer', 'Hello'],
        ['assistant', 'You said: Hello'],
        ['operator', publicly.body],
      ])
    })

    it('with a clientMessageId is stored once; with another text it is a mismatch', async () => {
      const id = fresh()
      const key = keyOf(auto, id)
      const clientMessageId = 'a-key-of-an-operator'
      const params = { integrationToken: auto.token, conversationId: id, textContent: 'Hello', clientMessageId }
      await allEvents(await world.get('/conversation/sse', params))
      const answers = await Promise.all([1, 2, 3].map(() => reply(key, { body: 'Once', clientMessageId })))
      const ids = await Promise.all(
        answers.map(async (answer) => ((await answer.json()) as { record: { id: string } }).record.id),
      )
      expect(new Set(ids).size).toBe(1)
      expect(await error(await reply(key, { body: 'Twice', clientMessageId }))).toEqual([409, 'idempotency_mismatch'])
      expect(bodies(await history(auto, id))).toEqual(['Hello', 'You said: Hello', 'Once'])
      expect((await reply(key, { body: 'Once' })).status).toBe(201)
      expect(bodies(await history(auto, id)).slice(2)).toEqual(['Once', 'Once'])
    })

    it.each<[string, unknown]>([
      ['empty', { body: '' }],
      ['blank', { body: ' \n\t' }],
      ['missing', {}],
      ['no text', { body: 1 }],
      ['4,001 characters', { body: '👋'.repeat(4_001) }],
      ['a list', ['Hi']],
      ['with a field nobody knows', { body: 'Hi', actor: 'customer' }],
      ['with an author of its own', { body: 'Hi', data: { author: { name: 'Root' } } }],
      ['with a key of no form', { body: 'Hi', clientMessageId: 'short' }],
    ])('that is %s is refused', async (_, body) => {
      const id = fresh()
      await send(people, id, 'Hello')
      expect(await error(await reply(keyOf(people, id), body))).toEqual([400, 'invalid_request'])
      expect(bodies(await history(people, id))).toEqual(['Hello'])
    })

    it('of 4,000 characters is taken', async () => {
      const id = fresh()
      await send(people, id, 'Hello')
      expect((await reply(keyOf(people, id), { body: '👋'.repeat(4_000) })).status).toBe(201)
      expect(bodies(await history(people, id))).toEqual(['Hello', '👋'.repeat(4_000)])
    })
  })

  describe('without an automatic answer', () => {
    it('people only: pending human, no responder, and the operator’s reply is the answer', async () => {
      const id = fresh()
      const asked = world.responder.requests.length
      const events = await send(people, id, 'Is anybody there?')
      expect(events.map(({ type }) => type)).toEqual(['ack', 'pending', 'done'])
      const ack = eventOf(events, 'ack')
      expect(eventOf(events, 'pending').reason).toBe('human')
      expect(eventOf(events, 'done').lastMessageId).toBe(ack.userMessageId)
      const page = await history(people, id)
      expect(page).toEqual({
        conversationId: id,
        messages: [expect.objectContaining({ id: ack.userMessageId, actor: 'customer' })],
        lastMessageId: ack.userMessageId,
        hasMore: false,
      })
      await reply(keyOf(people, id), { body: 'Yes!' })
      const poll = await history(people, id, { afterId: ack.userMessageId })
      expect(bodies(poll)).toEqual(['Yes!'])
      expect(world.responder.requests).toHaveLength(asked)
      expect((await records(keyOf(people, id))).records.map(({ visibility }) => visibility)).toEqual([
        'public',
        'public',
      ])
    })

    it('approval: pending approval, one draft that leaves no trace in public', async () => {
      const id = fresh()
      const asked = world.responder.requests.length
      const events = await send(approval, id, 'Hello')
      expect(events.map(({ type }) => type)).toEqual(['ack', 'pending', 'done'])
      expect(eventOf(events, 'pending').reason).toBe('approval')
      const { userMessageId } = eventOf(events, 'ack')
      const before = await history(approval, id)
      await vi.waitFor(async () => expect(await draftsOf(keyOf(approval, id))).toEqual(['You said: Hello']), patience)
      expect(world.responder.requests).toHaveLength(asked + 1)
      expect(await history(approval, id)).toEqual(before)
      expect(before).toEqual({
        conversationId: id,
        messages: [expect.objectContaining({ id: userMessageId, body: 'Hello' })],
        lastMessageId: userMessageId,
        hasMore: false,
      })
      expect(await history(approval, id, { afterId: userMessageId })).toMatchObject({
        messages: [],
        lastMessageId: userMessageId,
      })
    })

    it.each(['approval', 'human'] as const)(
      '%s: the stream can be resumed from any event, and ends with 204',
      async (mode) => {
        const made = mode === 'approval' ? approval : people
        const id = fresh()
        const events = await send(made, id, 'Hello')
        const resume = (lastEventId: string) =>
          world.get('/conversation/sse', { integrationToken: made.token, conversationId: id, lastEventId })
        const types = async (lastEventId: string) =>
          (await allEvents(await resume(lastEventId))).map(({ type }) => type)
        expect(await types(events[0]?.id ?? '')).toEqual(['pending', 'done'])
        expect(await types(events[1]?.id ?? '')).toEqual(['done'])
        expect((await resume(events[2]?.id ?? '')).status).toBe(204)
        expect(bodies(await history(made, id))).toEqual(['Hello'])
      },
    )
  })

  async function draftsOf(key: string): Promise<(string | undefined)[]> {
    const page = await records(key)
    return page.records.filter(({ type }) => type === 'draft').map(({ body }) => body)
  }
})
