/** The inbox by state: what was just stored is in it, on every server, and after a crash. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLog } from '../../../server/storage/open.ts'
import { openStorage } from '../../../server/storage/url.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { nextDoor, officeOf, openOffice } from '../desk/office.ts'
import type { Office } from '../desk/office.ts'

interface Listed {
  status: number
  ids: string[]
  cursor: string | null
  partial?: true
}

/** A page of the inbox, as ids of conversations. */
async function list(world: World, query: Record<string, string>): Promise<Listed> {
  const url = `http://localhost:3000/api/activities?${new URLSearchParams(query).toString()}`
  const response = await world.lumika.fetch(new Request(url, { headers: { authorization: `Bearer ${operatorKey}` } }))
  const { activities = [], ...rest } = (await response.json()) as Omit<Listed, 'ids'> & {
    activities?: { conversationId: string }[]
  }
  return { ...rest, status: response.status, ids: activities.map(({ conversationId }) => conversationId) }
}

describe.each(storages)('the inbox by state, on %s', (kind) => {
  let place: Place
  let office: Office
  beforeEach(async () => {
    place = await openPlace(kind)
    office = await openOffice(place, { responseMode: 'approval' })
  })
  afterEach(async () => {
    await office.world.close()
    await place.dispose()
  })

  const states = ['open', 'waiting', 'draft', 'unread', 'mine', 'resolved']
  /** The states the conversation is listed in, as both servers tell. */
  const statesOf = async (one: Office, other: Office) => {
    const found: string[] = []
    for (const state of states) {
      const [here, there] = [await list(one.world, { state }), await list(other.world, { state })]
      expect([state, there]).toEqual([state, here])
      expect(here.partial).toBeUndefined()
      if (here.ids.includes(one.conversationId)) found.push(state)
    }
    return found
  }

  it('lists a conversation in the states it is in, at once, as it goes through them', async () => {
    const other = await nextDoor(office)
    await office.send('Hello')
    const [draft] = await office.drafts(1)
    expect(await statesOf(office, other)).toEqual(['open', 'waiting', 'draft', 'unread'])
    const steps: [path: string, body: object | undefined, states: string[]][] = [
      [`drafts/${draft?.id}/approve`, undefined, ['open', 'unread']],
      ['read', { upTo: (await office.messages()).at(-1)?.id }, ['open']],
      ['assign', { operatorId: 'operator-key' }, ['open', 'mine']],
      ['resolve', undefined, ['resolved']],
      ['reopen', undefined, ['open', 'mine']],
      ['assign', { operatorId: null }, ['open']],
      ['takeover', undefined, ['open']],
    ]
    for (const [path, body, expected] of steps) {
      await office.done(path, body)
      expect([path, await statesOf(office, other)]).toEqual([path, expected])
    }
    await office.send('Is anybody there?')
    expect(await statesOf(office, other)).toEqual(['open', 'waiting', 'unread'])
    await other.done('messages', { body: 'I am.' })
    expect(await statesOf(office, other)).toEqual(['open', 'unread'])
    if (other !== office) await other.world.close()
  })

  it('pages through a state, newest first, and through that of one integration', async () => {
    const elsewhere = await office.world.lumika.registry.create({ name: 'Another', kind: 'widget' })
    const offices = Array.from({ length: 7 }, (_, i) => officeOf(office.world, `paged-${i}`, place))
    for (const one of offices) {
      await one.send('Hello')
      await one.drafts(1)
    }
    const settled = offices.filter((_, i) => i % 2 === 1)
    for (const one of settled) await one.done('resolve')
    const { id: integrationId } = office.world.integration
    for (const query of [{}, { integrationId }] as Record<string, string>[]) {
      const first = await list(office.world, { state: 'open', limit: '3', ...query })
      expect(first.ids).toEqual(['paged-6', 'paged-4', 'paged-2'])
      const rest = await list(office.world, { state: 'open', cursor: first.cursor ?? '', ...query })
      expect(rest).toMatchObject({ ids: ['paged-0'], cursor: null })
      expect((await list(office.world, { state: 'resolved', ...query })).ids).toEqual(['paged-5', 'paged-3', 'paged-1'])
    }
    expect((await list(office.world, { state: 'open', integrationId: elsewhere.integration.id })).ids).toEqual([])
  })

  it('holds over a restart, and forgets what is erased', async () => {
    await office.send('Hello')
    await office.drafts(1)
    const other = officeOf(office.world, `${office.conversationId}-other`, place)
    await other.send('Hello')
    await other.drafts(1)
    await office.world.close()
    office = officeOf(await office.world.another(), office.conversationId, place)
    expect((await list(office.world, { state: 'draft' })).ids).toEqual([other.conversationId, office.conversationId])
    const key = `${office.world.integration.id}.${Buffer.from(office.conversationId).toString('base64url')}`
    const headers = { authorization: `Bearer ${operatorKey}` }
    await office.world.lumika.fetch(
      new Request(`http://localhost:3000/api/conversations/${key}`, { method: 'DELETE', headers }),
    )
    for (const state of ['draft', 'open'])
      expect((await list(office.world, { state })).ids).toEqual([other.conversationId])
  })

  it('knows no other states', async () => {
    for (const state of ['', 'Open', 'open ', 'mine:operator', 'constructor']) {
      expect(await list(office.world, { state })).toMatchObject({ status: 400, error: { code: 'invalid_request' } })
    }
  })
})

describe('labels after a crash', () => {
  let base: string
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'lumika-labels-'))
  })
  afterEach(() => rm(base, { recursive: true, force: true }))

  it('files: are doubted for every conversation that was appended to since they were written', async () => {
    const log = await openLog(await openStorage(`fs:${join(base, 'live')}`))
    const label = async (...labels: string[]) => {
      for (const { conversation, stamp = '' } of (await log.recent({ unlabelled: true })).conversations)
        await log.label(conversation, stamp, labels)
    }
    /** What the next process finds when this one is gone now. */
    let crashes = 0
    const afterCrash = async () => {
      const folder = join(base, `crash-${++crashes}`)
      await cp(join(base, 'live'), folder, { recursive: true, filter: (path) => !path.endsWith('/lock') })
      const next = await openLog(await openStorage(`fs:${folder}`))
      const unlabelled = (await next.recent({ unlabelled: true })).conversations.map((one) => one.conversation)
      const open = (await next.recent({ label: 'open' })).conversations.map((one) => one.conversation)
      await next.close()
      return { unlabelled, open }
    }
    await log.append('shop.a', 'public', 1)
    await log.append('shop.b', 'public', 1)
    expect(await afterCrash()).toEqual({ unlabelled: ['shop.a', 'shop.b'], open: [] })
    await label('open')
    await expect.poll(afterCrash).toEqual({ unlabelled: [], open: ['shop.b', 'shop.a'] })
    // Only the journal is behind, as a process leaves it that is killed right after the commit.
    await log.append('shop.a', 'private', 1)
    expect(await afterCrash()).toEqual({ unlabelled: ['shop.a'], open: ['shop.b'] })
    await label('open')
    await log.append('shop.b', 'private', 1, { isQuiet: true })
    expect((await afterCrash()).unlabelled).toContain('shop.b')
    await log.close()
  })
})
