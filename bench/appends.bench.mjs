/** What storing a message durably costs, beside the least that the same medium can do. */
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { server } from './built.mjs'
import { startRedis } from './redis.mjs'
import { alternate } from './table.mjs'

export const title = 'A message stored durably (baseline: write + fdatasync; RPUSH to a Redis with AOF)'

const { openLog, openStorage } = server
const messages = 200
const value = { actor: 'customer', type: 'message', body: 'x'.repeat(120) }

/** @returns {Promise<import('./table.mjs').Row[]>} */
export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'lumika-bench-'))
  const redis = await startRedis()
  const files = await openLog(await openStorage(`fs:${join(folder, 'lumika')}`))
  const plain = await open(join(folder, 'plain.jsonl'), 'a')
  const line = `${JSON.stringify(value)}\n`
  try {
    const rows = [
      await compare('files', files, async () => {
        await plain.write(line)
        await plain.datasync()
      }),
    ]
    if (!redis) return rows
    const log = await openLog(await openStorage(redis.url))
    const client = new Redis(redis.url)
    rows.push(await compare('redis', log, () => client.rpush('plain', line)))
    client.disconnect()
    await log.close()
    return rows
  } finally {
    await plain.close()
    await files.close()
    redis?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {string} what
 * @param {import('../server/index.ts').ConversationLog} log
 * @param {() => Promise<unknown>} bare
 * @returns {Promise<import('./table.mjs').Row>}
 */
async function compare(what, log, bare) {
  let id = 0
  const ours = () => log.append('bench.customer', 'public', value, { keys: [`key-${id++}`] })
  const { here, baseline } = await alternate({ here: () => timed(ours), baseline: () => timed(bare) }, 7)
  return { what, value: here, unit: 'µs', baseline }
}

/**
 * One after the other, in µs each.
 *
 * @param {() => Promise<unknown>} store
 */
async function timed(store) {
  const start = performance.now()
  for (let i = 0; i < messages; i++) await store()
  return ((performance.now() - start) * 1_000) / messages
}
