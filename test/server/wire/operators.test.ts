/** What operators read, and that neither they nor customers get in by the other's door. */
import { describe, expect, it, vi } from 'vitest'
import type { OperatorRecord } from '../../../server/conversations/records.ts'
import { operatorKey, storages } from '../../helpers/world.ts'
import { bodies, error, fresh, home, keyOf, openScene, patience } from './operator-scene.ts'

interface Activities {
  activities: { key: string; integrationId: string; conversationId: string; updatedAt: string }[]
  cursor: string | null
}

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('section 8: operators, on %s', (kind) => {
  const scene = openScene(kind)
  const { api, read, records, reply, send, history, draftsOf } = scene

  describe('the doors', () => {
    it('the tokens of integrations are refused at /api, like no key, another key and a key in the query', async () => {
      const widget = await scene.world.lumika.registry.create({ name: 'Widget', kind: 'widget' })
      const id = fresh()
      await send(scene.auto, id, 'Hello')
      const key = keyOf(scene.auto, id)
      const asked = scene.place.asked.length
      const answers = new Set<string>()
      const keys = [
        widget.token,
        scene.auto.token,
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
            ['GET', `?integrationToken=${scene.auto.token}`],
            ['POST', `?operatorKey=${operatorKey}`],
            ['DELETE', ''],
          ] as const) {
            const init = { method, headers: { 'content-type': 'application/json', ...header } }
            const body = method === 'POST' ? { body: '{"body":"Hi"}' } : {}
            const response = await scene.world.lumika.fetch(
              new Request(`${home}/api${path}${query}`, { ...init, ...body }),
            )
            expect(response.status).toBe(401)
            answers.add(JSON.stringify([await response.text(), [...response.headers]]))
          }
        }
      }
      expect(answers.size).toBe(1)
      expect(scene.place.asked).toHaveLength(asked)
      expect(bodies(await history(scene.auto, id))).toEqual(['Hello', 'You said: Hello'])
    })

    it('the operator key is refused at /conversation', async () => {
      const id = fresh()
      const asked = scene.place.asked.length
      for (const headers of [{ authorization: `Bearer ${operatorKey}` }, {}] as Record<string, string>[]) {
        const token = `integrationToken=${operatorKey}&`
        const query = `${headers.authorization ? '' : token}conversationId=${id}&textContent=Hi`
        for (const path of ['/conversation/sse', '/conversation/history']) {
          const response = await scene.world.lumika.fetch(new Request(`${home}${path}?${query}`, { headers }))
          expect(await error(response)).toEqual([401, 'invalid_token'])
        }
      }
      expect(scene.place.asked).toHaveLength(asked)
    })
  })

  describe('activities', () => {
    it('lists conversations by latest activity, of all integrations or of one, page by page', async () => {
      const [one, two] = [
        await scene.world.lumika.registry.create({ name: 'One', kind: 'api' }),
        await scene.world.lumika.registry.create({ name: 'Two', kind: 'api' }),
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
        expect(scene.world.lumika.registry.get(integrationId)).not.toBeNull()
      }
    })

    it.each(['limit=0', 'limit=-1', 'limit=1.5', 'limit=x', 'limit=1&limit=1'])('?%s is refused', async (query) => {
      expect((await api(`/activities?${query}`)).status).toBe(400)
    })
  })

  describe('records', () => {
    it('hold drafts beside messages, in pages that leave nothing out', async () => {
      const id = fresh()
      const key = keyOf(scene.approval, id)
      for (const text of ['One', 'Two', 'Three']) {
        await send(scene.approval, id, text)
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
      await send(scene.auto, id, 'Hello')
      const key = keyOf(scene.auto, id)
      const { lastRecordId } = await records(key)
      const asked = scene.place.asked.length
      const page = records(key, `?afterId=${lastRecordId ?? ''}&wait=20`)
      await expect.poll(() => scene.place.asked.length, patience).toBeGreaterThan(asked + 1)
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
      await send(scene.auto, id, 'Hello')
      expect((await api(`/conversations/${keyOf(scene.auto, id)}/records?${query}`)).status).toBe(400)
    })

    it('of a conversation nobody began, of another integration’s or of the server’s own are not found', async () => {
      const id = fresh()
      await send(scene.auto, id, 'Hello')
      const keys = [
        keyOf(scene.auto, 'nobody'),
        keyOf(scene.people, id),
        '~registry',
        '%7Eregistry',
        'x',
        `${keyOf(scene.auto, id)}=`,
      ]
      keys.push(
        `${scene.auto.integration.id}.`,
        `..%2f${keyOf(scene.auto, id)}`,
        keyOf(scene.auto, id).toUpperCase(),
        '__proto__.YQ',
      )
      for (const key of keys) {
        expect([key, (await api(`/conversations/${key}/records`)).status]).toEqual([key, 404])
        expect([key, (await reply(key, { body: 'Hi' })).status]).toEqual([key, 404])
      }
      expect((await history(scene.auto, 'nobody')).messages).toEqual([])
    })
  })
})
