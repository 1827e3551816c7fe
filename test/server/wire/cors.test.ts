/** What pages may read and send, by the headers of answers and by preflights; and what the head may hold. */
import { describe, expect, it, vi } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import type { CreatedToken } from '../../../server/access/registry.ts'
import { LogError } from '../../../server/storage/log.ts'
import { storages } from '../../helpers/world.ts'
import { endpoints, openGate } from './gate.ts'
import type { Fields } from './gate.ts'
import type { RawAnswer, RawHeaders } from './socket.ts'

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('origins on the wire, on %s', (kind) => {
  const gate = openGate(kind)
  const { create, requestFor, history, expectRefused, expectServed, operator } = gate

  describe('O49, O50: answers', () => {
    const origin = 'https://example.com'
    const home: RawHeaders = [['Origin', origin]]

    /** One answer of every kind an allowed page can get, by what it is. */
    async function everyAnswer(headers: RawHeaders): Promise<[name: string, status: number, answer: RawAnswer][]> {
      const ask = (endpoint: readonly [string, string], more: Fields = [], extra: RawHeaders = []) =>
        gate.wire.raw(requestFor(gate.widget, endpoint, [...headers, ...extra], more))
      const sse = ['POST', '/conversation/sse'] as const
      const read = ['GET', '/conversation/history'] as const
      const key: Fields = [['clientMessageId', `answers-${kind}-00000001`]]
      const stream = await ask(sse, key)
      const ids = [...stream.body.matchAll(/^id: (.+)$/gm)].map(([, id]) => id as string)
      const last = ids.at(-1) ?? ''
      const turnId = last.split('.')[0] ?? ''
      const answers: [string, number, RawAnswer][] = [
        ['a stream', 200, stream],
        ['a resumed stream', 200, await ask(sse, [['lastEventId', `${turnId}.0`]])],
        ['a finished stream', 204, await ask(sse, [], [['Last-Event-ID', last]])],
        ['a page', 200, await ask(read)],
        ['a stopped turn', 204, await ask(['POST', '/conversation/stop'], [['turnId', turnId]])],
        ['a preflight', 204, await ask(['OPTIONS', read[1]], [], [['Access-Control-Request-Method', 'GET']])],
        ['no text', 400, await ask(sse, [['textContent', ' ']])],
        ['no limit', 400, await ask(read, [['limit', '0']])],
        ['no id', 400, await ask(read, [['conversationId', 'c_short']])],
        ['no token', 401, await ask(read, [['integrationToken', 'nobody']])],
        ['no proof', 403, await ask(read, [['conversationId', 'customer-42']])],
        ['no turn', 404, await ask(['POST', '/conversation/stop'])],
        ['no cursor', 404, await ask(read, [['afterId', '0-aaaaaaaaaaaaaaaa']])],
        ['no such method', 405, await ask(['PUT', '/conversation/sse'])],
        ['no body either', 405, await ask(['HEAD', '/conversation/sse'])],
        ['another text', 409, await ask(sse, [...key, ['textContent', 'another']])],
        ['too long', 413, await ask(sse, [['textContent', 'x'.repeat(4_001)]])],
      ]
      const json = {
        ...requestFor(gate.widget, sse, []),
        headers: [...headers, ['Content-Type', 'text/plain']] as RawHeaders,
      }
      answers.push(['no form', 415, await gate.wire.raw(json)])
      gate.place.failure = new LogError('storage_unavailable', 'The disk is gone.')
      answers.push(['no storage', 503, await ask(read)], ['no storage to write', 503, await ask(sse)])
      gate.place.failure = new TypeError('A mistake of ours.')
      answers.push(['a fault', 500, await ask(read)])
      gate.place.failure = null
      return answers
    }

    it('O49: an allowed page can read every answer, errors and empty ones too; each varies by origin', async () => {
      for (const [name, status, answer] of await everyAnswer(home)) {
        expect([name, answer.status]).toEqual([name, status])
        expect([name, answer.header('access-control-allow-origin')]).toEqual([name, origin])
        expect([name, answer.header('vary')]).toEqual([name, 'Origin'])
        expect(answer.header('access-control-allow-credentials')).toBeNull()
        if (status === 503) expect(answer.header('retry-after')).toMatch(/^\d+$/)
        if (status === 204) expect(answer.body).toBe('')
        if (status >= 400 && name !== 'no body either') expect(JSON.parse(answer.body)).toHaveProperty('error.message')
      }
    })

    it('O50: no cache may keep any of them, and no page gets an answer meant for another', async () => {
      for (const other of ['https://a.example.org', 'https://b.example.org']) {
        for (const [name, , answer] of await everyAnswer([['Origin', other]])) {
          expect([name, answer.header('access-control-allow-origin')]).toEqual([name, other])
          expect([name, answer.header('vary')]).toEqual([name, 'Origin'])
          expect([name, answer.header('cache-control')]).toEqual([name, expect.stringContaining('no-store')])
        }
      }
    })

    it('O49: answers that belong to no integration vary by origin, and no page may read them', async () => {
      const paths = ['/', '/nothing', '/conversation', '/conversation/nothing', '/%ff', '/health']
      for (const path of [...paths, '/ready', '/api/integrations', '/api/activities', '/api/nothing']) {
        for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
          const { header, status } = await gate.wire.raw({ method, target: path, headers: home })
          expect([method, path, status < 500, header('vary'), header('access-control-allow-origin')]).toEqual([
            method,
            path,
            true,
            expect.stringContaining('Origin'),
            null,
          ])
        }
      }
    })
  })

  describe('O51: a preflight', () => {
    const preflight = (made: CreatedToken, path: string, origin: string, wants = 'last-event-id') =>
      gate.wire.raw(
        requestFor(
          made,
          ['OPTIONS', path],
          [
            ['Origin', origin],
            ['Access-Control-Request-Method', 'POST'],
            ['Access-Control-Request-Headers', wants],
          ],
        ),
      )

    it('names what a page may send, for ten minutes, and touches nothing', async () => {
      const asked = gate.place.asked.length
      for (const [, path] of endpoints) {
        for (const wants of ['last-event-id', 'authorization,content-type', 'x-anything']) {
          const answer = await preflight(gate.widget, path, 'https://example.com', wants)
          expect([answer.status, answer.body]).toEqual([204, ''])
          expect(answer.header('access-control-allow-origin')).toBe('https://example.com')
          expect(answer.header('access-control-allow-methods')).toBe('GET, POST')
          expect(answer.header('access-control-allow-headers')).toBe('content-type, authorization, last-event-id')
          expect(answer.header('access-control-max-age')).toBe('600')
          expect(answer.header('vary')).toBe('Origin')
        }
        const refused = await preflight(gate.widget, path, 'https://evil.example')
        expect([refused.status, refused.header('access-control-allow-origin')]).toEqual([204, null])
      }
      expect(gate.place.asked.slice(asked)).toEqual([])
    })

    it('that a browser remembers does not outlive its domain: the request itself is refused at once', async () => {
      const made = await create({})
      const answer = await preflight(made, '/conversation/sse', 'https://example.com')
      expect(answer.header('access-control-allow-origin')).toBe('https://example.com')
      await expectServed(made, [['Origin', 'https://example.com']], 'https://example.com')
      const path = `/api/integrations/${made.integration.id}`
      expect((await operator('PATCH', path, { allowedDomains: ['*.example.org'] })).status).toBe(200)
      await expectRefused(made, [['Origin', 'https://example.com']])
    })
  })

  describe('the head', () => {
    it('of just under 64 KiB is read, a larger one is turned away unread', async () => {
      const asked = gate.place.asked.length
      const origin: [string, string] = ['Origin', 'https://example.com']
      const large = await history(gate.widget, [origin, ['Cookie', 'x'.repeat(64_000)]])
      expect(large.status).toBe(200)
      expect(gate.place.asked.length).toBeGreaterThan(asked)
      const after = gate.place.asked.length
      const tooLarge = await history(gate.widget, [origin, ['Cookie', 'x'.repeat(66_000)]])
      expect(tooLarge.status).toBe(431)
      expect(gate.place.asked).toHaveLength(after)
    })

    it('may hold bytes that are no UTF-8: they become U+FFFD or are refused, and break nothing', async () => {
      const fields = `integrationToken=${gate.api.token}&conversationId=bytes-${kind}`
      const target = `/conversation/sse?${fields}&textContent=caf\xe9%FF!`
      const sent = await gate.wire.raw({ method: 'GET', target })
      expect([200, 400]).toContain(sent.status)
      const read = await gate.wire.raw({ method: 'GET', target: `/conversation/history?${fields}` })
      const [first] = (JSON.parse(read.body) as HistoryPage).messages
      if (sent.status === 200) expect(first?.body).toMatch(/^caf.+\uFFFD!$/)
      else expect(first).toBeUndefined()
      const id = await gate.wire.raw({ method: 'GET', target: `/conversation/history?${fields}\xe9` })
      expect(id.status).toBe(400)
    })
  })
})
