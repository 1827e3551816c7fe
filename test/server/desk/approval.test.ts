/** Approval mode: what the assistant writes goes out when a person says so, once, or never. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import { spyResponder } from '../../helpers/responder.ts'
import { textOf } from '../../helpers/sse.ts'
import { openPlace, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { nextDoor, openOffice } from './office.ts'
import type { Office } from './office.ts'

const approval = { responseMode: 'approval' } as const

describe.each(storages)('approval mode, on %s', (kind) => {
  let place: Place
  let office: Office
  beforeEach(async () => {
    place = await openPlace(kind)
    office = await openOffice(place, approval)
  })
  afterEach(async () => {
    await office.world.close()
    await place.dispose()
  })

  it('publishes a draft as one message, in which the customer can read nothing of how it came', async () => {
    await office.send('Hello')
    const [draft] = await office.drafts(1)
    expect(await office.bodies()).toEqual(['Hello'])
    expect(await office.activity()).toMatchObject({ state: 'waiting', mode: 'approval', draftWaiting: true })

    const { record } = await office.done(`drafts/${draft?.id}/approve`)
    const messages = await office.messages()
    expect(messages.map(({ body }) => body)).toEqual(['Hello', 'An answer to Hello'])
    const { id, createdAt } = record
    expect(messages[1]).toEqual({ id, actor: 'assistant', type: 'message', body: 'An answer to Hello', createdAt })
    expect(record).toMatchObject({
      visibility: 'public',
      approval: { draftId: draft?.id, by: 'Operator', isEdited: false },
    })
    expect(await office.activity()).toMatchObject({ state: 'answered', draftWaiting: false })
  })

  it('publishes the words of the person where they differ', async () => {
    await office.send('Hello')
    const [draft] = await office.drafts(1)
    const { record } = await office.done(`drafts/${draft?.id}/approve`, { body: 'Good morning!' })
    expect(record).toMatchObject({ body: 'Good morning!', approval: { isEdited: true } })
    expect(await office.bodies()).toEqual(['Hello', 'Good morning!'])
  })

  it('F98: a draft of 20 messages ago comes after them, for a reader who has read up to the last of them', async () => {
    await office.send('Hello')
    const [draft] = await office.drafts(1)
    for (let n = 0; n < 20; n++) await office.done('messages', { body: `A person says ${n}` })
    const last = (await office.messages()).at(-1)
    await office.done(`drafts/${draft?.id}/approve`)
    const [published, ...others] = await office.messages(last?.id)
    expect([published?.body, others]).toEqual(['An answer to Hello', []])
    expect(Date.parse(published?.createdAt ?? '')).toBeGreaterThanOrEqual(Date.parse(last?.createdAt ?? 'never'))
    expect((await office.bodies()).at(-1)).toBe('An answer to Hello')
  })

  it('F98, G8: who waits for news at another server gets what is approved, and hears of nothing before that', async () => {
    const other = await nextDoor(office)
    await office.send('Hello')
    const [draft] = await office.drafts(1)
    for (let n = 0; n < 20; n++) await office.done('messages', { body: `A person says ${n}` })
    const afterId = (await other.messages()).at(-1)?.id ?? ''
    const params = { conversationId: office.conversationId, afterId, wait: '20' }
    const waiting = other.world.get('/conversation/history', params)
    // Any of these that ended the wait would have it end with nothing.
    await office.done('notes', { body: 'Nobody else is to know.' })
    for (const name of ['takeover', 'handback']) await office.done(name)
    await office.done(`drafts/${draft?.id}/approve`)
    const page = (await (await waiting).json()) as HistoryPage
    expect(page.messages.map(({ body }) => body)).toEqual(['An answer to Hello'])
    expect(page.lastMessageId).toBe(page.messages[0]?.id)
    if (other !== office) await other.world.close()
  })

  it('F98: a rejected draft is never published, and says why to the people only', async () => {
    await office.send('Hello')
    const [draft] = await office.drafts(1)
    const { record } = await office.done(`drafts/${draft?.id}/reject`, { reason: 'Too stiff' })
    expect(record).toMatchObject({
      type: 'rejection',
      data: { draftId: draft?.id, reason: 'Too stiff', by: 'Operator' },
    })
    expect((await office.call(`drafts/${draft?.id}/approve`)).status).toBe(409)
    await office.done('approve-customer')
    expect(await office.bodies()).toEqual(['Hello'])
    expect(await office.activity()).toMatchObject({ state: 'waiting', draftWaiting: false })
  })

  it('F98: published once, however often and by however many people and servers at once', async () => {
    const other = await nextDoor(office)
    for (let round = 0; round < 5; round++) {
      await office.send(`message ${round}`)
      const draft = (await office.drafts(round + 1)).at(-1)
      const path = `drafts/${draft?.id}/approve`
      const presses = [office, office, other, other, office].map(({ call }) => call(path))
      const answers = await Promise.all(presses.map(async (press) => (await press).json() as Promise<unknown>))
      for (const answer of answers) expect(answer).toEqual(answers[0])
    }
    const texts = Array.from({ length: 5 }, (_, n) => [`message ${n}`, `An answer to message ${n}`]).flat()
    expect(await office.bodies()).toEqual(texts)
    await other.world.close()
  })

  it('of two decisions at once one holds, and the other is refused', async () => {
    for (let round = 0; round < 5; round++) {
      await office.send(`message ${round}`)
      const draft = (await office.drafts(round + 1)).at(-1)
      const before = (await office.bodies()).length
      const decisions = [
        office.call(`drafts/${draft?.id}/approve`, { body: 'These words' }),
        office.call(`drafts/${draft?.id}/reject`),
        office.call(`drafts/${draft?.id}/approve`, { body: 'Other words' }),
      ]
      const statuses = (await Promise.all(decisions)).map(({ status }) => status)
      expect(statuses.toSorted()).toEqual([200, 409, 409])
      expect((await office.bodies()).length - before).toBe(statuses[1] === 200 ? 0 : 1)
    }
  })

  it('lets what waits go out when the customer is approved, and from then on every answer at once', async () => {
    for (const text of ['one', 'two']) await office.send(text)
    await office.drafts(2)
    await office.done('approve-customer')
    const answers = ['An answer to one', 'An answer to two']
    expect(await office.bodies()).toEqual(['one', 'two', ...answers])
    expect(await office.activity()).toMatchObject({ mode: 'auto', customerApproved: true })
    const events = await office.send('three')
    expect(textOf(events)).toBe('An answer to three')

    await office.done('revoke-approval')
    expect((await office.send('four')).map(({ type }) => type)).toEqual(['ack', 'pending', 'done'])
    await office.drafts(3)
    expect(await office.bodies()).toEqual(['one', 'two', ...answers, 'three', 'An answer to three', 'four'])
  })

  it('leaves no answer waiting that ends in the moment in which its customer is approved', async () => {
    for (let round = 0; round < 10; round++) {
      await office.send(`message ${round}`)
      await office.done('approve-customer')
      await expect.poll(office.bodies, { timeout: 10_000 }).toContain(`An answer to message ${round}`)
      await office.done('revoke-approval')
    }
  })

  it('says of a broken answer that it is one, unless a person has finished it', async () => {
    await office.world.close()
    const responder = spyResponder(async function* () {
      yield 'Half an'
      await Promise.reject(new Error('It broke off.'))
    })
    office = await openOffice(place, approval, responder)
    await office.send('one')
    await office.send('two')
    const [first, second] = await office.drafts(2)
    const whole = await office.done(`drafts/${first?.id}/approve`, { body: 'Half an answer, made whole' })
    expect(whole.record.data).toBeUndefined()
    const broken = await office.done(`drafts/${second?.id}/approve`)
    expect(broken.record.data).toEqual({ interrupted: true })
  })
})
