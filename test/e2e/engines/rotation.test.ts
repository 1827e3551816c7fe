/** B89: the page gets another token for the same integration, or has one that is gone. B86: or one of another integration. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { chatOf } from '../../helpers/engines/chat.ts'
import type { Chat } from '../../helpers/engines/chat.ts'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { triesAll } from '../../helpers/engines/share.ts'
import { startFront } from '../../helpers/front.ts'
import type { Front } from '../../helpers/front.ts'
import { operatorOf } from '../../helpers/operator.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'
import { createIntegration } from './integration.ts'
import type { TestIntegration } from './integration.ts'
import { keptOn } from './kept.ts'

let server: ServerProcess
let front: Front
let site: Site
let isDown = false
beforeAll(async () => {
  ;[server, site] = await Promise.all([startServer(), startSite()])
  front = await startFront(server.url)
  front.refuse = ({ path }, response) => {
    if (isDown && path.startsWith('/conversation/')) response.destroy()
    return isDown && path.startsWith('/conversation/')
  }
})
afterAll(async () => {
  await front?.close()
  await site?.close()
  await server?.stop()
})

type Three = [string, string, string]

/** What the server was asked about conversations. */
const calls = () => front.passed.filter(({ path }) => path.startsWith('/conversation/'))

describe.each(engineNames)('in %s', (name) => {
  let engine: Engine
  let page: Page
  let chat: Chat
  let shop: TestIntegration
  beforeAll(async () => (engine = await openEngine(name)), 60_000)
  afterAll(() => engine?.close())
  beforeEach(async () => {
    isDown = false
    page = await engine.newPage()
    chat = chatOf(page)
    shop = await createIntegration(server)
  })
  afterEach(() => page.close())

  /** The site's page, as it is with a token. */
  const visit = async (token: string): Promise<void> => {
    site.put('/', { body: htmlPage(scriptTag(front.url, token, 'data-poll-interval="5"')) })
    await page.goto(`${site.url}/`)
    await chat.open()
  }
  const asked = async () => (await chat.said()).filter((line) => line.startsWith('visitor'))
  const stored = async (text: string) => {
    const all = (await operatorOf(server).conversations()).filter(({ said }) => said.includes(`customer: ${text}`))
    return all.map(({ said }) => said.filter((line) => line.startsWith('customer')))
  }
  const keptKeys = async () => (await keptOn(page)).map(([key]) => key)
  const texts = () => ['First', 'Second', 'Third'].map((text) => `${text} (${name}, ${shop.id})`) as Three
  const asVisitor = (text: string) => `visitor: ${text}`
  const asCustomer = (text: string) => `customer: ${text}`
  const settled = () => expect.poll(chat.said, { timeout: 20_000 })

  test('B89: with a new token the conversation goes on, with what was not sent and what was being written', async () => {
    const [first, second, third] = texts()
    await visit(shop.token)
    await chat.say(first)
    await settled().toHaveLength(2)
    isDown = true
    await chat.say(second)
    await page.type('.panel textarea', 'And')
    await expect.poll(async () => (await keptOn(page)).map(([, value]) => value)).toContain('And')
    const next = await shop.addToken()
    await shop.revoke(shop.token)
    isDown = false
    await visit(next)
    await expect.poll(() => page.evaluate(draft)).toBe('And')
    await settled().toHaveLength(4)
    for (let i = 0; i < 3; i++) await page.press('Backspace')
    await chat.say(third)
    await settled().toHaveLength(6)
    expect(await asked()).toEqual(texts().map(asVisitor))
    expect(await chat.doubled()).toEqual([])
    expect(await stored(first)).toEqual([texts().map(asCustomer)])
    // All of it is under the new token now, and under the new one alone.
    expect(await keptKeys()).toEqual([`${front.url}|${next}|`])
    expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([`lumika:${front.url}|${next}|`])
  })

  test.runIf(triesAll(name))(
    'B89, B86: with a token that is gone nothing is lost, and another integration gets nothing of it',
    async () => {
      const [first, second, third] = texts()
      await visit(shop.token)
      await chat.say(first)
      await settled().toHaveLength(2)
      await shop.revoke(shop.token)
      front.passed.length = 0
      await chat.say(second)
      await chat.say(third)
      const isRefused = async () => (await asked()).filter((line) => line.startsWith('visitor (failed)')).length === 2
      await expect.poll(isRefused).toBe(true)
      await expect
        .poll(() => page.evaluate(notice))
        .toBe('This chat is not available at the moment. What you have written is kept.')
      // Long enough for whoever tries again and again.
      const end = Date.now() + 3_000
      await expect.poll(() => Date.now(), { timeout: 10_000 }).toBeGreaterThan(end)
      const callsOf = (what: string) => calls().filter(({ path }) => path.startsWith(`/conversation/${what}`)).length
      expect(callsOf('sse')).toBeLessThanOrEqual(2)
      expect(callsOf('typing')).toBe(1)
      expect(calls().length).toBeLessThanOrEqual(5)

      const other = await createIntegration(server)
      const kept = await keptKeys()
      expect(kept).toHaveLength(3)
      await visit(other.token)
      await expect.poll(() => page.evaluate(isLoading)).toBe(false)
      expect(await chat.said()).toEqual([])
      expect(await keptKeys()).toEqual(kept)
      const another = `Somebody else? (${name}, ${other.id})`
      await chat.say(another)
      await settled().toHaveLength(2)
      expect(await stored(another)).toEqual([[asCustomer(another)]])
      expect(await stored(first)).toEqual([[asCustomer(first)]])

      await visit(await shop.addToken())
      await settled().toHaveLength(6)
      expect(await asked()).toEqual(texts().map(asVisitor))
      expect(await chat.doubled()).toEqual([])
      expect(await stored(first)).toEqual([texts().map(asCustomer)])
      await visit(other.token)
      await settled().toHaveLength(2)
    },
  )
})

/** Runs in the page: what stands in the text box. */
function draft(): string | undefined {
  return document.querySelector('lumika-chat')?.shadowRoot?.querySelector('textarea')?.value
}

/** Runs in the page: what the panel tells about the chat. */
function notice(): string | undefined {
  const text = document.querySelector('lumika-chat')?.shadowRoot?.querySelector('.notice')?.textContent
  return text?.replace(/\s+/g, ' ').trim()
}

/** Runs in the page: whether it is not known yet what has been said. */
function isLoading(): boolean {
  return !!document.querySelector('lumika-chat')?.shadowRoot?.querySelector('.loading')
}
