/** F100: a conversation of 100,000 messages is read like a short one. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { allEvents, eventOf } from '../../helpers/sse.ts'
import { openWorld, storages } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'
import { openOwnPlace } from './own-place.ts'
import type { OwnPlace } from './own-place.ts'
import { watchPlace } from './watched.ts'
import type { WatchedPlace } from './watched.ts'

const size = 100_000
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `${from + n}`)

vi.setConfig({ testTimeout: 20_000, hookTimeout: 60_000 })

describe.each(storages)('F100: 100,000 messages, on %s', (kind) => {
  let own: OwnPlace
  let place: WatchedPlace
  let world: World
  beforeAll(async () => {
    own = await openOwnPlace(kind)
    place = watchPlace(own)
    const first = await openWorld(place)
    await first.close()
    await own.fill(conversationKey(first.integration.id, 'short'), 300)
    await own.fill(conversationKey(first.integration.id, 'long'), size)
    world = await first.another()
  }, 120_000)
  afterAll(async () => {
    await world.close()
    await own.dispose()
  })

  /** A page, and what it cost. */
  async function read(params: Record<string, string>) {
    const asked = place.asked.length
    const fetched = await own.fetched()
    const response = await world.get('/conversation/history', params)
    expect(response.status).toBe(200)
    const { messages, ...rest } = (await response.json()) as HistoryPage
    const cost = (await own.fetched()) - fetched
    return { ...rest, messages, bodies: messages.map(({ body }) => body), asked: place.asked.slice(asked), cost }
  }

  it('the first page after a start costs what it costs in a conversation of 300', async () => {
    const short = await read({ conversationId: 'short' })
    const long = await read({ conversationId: 'long' })
    expect(short.bodies).toEqual(numbers(250, 300))
    expect(long.bodies).toEqual(numbers(size - 50, size))
    expect(long.hasMore).toBe(true)
    expect(long.asked).toEqual(short.asked)
    expect(long.cost).toBeLessThan(2 * short.cost + 10_000)
  })

  it('polls and pages further back are right', async () => {
    const newest = await read({ conversationId: 'long', limit: '200' })
    expect(newest.bodies).toEqual(numbers(size - 200, size))
    const before = await read({ conversationId: 'long', limit: '200', beforeId: newest.messages[0]?.id ?? '' })
    expect(before.bodies).toEqual(numbers(size - 400, size - 200))
    expect(before.hasMore).toBe(true)
    const after = await read({ conversationId: 'long', limit: '3', afterId: before.messages[10]?.id ?? '' })
    expect(after.bodies).toEqual(numbers(size - 389, size - 386))
    const poll = await read({ conversationId: 'long', afterId: newest.lastMessageId ?? '' })
    expect(poll).toMatchObject({ messages: [], lastMessageId: newest.lastMessageId, hasMore: false })
  })

  it('with an answer just given, the first page and a poll still cost the same', async () => {
    const send = async (conversationId: string) => {
      const events = await allEvents(await world.get('/conversation/sse', { conversationId, textContent: 'Hello' }))
      return eventOf(events, 'done').lastMessageId
    }
    const [shortEnd, longEnd] = [await send('short'), await send('long')]
    const short = await read({ conversationId: 'short' })
    const long = await read({ conversationId: 'long' })
    expect(long.bodies).toEqual([...numbers(size - 48, size), 'Hello', 'You said: Hello'])
    expect(long.asked).toEqual(short.asked)
    expect(long.cost).toBeLessThan(2 * short.cost + 10_000)
    const shortPoll = await read({ conversationId: 'short', afterId: shortEnd })
    const longPoll = await read({ conversationId: 'long', afterId: longEnd })
    expect(longPoll.bodies).toEqual([])
    expect(longPoll.asked).toEqual(shortPoll.asked)
    expect(longPoll.cost).toBeLessThan(2 * shortPoll.cost + 10_000)
  })
})
