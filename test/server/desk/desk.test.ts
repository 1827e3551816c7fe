/** What people do in a conversation besides answering drafts: notes, taking over, settling; and who may not. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { eventOf, textOf } from '../../helpers/sse.ts'
import { openPlace, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { nextDoor, officeOf, openOffice } from './office.ts'
import type { Office } from './office.ts'

describe.each(storages)('the desk, on %s', (kind) => {
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

  it('keeps notes for the people, each once', async () => {
    await office.send('Hello')
    const before = await office.messages()
    const note = { body: 'A regular. Be kind.', clientMessageId: 'a-note-with-a-key-1' }
    const { record } = await office.done('notes', note)
    expect(record).toMatchObject({ type: 'note', body: note.body, visibility: 'private', data: { by: 'Operator' } })
    expect(await office.done('notes', note)).toEqual({ record })
    expect((await office.call('notes', { ...note, body: 'Other words' })).status).toBe(409)
    await office.done('notes', { body: note.body })
    expect((await office.records()).filter(({ type }) => type === 'note')).toHaveLength(2)
    expect(await office.messages()).toEqual(before)
  })

  it('stops the answer that is being written when a person takes over, and answers nothing until handed back', async () => {
    await office.world.close()
    const gate = valve()
    const responder = spyResponder(async function* ({ text }) {
      yield `An answer to ${text}`
      if (text === 'one') await gate.opened
    })
    office = await openOffice(place, {}, responder)
    const one = office.send('one')
    await expect.poll(() => responder.requests.length, { timeout: 10_000 }).toBe(1)
    const two = office.send('two')
    await expect.poll(office.bodies, { timeout: 10_000 }).toEqual(['one', 'two'])

    await office.done('takeover')
    expect(eventOf(await one, 'done')).toMatchObject({ stopped: true })
    expect((await two).map(({ type }) => type)).not.toContain('message')
    expect((await office.send('three')).map(({ type }) => type)).toEqual(['ack', 'pending', 'done'])
    expect(responder.requests).toHaveLength(1)
    expect(await office.activity()).toMatchObject({ state: 'waiting', mode: 'human', takenOverBy: 'Operator' })

    await office.done('messages', { body: 'A person here.' })
    expect(await office.activity()).toMatchObject({ state: 'answered' })
    await office.done('handback')
    expect(textOf(await office.send('four'))).toBe('An answer to four')
    expect(await office.activity()).toMatchObject({ mode: 'auto', takenOverBy: null })
    gate.open()
  })

  it('holds for the next process and on other servers', async () => {
    await office.send('Hello')
    await office.done('takeover')
    await office.done('notes', { body: 'Mine.' })
    if (kind !== 'redis') await office.world.close()
    const other = officeOf(await office.world.another(), office.conversationId, place)
    expect((await other.send('Again')).map(({ type }) => type)).toEqual(['ack', 'pending', 'done'])
    const events = (await other.records()).filter(({ type }) => type === 'event' || type === 'note')
    expect(events.map(({ data }) => data?.['event'] ?? 'note')).toEqual(['taken-over', 'note'])
    if (kind === 'redis') await office.world.close()
    office = other
  })

  it('settles a conversation until something new comes', async () => {
    await office.send('Hello')
    expect(await office.activity()).toMatchObject({ state: 'answered', lastRecord: { body: 'An answer to Hello' } })
    await office.done('resolve')
    await office.done('resolve')
    await office.done('notes', { body: 'Done.' })
    expect(await office.activity()).toMatchObject({ state: 'resolved' })
    await office.done('reopen')
    expect(await office.activity()).toMatchObject({ state: 'answered' })
    await office.done('resolve')
    await office.send('One more thing')
    expect(await office.activity()).toMatchObject({ state: 'answered' })
    const events = (await office.records()).filter(({ type }) => type === 'event')
    expect(events.map(({ data }) => data?.['event'])).toEqual(['resolved', 'reopened', 'resolved'])
  })

  it('loses none of many decisions at once', async () => {
    await office.send('Hello')
    const other = await nextDoor(office)
    await Promise.all([office.done('takeover'), other.done('approve-customer'), office.done('resolve')])
    expect(await office.activity()).toMatchObject({
      state: 'resolved',
      customerApproved: true,
      takenOverBy: 'Operator',
    })
    await other.world.close()
  })

  it('tells what is wrong with a call, and does nothing', async () => {
    await office.send('Hello')
    const { record } = await office.done('notes', { body: 'A note.' })
    const before = await office.records()
    const calls: [path: string, body: object | undefined, status: number][] = [
      ['notes', { body: ' ' }, 400],
      ['notes', { body: 'x'.repeat(4_001) }, 400],
      ['notes', undefined, 415],
      ['messages', { body: 'x', surprise: 1 }, 400],
      ['takeover', { by: 'Somebody' }, 400],
      [`drafts/${record.id}/approve`, undefined, 404],
      [`drafts/${record.id}x/reject`, undefined, 404],
      ['drafts/%00/approve', undefined, 404],
      [`drafts/${'x'.repeat(100)}/approve`, undefined, 404],
      [`drafts/__proto__/approve`, undefined, 404],
      ['dance', {}, 404],
    ]
    for (const [path, body, status] of calls) {
      const response = await office.call(path, body)
      expect([path, response.status]).toEqual([path, status])
      expect(await response.json()).toMatchObject({ error: { message: expect.stringMatching(/./) as string } })
    }
    expect(await office.records()).toEqual(before)
    const nobody = officeOf(office.world, 'nobody', place)
    for (const path of ['notes', 'messages']) expect((await nobody.call(path, { body: 'x' })).status).toBe(404)
    for (const path of ['takeover', 'resolve', 'approve-customer', 'drafts/0-x/approve']) {
      expect((await nobody.call(path)).status).toBe(404)
    }
  })

  it('I64: is closed to tokens of integrations, and to no token at all', async () => {
    await office.send('Hello')
    const before = await office.records()
    const { world } = office
    const widget = await world.lumika.registry.create({ name: 'Site', kind: 'widget' })
    const key = `${world.integration.id}.${Buffer.from(office.conversationId).toString('base64url')}`
    const paths = [
      'messages',
      'notes',
      'takeover',
      'handback',
      'resolve',
      'reopen',
      'approve-customer',
      'revoke-approval',
    ]
    for (const path of [...paths, 'drafts/0-x/approve', 'drafts/0-x/reject']) {
      for (const token of [world.token, widget.token, '']) {
        const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
        const url = `http://localhost:3000/api/conversations/${key}/${path}?integrationToken=${token}`
        const init = { method: 'POST', headers, body: JSON.stringify({ body: 'x' }) }
        expect((await world.lumika.fetch(new Request(url, init))).status).toBe(401)
      }
    }
    expect(await office.records()).toEqual(before)
  })
})
