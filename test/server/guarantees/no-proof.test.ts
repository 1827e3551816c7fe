/** G6: without proof nobody learns whether a conversation exists: not by an answer, and not by its time. */
import { createHmac, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { CreatedToken } from '../../../server/access/registry.ts'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { allEvents, eventOf } from '../../helpers/sse.ts'
import { openPlace, openWorld, storages } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'
import { watchPlace } from '../wire/watched.ts'
import type { WatchedPlace } from '../wire/watched.ts'
import { FAIR, PROBES, compare } from './timing.ts'
import type { Comparison } from './timing.ts'

vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 })

type Params = Record<string, string>

describe.each(storages)('G6: a conversation without proof, on %s', (kind) => {
  let place: WatchedPlace
  let world: World
  let shop: CreatedToken
  /** A turn of a conversation that exists. */
  let turnId: string
  /**
   * Capability ids: some are in use, under another integration; some were never heard of. None is asked for twice: where an
   * id lands on a disk has a time of its own, which would weigh more with every turn of a short list.
   */
  const used = freshIds()
  const unused = freshIds()
  beforeAll(async () => {
    place = watchPlace(await openPlace(kind))
    // In the other integration only people answer: ten thousand conversations are one record each.
    const limits = { messagesPerIntegration: Infinity }
    world = await openWorld(place, { integration: { responder: null }, limits })
    shop = await world.lumika.registry.create({ name: 'Shop', kind: 'widget' })
    const userHash = hashOf('customer-42')
    const params = { integrationToken: shop.token, conversationId: 'customer-42', userHash, textContent: 'Hello' }
    turnId = eventOf(await allEvents(await world.post('/conversation/sse', params)), 'ack').turnId
    const use = async (conversationId: string) =>
      allEvents(await world.post('/conversation/sse', { conversationId, textContent: 'Hello' }))
    for (let start = 0; start < used.length; start += 50) await Promise.all(used.slice(start, start + 50).map(use))
  })
  afterAll(async () => {
    await world.close()
    await place.dispose()
  })

  const hashOf = (id: string) => {
    const { secret = '' } = shop.integration.identitySecrets[0] ?? {}
    return createHmac('sha256', secret).update(`${shop.integration.id}\n${id}`).digest('hex')
  }

  /** What was answered, without the id that was asked for. */
  const answers = new Set<string>()

  /** A request, as a function of the round. */
  function probe(
    ask: 'get' | 'post',
    path: string,
    paramsOf: (round: number) => Params,
  ): (round: number) => Promise<void> {
    return async (round) => {
      const response = await world[ask](path, { integrationToken: shop.token, ...paramsOf(round) })
      const { conversationId = '' } = paramsOf(round)
      answers.add(`${response.status} ${(await response.text()).replaceAll(conversationId, '<id>')}`)
    }
  }
  async function expectAlike(comparison: Promise<Comparison>): Promise<void> {
    answers.clear()
    const { z, median } = await comparison
    expect(answers.size).toBe(1)
    expect(Math.abs(z)).toBeLessThan(FAIR)
    expect(Math.abs(median)).toBeLessThan(1)
  }

  it.each<['get' | 'post', string, Params]>([
    ['get', '/conversation/history', {}],
    ['get', '/conversation/history', { userHash: '0'.repeat(64) }],
    ['get', '/conversation/sse', { textContent: 'Hello' }],
    ['post', '/conversation/sse', { textContent: 'Hello' }],
  ])('G6, I53: %s %s %j takes as long whether the id of somebody else exists or not', async (ask, path, more) => {
    const asked = place.asked.length
    const probeOf = (conversationId: string) => probe(ask, path, () => ({ conversationId, ...more }))
    await expectAlike(compare(probeOf('customer-42'), probeOf('customer-43')))
    expect(place.asked).toHaveLength(asked)
  })

  it('G6, I53: a resume and a stop take as long whether the turn exists or not', async () => {
    const asked = place.asked.length
    const resume = (turn: string) =>
      probe('get', '/conversation/sse', () => ({ conversationId: 'customer-42', lastEventId: `${turn}.0` }))
    await expectAlike(compare(resume(turnId), resume(`t${'0'.repeat(22)}`)))
    const stop = (turn: string) =>
      probe('post', '/conversation/stop', () => ({ conversationId: 'customer-42', turnId: turn }))
    await expectAlike(compare(stop(turnId), stop(`t${'0'.repeat(22)}`)))
    expect(place.asked).toHaveLength(asked)
  })

  it('G6, I63: a capability id that was never used is answered as one that is used elsewhere', async () => {
    const read = (ids: string[]) =>
      probe('get', '/conversation/history', (round) => ({ conversationId: ids[round] ?? '' }))
    await expectAlike(compare(read(used), read(unused)))
  })

  it('G6: the measure tells one look at the storage', async () => {
    const name = conversationKey(shop.integration.id, 'customer-42')
    const refused = probe('get', '/conversation/history', () => ({ conversationId: 'customer-42' }))
    const { z } = await compare(async (round) => {
      await place.log.find(name, 'turn:none')
      await refused(round)
    }, refused)
    expect(z).toBeGreaterThan(FAIR)
  })
})

const freshIds = (): string[] => Array.from({ length: PROBES }, () => `c_${randomBytes(16).toString('base64url')}`)
