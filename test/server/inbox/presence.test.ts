/** Who looks at a conversation, and who is typing: told to everybody, on every server, and gone by itself. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { createPresence } from '../../../server/conversations/presence.ts'
import type { PresenceEvent } from '../../../server/conversations/presence.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { nextDoor, openOffice } from '../desk/office.ts'
import type { Office } from '../desk/office.ts'

/** What a feed of a server tells of presence. */
async function listen(world: World) {
  const headers = { authorization: `Bearer ${operatorKey}` }
  const response = await world.lumika.fetch(new Request('http://localhost:3000/api/activities/live', { headers }))
  const seen: (PresenceEvent | { type: 'ready' })[] = []
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  void (async () => {
    for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) {
      for (const [, data = ''] of step.value.matchAll(/^data: (.*)$/gm)) seen.push(JSON.parse(data) as PresenceEvent)
    }
  })()
  await expect.poll(() => seen[0]).toEqual({ type: 'ready' })
  return { told: () => seen.filter(({ type }) => type === 'presence'), leave: () => reader?.cancel() }
}

describe.each(storages)('presence, on %s', (kind) => {
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

  it('is told when somebody comes and types, at another server, and to who comes later', async () => {
    const other = kind === 'redis' ? await nextDoor(office) : office
    await office.send('Hello')
    const before = await office.records()
    const feed = await listen(other.world)
    const beat = async (typing: boolean) => expect((await office.call('presence', { typing })).status).toBe(204)
    const event = (typing: boolean) => ({
      type: 'presence',
      key: conversationKey(office.world.integration.id, office.conversationId),
      integrationId: office.world.integration.id,
      conversationId: office.conversationId,
      operators: [{ id: 'operator-key', name: 'Operator', typing }],
    })
    await beat(false)
    await expect.poll(feed.told).toEqual([event(false)])
    // Another sign of life is no news.
    await beat(false)
    await beat(true)
    await expect.poll(feed.told).toEqual([event(false), event(true)])
    const late = await listen(other.world)
    await expect.poll(late.told).toEqual([event(true)])
    // The draft whose words somebody changes; and whoever says so is gone at once.
    const draftId = '0-0123456789abcdef'
    const editing = { ...event(true), operators: [{ ...event(true).operators[0], draftId }] }
    expect((await office.call('presence', { typing: true, draftId })).status).toBe(204)
    await expect.poll(late.told).toEqual([event(true), editing])
    expect((await office.call('presence', { typing: false, looking: false })).status).toBe(204)
    const course = [event(true), editing, { ...event(false), operators: [] }]
    await expect.poll(late.told).toEqual(course)
    await expect.poll(feed.told).toEqual([event(false), ...course])
    expect(await office.records()).toEqual(before)
    await Promise.all([feed.leave(), late.leave()])
    if (other !== office) await other.world.close()
  })

  it('takes nothing but what it knows', async () => {
    for (const body of [{}, { typing: 'yes' }, { typing: true, name: 'Somebody else' }]) {
      expect((await office.call('presence', body)).status).toBe(400)
    }
  })
})

it.each(storages)('ends by itself, for every process, on %s', async (kind) => {
  const place = await openPlace(kind)
  const log = await place.open()
  const second = kind === 'redis' ? await place.open() : log
  const told: string[][] = [[], []]
  const options = (heard: string[]) => ({
    now: Date.now,
    lifeMs: 300,
    tell: ({ operators }: PresenceEvent) => void heard.push(operators.map(({ name }) => name).join()),
  })
  const here = createPresence({ log, ...options(told[0] as string[]) })
  const there = createPresence({ log: second, ...options(told[1] as string[]) })
  const key = conversationKey('int_1', 'customer-1')
  await here.beat(key, { id: 'a', name: 'Ana' }, { typing: false })
  await here.beat(key, { id: 'b', name: 'Ben' }, { typing: true })
  const course = ['Ana', 'Ana,Ben', 'Ben', '']
  await expect.poll(() => told[0]).toEqual(course)
  if (kind === 'redis') await expect.poll(() => told[1]).toEqual(course)
  expect([here.all(), there.all()]).toEqual([[], []])
  here.close()
  there.close()
  await log.close()
  if (second !== log) await second.close()
  await place.dispose()
})
