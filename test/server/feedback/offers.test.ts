/** Buttons that come with an answer: quick replies and links. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isLinkUrl, offersIn } from '../../../server/offers.ts'
import { createFunctionResponder } from '../../../server/responders/function.ts'
import { createWebhookResponder } from '../../../server/responders/webhook.ts'
import { eventOf } from '../../helpers/sse.ts'
import { openPlace, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { openOffice } from '../desk/office.ts'
import type { Office } from '../desk/office.ts'

const offers = {
  quickReplies: ['Yes', { label: 'No 😀', text: 'No, thank you.' }],
  links: [{ label: 'Our shop', url: 'https://shop.example/a?b=c#d' }],
}
const refused = [
  'javascript:alert(1)',
  ' https://a.example',
  'https://',
  'data:text/html,x',
  '//a.example',
  'mailto:',
  'java\nscript:x',
]

describe('what can be offered', () => {
  it('X67: leads to pages, mail and telephones alone', () => {
    for (const url of ['https://a.example', 'HTTP://a.example/ü', 'mailto:a@b.example?subject=x', 'tel:+49-30-1']) {
      expect([url, isLinkUrl(url)]).toEqual([url, true])
    }
    for (const url of [
      ...refused,
      'vbscript:x',
      'file:///etc/passwd',
      `https://a.example/${'x'.repeat(2_048)}`,
      7,
      null,
    ]) {
      expect([url, isLinkUrl(url)]).toEqual([url, false])
    }
  })

  it('leaves out what cannot be shown, and keeps the rest', () => {
    const mixed = {
      quickReplies: [
        'Yes',
        '',
        ' ',
        7,
        null,
        '😀'.repeat(81),
        { label: 'a' },
        offers.quickReplies[1],
        { label: 'x', text: '', y: 1 },
      ],
      links: [
        ...refused.map((url) => ({ label: 'x', url })),
        { url: 'https://a.example' },
        { ...offers.links[0], evil: 1 },
      ],
    }
    expect(offersIn(mixed)).toEqual(offers)
    expect(offersIn({ quickReplies: Array.from({ length: 20 }, (_, n) => `${n}`) }).quickReplies).toHaveLength(8)
    for (const nothing of [null, 'x', 7, [], { quickReplies: 'Yes', links: {} }]) expect(offersIn(nothing)).toEqual({})
  })
})

describe.each(storages)('buttons, on %s', (kind) => {
  let place: Place
  let office: Office | undefined
  beforeEach(async () => void (place = await openPlace(kind)))
  afterEach(async () => {
    await office?.world.close()
    await place.dispose()
  })

  it('come with what a webhook answers, whole or in pieces, and with a draft when it goes out', async () => {
    const answers = [
      Response.json({ text: 'Shall I?', ...offers, handover: false }),
      new Response(
        [{ delta: 'Shall ' }, { quickReplies: ['Maybe'], delta: 'I?' }, offers]
          .map((each) => `data: ${JSON.stringify(each)}\n\n`)
          .join(''),
        { headers: { 'content-type': 'text/event-stream' } },
      ),
      Response.json({ text: 'Shall I?', quickReplies: 'Yes', links: [{ label: 'x', url: 'javascript:x' }] }),
      Response.json({ text: 'Shall I?', links: offers.links }),
    ]
    const fetch = async () => answers.shift() ?? new Response(null, { status: 204 })
    const webhook = createWebhookResponder({ url: 'https://code.example', secret: 'a secret of the tests', fetch })
    office = await openOffice(place, {}, undefined, { responders: { webhook } })
    for (const data of [offers, offers, undefined]) {
      const events = await office.send(`Question ${answers.length}`)
      const { message } = eventOf(events, 'message')
      expect([message.body, message.data]).toEqual(['Shall I?', data])
      expect((await office.messages()).at(-1)).toEqual(message)
    }
    await office.world.lumika.registry.update(office.world.integration.id, { responseMode: 'approval' })
    await office.send('Another question')
    const [draft] = await office.drafts(1)
    expect(draft?.data).toMatchObject({ links: offers.links })
    expect((await office.messages()).at(-1)?.body).toBe('Another question')
    await office.done(`drafts/${draft?.id}/approve`, { body: 'Do you want to?' })
    expect((await office.messages()).at(-1)).toMatchObject({ body: 'Do you want to?', data: { links: offers.links } })
  })

  it("come with a person's reply, by the API, and with a function's pieces", async () => {
    const fn = createFunctionResponder(async function* () {
      yield 'Well'
      yield { type: 'offer' as const, ...offers }
    })
    office = await openOffice(place, {}, undefined, { responders: { fn } })
    expect(eventOf(await office.send('Hello'), 'message').message.data).toEqual(offers)
    const body = 'Shall we?'
    await office.done('messages', { body, data: offers, clientMessageId: 'a-reply-with-buttons' })
    const author = { kind: 'operator', name: 'Operator' }
    expect((await office.messages()).at(-1)).toMatchObject({ body, data: { author, ...offers } })
    const label = 'x'.repeat(81)
    for (const data of [
      { author: { name: 'Somebody else' } },
      { quickReplies: [label] },
      { quickReplies: [{ label: 'a', text: 'x'.repeat(4_001) }] },
      { quickReplies: Array.from({ length: 9 }, () => 'x') },
      { links: [{ label, url: 'https://a.example' }] },
      ...refused.map((url) => ({ links: [{ label: 'x', url }] })),
    ]) {
      const response = await office.call('messages', { body, data })
      expect([data, response.status]).toEqual([data, 400])
    }
    expect((await office.call('notes', { body, data: offers })).status).toBe(400)
  })
})
