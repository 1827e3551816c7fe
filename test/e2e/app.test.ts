import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchChromium } from '../helpers/chromium.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { visitorOf } from '../helpers/visitor.ts'
import type { Visitor } from '../helpers/visitor.ts'

let browser: Browser
let server: ServerProcess
let page: Page
let visitor: Visitor
let requests: string[]

beforeAll(async () => {
  ;[browser, server] = await Promise.all([launchChromium(), startServer()])
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

beforeEach(async () => {
  page = await browser.newPage()
  await page.clock.install()
  visitor = visitorOf(page)
  requests = []
  page.on('request', (request) => requests.push(request.url()))
  await page.goto(`${server.url}/demo/app`)
})
afterEach(() => page.context().close())

const mount = () => page.getByRole('button', { name: 'Mount the chat', exact: true }).click()
const unmount = async () => {
  await page.getByRole('button', { name: 'Unmount the chat' }).click()
  await page.getByText('The chat is not mounted.').waitFor()
}
const hello = ['visitor: Hello', expect.stringMatching(/^assistant: I am a demo .* Hello$/)]

describe('a single-page app that mounts the chat by a call', () => {
  test('keeps the open chat while its pages change', async () => {
    await visitor.open()
    await visitor.say('Hello')
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('heading', { name: 'Settings' }).waitFor()
    await expect.poll(visitor.said).toEqual(hello)
    await page.goBack()
    await page.getByRole('heading', { name: 'Home' }).waitFor()
    expect(await visitor.said()).toEqual(hello)
    expect(await page.locator('lumika-chat').count()).toBe(1)
    expect(visitor.problems).toEqual([])
  })

  test('finds the conversation again after it has unmounted and mounted the chat, on every page', async () => {
    await visitor.open()
    await visitor.say('Hello')
    await expect.poll(visitor.said).toEqual(hello)
    for (const heading of ['Settings', 'Home']) {
      await unmount()
      expect(await page.locator('lumika-chat').count()).toBe(0)
      await page.getByRole('link', { name: heading }).click()
      await mount()
      await visitor.open()
      await expect.poll(visitor.said).toEqual(hello)
    }
    await visitor.say('Hello')
    await expect.poll(visitor.said).toEqual([...hello, ...hello])
    expect(visitor.problems).toEqual([])
  })

  test('leaves nothing that runs or asks behind when it unmounts the chat', async () => {
    await visitor.open()
    await visitor.say('Hello')
    await expect.poll(visitor.said).toEqual(hello)
    requests = []
    await page.clock.fastForward(30_000)
    await expect.poll(() => requests.filter((url) => url.includes('/conversation/history')).length).toBeGreaterThan(0)

    await unmount()
    expect(await page.locator('lumika-chat').count()).toBe(0)
    requests = []
    await page.clock.fastForward(300_000)
    await page.clock.runFor(60_000)
    expect(requests).toEqual([])
    expect(visitor.problems).toEqual([])
  })

  test('may unmount it in the middle of an answer: the answer is there at the next mount', async () => {
    await visitor.open()
    await visitor.say('Hello')
    await expect.poll(async () => (await visitor.said()).at(-1)).toMatch(/^assistant \(writing\): I am/)
    await unmount()
    await mount()
    await visitor.open()
    await expect.poll(visitor.said).toEqual(hello)
    expect(visitor.problems).toEqual([])
  })

  test('may unmount it before its panel is loaded, and while it loads', async () => {
    await visitor.launcher.click()
    await unmount()
    await mount()
    await visitor.open()
    expect(await visitor.panel.count()).toBe(1)
    expect(visitor.problems).toEqual([])
  })
})
