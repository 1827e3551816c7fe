/** How a conversation stands, as whoever waits in it is told: whether somebody types a reply, whether it is resolved. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import { openPlace, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
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
    other = await nextDoor(office)
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
})
