/** F101: every conversation id is one conversation, on every storage, and a name of nothing else. */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ErrorBody, HistoryPage } from '../../../protocol.ts'
import { allEvents, eventOf } from '../../helpers/sse.ts'
import { openWorld, operatorKey, storages } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'
import { openOwnPlace, ownFolder } from './own-place.ts'
import type { OwnPlace } from './own-place.ts'
import { openWire } from './socket.ts'
import type { Wire } from './socket.ts'
import { watchPlace } from './watched.ts'
import type { WatchedPlace } from './watched.ts'

const ids = [
  ...['a:b', 'a/b', 'a\\b', 'a::b', 'a?x', 'a?y', 'a#x', 'a', 'A', '../x', '..', '.', '...', '%2e%2e', '%2E%2E'],
  ...[
    'CON',
    'con',
    'con.txt',
    'nul',
    'COM1',
    'node_modules',
    '.git',
    '__proto__',
    'constructor',
    'toString',
    'x.',
    'x',
  ],
  ...['x$', 'a*b', 'a|b', '<a>', '"a"', "'a'", 'a&b', 'a+b', 'a=b', 'a;b', 'a,b', '~', '~registry', '/', '//', '\\'],
  ...[
    '/etc/passwd',
    '../../../../x',
    '..\\..\\x',
    'C:\\x',
    'file:///x',
    '{x}',
    '{inbox}',
    'lumika:x',
    'x:keys',
    '[a-z]',
  ],
  ...['-', '--help', '$(x)', '`x`', '0', '00', 'null', 'undefined', 'true', 'a'.repeat(128), 'A'.repeat(128)],
  ...['/'.repeat(128), `${'a'.repeat(127)}b`, 'public', 'private', 'turn', 'a.jsonl', 'a.private', 'a.private.jsonl'],
]

const invalid: [name: string, encoded: string][] = [
  ['NUL', 'a%00b'],
  ['a space', 'a%20b'],
  ['a space as +', 'a+b'],
  ['a tab', 'a%09b'],
  ['a line feed', 'a%0Ab'],
  ['a carriage return at its end', 'a%0D'],
  ['DEL', 'a%7F'],
  ['129 characters', 'a'.repeat(129)],
  ['10,000 characters', 'a'.repeat(10_000)],
  ['é, composed', '%C3%A9'],
  ['é, decomposed', 'e%CC%81'],
  ['an emoji', '%F0%9F%91%8B'],
  ['a byte that is no UTF-8', 'a%FF'],
  ['a lone surrogate', '%ED%A0%80'],
  ['nothing', ''],
]

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('F101: conversation ids, on %s', (kind) => {
  let own: OwnPlace
  let place: WatchedPlace
  let world: World
  let wire: Wire
  let namesBefore: string[]
  beforeAll(async () => {
    own = await openOwnPlace(kind)
    place = watchPlace(own)
    world = await openWorld(place)
    wire = await openWire(world.lumika)
    namesBefore = await own.names()
    for (const conversationId of ids) {
      const params = { conversationId, textContent: `I am ${conversationId}`, clientMessageId: 'the-same-key-in-all' }
      const events = await allEvents(await world.post('/conversation/sse', params))
      expect(eventOf(events, 'ack')).toMatchObject({ conversationId, replayed: false })
    }
  })
  afterAll(async () => {
    await wire.close()
    await world.close()
    await own.dispose()
  })

  const read = async (conversationId: string, from: World = world) =>
    (await (await from.get('/conversation/history', { conversationId })).json()) as HistoryPage
  const bodies = (page: HistoryPage) => page.messages.map(({ body }) => body)
  const expected = (id: string) => [`I am ${id}`, `You said: I am ${id}`]

  it('each id of the list is a conversation of its own', async () => {
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) {
      const page = await read(id)
      expect([page.conversationId, bodies(page)]).toEqual([id, expected(id)])
    }
  })

  it('each is listed once, under a key that leads to it', async () => {
    const headers = { authorization: `Bearer ${operatorKey}` }
    const listed = new Map<string, string>()
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = new URLSearchParams({ limit: '20', ...(cursor && { cursor }) }).toString()
      const response = await world.lumika.fetch(
        new Request(`http://localhost:3000/api/activities?${query}`, { headers }),
      )
      const page = (await response.json()) as {
        activities: { key: string; conversationId: string }[]
        cursor: string | null
      }
      for (const { key, conversationId } of page.activities) {
        expect(listed.has(conversationId)).toBe(false)
        listed.set(conversationId, key)
      }
      cursor = page.cursor
    }
    expect([...listed.keys()].sort()).toEqual([...ids].sort())
    for (const [id, key] of listed) {
      expect(key).toMatch(/^[A-Za-z0-9_]+\.[A-Za-z0-9_-]+$/)
      const answer = await wire.raw({
        method: 'GET',
        target: `/api/conversations/${key}/records`,
        headers: [['Authorization', headers.authorization]],
      })
      const { records } = JSON.parse(answer.body) as { records: { body?: string }[] }
      expect(records.map(({ body }) => body)).toEqual(expected(id))
    }
  })

  it('nothing stands outside the folder or the prefix that was given', async () => {
    const names = await own.names()
    expect(names.length).toBeGreaterThan(namesBefore.length)
    const isOwn = (name: string) =>
      kind === 'fs' ? name === 'around' || name.startsWith(ownFolder) : /^lumika:/.test(name)
    expect(names.filter((name) => !isOwn(name))).toEqual([])
    const segments = names.flatMap((name) => name.split(/[/\\]/))
    expect(segments.filter((segment) => ['.', '..', '.git', 'con', 'CON'].includes(segment))).toEqual([])
    if (kind !== 'fs') return
    // On a file system that takes A for a, names that differ in case only would be one file.
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length)
    expect(await readFile('/etc/passwd', 'utf8')).not.toContain('I am')
  })

  it('each is found again by the next process', async () => {
    await wire.close()
    await world.close()
    world = await world.another()
    wire = await openWire(world.lumika)
    for (const id of ids) expect(bodies(await read(id))).toEqual(expected(id))
    expect(Object.prototype).not.toHaveProperty('polluted')
    expect(await read('never-used')).toMatchObject({ messages: [], lastMessageId: null })
  })

  it.each(invalid)('%s is refused: 400, before storage is asked', async (_, encoded) => {
    const asked = place.asked.length
    const fields = `integrationToken=${world.token}&textContent=Hi&turnId=t${'0'.repeat(22)}&conversationId=${encoded}`
    const form: [string, string] = ['Content-Type', 'application/x-www-form-urlencoded']
    const answers = [
      await wire.raw({ method: 'GET', target: `/conversation/history?${fields}` }),
      await wire.raw({ method: 'GET', target: `/conversation/sse?${fields}` }),
      await wire.raw({ method: 'POST', target: '/conversation/sse', headers: [form], body: fields }),
      await wire.raw({ method: 'POST', target: '/conversation/stop', headers: [form], body: fields }),
    ]
    for (const { status, body } of answers) {
      expect([status, (JSON.parse(body) as ErrorBody).error.code]).toEqual([400, 'invalid_conversation_id'])
    }
    expect(place.asked).toHaveLength(asked)
  })

  it('one that is given twice, alike or not, in the query, the form or both, is refused', async () => {
    const asked = place.asked.length
    const token = `integrationToken=${world.token}`
    const twice = [
      'conversationId=a&conversationId=a',
      'conversationId=a&conversationId=b',
      'conversationId=&conversationId=a',
    ]
    const form: [string, string] = ['Content-Type', 'application/x-www-form-urlencoded']
    for (const fields of twice) {
      const read = await wire.raw({ method: 'GET', target: `/conversation/history?${token}&${fields}` })
      const body = `${token}&textContent=Hi&${fields}`
      const sent = await wire.raw({ method: 'POST', target: '/conversation/sse', headers: [form], body })
      expect([read.status, sent.status]).toEqual([400, 400])
    }
    const body = `${token}&textContent=Hi&conversationId=a`
    const both = await wire.raw({ method: 'POST', target: '/conversation/sse?conversationId=a', headers: [form], body })
    expect(both.status).toBe(400)
    expect(place.asked).toHaveLength(asked)
  })
})
