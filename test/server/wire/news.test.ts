/** `GET /conversation/history`: waiting for what comes, and what is being written. */
import { describe, expect, it, vi } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { valve } from '../../helpers/responder.ts'
import { allEvents, eventOf, eventsOf, textOf } from '../../helpers/sse.ts'
import { operatorKey, storages } from '../../helpers/world.ts'
import { bodiesOf, fresh, long, openReader, path, patience } from './reader.ts'

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('history, on %s', (kind) => {
  const reader = openReader(kind)
  const { all, read, refusal, send } = reader

  describe('wait', () => {
    /** Begins to read and returns once the server has looked for the first time. */
    async function waiting(params: Record<string, string>): Promise<{ page: Promise<HistoryPage> }> {
      const asked = reader.place.asked.length
      const page = read({ wait: '25', ...params })
      await expect.poll(() => reader.place.asked.length, patience).toBeGreaterThan(asked)
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
      const { token, integration } = await reader.world.lumika.registry.create({
        name: 'Approval',
        kind: 'api',
        responseMode: 'approval',
      })
      const conversationId = fresh()
      const params = { integrationToken: token, conversationId }
      const gate = valve()
      reader.say = async function* () {
        await gate.opened
        yield 'draft'
      }
      const events = await allEvents(await reader.world.get('/conversation/sse', { ...params, textContent: 'Hello' }))
      const afterId = eventOf(events, 'ack').userMessageId
      const start = performance.now()
      const page = read({ ...params, afterId, wait: '1' })
      gate.open()
      const key = conversationKey(integration.id, conversationId)
      await expect
        .poll(async () => (await reader.place.log.after(key, 'private', null, 10)).entries.length, patience)
        .toBe(1)
      reader.say = undefined
      expect(await page).toEqual({ conversationId, messages: [], lastMessageId: afterId, hasMore: false })
      expect(performance.now() - start).toBeGreaterThan(990)
    })

    it('ends when the reader leaves', async () => {
      const gone = new AbortController()
      const query = new URLSearchParams({
        integrationToken: reader.world.token,
        conversationId: long,
        afterId: all[209]?.id ?? '',
        wait: '25',
      }).toString()
      const asked = reader.place.asked.length
      const request = new Request(`http://localhost:3000${path}?${query}`, { signal: gone.signal })
      const answer = reader.world.lumika.fetch(request)
      await expect.poll(() => reader.place.asked.length, patience).toBeGreaterThan(asked)
      gone.abort()
      await answer
    })

    it('F95: is ended by what another process writes', async () => {
      // Files belong to one process at a time, so there the writer is the reader's own server.
      const writer = kind === 'fs' ? reader.world : await reader.world.another()
      const conversationId = fresh()
      const { page } = await waiting({ conversationId })
      await send(conversationId, 'From elsewhere', writer)
      expect(bodiesOf(await page)[0]).toBe('From elsewhere')
      if (writer !== reader.world) await writer.close()
    })
  })

  it('activeTurn tells of an answer that is being written, and leads to its stream', async () => {
    const gate = valve()
    reader.say = async function* () {
      yield 'one '
      await gate.opened
      yield 'two'
    }
    const conversationId = fresh()
    const sent = eventsOf(await reader.world.get('/conversation/sse', { conversationId, textContent: 'Count' }))
    const first = await sent.next()
    const { activeTurn, messages } = await read({ conversationId })
    expect(activeTurn).toEqual(
      first.value?.type === 'ack' && { turnId: first.value.turnId, userMessageId: first.value.userMessageId },
    )
    expect(messages.map(({ body }) => body)).toEqual(['Count'])
    const lastEventId = `${activeTurn?.turnId ?? ''}.0`
    const attached = reader.world.get('/conversation/sse', { conversationId, lastEventId })
    gate.open()
    expect(textOf(await allEvents(await attached))).toBe('one two')
    await sent.return(undefined)
    reader.say = undefined
    expect(await read({ conversationId })).not.toHaveProperty('activeTurn')
  })

  it('a person’s reply is the assistant’s with an author, and comes to a reader who polls', async () => {
    const conversationId = fresh()
    await send(conversationId, 'Hello')
    const afterId = (await read({ conversationId })).lastMessageId ?? ''
    const key = conversationKey(reader.world.integration.id, conversationId)
    const reply = await reader.world.lumika.fetch(
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
