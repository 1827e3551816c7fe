/** What customers think: of answers, and of the conversation. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import type { CustomerView } from '../../../server/conversations/customer.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import type { OperatorRecord } from '../../../server/conversations/records.ts'
import { openPlace, openWorld, operatorKey, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { nextDoor, officeOf, openOffice } from '../desk/office.ts'
import type { Office } from '../desk/office.ts'
import { register, startReceiver, quick } from '../webhooks/receiver.ts'

const path = '/conversation/feedback'

describe.each(storages)('feedback, on %s', (kind) => {
  let place: Place
  let office: Office
  beforeEach(async () => {
    place = await openPlace(kind)
    office = await openOffice(place)
  })
  afterEach(async () => {
    await office.world.close()
    await place.dispose()
  })

  const rate = async (messageId: string, rating: string, at = office) =>
    (await at.world.post(path, { conversationId: office.conversationId, messageId, rating })).status
  const score = async (score: string, comment?: string, at = office) => {
    const params = { conversationId: office.conversationId, score, ...(comment !== undefined && { comment }) }
    return (await at.world.post(path, params)).status
  }
  const page = async (params: Record<string, string> = {}, at = office) => {
    const { conversationId } = office
    return (await (await at.world.get('/conversation/history', { conversationId, ...params })).json()) as HistoryPage
  }
  const api = async <T>(rest = '') => {
    const key = conversationKey(office.world.integration.id, office.conversationId)
    const headers = { authorization: `Bearer ${operatorKey}` }
    const url = `http://localhost:3000/api/conversations/${key}${rest}`
    return (await (await office.world.lumika.fetch(new Request(url, { headers }))).json()) as T
  }
  const ratings = (records: readonly { data?: { rating?: unknown } }[]) => records.map(({ data }) => data?.rating)

  it('G8: folds the last word about an answer into its record, and changes nothing else', async () => {
    await office.send('one')
    await office.done('messages', { body: 'A person.' })
    const before = await page()
    const [, answer, reply] = before.messages.map(({ id }) => id) as [string, string, string]
    const other = await nextDoor(office)
    let isAnswered = false
    const waiting = page({ afterId: reply, wait: '20' }, other).finally(() => (isAnswered = true))

    for (const rating of ['down', 'up', 'up']) expect(await rate(answer, rating)).toBe(204)
    // Two at once, at two servers, about messages that are kept together.
    const both = await Promise.all([rate(reply, 'down'), rate(answer, 'up', other)])
    expect(both).toEqual([204, 204])
    for (const at of [office, other]) {
      const { messages, ...rest } = await page({}, at)
      expect(ratings(messages)).toEqual([undefined, 'up', 'down'])
      expect({ messages: messages.map(({ data: _, ...record }) => record), ...rest }).toEqual({
        ...before,
        messages: before.messages.map(({ data: _, ...record }) => record),
      })
      expect(messages[2]?.data).toEqual({ ...before.messages[2]?.data, rating: 'down' })
    }
    const records = await office.records()
    expect(ratings(records.filter(({ visibility }) => visibility === 'public') as object[])).toEqual([
      undefined,
      'up',
      'down',
    ])
    // What stands already is not stored again, and of the records only what was said is shown.
    expect(records.filter(({ type }) => type === 'rating').map(({ data }) => data)).toEqual([
      { messageId: answer, rating: 'down' },
      { messageId: answer, rating: 'up' },
      { messageId: reply, rating: 'down' },
    ])
    expect(isAnswered).toBe(false)
    await other.send('two')
    const after = await waiting
    expect(ratings(after.messages)).toEqual([undefined])
    expect(await rate(answer, 'none')).toBe(204)
    expect(ratings((await page()).messages)).toEqual([undefined, undefined, 'down', undefined, undefined])
    if (other !== office) await other.world.close()
  })

  it('keeps the last score and comment, for the team alone, through a restart, in the export, until it is erased', async () => {
    await office.send('one')
    const before = await page()
    expect(await score('2', '  Too slow.  ')).toBe(204)
    expect(await score('2', 'Too slow.')).toBe(204)
    expect(await score('5')).toBe(204)
    expect(await score('4', 'It was 😀 in the end.')).toBe(204)
    expect(await page()).toEqual(before)
    if (kind !== 'memory') {
      await office.world.close()
      office = officeOf(await office.world.another(), office.conversationId, place)
    }
    const { customer } = await api<{ customer: CustomerView }>()
    expect(customer.satisfaction).toMatchObject({ score: 4, comment: 'It was 😀 in the end.' })
    const said = (records: OperatorRecord[]) =>
      records.flatMap(({ type, data }) => (type === 'satisfaction' ? [data] : []))
    const all = [{ score: 2, comment: 'Too slow.' }, { score: 5 }, { score: 4, comment: 'It was 😀 in the end.' }]
    expect(said(await office.records())).toEqual(all)
    expect(said((await api<{ records: OperatorRecord[] }>('/export')).records)).toEqual(all)

    const key = conversationKey(office.world.integration.id, office.conversationId)
    const erasing = { method: 'DELETE', headers: { authorization: `Bearer ${operatorKey}` } }
    await office.world.lumika.fetch(new Request(`http://localhost:3000/api/conversations/${key}`, erasing))
    expect(await score('1')).toBe(404)
    await office.send('anew')
    expect((await api<{ customer: CustomerView }>()).customer.satisfaction).toBeNull()
  })

  it('takes nothing but a rating of an answer in this conversation, or a score', async () => {
    await office.send('one')
    await office.done('notes', { body: 'A note.' })
    const [question, answer] = (await page()).messages.map(({ id }) => id) as [string, string]
    const note = (await office.records()).find(({ type }) => type === 'note')?.id ?? ''
    const { conversationId } = office
    await office.world
      .post('/conversation/sse', { conversationId: 'another', textContent: 'x' })
      .then((it) => it.text())
    const stored = (await office.records()).length
    const refusals: [Record<string, string>, number, string][] = [
      [{ messageId: question, rating: 'up' }, 404, 'not_found'],
      [{ messageId: note, rating: 'up' }, 404, 'not_found'],
      [{ messageId: '0-nobodysnobodysnob', rating: 'up' }, 404, 'not_found'],
      [{ messageId: answer, rating: 'up', conversationId: 'another' }, 404, 'not_found'],
      [{ messageId: answer, rating: 'up', conversationId: 'nobody' }, 404, 'not_found'],
      [{ score: '3', conversationId: 'nobody' }, 404, 'not_found'],
      [{ messageId: answer, rating: 'great' }, 400, 'invalid_request'],
      [{ messageId: answer, rating: 'constructor' }, 400, 'invalid_request'],
      [{ messageId: answer }, 400, 'invalid_request'],
      [{ messageId: 'a b', rating: 'up' }, 400, 'invalid_request'],
      [{ messageId: answer, rating: 'up', score: '3' }, 400, 'invalid_request'],
      [{ messageId: answer, rating: 'up', comment: 'x' }, 400, 'invalid_request'],
      [{ comment: 'x' }, 400, 'invalid_request'],
      ...['0', '6', '4.5', '-1', 'x', ''].map((each): [Record<string, string>, number, string] => [
        { score: each },
        400,
        'invalid_request',
      ]),
      [{ score: '3', comment: '😀'.repeat(1_001) }, 413, 'text_too_long'],
      [{ score: '3', conversationId: '' }, 400, 'invalid_conversation_id'],
    ]
    for (const [params, status, code] of refusals) {
      const response = await office.world.post(path, { conversationId, ...params })
      expect([params, response.status, await response.json()]).toMatchObject([params, status, { error: { code } }])
    }
    expect((await office.world.get(path, { conversationId, score: '3' })).status).toBe(405)
    expect(await office.records()).toHaveLength(stored)
    expect(await score('3', '😀'.repeat(1_000))).toBe(204)
  })

  it('looks once or twice for all the ratings of a page, counts them in the usage, and stops a flood', async () => {
    await office.world.close()
    const world = await openWorld(place, { limits: { messagesPerConversation: 20 } })
    office = officeOf(world, office.conversationId, place)
    await office.send('one')
    const answer = (await page()).messages[1]?.id ?? ''
    for (const rating of ['up', 'up', 'up', 'down', 'none']) expect(await rate(answer, rating)).toBe(204)
    expect(await score('4')).toBe(204)
    let refused = 0
    for (let n = 0; n < 30; n++) refused += Number((await rate(answer, n % 2 ? 'down' : 'none')) === 429)
    expect(refused).toBeGreaterThan(5)
    const headers = { authorization: `Bearer ${operatorKey}` }
    const url = `http://localhost:3000/api/integrations/${world.integration.id}/usage?days=1`
    const { days } = (await (await world.lumika.fetch(new Request(url, { headers }))).json()) as { days: object[] }
    expect(days[0]).toMatchObject({ thumbsUp: 1, scores: 1, scoreSum: 4 })

    for (let n = 0; n < 120; n++) await office.done('messages', { body: `reply ${n}` })
    const finds = world.calls['find'] ?? 0
    expect((await page({ limit: '120' })).messages).toHaveLength(120)
    expect((world.calls['find'] ?? 0) - finds).toBeLessThan(8)
  })

  it('calls feedback.created', async () => {
    await office.world.close()
    const receiver = await startReceiver()
    onTestFinished(() => receiver.close())
    const world = await openWorld(place, { webhooks: quick })
    office = officeOf(world, office.conversationId, place)
    await register(world, receiver.url, ['feedback.created'])
    await office.send('one')
    const answer = (await page()).messages[1]?.id ?? ''
    await rate(answer, 'down')
    await score('1', 'No.')
    const heard = () => receiver.requests.map(({ event }) => (event.record as unknown as { data: object }).data)
    await expect.poll(heard, { timeout: 15_000 }).toEqual([
      { messageId: answer, rating: 'down' },
      { score: 1, comment: 'No.' },
    ])
  })
})
