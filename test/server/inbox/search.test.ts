/** Search: what was said is found, newest first, and a search that stops says so. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { search, searchLimits } from '../../../server/conversations/search.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { officeOf, openOffice } from '../desk/office.ts'
import type { Office } from '../desk/office.ts'

interface Found {
  activities: { conversationId: string; match: { body: string; type: string } | null }[]
  cursor: string | null
  partial?: true
  searchedTo?: string
}

describe.each(storages)('search, on %s', (kind) => {
  let place: Place
  let office: Office
  const offices: Office[] = []
  beforeAll(async () => {
    place = await openPlace(kind)
    office = await openOffice(place, { responder: null })
    const texts = [['Où est ma théière?'], ['A teapot, please', 'and a cup'], ['STRASSE 5, ΑΘΗΝΑ'], ['nothing of that']]
    for (const [i, all] of texts.entries()) {
      const one = officeOf(office.world, `${['pots', 'cups', 'roads', 'teapot-less'][i]}`, place)
      for (const text of all) await one.send(text)
      offices.push(one)
    }
    await offices[3]?.done('notes', { body: 'Bought a Théière last year.' })
    await offices[1]?.done('resolve')
  })
  afterAll(async () => {
    await office.world.close()
    await place.dispose()
  })

  const ask = (query: Record<string, string>) => {
    const url = `http://localhost:3000/api/activities?${new URLSearchParams(query).toString()}`
    return office.world.lumika.fetch(new Request(url, { headers: { authorization: `Bearer ${operatorKey}` } }))
  }
  const find = async (q: string, query: Record<string, string> = {}) =>
    (await (await ask({ q, ...query })).json()) as Found
  const ids = async (q: string, query?: Record<string, string>) =>
    (await find(q, query)).activities.map(({ conversationId }) => conversationId)

  it('finds texts, notes and ids, whatever their case and accents, newest first', async () => {
    expect(await ids('THEIERE')).toEqual(['teapot-less', 'pots'])
    expect(await ids('théière')).toEqual(['teapot-less', 'pots'])
    expect(await ids(' teapot ')).toEqual(['cups', 'teapot-less'])
    expect(await ids('αθηνα')).toEqual(['roads'])
    expect(await ids('strasse')).toEqual(['roads'])
    expect(await ids('saucer')).toEqual([])
    expect(await ids('.*')).toEqual([])
  })

  it('shows what it has found, and where only the id fits, nothing', async () => {
    const { activities, partial, cursor } = await find('teapot')
    expect(activities.map(({ match }) => match?.body ?? match)).toEqual(['A teapot, please', null])
    expect([partial, cursor]).toEqual([undefined, null])
    expect((await find('last year')).activities[0]?.match).toMatchObject({ type: 'note', visibility: 'private' })
    expect((await find('a')).activities.find(({ conversationId }) => conversationId === 'cups')?.match?.body).toBe(
      'and a cup',
    )
  })

  it('keeps to a state and to an integration, and pages', async () => {
    expect(await ids('a', { state: 'resolved' })).toEqual(['cups'])
    expect(await ids('a', { integrationId: 'int_other' })).toEqual([])
    const first = await find('a', { limit: '3' })
    expect(first.activities).toHaveLength(3)
    expect(first.partial).toBeUndefined()
    const rest = await find('a', { limit: '3', cursor: first.cursor ?? '' })
    expect(rest.activities.map(({ conversationId }) => conversationId)).toEqual(['pots'])
  })

  it('takes no text for no search, and none that is too long', async () => {
    expect(await ids(' ')).toHaveLength(4)
    expect((await ask({ q: 'x'.repeat(201) })).status).toBe(400)
  })
})

it('says how far it has looked where its time is up, and goes on from there', async () => {
  const place = await openPlace('memory')
  const log = await place.open()
  for (let i = 0; i < 50; i++) {
    const body = i % 10 === 0 ? 'needle' : 'hay'
    await log.append(`shop.${Buffer.from(`c${i}`).toString('base64url')}`, 'public', { actor: 'customer', body })
  }
  let now = 0
  // Each look at the clock finds it later: time for two steps.
  const look = (cursor?: string) => {
    const part = cursor === undefined ? {} : { cursor }
    const monotonic = () => (now += searchLimits.patienceMs / 2)
    return search({ log, part, text: 'Needle', limit: 50, monotonic })
  }
  const first = await look()
  expect(first.conversations.map(({ match }) => match?.body)).toEqual(Array(first.conversations.length).fill('needle'))
  expect(first.searchedTo).not.toBeNull()
  let found = first.conversations.length
  for (let { cursor } = first; cursor !== null;) {
    const next = await look(cursor)
    found += next.conversations.length
    cursor = next.cursor
  }
  expect(found).toBe(5)
  await place.dispose()
})
