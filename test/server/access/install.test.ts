import { createStorage } from 'unstorage'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createLumika } from '../../../server/index.ts'
import type { Lumika } from '../../../server/index.ts'

const operatorKey = 'operator-key-of-the-tests-0123456789'
let lumika: Lumika

beforeEach(async () => {
  lumika = await createLumika({
    storage: createStorage(),
    operatorKey,
    publicUrl: 'https://chat.example.com',
    assets: { get: () => undefined, pinned: { path: '/widget-12345678.js', integrity: 'sha384-abc' } },
  })
  onTestFinished(() => lumika.close({ graceMs: 0 }))
})

async function call(method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' }
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
  const response = await lumika.fetch(new Request(`https://chat.example.com/api/integrations${path}`, init))
  const text = await response.text()
  return { status: response.status, answer: (text ? JSON.parse(text) : {}) as Record<string, unknown> }
}

const create = async (settings: object): Promise<{ id: string; token: string }> => {
  const { answer } = await call('POST', '', { name: 'Shop', ...settings })
  return { id: (answer['integration'] as { id: string }).id, token: answer['token'] as string }
}

describe('the tag of an integration', () => {
  it('has the newest token, plain and pinned', async () => {
    const { id } = await create({ kind: 'widget' })
    const token = (await call('POST', `/${id}/tokens`)).answer['token'] as string
    const { answer } = await call('GET', `/${id}/snippets`)
    expect(answer['snippet']).toContain(`src="https://chat.example.com/widget.js"\n  data-integration-token="${token}"`)
    expect(answer['pinnedSnippet']).toContain('src="https://chat.example.com/widget-12345678.js"')
    expect(answer['pinnedSnippet']).toContain('integrity="sha384-abc"')
  })

  it('does not exist for programs, whose tokens are no page’s business', async () => {
    const { id } = await create({ kind: 'api' })
    expect((await call('GET', `/${id}/snippets`)).answer).toEqual({ snippet: null, pinnedSnippet: null })
    expect((await call('GET', '/int_unknown/snippets')).status).toBe(404)
  })
})

describe('the test of an origin', () => {
  it.each<[string, string, boolean]>([
    ['https://shop.example', 'https://shop.example', true],
    ['shop.example', 'https://shop.example', true],
    ['https://shop.example/basket?a=1#b', 'https://shop.example', true],
    ['http://shop.example', 'http://shop.example', false],
    ['https://shop.example.evil.test', 'https://shop.example.evil.test', false],
    ['https://a.b.example', 'https://a.b.example', true],
    ['null', 'null', false],
  ])('%s', async (given, origin, allowed) => {
    const { id } = await create({ kind: 'widget', allowedDomains: ['shop.example', '*.b.example'] })
    expect((await call('POST', `/${id}/origin-check`, { origin: given })).answer).toEqual({ origin, allowed })
  })

  it('says the same as the door that visitors come by', async () => {
    const { id, token } = await create({ kind: 'widget', allowedDomains: ['shop.example'] })
    for (const origin of ['https://shop.example', 'https://shop.example:8443', 'https://evil.test']) {
      const address = `https://chat.example.com/conversation/history?integrationToken=${token}&conversationId=c_customer-number-00000001`
      const asked = await lumika.fetch(new Request(address, { headers: { origin } }))
      const { answer } = await call('POST', `/${id}/origin-check`, { origin })
      expect([origin, answer['allowed']]).toEqual([origin, asked.status === 200])
    }
  })

  it('refuses what is no address', async () => {
    const { id } = await create({ kind: 'widget' })
    expect(await call('POST', `/${id}/origin-check`, { origin: 'http://' })).toMatchObject({
      status: 400,
      answer: { error: { code: 'invalid_request' } },
    })
  })
})
