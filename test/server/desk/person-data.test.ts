/** A person's data: all of it in one file, and gone for good when it is erased. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { conversationKey } from '../../../server/conversations/keys.ts'
import type { OperatorRecord } from '../../../server/conversations/records.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { openOffice } from './office.ts'
import type { Office } from './office.ts'

describe.each(storages)("a person's data, on %s", (kind) => {
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

  const ask = (path: string, method = 'GET') => {
    const headers = { authorization: `Bearer ${operatorKey}` }
    return office.world.lumika.fetch(new Request(`http://localhost:3000/api${path}`, { method, headers }))
  }
  const key = () => conversationKey(office.world.integration.id, office.conversationId)
  const erase = () => ask(`/conversations/${key()}`, 'DELETE')
  const listed = async () => ((await (await ask('/activities')).json()) as { activities: unknown[] }).activities
  const audit = async (query = '') =>
    (await (await ask(`/audit${query}`)).json()) as { entries: Record<string, string>[]; cursor: string | null }

  it('is exported whole, as JSON and as text, however long', async () => {
    await office.send('Hello\nthere')
    await office.done('notes', { body: 'A regular.' })
    for (let n = 0; n < 250; n++) await office.done('messages', { body: `A person says ${n}` })
    await office.done('takeover')
    const response = await ask(`/conversations/${key()}/export`)
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/)
    const file = (await response.json()) as { conversation: object; records: OperatorRecord[] }
    const { conversationId } = office
    expect(file.conversation).toEqual({ key: key(), conversationId, integrationId: office.world.integration.id })
    expect(file.records).toHaveLength(254)
    expect(file.records.slice(-200)).toEqual((await office.records()).slice(-200))

    const text = await (await ask(`/conversations/${key()}/export?format=text`)).text()
    expect(text).toContain('customer\n  Hello\n  there\n')
    expect(text).toContain('note\n  A regular.\n')
    expect(text).toContain('Operator\n  A person says 249\n')
    expect((await ask(`/conversations/${key()}/export?format=constructor`)).status).toBe(400)
    expect((await ask('/conversations/i1.bm9ib2R5/export')).status).toBe(404)
  })

  it('is exported with what came along with the messages, which nobody else is shown', async () => {
    const context = JSON.stringify({ page: 'https://shop.example/cart', plan: 'pro' })
    const { conversationId } = office
    const sent = await office.world.post('/conversation/sse', { conversationId, textContent: 'Hello', context })
    const stream = await sent.text()
    const { records } = (await (await ask(`/conversations/${key()}/export`)).json()) as { records: object[] }
    const facts = { context: { page: 'https://shop.example/cart', plan: 'pro' }, isVerified: true }
    expect(records[0]).toMatchObject({ body: 'Hello', sent: facts })
    expect((await office.records())[0]).not.toHaveProperty('sent')
    expect(stream + JSON.stringify(await office.messages())).not.toContain('shop.example')
  })

  it('is gone when it was erased, for everybody and after a restart, and one line proves it', async () => {
    await office.send('Hello')
    await office.done('notes', { body: 'A regular.' })
    await office.done('takeover')
    expect((await erase()).status).toBe(204)
    expect((await erase()).status).toBe(204)
    if (kind !== 'redis') await office.world.close()
    const world = await office.world.another()
    if (kind === 'redis') await office.world.close()
    office = { ...office, world }

    expect(await listed()).toEqual([])
    expect((await ask(`/conversations/${key()}/records`)).status).toBe(404)
    const { entries } = await audit()
    const integrationId = world.integration.id
    expect(entries).toEqual([
      {
        action: 'conversation-erased',
        by: 'Operator',
        byId: 'operator-key',
        integrationId,
        target: expect.stringMatching(/^[\w-]{43}$/) as string,
        id: expect.any(String) as string,
        at: expect.any(String) as string,
      },
    ])
  })

  it('begins anew with the next message: nobody is taken over, nothing is known', async () => {
    await office.send('Hello')
    await office.done('takeover')
    await erase()
    await office.send('Hello again')
    expect(await office.bodies()).toEqual(['Hello again', 'An answer to Hello again'])
    expect(await office.activity()).toMatchObject({ takenOverBy: null, mode: 'auto' })
    await erase()
    const first = await audit('?limit=1')
    const rest = await audit(`?limit=1&cursor=${first.cursor}`)
    expect([first.entries.length, rest.entries.length, rest.cursor]).toEqual([1, 1, null])
    expect((await ask('/audit?cursor=%00')).status).toBe(400)
  })

  it('is not brought back by an answer that is being written, nor by a note or a decision of the same moment', async () => {
    await office.world.close()
    const gate = valve()
    const responder = spyResponder(async function* () {
      yield 'one '
      await gate.opened
      yield 'two'
    })
    office = await openOffice(place, {}, responder)
    const answering = office.send('Hello')
    await expect.poll(() => responder.requests.length, { timeout: 10_000 }).toBe(1)
    await Promise.all([
      erase(),
      office.call('notes', { body: 'x' }),
      office.call('takeover'),
      office.call('messages', { body: 'x' }),
    ])
    gate.open()
    expect((await answering).at(-1)?.type).toBe('done')
    await erase()
    await expect.poll(listed).toEqual([])
    expect((await ask(`/conversations/${key()}/records`)).status).toBe(404)
  })
})
