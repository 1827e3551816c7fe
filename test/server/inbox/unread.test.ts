/** What nobody has read yet, and whose conversation it is: the same for every operator, on every server. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { spyResponder } from '../../helpers/responder.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { nextDoor, officeOf, openOffice } from '../desk/office.ts'
import type { Office } from '../desk/office.ts'

describe.each(storages)('the read mark, on %s', (kind) => {
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

  const unread = async () => (await office.activity()).unread
  const order = async () => {
    const page = await read<{ activities: { conversationId: string }[] }>(office, '/activities')
    return page.activities.map(({ conversationId }) => conversationId)
  }

  it('counts the messages of the customer that came after what was read', async () => {
    await office.send('one')
    await office.send('two')
    expect(await unread()).toBe(2)
    const [one, , , answer] = await office.messages()
    await office.done('read', { upTo: one?.id })
    expect(await unread()).toBe(1)
    await office.done('read', { upTo: answer?.id })
    expect(await unread()).toBe(0)
    // A slower colleague takes nothing back.
    await office.done('read', { upTo: one?.id })
    expect(await unread()).toBe(0)
    await office.send('three')
    expect(await unread()).toBe(1)
    const other = await nextDoor(office)
    expect((await other.activity()).unread).toBe(1)
    if (other !== office) await other.world.close()
  })

  it('takes a private record for what came before it', async () => {
    await office.send('one')
    const { record } = await office.done('notes', { body: 'A note.' })
    await office.send('two')
    await office.done('read', { upTo: record.id })
    expect(await unread()).toBe(1)
  })

  it('leaves the conversation where it is in the inbox, and tells its customer nothing', async () => {
    await office.send('one')
    const second = officeOf(office.world, `${office.conversationId}-second`, place)
    await second.send('Hello')
    const before = await office.messages()
    const { updatedAt } = (await office.activity()) as { updatedAt?: string }
    await office.done('read', { upTo: before.at(-1)?.id })
    expect(await office.activity()).toMatchObject({ unread: 0, updatedAt })
    expect(await order()).toEqual([second.conversationId, office.conversationId])
    expect(await office.messages()).toEqual(before)
  })

  it('goes along with settling, and not with reopening', async () => {
    await office.send('one')
    await office.done('resolve')
    expect(await office.activity()).toMatchObject({ state: 'resolved', unread: 0 })
    await office.done('reopen')
    expect(await unread()).toBe(0)
  })

  it('stores nothing where all was read already, and nothing for a record that is not there', async () => {
    await office.send('one')
    const upTo = (await office.messages()).at(-1)?.id
    await office.done('read', { upTo })
    const before = await office.records()
    await office.done('read', { upTo })
    for (const [body, status] of [
      [{ upTo: '0-AAAAAAAAAAAAAAAA' }, 404],
      [{ upTo: 'nonsense' }, 404],
      [{ upTo: 'no id' }, 400],
      [{}, 400],
    ] as const) {
      expect([body, (await office.call('read', body)).status]).toEqual([body, status])
    }
    expect(await office.records()).toEqual(before)
    const nobody = officeOf(office.world, 'nobody', place)
    expect((await nobody.call('read', { upTo })).status).toBe(404)
  })

  it('gives a conversation to an operator, and back to everybody', async () => {
    await office.send('one')
    expect(await office.activity()).toMatchObject({ assignee: null })
    await office.done('assign', { operatorId: 'operator-key' })
    await office.done('assign', { operatorId: 'operator-key' })
    const other = await nextDoor(office)
    expect(await other.activity()).toMatchObject({ assignee: { id: 'operator-key', name: 'Operator' } })
    if (other !== office) await other.world.close()
    expect((await office.call('assign', { operatorId: 'somebody' })).status).toBe(404)
    expect((await office.call('assign', {})).status).toBe(400)
    await office.done('assign', { operatorId: null })
    expect(await office.activity()).toMatchObject({ assignee: null })
    const events = (await office.records()).filter(({ type }) => type === 'event')
    expect(events.map(({ data }) => data?.['event'])).toEqual(['assigned', 'unassigned'])
  })
})

it('counts no further than it says', async () => {
  const place = await openPlace('memory')
  const office = await openOffice(place, { responder: null }, spyResponder())
  for (let i = 0; i < 105; i++) await office.send(`message ${i}`)
  expect((await office.activity()).unread).toBe(100)
  await office.done('read', { upTo: (await office.messages())[59]?.id })
  expect((await office.activity()).unread).toBe(45)
  await office.world.close()
  await place.dispose()
})

async function read<T>({ world }: Office, path: string): Promise<T> {
  const headers = { authorization: `Bearer ${operatorKey}` }
  return (await (await world.lumika.fetch(new Request(`http://localhost:3000/api${path}`, { headers }))).json()) as T
}
