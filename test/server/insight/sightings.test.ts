/** Where the chat was seen, and which pages were refused. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createSightings } from '../../../server/access/sightings.ts'
import { silentLogger } from '../../../server/logger.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { openPlace, openWorld, storages } from '../../helpers/world.ts'
import type { Place, World, WorldOptions } from '../../helpers/world.ts'
import { ask, sightings } from './api.ts'

const shop: WorldOptions = { integration: { kind: 'widget', allowedDomains: ['shop.example', '*.shop.example'] } }
const visit = async (world: World, origin: string, headers: Record<string, string> = {}) =>
  (await world.get('/widget/config', {}, { origin, ...headers })).status
const origins = ({ origin }: { origin: string }) => origin

describe.each(storages)('sightings, on %s', (kind) => {
  let place: Place
  let clock = Date.parse('2026-05-01T12:00:00Z')
  const now = () => clock
  const open: World[] = []
  const keep = (world: World) => (open.push(world), world)
  beforeAll(async () => (place = await openPlace(kind)))
  afterEach(async () => {
    for (const world of open.splice(0)) await world.close()
  })
  afterAll(() => place.dispose())

  it('tell where the chat was seen, and who was refused for what reason; a refusal ends with the list', async () => {
    const world = keep(await openWorld(place, { ...shop, now }))
    expect(await sightings(world)).toEqual({ seen: [], refused: [] })
    expect(await visit(world, 'https://shop.example')).toBe(200)
    clock += 60_000
    const at = new Date(clock).toISOString()
    expect(await visit(world, 'https://www.shop.example')).toBe(200)
    for (const origin of ['https://other.example', 'http://shop.example', 'null']) {
      expect(await visit(world, origin)).toBe(403)
      clock += 1_000
    }
    const preflight = new Request(`http://localhost:3000/widget/config?integrationToken=${world.token}`, {
      method: 'OPTIONS',
      headers: { origin: 'https://early.example', 'access-control-request-method': 'GET' },
    })
    expect((await world.lumika.fetch(preflight)).status).toBe(204)
    const told = await sightings(world)
    expect(told.seen).toEqual([
      { origin: 'https://www.shop.example', firstSeenAt: at, lastSeenAt: at },
      {
        origin: 'https://shop.example',
        firstSeenAt: '2026-05-01T12:00:00.000Z',
        lastSeenAt: '2026-05-01T12:00:00.000Z',
      },
    ])
    expect(told.refused.map(({ origin, reason }) => [origin, reason])).toEqual([
      ['https://early.example', 'not_listed'],
      ['null', 'opaque'],
      ['http://shop.example', 'http'],
      ['https://other.example', 'not_listed'],
    ])
    const { id, allowedDomains } = world.integration
    await ask(world, 'PATCH', `/${id}`, { allowedDomains: [...allowedDomains, 'other.example', 'http://shop.example'] })
    expect((await sightings(world)).refused.map(origins)).toEqual(['https://early.example', 'null'])
  })

  it('hold origins and nothing else, however they are written', async () => {
    const world = keep(await openWorld(place, { ...shop, now }))
    const wrong = ['https://a.example/path?q=secret', 'https://user:pass@a.example', 'HTTPS://A.example', '', 'x']
    for (const origin of [...wrong, `https://${'a'.repeat(300)}.example`]) expect(await visit(world, origin)).toBe(403)
    expect(await sightings(world)).toEqual({ seen: [], refused: [] })
    await world.get('/conversation/history', {}, { referer: 'https://evil.example/path?q=secret' })
    await world.get('/conversation/history', {}, { 'sec-fetch-site': 'cross-site' })
    expect((await sightings(world)).refused.map(origins)).toEqual(['https://evil.example'])
  })

  it('G12: hold the latest 20 of each kind, whatever is sent', async () => {
    const world = keep(await openWorld(place, { ...shop, now }))
    const numbers = [...Array(50).keys()]
    for (const n of numbers) {
      clock += 1_000
      await visit(world, `https://a${n}.shop.example`)
      await visit(world, `https://a${n}.evil.example`)
    }
    const latest = numbers.slice(-20).toReversed()
    const { seen, refused } = await sightings(world)
    expect(seen.map(origins)).toEqual(latest.map((n) => `https://a${n}.shop.example`))
    expect(refused.map(origins)).toEqual(latest.map((n) => `https://a${n}.evil.example`))
  })

  it('G2: where it was seen outlives a restart, and goes with the integration', async () => {
    const world = await openWorld(place, { ...shop, now })
    await visit(world, 'https://shop.example')
    await visit(world, 'https://evil.example')
    const { seen } = await sightings(world)
    await world.close()
    const next = await world.another()
    expect(await sightings(next)).toEqual({ seen, refused: [] })
    clock += 3_600_000
    await visit(next, 'https://shop.example')
    const [only] = (await sightings(next)).seen
    expect(only).toEqual({ ...seen[0], lastSeenAt: new Date(clock).toISOString() })
    const { id } = next.integration
    expect((await ask(next, 'DELETE', `/${id}`)).status).toBe(204)
    await next.close()
    const log = await place.open()
    const year = new Date(clock).getUTCFullYear()
    expect((await log.before(`~sightings.${id}.${year}`, 'private', null, 1)).entries).toEqual([])
    await log.close()
  })
})

describe('what sightings store', () => {
  let place: Place
  let log: ConversationLog
  const integration = { id: 'int_abc', allowedDomains: [] as string[], kind: 'widget' } as never
  beforeAll(async () => {
    place = await openPlace('memory')
    log = await place.open()
  })
  afterAll(() => place.dispose())

  /** Sightings on a log whose calls are counted, with a clock. */
  function watched(id: string) {
    const appended = vi.fn(log.append.bind(log))
    const state = { clock: Date.parse('2026-12-30T12:00:00Z') }
    const all = createSightings({
      log: { ...log, append: appended as never },
      logger: silentLogger,
      now: () => state.clock,
      integrationIds: () => [id],
      flushMs: 5,
    })
    return { all, appended, state, settled: () => vi.waitFor(() => expect(appended).toHaveBeenCalled()) }
  }

  it('G7: a flood of refusals stores nothing, now or later', async () => {
    const { all, appended } = watched('int_flood')
    for (let n = 0; n < 10_000; n++) all.note('int_flood', `https://a${n}.example`, false)
    // The next origin that is let in is stored in a later round than whatever the refusals might have caused.
    all.note('int_flood', 'https://shop.example', true)
    await vi.waitFor(() => expect(appended).toHaveBeenCalledOnce())
    expect(JSON.stringify(appended.mock.calls)).not.toContain('https://a')
    await all.close()
  })

  it('a new origin is stored at once, times once a day, and years are left behind', async () => {
    const { all, appended, state } = watched('int_abc')
    const rounds = async (count: number) => {
      for (let n = 0; n < count; n++) {
        state.clock += 60_000
        all.note('int_abc', 'https://shop.example', true)
        await new Promise((resolve) => setTimeout(resolve, 6))
      }
    }
    all.note('int_abc', 'https://shop.example', true)
    await vi.waitFor(() => expect(appended).toHaveBeenCalledTimes(1))
    await rounds(10)
    expect(appended).toHaveBeenCalledTimes(1)
    all.note('int_abc', 'https://www.shop.example', true)
    await vi.waitFor(() => expect(appended).toHaveBeenCalledTimes(2))
    state.clock += 3 * 24 * 3_600_000
    all.note('int_abc', 'https://shop.example', true)
    await vi.waitFor(() => expect(appended).toHaveBeenCalledTimes(3))
    await all.close()
    expect((await log.before('~sightings.int_abc.2027', 'private', null, 1)).entries[0]?.value).toMatchObject({
      seen: [{ origin: 'https://shop.example' }, { origin: 'https://www.shop.example' }],
    })
    const next = watched('int_abc')
    next.state.clock = state.clock
    const { seen } = await next.all.of(integration)
    expect(seen[0]?.firstSeenAt).toBe('2026-12-30T12:00:00.000Z')
    await next.all.close()
  })
})

describe('two replicas', () => {
  let place: Place
  let worlds: World[]
  beforeAll(async () => {
    place = await openPlace('redis')
    const first = await openWorld(place, shop)
    worlds = [first, await first.another()]
  })
  afterAll(async () => {
    for (const world of worlds) await world.close()
    await place.dispose()
  })

  it('tell what the other one has seen and refused, before anything is stored', async () => {
    const [one, two] = worlds as [World, World]
    await visit(one, 'https://shop.example')
    await visit(two, 'https://evil.example')
    for (const world of worlds) {
      await vi.waitFor(async () => {
        const { seen, refused } = await sightings(world)
        expect([seen.map(origins), refused.map(origins)]).toEqual([['https://shop.example'], ['https://evil.example']])
      })
    }
  })
})
