/** What a page on an origin that is not allowed can make a browser do. */
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium } from '../helpers/chromium.ts'
import { startFront } from '../helpers/front.ts'
import type { Front } from '../helpers/front.ts'
import { operatorOf } from '../helpers/operator.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { htmlPage, startSite } from '../helpers/site.ts'
import type { Site } from '../helpers/site.ts'

let browser: Browser
let server: ServerProcess
let front: Front
let site: Site
let page: Page
let token: string

beforeAll(async () => {
  ;[browser, server, site] = await Promise.all([launchChromium(), startServer(), startSite()])
  const settings = { name: 'Shop', kind: 'widget', allowedDomains: ['shop.example'] } as const
  token = (await operatorOf(server).createIntegration(settings)).token
  front = await startFront(server.url)
  page = await browser.newPage()
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
  await front?.close()
  await server?.stop()
})

/** Every way an element or a script of a page has to ask for an address without our leave. */
const ways: Record<string, (address: string) => string> = {
  img: (address) => `<img src="${address}">`,
  script: (address) => `<script src="${address}"></script>`,
  iframe: (address) => `<iframe src="${address}"></iframe>`,
  video: (address) => `<video src="${address}"></video>`,
  stylesheet: (address) => `<link rel="stylesheet" href="${address}">`,
  prefetch: (address) => `<link rel="prefetch" href="${address}">`,
  form: (address) => formTo(address, 'get'),
  'posted form': (address) => formTo(address, 'post'),
  'no-cors fetch': (address) => `<script>fetch('${address}', { mode: 'no-cors' }).catch(() => {})</script>`,
  'cors fetch': (address) => `<script>fetch('${address}').catch(() => {})</script>`,
  EventSource: (address) => `<script>new EventSource('${address}')</script>`,
  beacon: (address) => `<script>navigator.sendBeacon('${address}')</script>`,
}

/** A form that sends itself, its parameters as fields. */
function formTo(address: string, method: string): string {
  const { origin, pathname, searchParams } = new URL(address)
  const fields = [...searchParams].map(([name, value]) => `<input name="${name}" value="${value}">`).join('')
  return `<form action="${origin}${pathname}" method="${method}">${fields}</form><script>document.forms[0].submit()</script>`
}

describe.each(Object.entries(ways))('O46: %s on a page of another origin', (name, element) => {
  test.each([
    ['/conversation/sse', `textContent=from+${name.replaceAll(' ', '+')}`],
    ['/conversation/history', ''],
  ])('gets nothing of %s, and stores nothing', async (path, more) => {
    const conversationId = `c_${'x'.repeat(22)}`
    const query = new URLSearchParams({ integrationToken: token, conversationId })
    const address = `${front.url}${path}?${query.toString()}${more && `&${more}`}`
    const before = front.passed.length
    await page.goto(site.put('/evil', { body: htmlPage(element(address)) })).catch(() => {})
    const answers = () => front.passed.slice(before).filter((request) => request.path === path && request.status > 0)
    await expect.poll(() => answers().length).toBeGreaterThan(0)
    // A method the endpoint does not know is refused before anything else is looked at.
    for (const { status } of answers()) expect([403, 405]).toContain(status)
    expect(await operatorOf(server).conversations()).toEqual([])
  })
})
