/** How long files live: until nobody has sent them for a day, until they are erased; whoever is killed meanwhile. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HistoryPage } from '../../../protocol.ts'
import { createAttachments } from '../../../server/attachments/attachments.ts'
import type { Attachments } from '../../../server/attachments/contract.ts'
import { silentLogger } from '../../../server/logger.ts'
import { openBlobs } from '../../../server/storage/blobs.ts'
import type { Blobs } from '../../../server/storage/blobs.ts'
import { LogError } from '../../../server/storage/log.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { openPlace, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { bigPng, pdf, png } from './samples.ts'
import { openShop, storedIds } from './shop.ts'
import type { Shop } from './shop.ts'

const hourMs = 3_600_000
const conversation = 'int_shop.dmlzaXRvcg'

describe.each(storages)('the life of files, on %s', (kind) => {
  let place: Place
  let cleanUp: (() => Promise<unknown>)[]
  /** How far the servers' clocks have gone on. */
  let hours: number
  const now = () => Date.now() + hours * hourMs
  beforeEach(async () => {
    place = await openPlace(kind)
    cleanUp = []
    hours = 0
  })
  afterEach(async () => {
    for (const one of cleanUp.reverse()) await one()
    await place.dispose()
  })

  const open = async (): Promise<Shop> => {
    const shop = await openShop(
      place,
      {},
      { now, retention: { sweepMs: 20, pauseMs: 1 }, attachments: { sweepMs: 20 } },
    )
    cleanUp.push(() => shop.close())
    return shop
  }
  const fails = (): never => {
    throw new LogError('storage_unavailable', 'Not now.')
  }
  /** Files without a server; `log` and `blobs` may be made to fail. */
  const files = async (
    wrap: (log: ConversationLog) => ConversationLog = (log) => log,
    change: (blobs: Blobs) => Partial<Blobs> = () => ({}),
  ): Promise<{ log: ConversationLog; made: Attachments; close: () => Promise<void> }> => {
    const log = await place.open()
    const storage = await place.files?.()
    const blobs = openBlobs(storage as NonNullable<typeof storage>)
    const made = createAttachments({ log: wrap(log), blobs: { ...blobs, ...change(blobs) }, logger: silentLogger, now })
    const close = async () => {
      await made.close()
      await log.close()
    }
    return { log, made, close }
  }
  const offer = (bytes: Uint8Array<ArrayBuffer>) => ({
    ...{ name: 'a.png', announced: null, count: async () => {} },
    body: new Response(bytes).body,
  })

  it('what no message names is removed after a day, and what one names stays', async () => {
    const shop = await open()
    const [sent, left] = [await shop.uploaded(bigPng(600_000)), await shop.uploaded(pdf, 'left.pdf')]
    await (await shop.send('Look', [sent.id])).text()
    hours = 23
    const late = await shop.uploaded(png)
    expect((await shop.fetch(left.id)).status).toBe(200)
    hours = 25
    await expect.poll(() => storedIds(place), { timeout: 10_000 }).toEqual([sent.id, late.id].toSorted())
    expect([left, sent, late].map(async ({ id }) => (await shop.fetch(id)).status)).toHaveLength(3)
    expect((await shop.fetch(left.id)).status).toBe(404)
    expect((await shop.fetch(sent.id)).status).toBe(200)
    expect((await shop.send('Too late', [left.id])).status).toBe(400)
    expect((await shop.send('In time', [late.id])).status).toBe(200)
    hours = 60
    const other = await shop.uploaded(png)
    await expect.poll(async () => (await shop.fetch(other.id)).status).toBe(200)
    expect(await storedIds(place)).toEqual([sent.id, late.id, other.id].toSorted())
  })

  it('a message and the sweeper at the same moment: the message has its file, or is refused', async () => {
    const { log, made, close } = await files()
    cleanUp.push(close)
    for (let round = 0; round < 8; round++) {
      const { id } = await made.store(conversation, offer(png))
      hours += 25
      const key = `client:round-${round}`
      const send = async () => {
        const attachments = await made.claim(conversation, [id], key)
        await log.append(
          conversation,
          'public',
          { actor: 'customer', type: 'message', body: 'Look', data: { attachments } },
          { keys: [key] },
        )
      }
      const [sent, swept] = await Promise.allSettled([send(), made.sweep()])
      expect(swept.status).toBe('fulfilled')
      const isThere = (await made.open(id)) !== null
      expect([round, isThere]).toEqual([round, sent.status === 'fulfilled'])
      if (sent.status === 'rejected') expect(sent.reason).toMatchObject({ code: 'invalid_attachment', status: 400 })
      // Taken, or gone: for good.
      hours += 25
      await made.sweep()
      await made.sweep()
      expect([round, (await made.open(id)) !== null]).toEqual([round, isThere])
      expect((await storedIds(place)).includes(id)).toBe(isThere)
    }
  })

  it('what was taken for a message that never came is removed a day after that', async () => {
    const { made, close } = await files()
    cleanUp.push(close)
    const { id } = await made.store(conversation, offer(png))
    hours = 23
    await made.claim(conversation, [id], 'client:killed-before-it-was-stored')
    hours = 26
    await made.sweep()
    expect(await made.open(id)).not.toBeNull()
    // Whoever sends it once more, late, has it for as long again.
    hours = 40
    await made.claim(conversation, [id], 'client:killed-before-it-was-stored')
    hours = 60
    await made.sweep()
    expect(await made.open(id)).not.toBeNull()
    hours = 90
    // It was written down anew by the first look, and is due a day after that.
    await made.sweep()
    await made.sweep()
    expect(await made.open(id)).toBeNull()
    expect(await storedIds(place)).toEqual([])
  })

  it('a process that is killed between the bytes and the record leaves nothing that can be reached', async () => {
    // The log takes no record of the file, and nothing can be cleared away any more.
    const isRecord = (value: unknown) => ['stored', 'gone'].includes((value as { type?: string }).type ?? '')
    const dying = await files(
      (log) => ({
        ...log,
        shared: log.shared,
        append: (name, lane, value, options) => (isRecord(value) ? fails() : log.append(name, lane, value, options)),
      }),
      () => ({ remove: async () => fails() }),
    )
    await expect(dying.made.store(conversation, offer(bigPng(1_100_000)))).rejects.toMatchObject({
      code: 'storage_unavailable',
    })
    const [id = ''] = await storedIds(place)
    expect(id).toMatch(/^[a-z0-9]{32}$/)
    await dying.close()
    const { made, close } = await files()
    cleanUp.push(close)
    expect(await made.open(id)).toBeNull()
    await expect(made.claim(conversation, [id], 'client:somebody-knows-the-id')).rejects.toMatchObject({ status: 400 })
    expect(await made.sweep()).toBe(0)
    hours = 25
    expect(await made.sweep()).toBe(1)
    expect(await storedIds(place)).toEqual([])
    expect(await made.newest(conversation)).toBeNull()
  })

  it('an erasure takes the files along, those that are being uploaded among them', async () => {
    const shop = await open()
    const [sent, unsent] = [await shop.uploaded(png), await shop.uploaded(pdf, 'unsent.pdf')]
    await (await shop.send('Look', [sent.id])).text()
    let send: ReadableStreamDefaultController<Uint8Array> | undefined
    const slow = new ReadableStream<Uint8Array>({ start: (controller) => void (send = controller) })
    const upload = shop.upload(slow)
    send?.enqueue(bigPng(600_000))
    await expect.poll(async () => (await storedIds(place)).length, { timeout: 10_000 }).toBe(3)

    expect((await shop.ask(`/conversations/${shop.key}`, 'DELETE')).status).toBe(204)
    for (const { id } of [sent, unsent]) expect((await shop.fetch(id)).status).toBe(404)
    send?.enqueue(bigPng(600_000))
    send?.close()
    expect((await upload).status).toBe(404)
    expect(await storedIds(place)).toEqual([])
    expect((await shop.send('Again', [sent.id])).status).toBe(400)
    // Somebody who comes back begins anew.
    const { id } = await shop.uploaded(png)
    expect((await shop.send('Again', [id])).status).toBe(200)
  })

  it('retention erases files with the conversation, and none of one that began anew', async () => {
    const shop = await open()
    const sent = await shop.uploaded(png)
    await (await shop.send('Look', [sent.id])).text()
    const { made, log, close } = kind === 'fs' ? { made: null, log: null, close: async () => {} } : await files()
    cleanUp.push(close)
    const newest = await made?.newest(shop.key)
    hours = 49
    await shop.ask(`/integrations/${shop.world.integration.id}`, 'PATCH', { retentionDays: 2 })
    await expect.poll(async () => (await shop.fetch(sent.id)).status, { timeout: 10_000 }).toBe(404)
    await expect.poll(() => storedIds(place), { timeout: 10_000 }).toEqual([])
    const next = await shop.uploaded(png)
    await (await shop.send('I am back', [next.id])).text()
    // Whoever carries the erasure on after a crash finds another life.
    if (made && newest) await made.eraseUpTo(shop.key, newest)
    expect((await shop.fetch(next.id)).status).toBe(200)
    void log
  })

  it('what is left of an integration goes with it, and an export lists all', async () => {
    const shop = await open()
    const [sent, unsent] = [await shop.uploaded(png, 'sent.png'), await shop.uploaded(pdf, 'unsent.pdf')]
    await (await shop.send('Look', [sent.id])).text()
    const alone = await shop.upload(png, { conversationId: `c_${'nobody'.repeat(5)}`, name: 'alone.png' })
    expect(alone.status).toBe(201)
    const exported = await (await shop.ask(`/conversations/${shop.key}/export`)).json()
    expect(exported).toMatchObject({
      records: [{ data: { attachments: [sent] } }],
      attachments: [
        { ...sent, isSent: true, path: `/conversation/attachments/${sent.id}` },
        { ...unsent, isSent: false, path: `/conversation/attachments/${unsent.id}` },
      ],
    })
    const text = await (await shop.ask(`/conversations/${shop.key}/export?format=text`)).text()
    expect(text).toContain(`  Look\n  [sent.png: /conversation/attachments/${sent.id}]\n`)
    expect((await shop.ask(`/integrations/${shop.world.integration.id}`, 'DELETE')).status).toBe(204)
    expect(await storedIds(place)).toEqual([])
  })

  it('storage that is away is 503, never a file that is not there', async () => {
    const shop = await open()
    const { id } = await shop.uploaded(png)
    await shop.close()
    cleanUp.pop()
    const away = await files(
      (log) => log,
      () => ({ read: async () => fails(), write: async () => fails() }),
    )
    cleanUp.push(away.close)
    await expect(away.made.open(id)).rejects.toMatchObject({ code: 'storage_unavailable' })
    await expect(away.made.store(conversation, offer(png))).rejects.toMatchObject({ code: 'storage_unavailable' })
  })

  it.runIf(kind !== 'fs')('two replicas: what one takes the other sends and serves, and both sweep', async () => {
    const shop = await open()
    const other = await shop.nextDoor()
    cleanUp.push(() => other.close())
    const [sent, left] = [await shop.uploaded(bigPng(600_000)), await shop.uploaded(png)]
    await (await other.send('Look', [sent.id])).text()
    const { messages } = (await shop.history()) as HistoryPage
    expect(messages[0]?.data?.attachments).toEqual([sent])
    expect((await other.fetch(sent.id)).status).toBe(200)
    hours = 25
    await expect.poll(() => storedIds(place), { timeout: 10_000 }).toEqual([sent.id])
    expect((await other.fetch(left.id)).status).toBe(404)
    expect((await other.ask(`/conversations/${shop.key}`, 'DELETE')).status).toBe(204)
    expect((await shop.fetch(sent.id)).status).toBe(404)
    expect(await storedIds(place)).toEqual([])
  })
})
