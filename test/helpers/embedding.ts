/** What tests of a chat on somebody's site stand on: Chromium, a server of ours, and a site of another origin. */
import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { launchChromium } from './chromium.ts'
import { startServer } from './server.ts'
import type { ServerProcess } from './server.ts'
import { startSite } from './site.ts'
import type { Site } from './site.ts'
import { visitorOf } from './visitor.ts'
import type { Visitor } from './visitor.ts'

/** Shared by the tests of a file. */
export let browser: Browser
export let server: ServerProcess
export let site: Site

/** Made anew for each test. */
export let page: Page
export let visitor: Visitor
/** What the page has asked for since, as `GET <address>`, without the query. */
export let requests: string[]

/** Makes all of it for the tests of the file. */
export function setUpEmbedding(): void {
  beforeAll(async () => {
    ;[browser, server, site] = await Promise.all([launchChromium(), startServer(), startSite()])
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
    await server?.stop()
  })
  beforeEach(async () => {
    // Boxes are measured, and must not be on the move.
    page = await browser.newPage({ reducedMotion: 'reduce' })
    visitor = visitorOf(page)
    requests = []
    page.on('request', (request) => requests.push(`${request.method()} ${request.url().split('?')[0]}`))
  })
  afterEach(() => page.context().close())
}
