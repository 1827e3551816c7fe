/** Floods of messages and of guesses. */
import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest'
import type { LimitSettings } from '../../../server/index.ts'
import { createLumika, openStorage } from '../../../server/index.ts'
import { startRedis } from '../../helpers/redis.ts'
import type { TestRedis } from '../../helpers/redis.ts'
import { spyResponder } from '../../helpers/responder.ts'
import type { SpyResponder } from '../../helpers/responder.ts'
import { allEvents, eventOf } from '../../helpers/sse.ts'

let server: Awaited<ReturnType<typeof open>>
afterEach(() => server.close())

/** A server whose callers have addresses. */
async function open(limits: Partial<LimitSettings>, kind: 'widget' | 'api' = 'widget', url = 'memory', token?: string) {
  const responder: SpyResponder = spyResponder()
  const storage = await openStorage(url)
  const lumika = await createLumika({ storage, responders: { spy: responder }, limits })
  const known = token ?? (await lumika.registry.create({ name: 'Shop', kind })).token
  const call = (path: string, params: Record<string, string>, ip = '203.0.113.1', method = 'POST') => {
    const query = new URLSearchParams({ integrationToken: known, ...params })
    const isPost = method === 'POST'
    const address = `http://localhost${path}${isPost ? '' : `?${query.toString()}`}`
    const headers = { origin: 'https://shop.example' }
    const request = new Request(address, { method, headers, ...(isPost && { body: query }) })
    return lumika.fetch(Object.assign(request, { ip }))
  }
  return {
    responder,
    token: known,
    send: (conversationId: string, key: string, ip?: string, text = 'Hi') =>
      call('/conversation/sse', { conversationId, clientMessageId: key.padEnd(16, '_'), textContent: text }, ip),
    read: (conversationId: string, ip?: string) => call('/conversation/history', { conversationId }, ip, 'GET'),
    async stored(conversationId: string) {
      const page = (await (await call('/conversation/history', { conversationId }, '198.51.100.99', 'GET')).json()) as {
        messages: { actor: string }[]
      }
      return page.messages.filter(({ actor }) => actor === 'customer').length
    },
    async close() {
      await lumika.close({ graceMs: 0 })
      await storage.dispose()
    },
  }
}

const thread = (letter: string) => `c_${letter.repeat(22)}`

async function expectRefusal(response: Response) {
  expect(response.status).toBe(429)
  const seconds = response.headers.get('retry-after') ?? ''
  expect(seconds).toMatch(/^[1-9]\d?$/)
  expect(Number(seconds)).toBeLessThanOrEqual(60)
  // A page that is allowed has to be able to read why.
  expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example')
  expect(await response.json()).toEqual({
    error: { code: 'rate_limited', message: expect.stringContaining(`Try again in ${seconds} s.`) as string },
  })
}

describe('F105: a flood of messages', () => {
  it('F105: is refused by conversation, before anything is stored or asked', async () => {
    server = await open({ messagesPerConversation: 3 })
    for (const key of ['1', '2', '3']) await allEvents(await server.send(thread('a'), key))
    await expectRefusal(await server.send(thread('a'), '4'))
    expect(await server.stored(thread('a'))).toBe(3)
    expect(server.responder.requests).toHaveLength(3)
    expect((await server.send(thread('b'), '5')).status).toBe(200)
  })

  it('F105: is refused by address, whatever the conversation, and by address only', async () => {
    server = await open({ messagesPerAddress: 2 })
    await server.send(thread('a'), '1')
    await server.send(thread('b'), '2')
    await expectRefusal(await server.send(thread('c'), '3'))
    expect((await server.send(thread('c'), '3', '203.0.113.2')).status).toBe(200)
    expect(await server.stored(thread('c'))).toBe(1)
  })

  it('F105: of one network of IPv6 counts as one address', async () => {
    server = await open({ messagesPerAddress: 2 })
    await server.send(thread('a'), '1', '2001:db8::1')
    await server.send(thread('a'), '2', '2001:db8::2')
    await expectRefusal(await server.send(thread('a'), '3', '2001:db8::3'))
    expect((await server.send(thread('a'), '3', '2001:db8:0:1::3')).status).toBe(200)
  })

  it('F105: is refused by integration', async () => {
    server = await open({ messagesPerIntegration: 2 })
    await server.send(thread('a'), '1', '203.0.113.1')
    await server.send(thread('b'), '2', '203.0.113.2')
    await expectRefusal(await server.send(thread('c'), '3', '203.0.113.3'))
  })

  it('F105: what one conversation is refused does not count against the others', async () => {
    server = await open({ messagesPerConversation: 1, messagesPerIntegration: 3 })
    await server.send(thread('a'), '0')
    for (const key of ['1', '2', '3', '4']) await expectRefusal(await server.send(thread('a'), key))
    expect((await server.send(thread('b'), '5')).status).toBe(200)
  })

  it('F105: a server with an api token speaks for many customers from one address', async () => {
    server = await open({ messagesPerAddress: 1 }, 'api')
    for (const key of ['1', '2', '3']) expect((await server.send(`customer-${key}`, key)).status).toBe(200)
  })

  it('F105: a retry of a stored message is free, and answered after the limit as before', async () => {
    server = await open({ messagesPerConversation: 2, messagesPerAddress: 2, messagesPerIntegration: 2 })
    const first = await allEvents(await server.send(thread('a'), '1'))
    for (let i = 0; i < 5; i++) {
      const again = await allEvents(await server.send(thread('a'), '1'))
      expect(eventOf(again, 'ack')).toMatchObject({
        replayed: true,
        userMessageId: eventOf(first, 'ack').userMessageId,
      })
    }
    // The retries above took nothing away.
    await allEvents(await server.send(thread('a'), '2'))
    await expectRefusal(await server.send(thread('a'), '3'))
    const late = await allEvents(await server.send(thread('a'), '1'))
    expect(eventOf(late, 'ack').replayed).toBe(true)
    expect(eventOf(late, 'message')).toEqual({ ...eventOf(first, 'message') })
    expect(await server.stored(thread('a'))).toBe(2)
    expect(server.responder.requests).toHaveLength(2)
  })

  it('F105, A6: another text under a stored key is a mismatch after the limit, too', async () => {
    server = await open({ messagesPerConversation: 1 })
    await allEvents(await server.send(thread('a'), '1'))
    expect((await server.send(thread('a'), '1', undefined, 'Something else')).status).toBe(409)
  })

  it('F105: 50 at once to one conversation pass with the usual limits', async () => {
    server = await open({})
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => server.send(thread('a'), `key-${i}`)))
    expect(all.map(({ status }) => status)).toEqual(Array(50).fill(200))
    for (const response of all) await response.body?.cancel()
  })
})

describe('I63: guesses', () => {
  it('I63: of conversations are answered alike, until they are too many', async () => {
    server = await open({ guessesPerAddress: 20 })
    await allEvents(await server.send(thread('a'), '1'))
    const answers = new Set<string>()
    const statuses: number[] = []
    for (let i = 0; i < 30; i++) {
      const id = `c_${String(i).padStart(22, 'x')}`
      const response = await server.read(id)
      statuses.push(response.status)
      if (response.status === 200) answers.add((await response.text()).replaceAll(id, ''))
      else await expectRefusal(response)
    }
    expect(statuses).toEqual([...Array<number>(21).fill(200), ...Array<number>(9).fill(429)])
    expect(answers.size).toBe(1)
    // Not even a hit is told to whoever guesses; anybody else reads on.
    await expectRefusal(await server.read(thread('a')))
    expect((await server.read(thread('a'), '203.0.113.2')).status).toBe(200)
  })

  it('I63: reading what there is costs no guess', async () => {
    server = await open({ guessesPerAddress: 3 })
    await allEvents(await server.send(thread('a'), '1'))
    for (let i = 0; i < 20; i++) expect((await server.read(thread('a'))).status).toBe(200)
  })

  it('G12: reads have a limit, too', async () => {
    server = await open({ readsPerAddress: 3 })
    await allEvents(await server.send(thread('a'), '1'))
    for (let i = 0; i < 3; i++) expect((await server.read(thread('a'))).status).toBe(200)
    await expectRefusal(await server.read(thread('a')))
  })
})

describe('F105: replicas on one Redis', () => {
  let redis: TestRedis
  beforeAll(async () => (redis = await startRedis()))
  afterAll(() => redis.stop())

  it('F105: count messages together', async () => {
    server = await open({ messagesPerConversation: 4 }, 'widget', redis.url)
    const other = await open({ messagesPerConversation: 4 }, 'widget', redis.url, server.token)
    try {
      const statuses: number[] = []
      for (let i = 0; i < 6; i++) {
        statuses.push((await (i % 2 ? server : other).send(thread('a'), `key-${i}`)).status)
      }
      expect(statuses).toEqual([200, 200, 200, 200, 429, 429])
      expect(await server.stored(thread('a'))).toBe(4)
    } finally {
      await other.close()
    }
  })

  it('F93, F105: without Redis it is storage that is missing, not patience', async () => {
    server = await open({ messagesPerConversation: 4 }, 'widget', redis.url)
    await redis.kill('SIGSTOP')
    try {
      const started = performance.now()
      expect((await server.send(thread('z'), 'key')).status).toBe(503)
      expect(performance.now() - started).toBeLessThan(2_500)
    } finally {
      await redis.kill('SIGCONT')
    }
  })
})
