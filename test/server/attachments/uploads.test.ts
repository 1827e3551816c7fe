/** Files that visitors upload, send and fetch, and what is refused of them, over real sockets on every storage. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Attachment } from '../../../protocol.ts'
import { openPlace, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { bigPng, gifAndScript, pdf, pdfAndPage, png, refused } from './samples.ts'
import { openShop, storedIds } from './shop.ts'
import type { Shop } from './shop.ts'

const maxBytes = 1_400_000

describe.each(storages)('attachments, on %s', (kind) => {
  let place: Place
  let shop: Shop
  beforeEach(async () => {
    place = await openPlace(kind)
    shop = await openShop(place, {}, { attachments: { maxBytes } })
  })
  afterEach(async () => {
    await shop.close()
    await place.dispose()
  })

  const codeOf = async (response: Response) =>
    [response.status, ((await response.json()) as { error?: { code: string } }).error?.code] as const
  const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())

  it('are stored, sent with a message, told, and served as downloads to whoever knows the id', async () => {
    // Three pieces, and a rest.
    const big = bigPng(1_200_001)
    const picture = await shop.uploaded(big, '../holiday\u202e.png')
    const paper = await shop.uploaded(pdf, 'invoice.pdf')
    expect(picture).toEqual({
      ...{ id: expect.stringMatching(/^[a-z0-9]{32}$/), name: 'holiday.png', type: 'image/png' },
      ...{ size: big.byteLength, width: 3, height: 2 },
    })
    expect((await shop.send('Look', [picture.id, paper.id], { clientMessageId: 'with-two-files-1' })).status).toBe(200)
    const { messages } = await shop.history()
    expect(messages[0]?.data?.attachments).toEqual([picture, paper])

    const response = await shop.fetch(picture.id)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(big.byteLength),
      'content-disposition': `attachment; filename="holiday.png"; filename*=UTF-8''holiday.png`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': expect.stringMatching(/^private/) as string,
    })
    expect((await bytesOf(response)).equals(big)).toBe(true)
    const head = await shop.fetch(picture.id, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '1200001', ''])
    expect(await codeOf(await shop.fetch(picture.id.replace(/^./, (c) => (c === 'a' ? 'b' : 'a'))))).toEqual([
      404,
      'not_found',
    ])
    for (const path of [
      'x',
      '..%2f..%2flock',
      `${picture.id}.0`,
      `${picture.id}.head`,
      '%00',
      picture.id.toUpperCase(),
    ])
      expect([path, ...(await codeOf(await shop.fetch(path)))]).toEqual([path, 404, 'not_found'])
  })

  it('a message that is sent again has the same files, or is another message', async () => {
    const [one, two] = [await shop.uploaded(png), await shop.uploaded(png)]
    const key = { clientMessageId: 'sent-again-and-again' }
    expect((await shop.send('Look', [one.id], key)).status).toBe(200)
    expect(await (await shop.send('Look', [one.id], key)).text()).toContain('"replayed":true')
    for (const other of [[], [two.id], [one.id, two.id]])
      expect(await codeOf(await shop.send('Look', other, key))).toEqual([409, 'idempotency_mismatch'])
    // Without a key the files belong to what is said.
    await (await shop.send('And', [one.id])).text()
    await (await shop.send('And', [two.id])).text()
    expect((await shop.history()).messages.map(({ data }) => data?.attachments?.map(({ id }) => id))).toEqual([
      [one.id],
      [one.id],
      [two.id],
    ])
  })

  it('belong to one conversation, and a message has a few', async () => {
    const { id } = await shop.uploaded(png)
    const six: string[] = []
    while (six.length < 6) six.push((await shop.uploaded(png)).id)
    for (const [ids, params] of [
      [[id], { conversationId: `c_${'another'.repeat(5)}` }],
      [six, {}],
      [[id, id], {}],
      [['x'], {}],
      [['a'.repeat(32)], {}],
      [[id, '../../../lock'], {}],
    ] as const)
      expect([ids, ...(await codeOf(await shop.send('Look', [...ids], params)))]).toEqual([
        ...[ids, 400, 'invalid_attachment'],
      ])
    const nowhere = shop.world.post('/conversation/sse', { textContent: 'Look', attachments: id })
    expect(await codeOf(await nowhere)).toEqual([400, 'invalid_attachment'])
    expect((await shop.history()).messages).toEqual([])
  })

  it('are what their first bytes say, and served inert where they are something else as well', async () => {
    for (const [what, bytes] of Object.entries(refused)) {
      const name = what === 'svg' ? 'a.png' : 'image.png'
      const response = await shop.upload(bytes, { name }, { headers: { 'content-type': 'image/png' } })
      expect([what, ...(await codeOf(response))]).toEqual([what, 415, 'unsupported_media_type'])
    }
    for (const [bytes, name, type, saved] of [
      [gifAndScript, 'a.js', 'image/gif', 'a.js.gif'],
      [pdfAndPage, 'a.html', 'application/pdf', 'a.html.pdf'],
    ] as const) {
      const { id } = await shop.uploaded(bytes, name)
      const { headers } = await shop.fetch(id, { headers: { accept: 'text/html', 'sec-fetch-dest': 'document' } })
      expect(headers.get('content-type')).toBe(type)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toMatch(/^sandbox;/)
      expect(headers.get('content-disposition')).toContain(`filename="${saved}"`)
    }
  })

  it('are refused where they are too large, cut off or empty, and leave nothing', async () => {
    const chunks = (bytes: Uint8Array) =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += 100_000) controller.enqueue(bytes.subarray(at, at + 100_000))
          controller.close()
        },
      })
    const tooLarge = bigPng(maxBytes + 1)
    expect(await codeOf(await shop.upload(tooLarge))).toEqual([413, 'body_too_large'])
    // Nobody knows how much is to come; the sender may be cut off before it hears the answer.
    const outcome = await shop.upload(chunks(tooLarge)).then(codeOf, () => 'cut off')
    expect([[413, 'body_too_large'], 'cut off']).toContainEqual(outcome)
    expect(await codeOf(await shop.upload(''))).toEqual([400, 'invalid_attachment'])
    await shop.cutOff(bigPng(1_000), 2_000)
    await shop.cutOff(bigPng(700_000), 1_200_000)
    for (const name of ['', 'x'.repeat(5_000)])
      expect(await codeOf(await shop.upload(png, { name }))).toEqual([400, 'invalid_attachment'])
    const whole = (await (await shop.upload(chunks(bigPng(maxBytes)))).json()) as { attachment: Attachment }
    // What was cut off is noticed a moment later.
    await expect.poll(() => storedIds(place), { timeout: 10_000 }).toEqual([whole.attachment.id])
  })

  it('are refused without a look at the body or the storage where nobody may upload', async () => {
    const calls = () => ({ ...shop.world.calls })
    const endless = () => new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(png) })
    const before = calls()
    const ask = (params: Record<string, string>, init: RequestInit = {}) => {
      const query = new URLSearchParams({
        ...{ integrationToken: shop.world.token, conversationId: shop.conversationId, name: 'a.png', ...params },
      })
      const request = new Request(`http://localhost:3000/conversation/attachments?${query}`, {
        ...{ method: 'POST', body: endless(), duplex: 'half', ...init },
      } as RequestInit)
      return shop.world.lumika.fetch(request)
    }
    expect(await codeOf(await ask({ integrationToken: 'lit_nobodys-token-at-all-0000' }))).toEqual([
      401,
      'invalid_token',
    ])
    const image = { headers: { 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' } }
    expect(await codeOf(await ask({}, image))).toEqual([403, 'request_not_allowed'])
    expect(await codeOf(await ask({ conversationId: '' }))).toEqual([400, 'invalid_conversation_id'])
    const announced = { headers: { 'content-length': String(maxBytes + 1) } }
    expect(await codeOf(await ask({}, announced))).toEqual([413, 'body_too_large'])
    const { token } = await shop.world.lumika.registry.create({ name: 'No files', kind: 'api' })
    expect(await codeOf(await ask({ integrationToken: token }))).toEqual([403, 'request_not_allowed'])
    const widget = await shop.world.lumika.registry.create({
      ...{ name: 'Site', kind: 'widget', allowedDomains: ['shop.example'], attachments: true },
    })
    const elsewhere = { headers: { origin: 'https://elsewhere.example' } }
    const site = { integrationToken: widget.token, conversationId: `c_${'x'.repeat(24)}` }
    expect(await codeOf(await ask(site, elsewhere))).toEqual([403, 'domain_not_allowed'])
    expect(await codeOf(await ask(site))).toEqual([403, 'domain_not_allowed'])
    const home = { headers: { origin: 'https://shop.example' } }
    expect(await codeOf(await ask({ ...site, conversationId: 'guessable' }, home))).toEqual([403, 'identity_required'])
    expect(calls()).toEqual(before)
    const sent = await shop.world.post('/conversation/sse', {
      ...{ integrationToken: token, conversationId: 'x', textContent: 'Hi', attachments: 'a'.repeat(32) },
    })
    expect(await codeOf(sent)).toEqual([403, 'request_not_allowed'])
    const taken = await ask(site, { ...home, body: png })
    expect([taken.status, taken.headers.get('access-control-allow-origin')]).toEqual([201, 'https://shop.example'])
  })

  it('go with a reply of a person, too', async () => {
    await (await shop.send('Hello', [])).text()
    const upload = (body: Uint8Array<ArrayBuffer>, key = shop.key) =>
      shop.world.lumika.fetch(
        new Request(`http://localhost:3000/api/conversations/${key}/attachments?name=Terms%2Fof%2Fuse.pdf`, {
          ...{ method: 'POST', body, headers: { authorization: 'Bearer operator-key-of-the-tests-0123456789' } },
        }),
      )
    const { attachment } = (await (await upload(pdf)).json()) as { attachment: Attachment }
    expect(attachment).toMatchObject({ name: 'use.pdf', type: 'application/pdf', size: pdf.byteLength })
    expect(await codeOf(await upload(pdf, `${shop.key}x`))).toEqual([404, 'not_found'])
    const path = `/conversations/${shop.key}/messages`
    const body = { body: 'Here', attachments: [attachment.id] }
    expect((await shop.ask(path, 'POST', body)).status).toBe(201)
    const keyed = { ...body, clientMessageId: 'a-reply-with-a-key' }
    expect((await shop.ask(path, 'POST', keyed)).status).toBe(201)
    expect(await codeOf(await shop.ask(path, 'POST', { ...keyed, attachments: [] }))).toEqual([
      ...[409, 'idempotency_mismatch'],
    ])
    const { messages } = await shop.history()
    expect(messages.slice(1).map(({ data }) => data?.attachments)).toEqual([[attachment], [attachment]])
    const off = await shop.ask(`/integrations/${shop.world.integration.id}`, 'PATCH', { attachments: false })
    expect(off.status).toBe(200)
    expect(await codeOf(await upload(pdf))).toEqual([403, 'request_not_allowed'])
    expect(await codeOf(await shop.ask(path, 'POST', body))).toEqual([403, 'request_not_allowed'])
    // What was sent is still there.
    expect((await shop.fetch(attachment.id)).status).toBe(200)
  })
})
