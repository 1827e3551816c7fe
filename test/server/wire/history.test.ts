/** `GET /conversation/history`: pages, cursors and waiting. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ConversationRecord, ErrorBody, HistoryPage } from '../../../protocol.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import type { PublicValue } from '../../../server/conversations/values.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import type { SpyResponder } from '../../helpers/responder.ts'
import { allEvents, eventOf, eventsOf, textOf } from '../../helpers/sse.ts'
import { openPlace, openWorld, operatorKey, storages } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'
import { watchPlace } from './watched.ts'
import type { WatchedPlace } from './watched.ts'

const path = '/conversation/history'
const patience = { timeout: 10_000 }
let count = 0
const fresh = () => `reader-${++count}`

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('history, on %s', (kind) => {
  let place: WatchedPlace
  let world: World
  let say: Parameters<typeof spyResponder>[0]
  /** A conversation of 210 records, and all of them. */
  const long = 'long'
  let all: ConversationRecord[]
  beforeAll(async () => {
    place = watchPlace(await openPlace(kind))
    const responder: SpyResponder = spyResponder((request) => say?.(request) ?? [`You said: ${request.text}`])
    world = await openWorld(place, { responder })
    await fill(long, 210)
    all = []
    for (let page = await read({ conversationId: long }); ;) {
      all.unshift(...page.messages)
      if (!page.hasMore) break
      page = await read({ conversationId: long, beforeId: all[0]?.id ?? '' })
    }
  })
  afterAll(async () => {
    await world.close()
    await place.dispose()
  })

  /** Puts records into a conversation without asking a responder. */
  async function fill(conversationId: string, records: number): Promise<void> {
    const key = conversationKey(world.integration.id, conversationId)
    const value = (n: number): PublicValue => ({
      actor: n % 2 ? 'assistant' : 'customer',
      type: 'message',
      body: `${n}`,
    })
    await Promise.all(Array.from({ length: records }, (_, n) => place.log.append(key, 'public', value(n))))
  }

  async function read(params: Record<string, string>, from: World = world): Promise<HistoryPage> {
    const response = await from.get(path, params)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    return (await response.json()) as HistoryPage
  }

  async function refusal(query: string): Promise<[number, string]> {
    const url = `http://localhost:3000${path}?integrationToken=${world.token}&${query}`
    const response = await world.lumika.fetch(new Request(url))
    return [response.status, ((await response.json()) as ErrorBody).error.code]
  }

  const send = async (conversationId: string, textContent: string, to: World = world) =>
    allEvents(await to.get('/conversation/sse', { conversationId, textContent }))

  const bodiesOf = (page: HistoryPage) => page.messages.map(({ body }) => body)
  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `${from + n}`)

  describe('pages', () => {
    it('a record has the documented fields and no others', async () => {
      const conversationId = fresh()
      await send(conversationId, 'Hello')
      const { messages } = await read({ conversationId })
      for (const record of messages) {
        expect(Object.keys(record).sort()).toEqual(['actor', 'body', 'createdAt', 'id', 'type'])
        expect(record.id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
        expect(record.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
        expect(record.type).toBe('message')
      }
      expect(messages.map(({ actor, body }) => [actor, body])).toEqual([
        ['customer', 'Hello'],
        ['assistant', 'You said: Hello'],
      ])
      expect(all.map(({ createdAt }) => createdAt)).toEqual(all.map(({ createdAt }) => createdAt).sort())
      expect(new Set(all.map(({ id }) => id)).size).toBe(210)
    })

    it('a capability id nobody has used is 200 and empty', async () => {
      const conversationId = `c_${'u'.repeat(22)}`
      expect(await read({ conversationId })).toEqual({
        conversationId,
        messages: [],
        lastMessageId: null,
        hasMore: false,
      })
    })

    it('F100: without a cursor the newest 50 come, oldest first, and lastMessageId is the newest', async () => {
      const page = await read({ conversationId: long })
      expect(bodiesOf(page)).toEqual(numbers(160, 210))
      expect(page).toMatchObject({ lastMessageId: all[209]?.id, hasMore: true })
    })

    it.each([
      ['1', 1],
      ['2', 2],
      ['050', 50],
      ['199', 199],
      ['200', 200],
      ['201', 200],
      ['1000000000', 200],
      ['9'.repeat(30), 200],
    ])('F100: the limit %s gives %i', async (limit, length) => {
      const page = await read({ conversationId: long, limit })
      expect(bodiesOf(page)).toEqual(numbers(210 - length, 210))
      expect(page).toMatchObject({ lastMessageId: all[209]?.id, hasMore: true })
      const after = await read({ conversationId: long, limit, afterId: all[0]?.id ?? '' })
      expect(bodiesOf(after)).toEqual(numbers(1, 1 + length))
      expect(after).toMatchObject({ lastMessageId: all[length]?.id, hasMore: length < 209 })
    })

    it.each(['0', '00', '-1', '1.5', '1.0', 'abc', '', '1e3', '0x10', '+1', ' 1', 'NaN', 'Infinity', '٥'])(
      'F100: the limit "%s" is refused',
      async (limit) => {
        const query = new URLSearchParams({ conversationId: long, limit }).toString()
        expect(await refusal(query)).toEqual([400, 'invalid_limit'])
      },
    )

    it('F100: a repeated limit is refused', async () => {
      expect(await refusal('conversationId=long&limit=1&limit=1')).toEqual([400, 'invalid_request'])
    })

    it('afterId gives what comes after it, and itself as lastMessageId when nothing does', async () => {
      const page = await read({ conversationId: long, afterId: all[199]?.id ?? '' })
      expect(bodiesOf(page)).toEqual(numbers(200, 210))
      expect(page).toMatchObject({ lastMessageId: all[209]?.id, hasMore: false })
      const afterId = all[209]?.id ?? ''
      const nothing = { conversationId: long, messages: [], lastMessageId: afterId, hasMore: false }
      expect(await read({ conversationId: long, afterId })).toEqual(nothing)
    })

    it('G3: polls of any size, one after the other, give every record once and in order', async () => {
      for (const limit of [1, 3, 7, 200]) {
        const seen: string[] = ['0']
        for (let afterId = all[0]?.id ?? '', hasMore = true; hasMore;) {
          const page = await read({ conversationId: long, afterId, limit: `${limit}` })
          seen.push(...bodiesOf(page))
          afterId = page.lastMessageId ?? ''
          hasMore = page.hasMore
        }
        expect(seen).toEqual(numbers(0, 210))
      }
    })

    it('beforeId gives the newest before it, oldest first', async () => {
      const page = await read({ conversationId: long, beforeId: all[160]?.id ?? '' })
      expect(bodiesOf(page)).toEqual(numbers(110, 160))
      expect(page).toMatchObject({ lastMessageId: all[159]?.id, hasMore: true })
      const first = await read({ conversationId: long, beforeId: all[10]?.id ?? '' })
      expect(bodiesOf(first)).toEqual(numbers(0, 10))
      expect(first).toMatchObject({ lastMessageId: all[9]?.id, hasMore: false })
      const none = { conversationId: long, messages: [], lastMessageId: null, hasMore: false }
      expect(await read({ conversationId: long, beforeId: all[0]?.id ?? '' })).toEqual(none)
    })

    it('afterId and beforeId do not go together', async () => {
      const id = all[5]?.id ?? ''
      expect(await refusal(`conversationId=long&afterId=${id}&beforeId=${id}`)).toEqual([400, 'invalid_cursor'])
    })
  })

  describe('F99: a cursor', () => {
    let foreign: string
    let draft: string
    let withDraft: { integrationToken: string; conversationId: string }
    beforeAll(async () => {
      const other = fresh()
      foreign = eventOf(await send(other, 'Hello'), 'ack').userMessageId
      const { token, integration } = await world.lumika.registry.create({
        name: 'Approval',
        kind: 'api',
        responseMode: 'approval',
      })
      withDraft = { integrationToken: token, conversationId: fresh() }
      await allEvents(await world.get('/conversation/sse', { ...withDraft, textContent: 'Hello' }))
      const key = conversationKey(integration.id, withDraft.conversationId)
      draft = await vi.waitFor(async () => {
        const { entries } = await place.log.after(key, 'private', null, 10)
        expect(entries).toHaveLength(1)
        return entries[0]?.id ?? ''
      }, patience)
    })

    it('of a draft is not found in its own conversation either', async () => {
      expect(bodiesOf(await read(withDraft))).toEqual(['Hello'])
      for (const name of ['afterId', 'beforeId']) {
        const response = await world.get(path, { ...withDraft, [name]: draft })
        expect([response.status, ((await response.json()) as ErrorBody).error.code]).toEqual([404, 'cursor_not_found'])
      }
    })

    it.each<[string, () => string]>([
      ['that never was', () => '5-aaaaaaaaaaaaaaaa'],
      ['of no form we know', () => 'x'],
      ['of 64 characters', () => 'z'.repeat(64)],
      ['from the future', () => '5u-aaaaaaaaaaaaaaaa'],
      ['from the far future', () => 'zzzzzzzzzz-aaaaaaaaaaaaaaaa'],
      ['with the random part of another', () => `3-${all[4]?.id.slice(-16) ?? ''}`],
      ['spelled otherwise', () => `0${all[4]?.id ?? ''}`],
      ['in upper case', () => `${all[100]?.id.toUpperCase() ?? ''}`],
      ['cut short', () => `${all[4]?.id.slice(0, -1) ?? ''}`],
      ['of another conversation', () => foreign],
      ['of a draft', () => draft],
      ['named like a part of every object', () => '__proto__'],
    ])('%s is not found, and nothing is searched for it', async (_, idOf) => {
      const id = idOf()
      for (const name of ['afterId', 'beforeId']) {
        const asked = place.asked.length
        const query = new URLSearchParams({ conversationId: long, [name]: id }).toString()
        expect(await refusal(query)).toEqual([404, 'cursor_not_found'])
        expect(place.asked.slice(asked)).toEqual([name === 'afterId' ? 'after' : 'before'])
      }
    })

    it.each(['', ' ', 'x'.repeat(65), 'x'.repeat(10_240), 'a\0b', '\0', 'a/b', 'a.b', '../x', 'ü', '{"$gt":""}', '*'])(
      'that is malformed, %j, is refused before storage is asked',
      async (id) => {
        for (const name of ['afterId', 'beforeId']) {
          const asked = place.asked.length
          const query = new URLSearchParams({ conversationId: long, [name]: id }).toString()
          expect(await refusal(query)).toEqual([400, 'invalid_cursor'])
          expect(place.asked).toHaveLength(asked)
        }
      },
    )

    it('given twice is refused', async () => {
      const id = all[5]?.id ?? ''
      expect(await refusal(`conversationId=long&afterId=${id}&afterId=${id}`)).toEqual([400, 'invalid_request'])
      expect(await refusal(`conversationId=long&beforeId=${id}&beforeId=${id}`)).toEqual([400, 'invalid_request'])
    })
  })

  describe('wait', () => {
    /** Begins to read and returns once the server has looked for the first time. */
    async function waiting(params: Record<string, string>): Promise<{ page: Promise<HistoryPage> }> {
      const asked = place.asked.length
      const page = read({ wait: '25', ...params })
      await expect.poll(() => place.asked.length, patience).toBeGreaterThan(asked)
      return { page }
    }

    it.each(['0', '25', '25.0', '0.01'])('of %s seconds is taken', async (wait) => {
      expect(bodiesOf(await read({ conversationId: long, wait, limit: '1' }))).toEqual(['209'])
    })

    it.each(['26', '25.001', '100', '-1', '', 'abc', '1e1', 'NaN', 'Infinity', '0x1', ' 1', '1,5'])(
      'of "%s" is refused',
      async (wait) => {
        const query = new URLSearchParams({ conversationId: long, wait }).toString()
        expect(await refusal(query)).toEqual([400, 'invalid_wait'])
      },
    )

    it('given twice is refused', async () => {
      expect(await refusal('conversationId=long&wait=1&wait=1')).toEqual([400, 'invalid_request'])
    })

    it('holds the answer until something is new', async () => {
      const conversationId = fresh()
      await send(conversationId, 'One')
      const afterId = (await read({ conversationId })).lastMessageId ?? ''
      const { page } = await waiting({ conversationId, afterId })
      await send(fresh(), 'elsewhere')
      const [ack] = await send(conversationId, 'Two')
      expect(bodiesOf(await page)[0]).toBe('Two')
      expect((await page).messages[0]?.id).toBe(ack?.type === 'ack' && ack.userMessageId)
    })

    it('holds for the first message of a conversation that nobody has used', async () => {
      const conversationId = fresh()
      const { page } = await waiting({ conversationId })
      await send(conversationId, 'First')
      expect(bodiesOf(await page)[0]).toBe('First')
    })

    it('holds only as long as was asked for, and then says that nothing is new', async () => {
      const afterId = all[209]?.id ?? ''
      const start = performance.now()
      const page = await read({ conversationId: long, afterId, wait: '0.3' })
      expect(performance.now() - start).toBeGreaterThan(290)
      expect(page).toEqual({ conversationId: long, messages: [], lastMessageId: afterId, hasMore: false })
    })

    it('G8: is not ended by a draft', async () => {
      const { token, integration } = await world.lumika.registry.create({
        name: 'Approval',
        kind: 'api',
        responseMode: 'approval',
      })
      const conversationId = fresh()
      const params = { integrationToken: token, conversationId }
      const gate = valve()
      say = async function* () {
        await gate.opened
        yield 'draft'
      }
      const events = await allEvents(await world.get('/conversation/sse', { ...params, textContent: 'Hello' }))
      const afterId = eventOf(events, 'ack').userMessageId
      const start = performance.now()
      const page = read({ ...params, afterId, wait: '1' })
      gate.open()
      const key = conversationKey(integration.id, conversationId)
      await expect.poll(async () => (await place.log.after(key, 'private', null, 10)).entries.length, patience).toBe(1)
      say = undefined
      expect(await page).toEqual({ conversationId, messages: [], lastMessageId: afterId, hasMore: false })
      expect(performance.now() - start).toBeGreaterThan(990)
    })

    it('ends when the reader leaves', async () => {
      const gone = new AbortController()
      const query = new URLSearchParams({
        integrationToken: world.token,
        conversationId: long,
        afterId: all[209]?.id ?? '',
        wait: '25',
      }).toString()
      const asked = place.asked.length
      const request = new Request(`http://localhost:3000${path}?${query}`, { signal: gone.signal })
      const answer = world.lumika.fetch(request)
      await expect.poll(() => place.asked.length, patience).toBeGreaterThan(asked)
      gone.abort()
      await answer
    })

    it('F95: is ended by what another process writes', async () => {
      // Files belong to one process at a time, so there the writer is the reader's own server.
      const writer = kind === 'fs' ? world : await world.another()
      const conversationId = fresh()
      const { page } = await waiting({ conversationId })
      await send(conversationId, 'From elsewhere', writer)
      expect(bodiesOf(await page)[0]).toBe('From elsewhere')
      if (writer !== world) await writer.close()
    })
  })

  it('activeTurn tells of an answer that is being written, and leads to its stream', async () => {
    const gate = valve()
    say = async function* () {
      yield 'one '
      await gate.opened
      yield 'two'
    }
    const conversationId = fresh()
    const sent = eventsOf(await world.get('/conversation/sse', { conversationId, textContent: 'Count' }))
    const first = await sent.next()
    const { activeTurn, messages } = await read({ conversationId })
    expect(activeTurn).toEqual(
      first.value?.type === 'ack' && { turnId: first.value.turnId, userMessageId: first.value.userMessageId },
    )
    expect(messages.map(({ body }) => body)).toEqual(['Count'])
    const lastEventId = `${activeTurn?.turnId ?? ''}.0`
    const attached = world.get('/conversation/sse', { conversationId, lastEventId })
    gate.open()
    expect(textOf(await allEvents(await attached))).toBe('one two')
    await sent.return(undefined)
    say = undefined
    expect(await read({ conversationId })).not.toHaveProperty('activeTurn')
  })

  it('a person’s reply is the assistant’s with an author, and comes to a reader who polls', async () => {
    const conversationId = fresh()
    await send(conversationId, 'Hello')
    const afterId = (await read({ conversationId })).lastMessageId ?? ''
    const key = conversationKey(world.integration.id, conversationId)
    const reply = await world.lumika.fetch(
      new Request(`http://localhost:3000/api/conversations/${key}/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ body: 'This is Ann.' }),
      }),
    )
    expect(reply.status).toBe(201)
    const page = await read({ conversationId, afterId })
    expect(page.messages).toEqual([
      {
        id: page.lastMessageId,
        actor: 'assistant',
        type: 'message',
        body: 'This is Ann.',
        data: { author: { kind: 'operator', name: expect.any(String) as string } },
        createdAt: expect.any(String) as string,
      },
    ])
    expect((await read({ conversationId })).messages.at(-1)).toEqual(page.messages[0])
  })
})
