/** What an erasure leaves where conversations are kept: nothing that was said, and nobody's name. */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { createLumika } from '../../../server/index.ts'
import type { Lumika } from '../../../server/index.ts'
import { openStorage } from '../../../server/storage/url.ts'
import { startRedis } from '../../helpers/redis.ts'
import { spyResponder, valve } from '../../helpers/responder.ts'

const operatorKey = 'operator-key-of-the-tests-0123456789'
const canary = 'canary-of-a-customer'

describe.each(['fs', 'redis'] as const)('after an erasure, on %s', (kind) => {
  let url: string
  let contents: () => Promise<string>
  let servers: Lumika[]
  let cleanUp: (() => Promise<unknown>)[]
  beforeEach(async () => {
    cleanUp = []
    servers = []
    if (kind === 'fs') {
      const dir = await mkdtemp(join(tmpdir(), 'lumika-erased-'))
      cleanUp.push(() => rm(dir, { recursive: true, force: true }))
      url = `fs:${dir}`
      contents = () => folderText(dir)
    } else {
      const redis = await startRedis()
      cleanUp.push(() => redis.stop())
      url = redis.url
      const client = new Redis(url)
      cleanUp.push(async () => client.disconnect())
      contents = () => redisText(client)
    }
  })
  afterEach(async () => {
    for (const one of servers) await one.close({ graceMs: 0 })
    for (const one of cleanUp.reverse()) await one()
  })

  const start = async (responder = spyResponder(({ text }) => [`An answer to ${text}`])) => {
    const storage = await openStorage(url)
    const lumika = await createLumika({ storage, operatorKey, responders: { spy: responder } })
    servers.push(lumika)
    cleanUp.push(() => storage.dispose())
    return lumika
  }
  const ask = (lumika: Lumika, path: string, method = 'POST', body?: object) => {
    const headers = { authorization: `Bearer ${operatorKey}`, ...(body && { 'content-type': 'application/json' }) }
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
    return lumika.fetch(new Request(`http://localhost:3000/api${path}`, init))
  }
  const send = (lumika: Lumika, integrationToken: string, textContent: string, attachments = '') => {
    const message = { textContent, clientMessageId: canary, attachments }
    const body = new URLSearchParams({ integrationToken, conversationId: canary, ...message })
    return lumika.fetch(new Request('http://localhost:3000/conversation/sse', { method: 'POST', body }))
  }
  /** Uploads a file that names the customer, and gives its id. */
  const upload = async (lumika: Lumika, integrationToken: string) => {
    const query = new URLSearchParams({ integrationToken, conversationId: canary, name: `${canary}.pdf` })
    const url = `http://localhost:3000/conversation/attachments?${query}`
    const response = await lumika.fetch(new Request(url, { method: 'POST', body: `%PDF-1.7 ${canary}` }))
    return ((await response.json()) as { attachment: { id: string } }).attachment.id
  }
  /** What names the customer, in all the forms in which it is kept. */
  const traces = [canary, Buffer.from(canary).toString('base64url'), Buffer.from(canary).toString('hex')]
  const found = async () => {
    const text = await contents()
    return traces.filter((trace) => text.includes(trace))
  }

  it('nothing is left of texts, files, notes, drafts, marks, labels, keys and places', async () => {
    const lumika = await start()
    const { integration, token } = await lumika.registry.create({
      name: 'Shop',
      kind: 'api',
      responseMode: 'approval',
      attachments: true,
    })
    const key = conversationKey(integration.id, canary)
    const [sent, unsent] = [await upload(lumika, token), await upload(lumika, token)]
    expect((await contents()).includes(`%PDF-1.7 ${canary}`) && sent !== unsent).toBe(true)
    await (await send(lumika, token, `Hello from ${canary}`, sent)).text()
    for (const [path, body] of [
      ['notes', { body: `A note on ${canary}` }],
      ['messages', { body: `Hello ${canary}` }],
      ['assign', { operatorId: null }],
      ['presence', { typing: true }],
      ['takeover', undefined],
    ] as const) {
      expect([path, (await ask(lumika, `/conversations/${key}/${path}`, 'POST', body)).status < 300]).toEqual([
        path,
        true,
      ])
    }
    await ask(lumika, `/activities?state=waiting`, 'GET')
    expect((await found()).length).toBeGreaterThan(1)
    expect((await ask(lumika, `/conversations/${key}`, 'DELETE')).status).toBe(204)
    await expect.poll(found, { timeout: 20_000 }).toEqual([])
    expect(await contents()).toContain('conversation-erased')
  })

  it('nothing is left of an answer that is being written, on this process or another', async () => {
    const gate = valve()
    const responder = spyResponder(async function* () {
      yield `For ${canary}: `
      await gate.opened
      yield canary
    })
    const lumika = await start(responder)
    const other = kind === 'redis' ? await start(responder) : lumika
    const { integration, token } = await lumika.registry.create({ name: 'Shop', kind: 'api' })
    const key = conversationKey(integration.id, canary)
    await expect.poll(() => other.registry.get(integration.id)?.id, { timeout: 10_000 }).toBe(integration.id)
    const answer = send(lumika, token, 'Hello').then((response) => response.text())
    await expect.poll(async () => (await contents()).includes(`For ${canary}`), { timeout: 10_000 }).toBe(true)
    expect((await ask(other, `/conversations/${key}`, 'DELETE')).status).toBe(204)
    gate.open()
    await answer
    await expect.poll(found, { timeout: 20_000 }).toEqual([])
  })

  it('nothing is left of the conversations of an integration that is deleted', async () => {
    const lumika = await start()
    const { integration, token } = await lumika.registry.create({ name: 'Shop', kind: 'api', attachments: true })
    await (await send(lumika, token, `Hello from ${canary}`, await upload(lumika, token))).text()
    expect((await ask(lumika, `/integrations/${integration.id}`, 'DELETE')).status).toBe(204)
    await expect.poll(found, { timeout: 20_000 }).toEqual([])
  })
})

async function folderText(dir: string): Promise<string> {
  const files = await readdir(dir, { recursive: true, withFileTypes: true })
  const texts = files.map(async (one) => {
    const path = join(one.parentPath, one.name)
    return one.isFile() ? `${path}\n${await readFile(path, 'utf8').catch(() => '')}` : path
  })
  return (await Promise.all(texts)).join('\n')
}

/** What Redis holds, but for what it forgets by itself within the hour: counts of messages, and signs of who looks at what. */
async function redisText(client: Redis): Promise<string> {
  const texts = (await client.keys('*')).map(async (key) => {
    const isBrief = /^lumika:(limit:|\{~presence\}:lane:)/.test(key)
    if (isBrief && (await client.ttl(key)) >= 0 && (await client.ttl(key)) <= 3_600) return ''
    const type = await client.type(key)
    const read = { list: () => client.lrange(key, 0, -1), set: () => client.smembers(key) }
    const others = {
      hash: () => client.hgetall(key),
      zset: () => client.zrange(key, 0, -1),
      string: () => client.get(key),
    }
    const dump = await ({ ...read, ...others }[type] as (() => Promise<unknown>) | undefined)?.()
    return `${key}\n${JSON.stringify(dump)}`
  })
  return (await Promise.all(texts)).join('\n')
}
