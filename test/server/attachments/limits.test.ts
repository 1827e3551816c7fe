/** How many files, and how much of them. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { attachmentLimits } from '../../../protocol.ts'
import { piecesOf } from '../../../server/attachments/body.ts'
import { readText } from '../../../server/routes/params.ts'
import { openPlace } from '../../helpers/world.ts'
import { bigPng, png } from './samples.ts'
import { openShop } from './shop.ts'

const unlimited = { uploadsPerConversation: Infinity, uploadKbPerConversation: Infinity }

async function shopWith(limits: Record<string, number>) {
  const place = await openPlace('memory')
  const shop = await openShop(place, {}, { limits })
  const close = async () => {
    await shop.close()
    await place.dispose()
  }
  return { shop, close }
}

afterEach(() => void vi.useRealTimers())

describe('files', () => {
  it('a conversation has a hundred, however many come at once', async () => {
    const { shop, close } = await shopWith(unlimited)
    for (let n = 0; n < attachmentLimits.perConversation - 2; n += 14) {
      await Promise.all(Array.from({ length: 14 }, () => shop.uploaded(png)))
    }
    const last = await Promise.all(Array.from({ length: 8 }, () => shop.upload(png)))
    expect(last.map(({ status }) => status).toSorted()).toEqual([201, 201, 409, 409, 409, 409, 409, 409])
    expect((await shop.upload(png)).status).toBe(409)
    await close()
  })

  it('so many files, and so many bytes, a minute', async () => {
    const files = await shopWith({ uploadsPerConversation: 3 })
    const statuses: number[] = []
    for (let n = 0; n < 4; n++) statuses.push((await files.shop.upload(png)).status)
    expect(statuses).toEqual([201, 201, 201, 429])
    await files.close()

    const bytes = await shopWith({ uploadKbPerIntegration: 1_000 })
    const one = await bytes.shop.upload(bigPng(700_000))
    const two = await bytes.shop.upload(bigPng(700_000)).catch(() => null)
    const three = await bytes.shop.upload(png)
    expect([one.status, three.status]).toEqual([201, 429])
    // It is refused in the middle, when the sender may not listen any more.
    expect([429, undefined]).toContain(two?.status)
    expect(Number(three.headers.get('retry-after'))).toBeGreaterThan(0)
    await bytes.close()
  })

  it('a responder is told of the files of a message, and of those before it', async () => {
    const place = await openPlace('memory')
    const shop = await openShop(place, { responder: 'spy' })
    const [one, two] = [await shop.uploaded(png), await shop.uploaded(png, 'two.png')]
    await (await shop.send('Look', [one.id])).text()
    await (await shop.send('And', [two.id])).text()
    const told = (file: typeof one) => [{ ...file, url: `http://localhost:3000/conversation/attachments/${file.id}` }]
    expect(shop.world.responder.requests).toMatchObject([
      { text: 'Look', attachments: told(one) },
      { text: 'And', attachments: told(two), history: [{ body: 'Look', attachments: told(one) }, {}] },
    ])
    await shop.close()
    await place.dispose()
  })

  it('who sends slowly is not waited for', async () => {
    vi.useFakeTimers()
    const never = () => new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) })
    const request = new Request('http://localhost', { method: 'POST', body: never(), duplex: 'half' } as RequestInit)
    const text = expect(readText(request, 100)).rejects.toMatchObject({ status: 400, code: 'invalid_request' })
    const limits = { most: 100, announced: null, patienceMs: 1_000, count: async () => {} }
    const file = expect(piecesOf(never(), limits).next()).rejects.toMatchObject({ code: 'invalid_attachment' })
    await vi.advanceTimersByTimeAsync(21_000)
    await Promise.all([text, file])
  })
})
