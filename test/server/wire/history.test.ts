/** `GET /conversation/history`: pages and cursors. */
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { ErrorBody } from '../../../protocol.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { allEvents, eventOf } from '../../helpers/sse.ts'
import { storages } from '../../helpers/world.ts'
import { bodiesOf, fresh, long, numbers, openReader, path, patience } from './reader.ts'

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('history, on %s', (kind) => {
  const reader = openReader(kind)
  const { all, read, refusal, send } = reader

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
      const { token, integration } = await reader.world.lumika.registry.create({
        name: 'Approval',
        kind: 'api',
        responseMode: 'approval',
      })
      withDraft = { integrationToken: token, conversationId: fresh() }
      await allEvents(await reader.world.get('/conversation/sse', { ...withDraft, textContent: 'Hello' }))
      const key = conversationKey(integration.id, withDraft.conversationId)
      draft = await vi.waitFor(async () => {
        const { entries } = await reader.place.log.after(key, 'private', null, 10)
        expect(entries).toHaveLength(1)
        return entries[0]?.id ?? ''
      }, patience)
    })

    it('of a draft is not found in its own conversation either', async () => {
      expect(bodiesOf(await read(withDraft))).toEqual(['Hello'])
      for (const name of ['afterId', 'beforeId']) {
        const response = await reader.world.get(path, { ...withDraft, [name]: draft })
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
        const asked = reader.place.asked.length
        const query = new URLSearchParams({ conversationId: long, [name]: id }).toString()
        expect(await refusal(query)).toEqual([404, 'cursor_not_found'])
        expect(reader.place.asked.slice(asked)).toEqual([name === 'afterId' ? 'after' : 'before'])
      }
    })

    it.each(['', ' ', 'x'.repeat(65), 'x'.repeat(10_240), 'a\0b', '\0', 'a/b', 'a.b', '../x', 'ü', '{"$gt":""}', '*'])(
      'that is malformed, %j, is refused before storage is asked',
      async (id) => {
        for (const name of ['afterId', 'beforeId']) {
          const asked = reader.place.asked.length
          const query = new URLSearchParams({ conversationId: long, [name]: id }).toString()
          expect(await refusal(query)).toEqual([400, 'invalid_cursor'])
          expect(reader.place.asked).toHaveLength(asked)
        }
      },
    )

    it('given twice is refused', async () => {
      const id = all[5]?.id ?? ''
      expect(await refusal(`conversationId=long&afterId=${id}&afterId=${id}`)).toEqual([400, 'invalid_request'])
      expect(await refusal(`conversationId=long&beforeId=${id}&beforeId=${id}`)).toEqual([400, 'invalid_request'])
    })
  })
})
