/** Asking for a person: the assistant by a sign of its responder, the customer by a call. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { ResponderPiece } from '../../../server/responders/responder.ts'
import { LogError } from '../../../server/storage/log.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'
import { eventOf, textOf } from '../../helpers/sse.ts'
import { openPlace, openWorld, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { quick, register, startReceiver } from '../webhooks/receiver.ts'
import { nextDoor, officeOf, openOffice } from './office.ts'
import type { Office } from './office.ts'

/** Asks for a person when it is asked to be a person. */
const assistant = () =>
  spyResponder(function* ({ text }): Generator<ResponderPiece> {
    yield `An answer to ${text}.`
    if (!text.includes('person')) return
    yield { type: 'handover', reason: 'It is beyond me' }
    yield ' Not to be heard.'
  })

describe.each(storages)('asking for a person, on %s', (kind) => {
  let place: Place
  let office: Office
  beforeEach(async () => {
    place = await openPlace(kind)
    office = await openOffice(place, {}, assistant())
  })
  afterEach(async () => {
    await office.world.close()
    await place.dispose()
  })

  const ask = (at = office, conversationId = office.conversationId) =>
    at.world.post('/conversation/person', { conversationId })
  const events = async () =>
    (await office.records()).flatMap((record) =>
      record.visibility === 'private' && record.type === 'event' ? [record.data] : [],
    )

  it('publishes what the assistant has said, and has it silent until somebody hands back', async () => {
    const said = await office.send('a person, please')
    expect(said.map(({ type }) => type)).toEqual(['ack', 'delta', 'message', 'pending', 'done'])
    expect(eventOf(said, 'pending').reason).toBe('human')
    expect(await office.bodies()).toEqual(['a person, please', 'An answer to a person, please.'])
    const handover = { by: 'assistant', reason: 'It is beyond me', at: 0 }
    expect(await events()).toMatchObject([{ event: 'handover', by: 'assistant', reason: handover.reason }])
    expect(await office.activity()).toMatchObject({ state: 'waiting', mode: 'human', takenOverBy: null, handover })
    expect(JSON.stringify(await office.messages())).not.toContain('beyond')

    expect((await office.send('hello?')).map(({ type }) => type)).toEqual(['ack', 'pending', 'done'])
    expect(office.world.responder.requests).toHaveLength(1)
    await office.done('messages', { body: 'I am one.' })
    expect(await office.activity()).toMatchObject({ state: 'answered', mode: 'human' })
    await office.done('handback')
    expect(await office.activity()).toMatchObject({ state: 'answered', mode: 'auto', handover: null })
    expect(textOf(await office.send('thanks'))).toBe('An answer to thanks.')
  })

  it('lists the conversation among those that wait, whoever has asked', async () => {
    await office.send('Hello')
    expect((await ask()).status).toBe(204)
    const waiting = await office.listed('waiting')
    expect(waiting).toMatchObject([{ state: 'waiting', mode: 'human', handover: { by: 'customer', at: 1 } }])
    await office.done('messages', { body: 'I am one.' })
    expect(await office.listed('waiting')).toEqual([])
  })

  it('keeps a draft where answers wait for approval, and asks all the same', async () => {
    await office.world.close()
    office = await openOffice(place, { responseMode: 'approval' }, assistant())
    await office.send('a person, please')
    const [draft] = await office.drafts(1)
    expect(await office.activity()).toMatchObject({
      state: 'waiting',
      draftWaiting: true,
      handover: { by: 'assistant' },
    })
    await office.done(`drafts/${draft?.id}/approve`)
    expect(await office.activity()).toMatchObject({ state: 'answered', mode: 'human' })
  })

  it('hears a customer once, however often and wherever they ask, and again after somebody has answered', async () => {
    await office.send('Hello')
    const other = await nextDoor(office)
    const answers = await Promise.all([ask(), ask(other), ask(), ask(other)])
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204])
    expect(await events()).toHaveLength(1)
    await other.send('Anybody?')
    await ask()
    expect(await events()).toHaveLength(1)
    await office.done('messages', { body: 'I am one.' })
    await ask(other)
    await ask()
    expect((await events()).map((event) => event?.['by'])).toEqual(['customer', 'customer'])
    await office.done('resolve')
    expect(await office.activity()).toMatchObject({ state: 'resolved' })
    await ask()
    expect(await office.activity()).toMatchObject({ state: 'waiting' })
    if (other !== office) await other.world.close()
  })

  it('stops the answer that is being written when the customer asks', async () => {
    await office.world.close()
    const gate = valve()
    const responder = spyResponder(async function* () {
      yield 'Once upon a time'
      await gate.opened
    })
    office = await openOffice(place, {}, responder)
    const reading = office.send('Tell me a story')
    await expect.poll(() => responder.requests.length, { timeout: 10_000 }).toBe(1)
    await ask()
    expect(eventOf(await reading, 'done')).toMatchObject({ stopped: true })
    gate.open()
    expect(await office.activity()).toMatchObject({ state: 'waiting', mode: 'human' })
  })

  it('tells nobody who may not know whether there is such a conversation', async () => {
    expect((await ask(office, 'nobody')).status).toBe(404)
    const page = officeOf(
      await openWorld(
        { ...place, open: () => openPlace('memory').then((other) => other.open()) },
        {
          integration: { kind: 'widget' },
        },
      ),
      'customer-42',
      place,
    )
    onTestFinished(() => page.world.close())
    const refused = await page.world.post('/conversation/person', { conversationId: 'customer-42' })
    expect([refused.status, await refused.json()]).toMatchObject([403, { error: { code: 'identity_required' } }])
    for (const method of ['GET', 'PUT']) {
      const request = new Request('http://localhost:3000/conversation/person', { method })
      expect((await office.world.lumika.fetch(request)).status).toBe(405)
    }
  })

  it('G1: is not taken for an answer that broke off when its process is lost in between', async () => {
    await office.world.close()
    let isLost = false
    const lost = (log: ConversationLog): ConversationLog => ({
      ...log,
      async append(conversation, lane, value, options) {
        if (isLost) throw new LogError('storage_unavailable', 'This process is gone.')
        const appended = await log.append(conversation, lane, value, options)
        isLost = (value as { type?: string }).type === 'handover'
        return appended
      },
    })
    const first = await openOffice({ ...place, open: async () => lost(await place.open()) }, {}, assistant())
    void first.send('a person, please').catch(() => {})
    await expect.poll(() => isLost, { timeout: 10_000 }).toBe(true)
    await first.world.close()

    office = officeOf(await openWorld(place, { leaseMs: 150 }, first.world.token), first.conversationId, place)
    await expect.poll(office.bodies, { timeout: 15_000 }).toHaveLength(2)
    expect((await office.messages())[1]).toMatchObject({ body: 'An answer to a person, please.' })
    expect((await office.messages())[1]?.data).toBeUndefined()
    expect(await events()).toMatchObject([{ event: 'handover', by: 'assistant', reason: 'It is beyond me' }])
    expect(await office.activity()).toMatchObject({ state: 'waiting' })
  })

  it('calls conversation.waiting, once for each who asks', async () => {
    await office.world.close()
    const receiver = await startReceiver()
    onTestFinished(() => receiver.close())
    const world = await openWorld(place, { responder: assistant(), webhooks: quick })
    office = officeOf(world, 'customer-42', place)
    await register(world, receiver.url)
    await office.send('Hello')
    await ask()
    await ask()
    await office.done('messages', { body: 'I am one.' })
    await office.done('handback')
    await office.send('another person')
    const waiting = () => receiver.bodies('conversation.waiting')
    await expect.poll(waiting, { timeout: 15_000 }).toEqual(['Hello', 'another person'])
    await office.done('messages', { body: 'Me again.' })
    await ask()
    const ids = () =>
      new Set(
        receiver.requests.filter(({ event }) => event.type === 'conversation.waiting').map(({ event }) => event.id),
      )
    await expect.poll(() => ids().size, { timeout: 15_000 }).toBe(3)
    const texts = JSON.stringify(receiver.requests)
    expect(texts).not.toContain('beyond me')
  })
})
