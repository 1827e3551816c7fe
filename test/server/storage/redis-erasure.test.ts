/** An append and an erasure of the same moment, on processes that share a Redis. */
import { Redis } from 'ioredis'
import { afterEach, expect, it } from 'vitest'
import { createInbox } from '../../../server/conversations/inbox.ts'
import { silentLogger } from '../../../server/logger.ts'
import { openLog } from '../../../server/storage/open.ts'
import { openStorage } from '../../../server/storage/url.ts'
import { until } from '../../contract/log/bench.ts'
import { startRedis } from '../../helpers/redis.ts'
import { valve } from '../../helpers/responder.ts'
import { startWire } from '../../helpers/wire.ts'

let cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const one of cleanUp.reverse()) await one()
  cleanUp = []
})

async function open(url: string) {
  const storage = await openStorage(url)
  const log = await openLog(storage)
  cleanUp.push(async () => {
    await log.close()
    await storage.dispose()
  })
  return log
}

it('an append whose answer comes after an erasure puts no empty conversation back into the inbox', async () => {
  const redis = await startRedis()
  cleanUp.push(() => redis.stop())
  const port = Number(new URL(redis.url).port)
  const wire = await startWire(port)
  cleanUp.push(() => wire.close())
  const [writer, other] = [await open(`redis://127.0.0.1:${wire.port}`), await open(redis.url)]
  const client = new Redis(redis.url)
  cleanUp.push(() => client.disconnect())

  await writer.append('shop.YQ', 'public', { actor: 'customer', type: 'message', body: 'one' })
  const late = valve()
  wire.down = async (piece, pass) => {
    if (piece.includes('stored')) await late.opened
    await pass(piece)
  }
  const appended = writer.append('shop.YQ', 'public', { actor: 'customer', type: 'message', body: 'two' })
  await until(async () => (await client.llen('lumika:{shop.YQ}:lane:public')) === 2)
  await other.remove('shop.YQ')
  late.open()
  expect((await appended).outcome).toBe('stored')
  expect((await other.after('shop.YQ', 'public', null, 9)).entries).toEqual([])
  const inbox = createInbox({ log: other, logger: silentLogger, sortMs: 20 })
  cleanUp.push(() => inbox.close())
  await expect.poll(async () => (await other.recent()).conversations, { timeout: 10_000 }).toEqual([])
  expect(await client.keys('*')).toEqual(expect.not.arrayContaining([expect.stringContaining('YQ')]))
})
