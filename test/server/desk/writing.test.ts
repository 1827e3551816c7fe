/** Answers and drafts as they are written: told to operators, whole to whoever comes late, and to nobody else. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { z } from 'zod'
import { conversationKey } from '../../../server/conversations/keys.ts'
import type { OperatorRecord } from '../../../server/conversations/records.ts'
import type { WritingEvent } from '../../../server/conversations/writing.ts'
import { writingEvent } from '../../../server/routes/openapi/records.ts'
import { spyResponder } from '../../helpers/responder.ts'
import { openPlace, operatorKey, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { browserAt, firstOwner, openStaffedWorld } from '../accounts/staff.ts'
import { nextDoor, officeOf, openOffice } from './office.ts'
import type { Office } from './office.ts'

const home = 'http://localhost:3000'

/** A responder that says what it is handed, when it is handed it; null ends the answer. */
function dictated() {
  const left: (string | null)[] = []
  let wake = () => {}
  const responder = spyResponder(async function* () {
    for (;;) {
      while (left.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      const piece = left.shift()
      if (typeof piece !== 'string') return
      yield piece
    }
  })
  return { responder, say: (...pieces: (string | null)[]) => (left.push(...pieces), wake()) }
}

/** Somebody who follows what is written in a conversation. */
async function follow(
  { world, conversationId }: Office,
  headers: Record<string, string> = { authorization: `Bearer ${operatorKey}` },
) {
  const key = conversationKey(world.integration.id, conversationId)
  const response = await world.lumika.fetch(new Request(`${home}/api/conversations/${key}/writing`, { headers }))
  const seen: WritingEvent[] = []
  const follower = { response, seen, hasEnded: false, leave: () => reader?.cancel() }
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  void (async () => {
    let text = ''
    for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) {
      text += step.value
      const whole = text.lastIndexOf('\n\n') + 2
      for (const [, data = ''] of text.slice(0, whole).matchAll(/^data: (.*)$/gm)) seen.push(told(data))
      text = text.slice(whole)
    }
    follower.hasEnded = true
  })().catch(() => (follower.hasEnded = true))
  return follower
}

/** An event, which has to be as it is described. */
const told = (data: string): WritingEvent => (writingEvent as z.ZodType<WritingEvent>).parse(JSON.parse(data))

const textOf = (seen: WritingEvent[], turnId?: string): string =>
  seen.map((event) => (event.type === 'delta' && (!turnId || event.turnId === turnId) ? event.text : '')).join('')
const turnsOf = (seen: WritingEvent[]) => seen.filter((event) => event.type === 'turn')
const turnIdOf = (record: OperatorRecord | undefined) =>
  record && (record.visibility === 'public' ? record.turnId : record.data['turnId'])

describe.each(storages)('what is being written, on %s', (kind) => {
  let place: Place
  let office: Office
  /** The same conversation at another server, where the storage is for several. */
  let other: Office
  let pen: ReturnType<typeof dictated>
  const open = async (responseMode: 'auto' | 'approval') => {
    await office?.world.close()
    pen = dictated()
    office = await openOffice(place, { responseMode }, pen.responder)
    other = kind === 'redis' ? await nextDoor(office) : office
  }
  beforeEach(async () => {
    place = await openPlace(kind)
  })
  afterEach(async () => {
    await office.world.close()
    if (other.world !== office.world) await other.world.close()
    await place.dispose()
  })

  it('a draft is told as it grows, whole to who comes late, and ends as a record of the same turn', async () => {
    await open('approval')
    const sent = office.send('Where is my parcel?')
    await expect.poll(() => pen.responder.requests.length).toBe(1)
    const early = await follow(other)
    await expect.poll(() => early.seen.length).toBe(2)
    const [, turn] = early.seen
    const question = (await office.records())[0]
    expect(early.seen).toEqual([
      { type: 'ready' },
      { type: 'turn', turnId: expect.any(String) as string, userMessageId: question?.id, mode: 'approval' },
    ])
    pen.say('It ', 'left ')
    await expect.poll(() => textOf(early.seen)).toBe('It left ')
    const late = await follow(other)
    // Everything so far, at once and in one piece.
    await expect
      .poll(() => late.seen)
      .toEqual([
        { type: 'ready' },
        turn,
        { ...turn, type: 'delta', text: 'It left ', mode: undefined, userMessageId: undefined },
      ])
    pen.say('today.', null)
    for (const each of [early, late]) {
      await expect.poll(() => each.seen.at(-1)?.type).toBe('end')
      expect([textOf(each.seen), turnsOf(each.seen).length]).toEqual(['It left today.', 1])
    }
    const [draft] = await office.drafts(1)
    expect([draft?.body, turnIdOf(draft)]).toEqual(['It left today.', (turn as { turnId: string }).turnId])
    // G8: what the customer was told, and may read, has none of it.
    expect(JSON.stringify([await sent, await office.messages()])).not.toMatch(/left|today/)
    await Promise.all([early.leave(), late.leave()])
  })

  it('one answer is told after another, each under its turn, whose record is there at its end', async () => {
    await open('auto')
    const streams = [office.send('One')]
    await expect.poll(() => pen.responder.requests.length).toBe(1)
    const reader = await follow(other)
    streams.push(office.send('Two'))
    await expect.poll(async () => (await office.records()).length).toBe(2)
    pen.say('First', null)
    await expect.poll(() => reader.seen.filter(({ type }) => type === 'end').length).toBe(1)
    const answer = (await other.records()).find(({ body }) => body === 'First')
    expect(turnIdOf(answer)).toBe(turnsOf(reader.seen)[0]?.turnId)
    pen.say('Second', null)
    await expect
      .poll(() => reader.seen.map(({ type }) => type).filter((type) => type !== 'delta'))
      .toEqual(['ready', 'turn', 'end', 'turn', 'end'])
    for (const [n, text] of ['First', 'Second'].entries())
      expect(textOf(reader.seen, turnsOf(reader.seen)[n]?.turnId)).toBe(text)
    await Promise.all([...streams, reader.leave()])
  })

  it('a take-over stops it in the middle of a word', async () => {
    await open('auto')
    void office.send('Hello')
    await expect.poll(() => pen.responder.requests.length).toBe(1)
    const reader = await follow(other)
    pen.say('Good mor')
    await expect.poll(() => textOf(reader.seen)).toBe('Good mor')
    await other.done('takeover')
    await expect.poll(() => reader.seen.at(-1)?.type).toBe('end')
    pen.say('ning', null)
    const answer = (await office.records()).find((record) => turnIdOf(record) === turnsOf(reader.seen)[0]?.turnId)
    expect(answer).toMatchObject({ body: 'Good mor', data: { stopped: true } })
    await reader.leave()
  })
})

describe.each(storages)('what is being written is for operators, on %s', (kind) => {
  let place: Place
  let office: Office
  let pen: ReturnType<typeof dictated>
  beforeEach(async () => {
    place = await openPlace(kind)
    pen = dictated()
    const integration = { kind: 'api', responseMode: 'approval' } as const
    const world = await openStaffedWorld(place, { responder: pen.responder, integration })
    office = officeOf(world, 'customer', place)
  })
  afterEach(async () => {
    await office.world.close()
    await place.dispose()
  })

  it('and ends with their session, on every server, within the promise of the feed', async () => {
    const other = kind === 'redis' ? await nextDoor(office) : office
    const ann = await firstOwner(office.world)
    void office.send('Hello')
    await expect.poll(() => pen.responder.requests.length).toBe(1)
    const here = browserAt(other.world)
    here.cookie = ann.cookie
    await expect.poll(async () => (await here.ask('/api/activities')).status, { timeout: 5_000 }).toBe(200)
    const reader = await follow(other, { cookie: ann.cookie, 'sec-fetch-site': 'same-origin' })
    pen.say('One ')
    await expect.poll(() => textOf(reader.seen)).toBe('One ')
    await ann.ask('/api/session', { method: 'DELETE' })
    await expect.poll(() => reader.hasEnded, { timeout: 5_000 }).toBe(true)
    pen.say('secret', null)
    await office.drafts(1)
    expect(textOf(reader.seen)).toBe('One ')
    if (other !== office) await other.world.close()
  })

  it('not for visitors, pages of other sites, or conversations that are not there', async () => {
    void office.send('Hello')
    await expect.poll(() => pen.responder.requests.length).toBe(1)
    const ann = await firstOwner(office.world)
    const refused: [Record<string, string>, number][] = [
      [{}, 401],
      [{ authorization: `Bearer ${office.world.token}` }, 401],
      [{ cookie: ann.cookie, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 401],
    ]
    for (const [headers, status] of refused) expect((await follow(office, headers)).response.status).toBe(status)
    const nobody = await follow({ ...office, conversationId: 'nobody' })
    expect(nobody.response.status).toBe(404)
    pen.say(null)
  })

  it('and ends with the server, which waits for no reader', async () => {
    void office.send('Hello')
    await expect.poll(() => pen.responder.requests.length).toBe(1)
    const reader = await follow(office)
    await expect.poll(() => reader.seen.at(-1)?.type).toBe('turn')
    await office.world.close()
    await expect.poll(() => reader.hasEnded).toBe(true)
    pen.say(null)
    office = await openOffice(place)
  })
})

describe('F102: a reader of what is being written that has stopped reading', () => {
  afterEach(() => vi.useRealTimers())

  it('holds up nothing, and is dropped after 30 s', async () => {
    const place = await openPlace('memory')
    const pen = dictated()
    const office = await openOffice(place, { responseMode: 'approval' }, pen.responder)
    await office.send('Hello')
    const key = conversationKey(office.world.integration.id, office.conversationId)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const headers = { authorization: `Bearer ${operatorKey}` }
    const response = await office.world.lumika.fetch(
      new Request(`${home}/api/conversations/${key}/writing`, { headers }),
    )
    const reader = response.body?.getReader()
    await reader?.read()
    pen.say(...Array<string>(500).fill('a word '), null)
    await vi.advanceTimersByTimeAsync(1_000)
    await vi.advanceTimersByTimeAsync(30_000)
    await expect(reader?.read()).rejects.toThrow('stopped reading')
    vi.useRealTimers()
    const [draft] = await office.drafts(1)
    expect(draft?.body).toBe('a word '.repeat(500))
    await office.world.close()
    await place.dispose()
  })
})
