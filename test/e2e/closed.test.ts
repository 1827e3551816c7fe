/** Many pages on which nobody has opened the chat: they cost the server what they load, and then nothing. */
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { launchChromium } from '../helpers/chromium.ts'
import { startFront } from '../helpers/front.ts'
import type { Front } from '../helpers/front.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../helpers/site.ts'
import type { Site } from '../helpers/site.ts'
import { visitorOf } from '../helpers/visitor.ts'

/** Tabs, the pages in frames of each, and how long they are watched. A usual look comes every 12 s. */
const [TABS, FRAMES, WATCH_MS] = process.env['LUMIKA_LONG'] ? [20, 50, 30_000] : [4, 50, 3_000]

let browser: Browser
let server: ServerProcess
let front: Front
let site: Site
beforeAll(async () => {
  ;[browser, server, site] = await Promise.all([launchChromium(), startServer(), startSite()])
  front = await startFront(server.url)
})
afterAll(async () => {
  await browser?.close()
  await front?.close()
  await site?.close()
  await server?.stop()
})

test(`closed pages without a conversation ask for nothing: ${TABS * FRAMES} of them, for ${WATCH_MS / 1_000} s`, async () => {
  front.passed.length = 0
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  site.put('/closed', { body: htmlPage(scriptTag(front.url, server.token)) })
  const frame = '<iframe src="/closed" width="40" height="40"></iframe>'
  const many = site.put('/many', { body: htmlPage(frame.repeat(FRAMES)) })
  const pages: Page[] = []
  for (let n = 0; n < TABS; n++) {
    const page = await context.newPage()
    pages.push(page)
    await page.goto(many)
    await expect.poll(() => page.evaluate(countChats), { timeout: 60_000 }).toBe(FRAMES)
  }
  await expect.poll(() => front.open).toBe(0)
  const asked = front.passed.length
  await pages[0]?.waitForTimeout(WATCH_MS)
  expect(front.passed.slice(asked).map(({ path }) => path)).toEqual([])
  // Each tab has asked once for both, at most: the look is cached, and so is the file.
  expect([...new Set(front.passed.map(({ path }) => path))].sort()).toEqual(['/widget.js', '/widget/config'])

  const page = await context.newPage()
  await page.goto(`${site.url}/closed`)
  const visitor = visitorOf(page)
  await visitor.open()
  await visitor.say('Is anybody there?')
  await expect.poll(visitor.said).toEqual(['visitor: Is anybody there?', expect.stringMatching(/^assistant: /)])
  // Those that hear of it from the browser are closed, and stay so.
  await expect.poll(() => front.passed.filter(({ path }) => path === '/conversation/sse').length).toBe(1)
}, 600_000)

/** Runs in the page: the frames that show a launcher. */
function countChats(): number {
  const documents = [...document.querySelectorAll('iframe')].map(({ contentDocument }) => contentDocument)
  return documents.filter((each) => each?.querySelector('lumika-chat')).length
}
