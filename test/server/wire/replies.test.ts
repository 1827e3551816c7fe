/** What operators write, and what customers see of it, who may get no automatic answer at all. */
import { describe, expect, it, vi } from 'vitest'
import type { OperatorRecord } from '../../../server/conversations/records.ts'
import { allEvents, eventOf } from '../../helpers/sse.ts'
import { storages } from '../../helpers/world.ts'
import { bodies, error, fresh, keyOf, openScene, patience } from './operator-scene.ts'

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('section 8: operators, on %s', (kind) => {
  const scene = openScene(kind)
  const { records, reply, send, history, draftsOf } = scene

  describe('a person’s reply', () => {
    it('is in the history and in polls, with its author, and a responder is told who spoke', async () => {
      const id = fresh()
      const done = eventOf(await send(scene.auto, id, 'Hello'), 'done')
      const response = await reply(keyOf(scene.auto, id), { body: 'This is Ann.\n<b>Hi</b> 👋' })
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
      const poll = await history(scene.auto, id, { afterId: done.lastMessageId })
      expect(poll).toMatchObject({ messages: [publicly], lastMessageId: record.id, hasMore: false })
      expect(Object.keys(poll.messages[0] ?? {}).sort()).toEqual(Object.keys(publicly).sort())
      expect((await history(scene.auto, id)).messages.at(-1)).toEqual(publicly)

      await send(scene.auto, id, 'Thanks')
      const told = scene.world.responder.requests.at(-1)?.history.map(({ role, body }) => [role, body])
      expect(told).toEqual([
        ['customer', 'Hello'],
        ['assistant', 'You said: Hello'],
        ['operator', publicly.body],
      ])
    })

    it('with a clientMessageId is stored once; with another text it is a mismatch', async () => {
      const id = fresh()
      const key = keyOf(scene.auto, id)
      const clientMessageId = 'a-key-of-an-operator'
      const params = { integrationToken: scene.auto.token, conversationId: id, textContent: 'Hello', clientMessageId }
      await allEvents(await scene.world.get('/conversation/sse', params))
      const answers = await Promise.all([1, 2, 3].map(() => reply(key, { body: 'Once', clientMessageId })))
      const ids = await Promise.all(
        answers.map(async (answer) => ((await answer.json()) as { record: { id: string } }).record.id),
      )
      expect(new Set(ids).size).toBe(1)
      expect(await error(await reply(key, { body: 'Twice', clientMessageId }))).toEqual([409, 'idempotency_mismatch'])
      expect(bodies(await history(scene.auto, id))).toEqual(['Hello', 'You said: Hello', 'Once'])
      expect((await reply(key, { body: 'Once' })).status).toBe(201)
      expect(bodies(await history(scene.auto, id)).slice(2)).toEqual(['Once', 'Once'])
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
      await send(scene.people, id, 'Hello')
      expect(await error(await reply(keyOf(scene.people, id), body))).toEqual([400, 'invalid_request'])
      expect(bodies(await history(scene.people, id))).toEqual(['Hello'])
    })

    it('of 4,000 characters is taken', async () => {
      const id = fresh()
      await send(scene.people, id, 'Hello')
      expect((await reply(keyOf(scene.people, id), { body: '👋'.repeat(4_000) })).status).toBe(201)
      expect(bodies(await history(scene.people, id))).toEqual(['Hello', '👋'.repeat(4_000)])
    })
  })

  describe('without an automatic answer', () => {
    it('people only: pending human, no responder, and the operator’s reply is the answer', async () => {
      const id = fresh()
      const asked = scene.world.responder.requests.length
      const events = await send(scene.people, id, 'Is anybody there?')
      expect(events.map(({ type }) => type)).toEqual(['ack', 'pending', 'done'])
      const ack = eventOf(events, 'ack')
      expect(eventOf(events, 'pending').reason).toBe('human')
      expect(eventOf(events, 'done').lastMessageId).toBe(ack.userMessageId)
      const page = await history(scene.people, id)
      expect(page).toEqual({
        conversationId: id,
        messages: [expect.objectContaining({ id: ack.userMessageId, actor: 'customer' })],
        lastMessageId: ack.userMessageId,
        hasMore: false,
      })
      await reply(keyOf(scene.people, id), { body: 'Yes!' })
      const poll = await history(scene.people, id, { afterId: ack.userMessageId })
      expect(bodies(poll)).toEqual(['Yes!'])
      expect(scene.world.responder.requests).toHaveLength(asked)
      expect((await records(keyOf(scene.people, id))).records.map(({ visibility }) => visibility)).toEqual([
        'public',
        'public',
      ])
    })

    it('approval: pending approval, one draft that leaves no trace in public', async () => {
      const id = fresh()
      const asked = scene.world.responder.requests.length
      const events = await send(scene.approval, id, 'Hello')
      expect(events.map(({ type }) => type)).toEqual(['ack', 'pending', 'done'])
      expect(eventOf(events, 'pending').reason).toBe('approval')
      const { userMessageId } = eventOf(events, 'ack')
      const before = await history(scene.approval, id)
      await vi.waitFor(
        async () => expect(await draftsOf(keyOf(scene.approval, id))).toEqual(['You said: Hello']),
        patience,
      )
      expect(scene.world.responder.requests).toHaveLength(asked + 1)
      expect(await history(scene.approval, id)).toEqual(before)
      expect(before).toEqual({
        conversationId: id,
        messages: [expect.objectContaining({ id: userMessageId, body: 'Hello' })],
        lastMessageId: userMessageId,
        hasMore: false,
      })
      expect(await history(scene.approval, id, { afterId: userMessageId })).toMatchObject({
        messages: [],
        lastMessageId: userMessageId,
      })
    })

    it.each(['approval', 'human'] as const)(
      '%s: the stream can be resumed from any event, and ends with 204',
      async (mode) => {
        const made = mode === 'approval' ? scene.approval : scene.people
        const id = fresh()
        const events = await send(made, id, 'Hello')
        const resume = (lastEventId: string) =>
          scene.world.get('/conversation/sse', { integrationToken: made.token, conversationId: id, lastEventId })
        const types = async (lastEventId: string) =>
          (await allEvents(await resume(lastEventId))).map(({ type }) => type)
        expect(await types(events[0]?.id ?? '')).toEqual(['pending', 'done'])
        expect(await types(events[1]?.id ?? '')).toEqual(['done'])
        expect((await resume(events[2]?.id ?? '')).status).toBe(204)
        expect(bodies(await history(made, id))).toEqual(['Hello'])
      },
    )
  })
})
