/** What a browser's own counters say of a chat that was there and of many that are: Chromium's tell. */
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LumikaGlobal } from '../../widget/embed.ts'
import { launchChromium } from '../helpers/chromium.ts'
import { startFront } from '../helpers/front.ts'
import type { Front } from '../helpers/front.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { htmlPage, startSite } from '../helpers/site.ts'
import type { Site } from '../helpers/site.ts'

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

test('X78: after 100 chats that came and went, heap, nodes and listeners are where they were', async () => {
  const page = await browser.newPage()
  await page.goto(site.put('/', { body: htmlPage(`<script src="${front.url}/widget.js"></script>`) }))
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable')
  const measure = async () => {
    // An animation that has ended is let go of with the next frame, and its element with it.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
    for (let n = 0; n < 3; n++) await devtools.send('HeapProfiler.collectGarbage')
    const { metrics } = await devtools.send('Performance.getMetrics')
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? NaN
    return { heap: of('JSHeapUsedSize'), nodes: of('Nodes'), listeners: of('JSEventListeners') }
  }
  // Code is compiled and lists get their room in the first rounds.
  await page.evaluate(takeRounds, { count: 240, integrationToken: server.token, serverUrl: front.url })
  const before = await measure()
  await page.evaluate(takeRounds, { count: 100, integrationToken: server.token, serverUrl: front.url })
  // What waits for an idle moment, or for the storage, is done some time after a chat has gone.
  let after = await measure()
  const settled = async () => {
    after = await measure()
    return Math.max(after.nodes - before.nodes - 5, after.listeners - before.listeners)
  }
  await expect.poll(settled).toBeLessThanOrEqual(0)
  // One panel that stayed would weigh more.
  expect(after.heap - before.heap).toBeLessThan(150_000)
  await expect.poll(() => front.open).toBe(0)
  await page.context().close()
})

/** Runs in the page: mounts and destroys chats; every tenth is opened, and every twentieth answered. */
async function takeRounds({ count, integrationToken, serverUrl }: Record<string, string | number>): Promise<void> {
  const { Lumika } = window as unknown as { Lumika: LumikaGlobal }
  for (let round = 0; round < Number(count); round++) {
    const widget = Lumika.mountWidget({ integrationToken: String(integrationToken), serverUrl: String(serverUrl) })
    const wanted = round % 20 === 0 ? '.assistant.done' : round % 10 === 0 ? 'textarea' : '.launcher'
    if (round % 10 === 0) widget.open()
    if (round % 20 === 0) widget.send(`Round ${round}`)
    const isThere = () => document.querySelector('lumika-chat')?.shadowRoot?.querySelector(wanted)
    for (let n = 0; n < 600 && !isThere(); n++) await new Promise((resolve) => requestAnimationFrame(resolve))
    await widget.destroy()
  }
}
