/** B81, B82, B83: whatever is wrong with the browser's storage, there is a chat, and nothing is said twice. */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { chatOf } from '../../helpers/engines/chat.ts'
import type { Chat } from '../../helpers/engines/chat.ts'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { shareOf, triesAll } from '../../helpers/engines/share.ts'
import { operatorOf } from '../../helpers/operator.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'
import { closed, full, late, troubles, watcher } from './breakages.ts'
import { dropKept, noticesOf } from './kept.ts'

let server: ServerProcess
let site: Site
beforeAll(async () => {
  ;[server, site] = await Promise.all([startServer(), startSite()])
  put('/', '')
  put('/late', late)
  site.put('/plain', { body: htmlPage('') })
})
afterAll(async () => {
  await site?.close()
  await server?.stop()
})

const put = (path: string, script: string): string =>
  site.put(path, {
    body: htmlPage(scriptTag(server.url, server.token), { head: `${watcher}<script>{${script}}</script>` }),
  })
const volatile = 'This browser keeps nothing: the chat lasts until you leave the page.'

type TestWindow = Window & { isFull: boolean; wasLate?: boolean; letGo(): void; release(): void }

describe.each(engineNames)('in %s', (name) => {
  let engine: Engine
  let page: Page
  let chat: Chat
  let known = 0
  let count = 0
  beforeAll(async () => {
    engine = await openEngine(name)
    page = await engine.newPage()
    chat = chatOf(page)
  }, 60_000)
  afterAll(() => engine?.close())
  beforeEach(async () => {
    known = (await page.consoleErrors()).length
  })

  const forget = async (): Promise<void> => {
    await page.goto(`${site.url}/plain`)
    await dropKept(page)
    await page.evaluate(() => localStorage.clear())
  }
  const visit = async (url: string): Promise<void> => {
    await page.goto(url)
    await chat.open()
  }
  /** Says something nobody has said before. */
  const say = async (text: string): Promise<string> => {
    const own = `${text} ${name[0]}${++count}`
    await chat.say(own)
    return own
  }
  /** These texts were said and answered, here and on the server, and each once. */
  const expectOnce = async (texts: string[]): Promise<void> => {
    const asked = async () => (await chat.said()).filter((line) => line.startsWith('visitor'))
    await expect.poll(chat.said, { timeout: 15_000 }).toHaveLength(2 * texts.length)
    await expect.poll(asked).toEqual(texts.map((text) => `visitor: ${text}`))
    expect(await chat.doubled()).toEqual([])
    const all = (await operatorOf(server).conversations()).flatMap(({ said }) => said)
    for (const text of texts) expect(all.filter((line) => line === `customer: ${text}`)).toHaveLength(1)
  }
  const expectCalm = async (): Promise<void> => {
    expect(await page.evaluate(troubles)).toEqual([])
    expect((await page.consoleErrors()).slice(known)).toEqual([])
  }

  const someClosed = shareOf(name, Object.entries(closed), ([way]) => way.includes('SecurityError'))
  const someFull = shareOf(name, Object.entries(full), ([way]) => way.includes('aborted'))
  test.each(someClosed)('%s: there is a chat for this visit, and one notice', async (_way, script) => {
    await visit(put('/closed', script))
    await expectOnce([await say('One')])
    expect(await page.evaluate(noticesOf)).toEqual([volatile])
    await expectCalm()
  })

  test.each(someFull)('%s: it says so, and keeps everything once it can', async (_way, script) => {
    await forget()
    await visit(put('/full', script))
    const texts = [await say('One')]
    await expectOnce(texts)
    expect(await page.evaluate(noticesOf)).toEqual([volatile])
    await page.evaluate(() => void ((window as unknown as TestWindow).isFull = false))
    texts.push(await say('Two'))
    await expectOnce(texts)
    await expect.poll(() => page.evaluate(noticesOf)).toEqual([])
    await expectCalm()
    await visit(`${site.url}/`)
    await expectOnce(texts)
  })

  // What an old tab blocks opens late as well, and that is the browser's own doing.
  test.runIf(triesAll(name))('B82: a database that opens too late changes nothing, and loses nothing', async () => {
    await forget()
    await visit(`${site.url}/`)
    const kept = [await say('Kept')]
    await expectOnce(kept)
    await visit(`${site.url}/late`)
    const texts = [await say('Meanwhile')]
    await expectOnce(texts)
    await page.evaluate(() => (window as unknown as TestWindow).letGo())
    await page.waitFor(() => (window as unknown as TestWindow).wasLate)
    texts.push(await say('Afterwards'))
    await expectOnce(texts)
    expect(await page.evaluate(noticesOf)).toEqual([volatile])
    await expectCalm()
    await visit(`${site.url}/`)
    await expectOnce(kept)
  })

  test('B82: nor does one that an old tab blocks, until that lets go', async () => {
    await forget()
    await visit(`${site.url}/`)
    await expectOnce([await say('Before')])
    const old = await page.newTab()
    // What it holds would keep the next test waiting, too.
    onTestFinished(() => old.close().catch(() => {}))
    await old.goto(`${site.url}/plain`)
    await old.evaluate(hold)
    await visit(`${site.url}/`)
    const texts = [await say('Meanwhile')]
    await expectOnce(texts)
    expect(await page.evaluate(noticesOf)).toEqual([volatile])
    await old.evaluate(() => (window as unknown as TestWindow).release())
    texts.push(await say('Afterwards'))
    await expectOnce(texts)
    await expectCalm()
    await old.close()
    await visit(`${site.url}/`)
    await expectOnce([await say('New')])
    expect(await page.evaluate(noticesOf)).toEqual([])
  })

  test('B83: a database that another tab changes or deletes is opened anew', async () => {
    await forget()
    await visit(`${site.url}/`)
    const texts = [await say('One')]
    await expectOnce(texts)
    await page.evaluate(upgrade)
    texts.push(await say('Two'))
    await expectOnce(texts)
    await visit(`${site.url}/`)
    await expectOnce(texts)

    await dropKept(page)
    texts.push(await say('Three'))
    await expectOnce(texts)
    expect(await page.evaluate(noticesOf)).toEqual([])
    await expectCalm()
    await visit(`${site.url}/`)
    await expectOnce([await say('New')])
  })
})

/** Runs in the page: keeps a connection, and has the database wait to be deleted. Whoever opens it now waits, too. */
function hold(): Promise<void> {
  return new Promise((resolve) => {
    const opening = indexedDB.open('lumika')
    opening.onsuccess = () => {
      ;(window as unknown as TestWindow).release = () => opening.result.close()
      // Not even now is it closed.
      opening.result.onversionchange = () => resolve()
      indexedDB.deleteDatabase('lumika')
    }
  })
}

/** Runs in the page. */
function upgrade(): Promise<void> {
  return new Promise((resolve) => {
    indexedDB.open('lumika', 2).onsuccess = (event) => {
      ;(event.target as IDBOpenDBRequest).result.close()
      resolve()
    }
  })
}
