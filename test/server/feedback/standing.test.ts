/** How a conversation stands, as whoever waits in it is told: whether somebody types a reply, whether it is resolved. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { createVisitorTyping } from '../../../server/conversations/visitor-typing.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { nextDoor, openOffice } from '../desk/office.ts'
import type { Office } from '../desk/office.ts'

describe.each(storages)('how a conversation stands, on %s', (kind) => {
  let place: Place
  let office: Office
  /** Another server, where there are several. */
  let other: Office
  beforeEach(async () => {
    place = await openPlace(kind)
    office = await openOffice(place)
    other = kind === 'redis' ? await nextDoor(office) : office
    await office.send('Hello')
  })
  afterEach(async () => {
    if (other !== office) await other.world.close()
    await office.world.close()
    await place.dispose()
  })

  const look = async (params: Record<string, string> = {}, at = other) => {
    const { conversationId } = office
    const response = await at.world.get('/conversation/history', { conversationId, ...params })
    expect(response.status).toBe(200)
    return (await response.json()) as HistoryPage
  }
  /** Waits after all that there is, as a chat does, and tells whether it waited in vain. */
  const wait = async (params: Record<string, string> = {}, seconds = 20) => {
    const { lastMessageId } = await look()
    const from = performance.now()
    const page = await look({ afterId: lastMessageId ?? '', wait: String(seconds), ...params })
    expect(page).toMatchObject({ messages: [], lastMessageId, hasMore: false })
    expect(page).not.toHaveProperty('activeTurn')
    return { page, inVain: performance.now() - from >= seconds * 1_000 - 50 }
  }

  it('tells whether it is resolved, and whoever waits as soon as that changes, wherever', async () => {
    const before = await look()
    expect(before).not.toHaveProperty('resolved')
    const resolving = wait({ known: '' })
    await office.done('resolve')
    expect(await resolving).toMatchObject({ page: { resolved: true }, inVain: false })
    expect(await look()).toEqual({ ...before, resolved: true })
    expect(await look({ limit: '1', beforeId: before.lastMessageId ?? '' })).toMatchObject({ resolved: true })

    // Who knows it already waits on, and who does not is told at once.
    expect(await wait({ known: 'resolved' }, 0.1)).toMatchObject({ page: { resolved: true }, inVain: true })
    expect(await wait({ known: '' })).toMatchObject({ page: { resolved: true }, inVain: false })
    expect(await wait({}, 0.1)).toMatchObject({ inVain: true })
    for (const known of ['canary', 'resolved;typing', 'resolved,canary']) {
      const response = await other.world.get('/conversation/history', { conversationId: 'x', known })
      expect([known, response.status]).toEqual([known, 400])
    }

    const reopening = wait({ known: 'resolved' })
    await office.done('reopen')
    expect((await reopening).page).not.toHaveProperty('resolved')

    // Who says nothing is told of what changes after the wait has begun, whenever that was.
    let isTold = false
    const told = wait().finally(() => (isTold = true))
    for (; !isTold; await office.done('reopen')) await office.done('resolve')
    expect(await told).toMatchObject({ inVain: false })
    await office.done('resolve')
    expect(await look()).toHaveProperty('resolved')
    // What is written opens it again.
    await office.send('One more thing')
    expect(await look()).not.toHaveProperty('resolved')
  })

  it('tells who is typing a reply, whoever waits at another server at once; of drafts and notes nothing', async () => {
    const before = await look()
    const beat = async (sign: object) => expect((await office.call('presence', sign)).status).toBe(204)
    const draftId = '0-0123456789abcdef'
    for (const known of ['', 'typing']) {
      // Somebody looks, writes a note, or changes the words of a draft.
      for (const sign of [{ typing: false }, { typing: true, draftId }, { typing: false, looking: false }]) {
        await beat(sign)
        expect(await look()).toEqual(before)
      }
      expect((await wait({ known: '' }, 0.05)).inVain).toBe(true)
      const waiting = wait({ known })
      if (known === '') await beat({ typing: true })
      const { page, inVain } = await waiting
      expect([page.typing, inVain]).toEqual([known === '' ? { name: 'Operator' } : undefined, false])
    }

    await beat({ typing: true })
    await expect.poll(look).toEqual({ ...before, typing: { name: 'Operator' } })
    expect(await wait({ known: 'typing' }, 0.05)).toMatchObject({
      page: { typing: { name: 'Operator' } },
      inVain: true,
    })
    const ending = wait({ known: 'typing' })
    await beat({ typing: false })
    expect((await ending).page).not.toHaveProperty('typing')
    expect(await office.records()).toHaveLength(2)
  })

  it('tells operators everywhere that the customer is typing, and keeps nothing', async () => {
    const { conversationId, world } = office
    const stored = await office.records()
    const feed = await listen(other.world)
    const type = async (isTyping: string, id = conversationId) =>
      (await world.post('/conversation/typing', { conversationId: id, isTyping })).status
    const key = conversationKey(world.integration.id, conversationId)
    const event = (isTyping: boolean) => ({
      ...{ type: 'typing', key, integrationId: world.integration.id, conversationId, isTyping },
    })
    const waiting = wait({ known: '' }, 1)
    const calls = { ...world.calls }
    for (const is of ['false', 'true', 'true', 'true']) expect(await type(is)).toBe(204)
    await expect.poll(feed.told).toEqual([event(true)])
    const late = await listen(other.world)
    expect(await type('false')).toBe(204)
    await expect.poll(feed.told).toEqual([event(true), event(false)])
    await expect.poll(late.told).toEqual([event(true), event(false)])
    // One look whether there is such a conversation; nothing is stored, and nobody who waits is woken.
    expect((await waiting).inVain).toBe(true)
    expect(world.calls['append']).toBe(calls['append'])
    expect(await office.records()).toEqual(stored)

    expect(await type('true', 'nobody')).toBe(204)
    for (const is of ['', 'yes', '1']) expect([is, await type(is)]).toEqual([is, 400])
    let refused = 0
    for (let n = 0; n < 130 && !refused; n++) refused += Number((await type(n % 2 ? 'true' : 'false')) === 429)
    expect(refused).toBe(1)
    expect(feed.told().filter((each) => each.key !== key)).toEqual([])
    await Promise.all([feed.leave(), late.leave()])
  })
})

it.each(storages)('forgets in a while who was typing, at every server, on %s', async (kind) => {
  const place = await openPlace(kind)
  const log = await place.open()
  const second = kind === 'redis' ? await place.open() : log
  const told: boolean[][] = [[], []]
  const open = (on: ConversationLog, heard: boolean[] = []) =>
    createVisitorTyping({ log: on, lifeMs: 300, tell: ({ isTyping }) => void heard.push(isTyping) })
  const [here, there] = [open(log, told[0]), open(second, told[1])]
  const key = conversationKey('int_1', 'customer-1')
  expect(await here.sign(key, true)).toBe(false)
  await log.append(key, 'public', { actor: 'customer', type: 'message', body: 'Hello' })
  expect(await here.sign(key, true)).toBe(true)
  await expect.poll(() => told).toEqual([[true, false], kind === 'redis' ? [true, false] : []])
  expect([here.all(), there.all()]).toEqual([[], []])
  here.close()
  there.close()
  await log.close()
  if (second !== log) await second.close()
  await place.dispose()
})

/** What a feed of a server tells of customers who type. */
async function listen({ lumika }: World) {
  const headers = { authorization: `Bearer ${operatorKey}` }
  const response = await lumika.fetch(new Request('http://localhost:3000/api/activities/live', { headers }))
  const seen: { type: string; key?: string }[] = []
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  void (async () => {
    for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) {
      for (const [, data = ''] of step.value.matchAll(/^data: (.*)$/gm)) seen.push(JSON.parse(data) as { type: string })
    }
  })()
  await expect.poll(() => seen[0]).toEqual({ type: 'ready' })
  return { told: () => seen.filter(({ type }) => type === 'typing'), leave: () => reader?.cancel() }
}
