/** How much an integration is used. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createUsage } from '../../../server/limits/usage.ts'
import type { Usage } from '../../../server/limits/usage.ts'
import { silentLogger } from '../../../server/logger.ts'
import { ResponderError } from '../../../server/responders/responder.ts'
import { LogError } from '../../../server/storage/log.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { spyResponder } from '../../helpers/responder.ts'
import { allEvents } from '../../helpers/sse.ts'
import { openPlace, openWorld, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { ask, usage } from './api.ts'

const dayMs = 86_400_000
const none = {
  ...{ messages: 0, answers: 0, calls: 0, failures: 0 },
  ...{ thumbsUp: 0, thumbsDown: 0, scores: 0, scoreSum: 0 },
}

describe.each(storages)('usage, on %s', (kind) => {
  let place: Place
  let clock = Date.parse('2026-05-30T12:00:00Z')
  const now = () => clock
  const open: World[] = []
  const keep = (world: World) => (open.push(world), world)
  beforeAll(async () => (place = await openPlace(kind)))
  afterEach(async () => {
    for (const world of open.splice(0)) await world.close()
  })
  afterAll(() => place.dispose())

  const responder = () =>
    spyResponder(function* ({ text }) {
      if (text === 'fail') throw new ResponderError('responder_failed', 'It failed.')
      if (text !== 'silence') yield 'An answer.'
      if (text === 'break') throw new ResponderError('responder_interrupted', 'It broke off.')
    })
  const send = async (world: World, textContent: string, clientMessageId = `key-of-the-message-${textContent}`) =>
    allEvents(await world.post('/conversation/sse', { conversationId: 'customer-1', textContent, clientMessageId }))

  it('counts messages, calls, answers and failures, each once, and what is left of the budget', async () => {
    const world = keep(await openWorld(place, { now, responder: responder(), integration: { answersPerDay: 4 } }))
    expect(await usage(world, 1)).toEqual({ days: [{ day: '2026-05-30', ...none }], budget: { limit: 4, used: 0 } })
    for (const text of ['hello', 'hello', 'fail', 'silence', 'break', 'enough']) await send(world, text)
    const today = { day: '2026-05-30', ...none, messages: 5, calls: 4, answers: 1, failures: 2 }
    expect(await usage(world, 2)).toEqual({
      days: [{ day: '2026-05-29', ...none }, today],
      budget: { limit: 4, used: 4 },
    })

    clock += dayMs
    await send(world, 'again')
    const { days, budget } = await usage(world)
    expect(days).toHaveLength(30)
    expect(days.slice(-2)).toEqual([today, { day: '2026-05-31', ...none, messages: 1, calls: 1, answers: 1 }])
    expect(budget).toEqual({ limit: 4, used: 1 })
  })

  it('G2: outlives a restart, and goes with the integration', async () => {
    const world = await openWorld(place, { now, responder: responder() })
    await send(world, 'hello')
    await world.close()
    const next = await world.another({ responder: responder() })
    await send(next, 'another')
    const { days } = await usage(next, 1)
    expect(days[0]).toMatchObject({ messages: 2, calls: 2, answers: 2 })
    const { id } = next.integration
    expect((await ask(next, 'DELETE', `/${id}`)).status).toBe(204)
    await next.close()
    const log = await place.open()
    const day = new Date(clock).toISOString().slice(0, 10)
    for (const name of ['', `.${day}`, `.${day.slice(0, 7)}`])
      expect((await log.before(`~usage.${id}${name}`, 'private', null, 1)).entries).toEqual([])
    await log.close()
  })

  it('asks for a number of days that makes sense', async () => {
    const world = keep(await openWorld(place, { now }))
    for (const days of ['0', '401', '-1', '1.5', 'x', '']) {
      expect([days, (await ask(world, 'GET', `/${world.integration.id}/usage?days=${days}`)).status]).toEqual([
        days,
        400,
      ])
    }
    expect((await ask(world, 'GET', '/int_none/usage')).status).toBe(404)
    expect((await usage(world, 400)).days).toHaveLength(400)
  })
})

describe.each(storages)('what usage stores, on %s', (kind) => {
  let place: Place
  let log: ConversationLog
  let clock: number
  const open: Usage[] = []
  beforeAll(async () => {
    place = await openPlace(kind)
    log = await place.open()
  })
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close()
  })
  afterAll(async () => {
    await log.close()
    await place.dispose()
  })

  const opened = (id: string, on: ConversationLog = log): Usage => {
    const made = createUsage({ log: on, logger: silentLogger, now: () => clock, integrationIds: () => [id] })
    open.push(made)
    return made
  }
  const lengthOf = async (name: string) => (await log.before(name, 'private', null, 500)).entries.length

  it('is one entry for each day that is over, found again for 400 days, and then gone', async () => {
    clock = Date.parse('2026-01-15T12:00:00Z')
    const all = opened('int_long')
    for (let day = 0; day < 70; day++) {
      for (let n = 0; n <= day; n++) all.count('int_long', 'messages')
      await all.days('int_long', 1)
      all.count('int_long', 'calls')
      await all.days('int_long', 1)
      clock += dayMs
    }
    clock -= dayMs
    const days = await all.days('int_long', 71)
    expect(days.map(({ messages, calls }) => [messages, calls])).toEqual([
      [0, 0],
      ...Array.from({ length: 70 }, (_, day) => [day + 1, 1]),
    ])
    // Both entries of each day of February; what was counted within them is gone.
    expect(await lengthOf('~usage.int_long.2026-02')).toBe(56)
    expect(await lengthOf('~usage.int_long.2026-02-10')).toBe(0)
    expect(await lengthOf('~usage.int_long.2026-03-25')).toBe(2)

    clock = Date.parse('2027-03-20T12:00:00Z')
    all.count('int_long', 'messages')
    const later = await all.days('int_long', 400)
    const counted = later.filter(({ messages }) => messages > 0).map(({ day }) => day)
    expect([counted[0], counted.length]).toEqual(['2026-02-14', 41])
    expect(await lengthOf('~usage.int_long.2026-01')).toBe(0)

    // However long nothing was counted.
    clock = Date.parse('2031-01-01T12:00:00Z')
    all.count('int_long', 'messages')
    await all.days('int_long', 1)
    for (const month of ['2026-02', '2026-03', '2027-03', '2027-03-20']) {
      expect([month, await lengthOf(`~usage.int_long.${month}`)]).toEqual([month, 0])
    }
  })

  it('adds to what an earlier version has counted, which knew less', async () => {
    clock = Date.parse('2026-06-01T12:00:00Z')
    const earlier = { messages: 2, answers: 1, calls: 1, failures: 0 }
    await log.append('~usage.int_old.2026-06', 'private', { day: '2026-06-01' }, { keys: ['begun:2026-06-01'] })
    await log.append('~usage.int_old.2026-06-01', 'private', earlier)
    const all = opened('int_old')
    expect(await all.days('int_old', 1)).toEqual([{ day: '2026-06-01', ...none, ...earlier }])
    all.count('int_old', 'scoreSum', 4)
    expect(await all.days('int_old', 1)).toEqual([{ day: '2026-06-01', ...none, ...earlier, scoreSum: 4 }])
  })

  it('counts once what it had to store twice, and loses nothing while the storage is away', async () => {
    clock = Date.parse('2026-06-01T12:00:00Z')
    let mode: 'fine' | 'away' | 'lost' = 'fine'
    const away = () => new LogError('storage_unavailable', 'It is away.')
    const shaky: ConversationLog = {
      ...log,
      shared: log.shared,
      async append(...given) {
        if (mode === 'away') throw away()
        const appended = await log.append(...(given as Parameters<typeof log.append>))
        if (mode === 'lost') throw away()
        return appended as never
      },
    }
    const all = opened('int_shaky', shaky)
    all.count('int_shaky', 'messages')
    mode = 'away'
    await expect(all.days('int_shaky', 1)).rejects.toThrow('It is away.')
    all.count('int_shaky', 'messages')
    mode = 'lost'
    for (let n = 0; n < 3; n++) await expect(all.days('int_shaky', 1)).rejects.toThrow('It is away.')
    all.count('int_shaky', 'messages')
    mode = 'fine'
    expect((await all.days('int_shaky', 1))[0]?.messages).toBe(3)
  })

  it('counts on at midnight what was not stored by then', async () => {
    clock = Date.parse('2026-07-01T23:59:59Z')
    const all = opened('int_night')
    all.count('int_night', 'messages')
    clock += 2_000
    all.count('int_night', 'messages')
    expect((await all.days('int_night', 2)).map(({ messages }) => messages)).toEqual([1, 1])
  })
})

describe('two replicas', () => {
  it('add up', async () => {
    const place = await openPlace('redis')
    const one = await openWorld(place)
    const two = await one.another()
    const send = (world: World, n: number) =>
      world.post('/conversation/sse', { conversationId: `customer-${n}`, textContent: 'Hello' }).then(allEvents)
    await Promise.all([...Array(12).keys()].map((n) => send(n % 2 ? one : two, n)))
    await usage(one, 1)
    for (const world of [two, one]) {
      expect((await usage(world, 1)).days[0]).toMatchObject({ messages: 12, calls: 12, answers: 12, failures: 0 })
    }
    await one.close()
    await two.close()
    await place.dispose()
  })
})
