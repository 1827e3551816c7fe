/** Visitors send files: from the paper clip to the message that carries them, on a page with a strict policy. */
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../helpers/chromium.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../helpers/site.ts'
import type { Site } from '../helpers/site.ts'
import { visitorOf } from '../helpers/visitor.ts'

let browser: Browser
let server: ServerProcess
let site: Site
beforeAll(async () => {
  ;[browser, server, site] = await Promise.all([launchChromium(), startServer(), startSite()])
  const { integrations } = await api<{ integrations: { id: string }[] }>('/integrations')
  for (const { id } of integrations)
    await api(`/integrations/${id}`, { method: 'PATCH', body: JSON.stringify({ attachments: true }) })
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
  await server?.stop()
})

/** The operator API. */
async function api<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = { authorization: `Bearer ${server.operatorKey}`, 'content-type': 'application/json' }
  const response = await fetch(`${server.url}/api${path}`, { ...init, headers })
  expect(response.ok, path).toBe(true)
  return (await response.json()) as T
}

interface TestFile {
  name: string
  mimeType: string
  buffer: Buffer
}
/** A picture of a pixel, and the beginning of a PDF. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const picture = (name: string) => ({ name, mimeType: 'image/png', buffer: pixel })
const pdf = (name: string, bytes = 2_000) => ({
  name,
  mimeType: 'application/pdf',
  buffer: Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(bytes)]),
})

/** Opens the chat on a page that trusts the server for scripts, requests and pictures, and nothing else. */
async function visit() {
  const policy = `default-src 'none'; script-src ${server.url}; connect-src ${server.url}; img-src ${server.url}`
  const body = htmlPage(scriptTag(server.url, server.token))
  const page = await (await browser.newContext()).newPage()
  await page.goto(site.put('/', { body, headers: { 'content-security-policy': policy } }))
  const visitor = visitorOf(page)
  await visitor.open()
  const clip = page.getByRole('button', { name: 'Attach a file' })
  let chosen: TestFile[] = []
  page.on('filechooser', (chooser) => void chooser.setFiles(chosen))
  /** By the keyboard, in the browser's own dialog. */
  const choose = async (...files: TestFile[]) => {
    chosen = files
    await clip.focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => chips(page).count()).toBe(files.length)
  }
  /** Waits until the answer to the last message is there. */
  const isAnswered = (length: number) =>
    expect
      .poll(async () => (await visitor.said()).map((line) => line.replace(/^(assistant): .*/, '$1')))
      .toEqual([...Array(length).keys()].map((n) => (n % 2 ? 'assistant' : expect.stringMatching(/^visitor: /))))
  return { page, visitor, choose, isAnswered }
}
const chips = (page: Page) => page.locator('.tray li')
/** The files of the messages, by name. */
const carried = (page: Page) =>
  page.locator('.entry .files a').evaluateAll((links) => links.map((link) => link.getAttribute('title')))

test('files are chosen by keyboard, sent with a text and without one, and there after a reload', async () => {
  const { page, visitor, choose, isAnswered } = await visit()
  await choose(picture('cat.png'), pdf('bill.pdf'))
  await page.keyboard.type('Two files')
  await page.keyboard.press('Enter')
  await expect.poll(() => carried(page)).toEqual(['cat.png', 'bill.pdf'])
  await isAnswered(2)
  expect((await visitor.said())[0]).toBe('visitor: Two files')
  expect(await chips(page).count()).toBe(0)
  expect(await visitor.box.inputValue()).toBe('')

  await choose(picture('alone.png'))
  await page.keyboard.press('Enter')
  await expect.poll(() => carried(page)).toEqual(['cat.png', 'bill.pdf', 'alone.png'])
  await isAnswered(4)
  expect((await visitor.said())[2]).toBe('visitor: alone.png')

  await page.reload()
  await visitor.open()
  await expect.poll(() => carried(page)).toEqual(['cat.png', 'bill.pdf', 'alone.png'])
  expect(visitor.problems).toEqual([])
  await page.context().close()
})
