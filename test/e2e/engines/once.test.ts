/** G5: every message is in the page once, and in order, whatever becomes of the page and its connection. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { chatOf } from '../../helpers/engines/chat.ts'
import type { Chat } from '../../helpers/engines/chat.ts'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { triesAll } from '../../helpers/engines/share.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../../helpers/fake-openai.ts'
import { startFront } from '../../helpers/front.ts'
import type { Front } from '../../helpers/front.ts'
import { operatorOf } from '../../helpers/operator.ts'
import { valve } from '../../helpers/responder.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'

let openai: FakeOpenAI
let server: ServerProcess
let front: Front
let site: Site

beforeAll(async () => {
  openai = await startFakeOpenAI()
  const env = { LUMIKA_OPENAI_BASE_URL: openai.url, LUMIKA_OPENAI_MODEL: 'fake-1' }
  ;[server, site] = await Promise.all([startServer({ args: ['--responder', 'openai'], env }), startSite()])
  front = await startFront(server.url)
  // The shortest there is.
  const tag = scriptTag(front.url, server.token, 'data-poll-interval="5"')
  site.put('/', { body: htmlPage(tag) })
  site.put('/elsewhere', { body: htmlPage('<h2>Elsewhere</h2>') })
})
afterAll(async () => {
  await front?.close()
  await site?.close()
  await server?.stop()
  await openai?.close()
})

/** What the history and the page hold once texts are answered, one after the other. */
const kept = (...texts: string[]) =>
  texts.flatMap((text) => [`customer: ${text}`, `assistant: ${openAIAnswerTo(text)}`])
const shown = (...texts: string[]) =>
  texts.flatMap((text) => [`visitor: ${text}`, `assistant: ${openAIAnswerTo(text)}`])
/** What is stored of the conversation that holds a text. */
const history = async (text: string): Promise<string[]> => {
  const all = (await operatorOf(server).conversations()).filter(({ said }) => said.includes(`customer: ${text}`))
  expect(all.length).toBeLessThan(2)
  return all[0]?.said ?? []
}
const asShown = (said: string[]) => said.map((line) => line.replace(/^customer:/, 'visitor:'))

describe.each(engineNames)('G5: in %s, every message is there once', (name) => {
  let engine: Engine
  let page: Page
  let chat: Chat
  let tries = 0
  beforeAll(async () => {
    engine = await openEngine(name)
  })
  afterAll(() => engine?.close())
  beforeEach(async () => {
    tries++
    front.cut = () => null
    openai.scenario = 'ok'
    openai.requests.length = 0
    page = await engine.newPage()
    chat = chatOf(page)
    await page.goto(`${site.url}/`)
    await chat.open()
  })
  afterEach(() => page.close())

  /** A text nobody else has written, nor the same test at its first try. */
  const own = (text: string) => `${text} (${name} ${tries})`

  test('after a reload, in the middle of an answer and after its end', async () => {
    const text = own('One?')
    const gate = valve()
    openai.scenario = { until: gate.opened }
    await chat.say(text)
    await expect.poll(async () => (await chat.said()).at(-1)).toMatch(/^assistant \(writing\): You/)
    await page.reload()
    await chat.open()
    gate.open()
    await expect.poll(chat.said).toEqual(shown(text))
    expect(await chat.doubled()).toEqual([])

    await page.reload()
    await chat.open()
    await expect.poll(chat.said).toEqual(shown(text))
    expect(await chat.doubled()).toEqual([])
    expect(await history(text)).toEqual(kept(text))
    expect(openai.requests).toHaveLength(1)
  })

  // `tabs` and `cuts` have several tabs and lost acks in every engine.
  test.runIf(triesAll(name))('in several tabs that write at the same time', async () => {
    const texts = ['Tab 0', 'Tab 1', 'Tab 2', 'Tab 3'].map(own)
    const [first = '', ...others] = texts
    await chat.say(first)
    await expect.poll(chat.said).toEqual(shown(first))
    const pages = [page, await page.newTab(), await page.newTab()]
    const chats = pages.map(chatOf)
    for (const n of [1, 2]) {
      await pages[n]?.goto(`${site.url}/`)
      await chats[n]?.open()
    }
    // By the page's call: tabs share the text being written, and nobody types in two of them at once.
    const send = (text: string): void =>
      (window as unknown as { Lumika: { send(text: string): void } }).Lumika.send(text)
    await Promise.all(pages.map((each, n) => each.evaluate(send, others[n] ?? '')))
    await expect.poll(async () => (await history(first)).length).toBe(8)
    const all = asShown(await history(first))
    expect([...all].sort()).toEqual(shown(...texts).sort())
    for (const each of chats) {
      await expect.poll(each.said, { timeout: 20_000 }).toEqual(all)
      expect(await each.doubled()).toEqual([])
    }
    expect(openai.requests).toHaveLength(4)
  })

  test('A10: when the visitor leaves in the middle of an answer, and comes back', async () => {
    const [before = '', after = ''] = ['Before?', 'After?'].map(own)
    const gate = valve()
    openai.scenario = { until: gate.opened }
    await page.evaluate(() => addEventListener('pageshow', (event) => (document.title = event.persisted ? 'kept' : '')))
    await chat.say(before)
    await expect.poll(async () => (await chat.said()).at(-1)).toMatch(/^assistant \(writing\): You/)
    await page.goto(`${site.url}/elsewhere`)
    gate.open()
    await expect.poll(() => history(before)).toEqual(kept(before))

    await page.back()
    // Firefox keeps no page that is being sent something.
    expect(await page.evaluate(() => document.title)).toBe(name === 'firefox' ? 'A site' : 'kept')
    if (name === 'firefox') await chat.open()
    await expect.poll(chat.said, { timeout: 20_000 }).toEqual(shown(before))
    await chat.say(after)
    await expect.poll(chat.said).toEqual(shown(before, after))
    expect(await chat.doubled()).toEqual([])
    expect(await history(before)).toEqual(kept(before, after))
    expect(openai.requests).toHaveLength(2)
  })

  test('when the page comes back from where it was kept, and somebody has replied', async () => {
    const text = own('Anybody?')
    await page.evaluate(() => addEventListener('pageshow', (event) => (document.title = event.persisted ? 'kept' : '')))
    await chat.say(text)
    await expect.poll(chat.said).toEqual(shown(text))
    // Firefox keeps no page that is being sent something, as the history is after an answer, and now and then.
    await sleep(1_000)
    await page.goto(`${site.url}/elsewhere`)
    await operatorOf(server).reply(own('Yes, me.'))
    await page.back()
    const isKept = (await page.evaluate(() => document.title)) === 'kept'
    if (name !== 'firefox') expect(isKept).toBe(true)
    if (!isKept) await chat.open()
    await expect.poll(chat.said, { timeout: 20_000 }).toEqual([...shown(text), `person: ${own('Yes, me.')}`])
    expect(await chat.doubled()).toEqual([])
  })

  test('when there is no network for a while', async () => {
    const texts = ['Are you there?', 'Hello?'].map(own)
    await page.setOffline(true)
    for (const text of texts) await chat.say(text)
    expect(await chat.said()).toEqual(texts.map((text) => `visitor (sending): ${text}`))
    await page.setOffline(false)
    await expect.poll(async () => (await history(texts[0] ?? '')).length, { timeout: 20_000 }).toBe(4)
    const all = asShown(await history(texts[0] ?? ''))
    await expect.poll(chat.said).toEqual(all)
    expect(await chat.doubled()).toEqual([])
    expect([...all].sort()).toEqual(shown(...texts).sort())
    expect(openai.requests).toHaveLength(2)
  })

  test.runIf(triesAll(name))('when the message is sent again because its ack was lost', async () => {
    const text = own('Did you get this?')
    let cuts = 0
    front.cut = ({ method }) => (method === 'POST' && cuts++ === 0 ? 0 : null)
    await chat.say(text)
    await expect.poll(chat.said).toEqual(shown(text))
    expect(await chat.doubled()).toEqual([])
    // Sent again, or found in the history before that.
    expect(cuts).toBeGreaterThan(0)
    expect(await history(text)).toEqual(kept(text))
    expect(openai.requests).toHaveLength(1)
  })
})
