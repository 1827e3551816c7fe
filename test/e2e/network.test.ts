import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchChromium } from '../helpers/chromium.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../helpers/fake-openai.ts'
import { startFront } from '../helpers/front.ts'
import type { Front } from '../helpers/front.ts'
import { operatorOf } from '../helpers/operator.ts'
import { valve } from '../helpers/responder.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../helpers/site.ts'
import type { Site } from '../helpers/site.ts'
import { visitorOf } from '../helpers/visitor.ts'
import type { Visitor } from '../helpers/visitor.ts'

let browser: Browser
let openai: FakeOpenAI
let server: ServerProcess
let front: Front
let site: Site
let page: Page
let visitor: Visitor

beforeAll(async () => {
  openai = await startFakeOpenAI()
  const env = { LUMIKA_OPENAI_BASE_URL: openai.url, LUMIKA_OPENAI_MODEL: 'fake-1' }
  ;[browser, server, site] = await Promise.all([
    launchChromium(),
    startServer({ args: ['--responder', 'openai'], env }),
    startSite(),
  ])
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
  await server?.stop()
  await openai?.close()
})

beforeEach(async () => {
  openai.scenario = 'ok'
  openai.requests.length = 0
  front = await startFront(server.url)
  page = await browser.newPage()
  visitor = visitorOf(page)
  await page.goto(site.put('/', { body: htmlPage(scriptTag(front.url, server.token)) }))
  await visitor.open()
})
afterEach(async () => {
  await page.context().close()
  await front.close()
})

const refusePosts = (status: number) => {
  front.refuse = ({ method, headers }, response) => {
    if (method !== 'POST') return false
    response.writeHead(status, { 'access-control-allow-origin': headers.origin ?? '', vary: 'Origin' }).end()
    return true
  }
}
const sends = () => front.passed.filter(({ path, query }) => path === '/conversation/sse' && !query.has('lastEventId'))
const latest = async () => (await operatorOf(server).conversations())[0]?.said

/** What history and the page say once a question is answered. */
const answered = (text: string) => [`visitor: ${text}`, `assistant: ${openAIAnswerTo(text)}`]
const kept = (text: string) => [`customer: ${text}`, `assistant: ${openAIAnswerTo(text)}`]

describe('a server or a proxy that takes no POST', () => {
  test.for([404, 405, 415])(
    'A13: answers it with %i: the message goes by GET, and so does the next',
    async (status) => {
      refusePosts(status)
      const texts = [`Größe 38 & 100 % 純綿? (${status})`, 'And in blue?']
      for (const text of texts) {
        await visitor.say(text)
        await expect.poll(visitor.said).toEqual(expect.arrayContaining(answered(text)))
      }
      expect(sends().map(({ method, status }) => `${method} ${status}`)).toEqual([
        `POST ${status}`,
        'GET 200',
        'GET 200',
      ])
      expect(await visitor.said()).toEqual(texts.flatMap(answered))
      expect(await latest()).toEqual(texts.flatMap(kept))
    },
  )

  test('A13: a text too long for GET is not sent, stays on the page over a reload, and goes out once it can', async () => {
    refusePosts(405)
    const text = '你好,我想问一下茶壶。'.repeat(300)
    await visitor.say(text)
    await expect.poll(visitor.said).toEqual([`visitor (failed): ${text}`])
    await visitor.panel.getByText('The message is too long.').waitFor()
    expect(sends().map(({ method }) => method)).toEqual(['POST'])

    await page.reload()
    await visitor.open()
    await expect.poll(visitor.said).toEqual([`visitor (failed): ${text}`])

    front.refuse = () => false
    await page.getByRole('button', { name: 'Retry' }).click()
    await expect.poll(visitor.said).toEqual(answered(text))
    expect(await latest()).toEqual(kept(text))
    expect(openai.requests).toHaveLength(1)
  })
})

describe('a connection that goes away', () => {
  /** With the first key comes all that a message takes. */
  const begin = async () => {
    const parts = ['reading', 'http'].map((name) => page.waitForResponse(`**/${name}-*.js`))
    await visitor.box.fill('…')
    await Promise.all(parts)
  }

  test('G5: before a key was pressed: what is written can be read, and is sent once there is a connection', async () => {
    const texts = ['In a tunnel?', 'Out of it?']
    await page.context().setOffline(true)
    for (const text of texts) await visitor.say(text)
    for (const text of texts) await visitor.panel.getByText(text, { exact: true }).waitFor()
    await visitor.panel.getByRole('button', { name: 'The chat could not be loaded. Try again' }).waitFor()
    await page.context().setOffline(false)
    const all = [
      ...texts.map((text) => `visitor: ${text}`),
      ...texts.map((text) => `assistant: ${openAIAnswerTo(text)}`),
    ]
    // The first answer may be there before the second message is.
    await expect.poll(async () => (await visitor.said()).sort(), { timeout: 30_000 }).toEqual(all.sort())
    expect((await visitor.said()).filter((line) => line.startsWith('visitor'))).toEqual(
      texts.map((text) => `visitor: ${text}`),
    )
    expect((await latest())?.filter((line) => line.startsWith('customer'))).toEqual(
      texts.map((text) => `customer: ${text}`),
    )
  })

  test('G5: the message says that it is being sent, then that it failed; Retry sends it once', async () => {
    await begin()
    await page.context().setOffline(true)
    await visitor.say('Are you there?')
    await expect.poll(visitor.said).toEqual(['visitor (sending): Are you there?'])
    await visitor.panel.getByText('Sending…').waitFor()
    await expect.poll(visitor.said, { timeout: 20_000 }).toEqual(['visitor (failed): Are you there?'])

    await page.context().setOffline(false)
    await page.getByRole('button', { name: 'Retry' }).click()
    await expect.poll(visitor.said).toEqual(answered('Are you there?'))
    expect(await latest()).toEqual(kept('Are you there?'))
    expect(openai.requests).toHaveLength(1)
  })

  test('G5: and comes back soon: the message is sent by itself, once', async () => {
    const gate = valve()
    openai.scenario = { until: gate.opened }
    const texts = ['Still there?', 'Hello?']
    await begin()
    await page.context().setOffline(true)
    for (const text of texts) await visitor.say(text)
    await expect.poll(visitor.said).toEqual(texts.map((text) => `visitor (sending): ${text}`))
    await page.context().setOffline(false)

    // The second one does not wait for the answer to the first.
    await expect.poll(latest).toEqual(texts.map((text) => `customer: ${text}`))
    gate.open()
    const answers = texts.map((text) => `assistant: ${openAIAnswerTo(text)}`)
    await expect.poll(visitor.said).toEqual([...texts.map((text) => `visitor: ${text}`), ...answers])
    expect(await latest()).toEqual([...texts.map((text) => `customer: ${text}`), ...answers])
    expect(openai.requests).toHaveLength(2)
  })

  test('G4: in the middle of an answer: the rest comes, and the answer stands there once', async () => {
    let cuts = 0
    openai.scenario = 'slow'
    front.cut = ({ path }, soFar) => {
      const end = soFar.indexOf('"type":"delta"')
      return path === '/conversation/sse' && end > 0 && cuts++ < 3 ? end + 20 : null
    }
    await visitor.say('How long is a piece of string?')
    await expect.poll(visitor.said).toEqual(answered('How long is a piece of string?'))
    // The history may have had all of it before the last one.
    expect(cuts).toBeGreaterThanOrEqual(2)
    expect(openai.requests).toHaveLength(1)
  })

  test('G1: after the server took the message and before it could say so: it is stored once', async () => {
    let cuts = 0
    front.cut = ({ method }) => (method === 'POST' && cuts++ === 0 ? 0 : null)
    await visitor.say('Did you get this?')
    await expect.poll(visitor.said).toEqual(answered('Did you get this?'))
    // Sent again, or found in the history before that.
    expect(cuts).toBeGreaterThan(0)
    expect(new Set(sends().map(({ method }) => method))).toEqual(new Set(['POST']))
    expect(await latest()).toEqual(kept('Did you get this?'))
    expect(openai.requests).toHaveLength(1)
  })

  test('what is being written survives a reload', async () => {
    await visitor.box.pressSequentially('An unfinished thou')
    // A page that is left in the same instant may lose the last key; what the browser has taken is kept.
    await expect.poll(() => page.evaluate(keptDraft)).toBe('An unfinished thou')
    await page.reload()
    await visitor.open()
    await expect.poll(() => visitor.box.inputValue()).toBe('An unfinished thou')
    expect(sends()).toEqual([])
  })
})

test('an answer that fails says so, keeps the question, and can be asked for again', async () => {
  openai.scenario = { status: 401 }
  await visitor.say('Can you answer?')
  await visitor.panel.locator('.outcome', { hasText: 'The answer could not be written.' }).waitFor()
  expect(await visitor.said()).toEqual(['visitor: Can you answer?'])
  openai.scenario = 'ok'
  await page.getByRole('button', { name: 'Ask again' }).click()
  await expect.poll(visitor.said).toEqual(['visitor: Can you answer?', ...answered('Can you answer?')])
})

/** Runs in the page: the draft that the browser keeps. */
function keptDraft(): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const open = indexedDB.open('lumika')
    open.onerror = () => reject(new Error('The database could not be opened.'))
    open.onsuccess = () => {
      const all = open.result.transaction('sessions').objectStore('sessions').getAll()
      all.onsuccess = () => {
        open.result.close()
        resolve((all.result as unknown[]).find((value) => typeof value === 'string'))
      }
    }
  })
}
