/** Drafts that nobody decides about in time: they go out by themselves, or an apology does, once, whoever else decides. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Overdue } from '../../../server/access/integration.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { LogError } from '../../../server/storage/log.ts'
import { spyResponder } from '../../helpers/responder.ts'
import { openPlace, openWorld, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { officeOf, openOffice } from './office.ts'
import type { Office } from './office.ts'

const minute = 60_000
const patience = { timeout: 15_000 }

describe.each(storages)('drafts that nobody decides about, on %s', (kind) => {
  let place: Place
  let office: Office
  let clock = 0
  let looks = 0
  const now = () => Date.now() + clock

  const open = async (overdue: Overdue, at = place, more: object = {}) => {
    office = await openOffice(
      at,
      { responseMode: 'approval', overdue },
      spyResponder(({ text }) => [`Re: ${text}`]),
      {
        ...{ now, sweepMs: 50 },
        ...more,
      },
    )
    return office
  }
  const counted = (log: ConversationLog): ConversationLog => ({
    ...log,
    recent(options) {
      if (options?.label === 'draft') looks++
      return log.recent(options)
    },
  })
  /** Waits until the sweeper has looked at everything twice at least, at the present time. */
  const sweeps = async () => {
    const before = looks
    await expect.poll(() => looks, patience).toBeGreaterThan(before + 2)
  }
  beforeEach(async () => {
    clock = 0
    const own = await openPlace(kind)
    place = { ...own, open: async () => counted(await own.open()) }
  })
  afterEach(async () => {
    await office.world.close()
    await place.dispose()
  })

  it('go out in their order when their time is up, in the name of nobody, and not before', async () => {
    await open({ afterMinutes: 10, action: 'release' })
    for (const text of ['one', 'two']) await office.send(text)
    const [draft] = await office.drafts(2)
    clock = 9 * minute
    await sweeps()
    expect(await office.bodies()).toEqual(['one', 'two'])
    clock = 11 * minute
    await expect.poll(office.bodies, patience).toEqual(['one', 'two', 'Re: one', 'Re: two'])
    const released = (await office.records()).filter((record) => 'approval' in record)
    expect(released[0]).toMatchObject({ approval: { draftId: draft?.id, by: null, isEdited: false } })
    expect(Object.keys((await office.messages())[2] ?? {})).toEqual(['id', 'actor', 'type', 'body', 'createdAt'])
    expect(await office.activity()).toMatchObject({ state: 'answered', draftWaiting: false })
    expect((await office.call(`drafts/${draft?.id}/reject`)).status).toBe(409)
  })

  it('are apologised for once, until a person has spoken, and stay for the team', async () => {
    await open({ afterMinutes: 10, action: 'apologise', text: 'One moment, please.' })
    await office.send('one')
    await office.send('two')
    const [draft] = await office.drafts(2)
    clock = 11 * minute
    await expect.poll(office.bodies, patience).toEqual(['one', 'two', 'One moment, please.'])
    await sweeps()
    expect(await office.bodies()).toHaveLength(3)
    expect(await office.listed('draft')).toMatchObject([{ state: 'waiting', draftWaiting: true }])
    expect((await office.records()).find((record) => 'apology' in record)).toMatchObject({
      apology: { draftId: draft?.id },
    })
    await office.done(`drafts/${draft?.id}/approve`)
    await office.send('three')
    await office.drafts(3)
    clock = 25 * minute
    await expect.poll(office.bodies, patience).toEqual(expect.arrayContaining(['three', 'One moment, please.']))
    await expect.poll(async () => (await office.bodies()).at(-1), patience).toBe('One moment, please.')
  })

  it('stay where a person has spoken since, or is to speak next', async () => {
    await open({ afterMinutes: 1, action: 'release' })
    await office.send('one')
    await office.drafts(1)
    await office.done('messages', { body: 'I see to it.' })
    const second = officeOf(office.world, 'customer-taken', place)
    await second.send('two')
    await second.drafts(1)
    await second.done('takeover')
    clock = 5 * minute
    await sweeps()
    expect(await office.bodies()).toEqual(['one', 'I see to it.'])
    expect(await second.bodies()).toEqual(['two'])
    await second.done('handback')
    await expect.poll(second.bodies, patience).toEqual(['two', 'Re: two'])
  })

  it('F98: go out once, however many servers look and people press at that moment', async () => {
    await open({ afterMinutes: 1, action: 'release' })
    const others = kind === 'fs' ? [] : await Promise.all([office.world.another(), office.world.another()])
    for (let round = 0; round < 4; round++) {
      const each = officeOf(office.world, `customer-race-${round}`, place)
      await each.send('one')
      const [draft] = await each.drafts(1)
      clock += 2 * minute
      const press =
        round % 2
          ? each.call(`drafts/${draft?.id}/approve`)
          : each.call(`drafts/${draft?.id}/approve`, { body: 'Mine' })
      const { status } = await press
      await expect.poll(each.bodies, patience).toHaveLength(2)
      await sweeps()
      const bodies = await each.bodies()
      expect(bodies).toHaveLength(2)
      if (round % 2 === 0) expect([status, bodies[1]]).toEqual(status === 200 ? [200, 'Mine'] : [409, 'Re: one'])
    }
    for (const other of others) await other.close()
  })

  it.each(['release', 'apologise'] as const)(
    'G1: is done once where the process is lost before or after it stores it (%s)',
    async (action) => {
      const overdue = { afterMinutes: 1, action, text: 'Re: one' }
      for (const isStored of [false, true]) {
        clock = 0
        let isLost = false
        const lost = (log: ConversationLog): ConversationLog => ({
          ...log,
          async append(conversation, lane, value, options) {
            const isIt = clock > 0 && lane === 'public'
            if (isLost || (isIt && !isStored)) {
              isLost ||= isIt
              throw new LogError('storage_unavailable', 'This process is gone.')
            }
            const appended = await log.append(conversation, lane, value, options)
            if (!isIt) return appended
            isLost = true
            throw new LogError('storage_unavailable', 'This process is gone.')
          },
        })
        const first = await open(overdue, { ...place, open: async () => lost(await place.open()) })
        await first.send('one')
        await first.drafts(1)
        clock = 5 * minute
        await expect.poll(() => isLost, patience).toBe(true)
        await first.world.close()
        office = officeOf(await openWorld(place, { now, sweepMs: 50 }, first.world.token), first.conversationId, place)
        await expect.poll(office.bodies, patience).toEqual(['one', 'Re: one'])
        await sweeps()
        expect(await office.bodies()).toEqual(['one', 'Re: one'])
        if (!isStored) await office.world.close()
      }
    },
  )
})
