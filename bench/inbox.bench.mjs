/** What the inbox costs with a hundred conversations, and with a thousand times as many: its pages, a search, a sweep of retention. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { server } from './built.mjs'
import { startRedis } from './redis.mjs'
import { alternate } from './table.mjs'

export const title = 'The inbox, by how many conversations there are (baseline: 100 of them)'

const { createLumika, openLog, openStorage } = server
const sizes = [100, 10_000, 100_000]
const operatorKey = 'operator-key-of-a-benchmark'
const pages = {
  'first page': '?limit=25',
  'first page of waiting ones': '?limit=25&state=waiting',
  'of those of one integration': '?limit=25&state=waiting&integrationId=SHOP',
  'a search that finds 25 among the newest': '?limit=25&q=message',
  'a search that finds nothing, up to its limit': '?limit=25&q=nowhere',
}

/** @returns {Promise<import('./table.mjs').Row[]>} */
export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'lumika-bench-inbox-'))
  const redis = await startRedis()
  try {
    const rows = await measure('files', (size) => `fs:${join(folder, String(size))}`)
    if (redis) rows.push(...(await measure('redis', (size) => `${redis.url}/${sizes.indexOf(size)}`)))
    return rows
  } finally {
    redis?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {string} kind
 * @param {(size: number) => string} urlOf
 */
async function measure(kind, urlOf) {
  /** @type {Awaited<ReturnType<typeof open>>[]} */
  const inboxes = []
  for (const size of sizes) inboxes.push(await open(urlOf(size), size))
  /** @type {import('./table.mjs').Row[]} */
  const rows = []
  try {
    /** @type {[string, (inbox: Awaited<ReturnType<typeof open>>) => Promise<number>][]} */
    const all = Object.entries(pages).map(([name, query]) => [name, ({ ask }) => ask(query)])
    all.push(['a sweep of retention, nothing due', ({ sweep }) => sweep()])
    for (const [name, take] of all) {
      const measures = Object.fromEntries(inboxes.map((inbox) => [inbox.size, () => take(inbox)]))
      const isLong = name.includes('nothing, up')
      await alternate(measures, isLong ? 1 : 3)
      const found = await alternate(measures, isLong ? 3 : 15)
      for (const size of sizes) {
        const row = { what: `${kind}, ${size}: ${name}`, value: found[size] ?? NaN, unit: 'ms' }
        rows.push(size === sizes[0] ? row : { ...row, baseline: found[sizes[0] ?? 0] ?? NaN })
      }
    }
  } finally {
    for (const { lumika } of inboxes) await lumika.close({ graceMs: 0 })
  }
  return rows
}

/**
 * A server with so many conversations, every other of which waits for a person.
 *
 * @param {string} url
 * @param {number} size
 */
async function open(url, size) {
  const log = await openLog(await openStorage(url))
  const lumika = await createLumika({ storage: log, operatorKey })
  const shops = await Promise.all(
    ['one', 'two'].map((name) => lumika.registry.create({ name, kind: 'api', responder: null })),
  )
  const ids = shops.map(({ integration }) => integration.id)
  let made = 0
  const make = async () => {
    while (made < size) {
      const i = made++
      const conversation = `${ids[(i >> 1) % 2]}.${Buffer.from(`customer-${i}`).toString('base64url')}`
      const turn = { id: `t${i}`, mode: 'human' }
      const actor = i % 2 ? 'customer' : 'assistant'
      const value = { actor, type: 'message', body: `Message ${i}`, ...(i % 2 && { turn }) }
      await log.append(conversation, 'public', value, { keys: [`turn:t${i}`] })
    }
  }
  await Promise.all(Array.from({ length: 64 }, make))

  /** @param {string} query */
  const ask = async (query) => {
    const start = performance.now()
    const headers = { authorization: `Bearer ${operatorKey}` }
    const path = `/api/activities${query.replace('SHOP', ids[0] ?? '')}`
    const response = await lumika.fetch(new Request(`http://localhost:3000${path}`, { headers }))
    const { activities, partial } = await response.json()
    const isSearch = query.includes('q=')
    const wanted = query.includes('q=nowhere') ? 0 : 25
    if (activities?.length !== wanted) throw new Error(`${path}: ${response.status}, ${activities?.length}`)
    return partial && !isSearch ? NaN : performance.now() - start
  }

  /** What the sweeper asks each minute: what is to be carried on, and the oldest conversations of each integration. */
  const sweep = async () => {
    const start = performance.now()
    await log.after('~expiring', 'private', null, 20)
    for (const id of ids) await log.recent({ scope: id, first: 'oldest', limit: 20 })
    return performance.now() - start
  }
  // Everything is new: it is put in order once. Until then answers are short, or say that they are partial.
  while (Number.isNaN(await ask('?limit=25&state=waiting').catch(() => NaN)));
  return { size, lumika, ask, sweep }
}
