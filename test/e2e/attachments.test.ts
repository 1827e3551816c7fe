/** Visitors send files: from the paper clip to the message that carries them, against the server and on strict pages. */
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers } from '../helpers/barriers.ts'
import { launchChromium } from '../helpers/chromium.ts'
import { chatOf } from '../helpers/engines/chat.ts'
import { openEngine } from '../helpers/engines/engine.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../helpers/site.ts'
import type { Site } from '../helpers/site.ts'
import { visitorOf } from '../helpers/visitor.ts'
import { startWire } from '../helpers/wire.ts'
import type { Link, Wire } from '../helpers/wire.ts'
import { createIntegration } from './engines/integration.ts'

/** Most bytes of a file on this server. */
const MOST = 200_000
let browser: Browser
let server: ServerProcess
let site: Site
let wire: Wire
let token: string
beforeAll(async () => {
  const args = ['--max-attachment-bytes', `${MOST}`]
  ;[browser, server, site] = await Promise.all([launchChromium(), startServer({ args }), startSite()])
  wire = await startWire(server.port)
  ;({ token } = await createIntegration(server, { attachments: true }))
})
afterAll(async () => {
  await browser?.close()
  await wire?.close()
  await site?.close()
  await server?.stop()
})

interface TestFile {
  name: string
  mimeType: string
  buffer: Buffer
}
/** A picture of a pixel. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const picture = (name: string, bytes = 0): TestFile => {
  return { name, mimeType: 'image/png', buffer: Buffer.concat([pixel, Buffer.alloc(bytes)]) }
}
const pdf = (name: string): TestFile => ({ name, mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7\n') })

interface Visit {
  attributes?: string
  /** What stands in the place of the server. */
  url?: string
  context?: BrowserContext
}

/** Opens the chat on a page that trusts the server for scripts, requests and pictures, and nothing else. */
async function visit({ attributes = '', url = server.url, context }: Visit = {}) {
  const policy = `default-src 'none'; script-src ${url}; connect-src ${url}; img-src ${url}`
  const body = htmlPage(scriptTag(url, token, attributes))
  const page = await (context ?? (await browser.newContext())).newPage()
  await page.goto(site.put('/', { body, headers: { 'content-security-policy': policy } }))
  const visitor = visitorOf(page)
  await visitor.open()
  let chosen: TestFile[] = []
  page.on('filechooser', (chooser) => void chooser.setFiles(chosen))
  return {
    page,
    visitor,
    chips: () => page.locator('.tray li bdi').allTextContents(),
    alerts: () => page.locator('.tray .problem').allTextContents(),
    /** The files of the messages, by name. */
    carried: () =>
      page.locator('.entry .files a').evaluateAll((links) => links.map((link) => link.getAttribute('title'))),
    /** By the keyboard, in the browser's own dialog. */
    async choose(...files: TestFile[]) {
      chosen = files
      await page.getByRole('button', { name: 'Attach a file' }).focus()
      await page.keyboard.press('Enter')
      await expect.poll(() => page.locator('.tray :is(li, .problem)').count()).toBeGreaterThan(0)
    },
    /** Waits until all messages are answered. */
    isAnswered: (length: number) =>
      expect
        .poll(async () => (await visitor.said()).map((line) => line.replace(/^(assistant): .*/, '$1')))
        .toEqual([...Array(length).keys()].map((n) => (n % 2 ? 'assistant' : expect.stringMatching(/^visitor: /)))),
  }
}

/** What somebody brings to an element of the chat by mouse or clipboard; a page's script can do the same. */
const bring = (page: Page, type: 'paste' | 'dragenter' | 'drop', files: TestFile[], texts: string[] = []) =>
  page.locator(type === 'paste' ? '.panel textarea' : '.panel').evaluate(
    (element, { type, files, texts }) => {
      const data = new DataTransfer()
      for (const { name, mimeType, code } of files)
        data.items.add(new File([Uint8Array.from(atob(code), (c) => c.charCodeAt(0))], name, { type: mimeType }))
      for (const text of texts) data.setData(text, 'words')
      const init = { bubbles: true, composed: true, cancelable: true }
      const event =
        type === 'paste'
          ? new ClipboardEvent(type, { ...init, clipboardData: data })
          : new DragEvent(type, { ...init, dataTransfer: data })
      return !element.dispatchEvent(event)
    },
    {
      type,
      texts,
      files: files.map(({ name, mimeType, buffer }) => ({ name, mimeType, code: buffer.toString('base64') })),
    },
  )

test('files are chosen by keyboard, sent with a text and without one, and there after a reload', async () => {
  const { page, visitor, chips, choose, carried, isAnswered } = await visit()
  await choose(picture('cat.png'), pdf('bill.pdf'))
  await page.keyboard.type('Two files')
  await page.keyboard.press('Enter')
  await expect.poll(carried).toEqual(['cat.png', 'bill.pdf'])
  await isAnswered(2)
  expect((await visitor.said())[0]).toBe('visitor: Two files')
  expect(await chips()).toEqual([])
  expect(await visitor.box.inputValue()).toBe('')

  await choose(picture('alone.png'))
  await page.keyboard.press('Enter')
  await expect.poll(carried).toEqual(['cat.png', 'bill.pdf', 'alone.png'])
  await isAnswered(4)
  expect((await visitor.said())[2]).toBe('visitor: alone.png')

  await page.reload()
  await visitor.open()
  await expect.poll(carried).toEqual(['cat.png', 'bill.pdf', 'alone.png'])
  expect(visitor.problems).toEqual([])
  await page.context().close()
})

test('pictures are pasted, files dropped; what is not taken is named, whatever its name is made of', async () => {
  const { page, visitor, chips, alerts, carried, isAnswered } = await visit()
  await page.evaluate(() => {
    const pwned: string[] = []
    for (const type of ['dragenter', 'drop', 'paste']) addEventListener(type, () => pwned.push(type))
    Object.assign(window, { pwned })
  })
  await page.locator('.clip').waitFor()
  expect(await bring(page, 'paste', [picture('image.png')])).toBe(true)
  await expect.poll(chips).toEqual(['image.png'])
  expect(await bring(page, 'paste', [picture('words.png')], ['text/plain', 'text/html'])).toBe(false)

  const evil = '<img src=x onerror=pwned.push(1)>\u202e.png'
  expect(await bring(page, 'dragenter', [picture(evil)])).toBe(true)
  await page.getByText('Drop the file here').waitFor()
  const page_ = { name: 'page.html', mimeType: 'text/html', buffer: Buffer.from('<p>') }
  await bring(page, 'drop', [picture(evil), page_, picture('big.png', MOST)])
  await expect.poll(chips).toEqual(['image.png', evil.replace('\u202e', '')])
  expect(await page.getByText('Drop the file here').count()).toBe(0)
  expect(await alerts()).toEqual([
    'page.html: Images and PDF files can be sent, no others.',
    'big.png: This file is too large. The limit is 200 kB.',
  ])
  await page
    .getByText(/^\d+ kB$/)
    .nth(1)
    .waitFor()
  expect(await barriers(page, 'lumika-chat')).toEqual([])
  await visitor.box.press('Enter')
  await isAnswered(2)
  expect(await carried()).toEqual(['image.png', '_img src=x onerror=pwned.push(1)_.png'])
  // The one paste that was not ours.
  expect(await page.evaluate(() => (window as unknown as { pwned: unknown }).pwned)).toEqual(['paste'])
  expect(visitor.problems).toEqual([])
  await page.context().close()
})

test('an upload that is cut says so, keeps the text and is tried again; what waits for it is sent then', async () => {
  const { page, visitor, alerts, choose, carried, isAnswered } = await visit({ url: wire.url })
  let isCutting = true
  let isHeld = true
  const held = new Set<Link>()
  wire.up = async (piece, pass, link) => {
    if (isCutting && piece.includes('POST /conversation/attachments')) held.add(link)
    if (!held.has(link)) return pass(piece)
    if (!isHeld) link.reset()
  }
  await choose(picture('cat.png', 100_000))
  await visitor.box.fill('Here it is')
  await visitor.box.press('Enter')
  await page.getByRole('progressbar', { name: 'Uploading cat.png' }).waitFor()
  await page.locator('.tray').getByText('Sending…').waitFor()
  expect(await visitor.box.inputValue()).toBe('Here it is')
  await expect.poll(() => held.size).toBeGreaterThan(0)
  // Browsers try once more by themselves.
  isHeld = false
  for (const link of held) link.reset()
  await expect.poll(alerts).toEqual(['The file could not be uploaded. Check your connection.'])
  expect(await visitor.said()).toEqual([])
  expect(await visitor.box.inputValue()).toBe('Here it is')
  isCutting = false
  await page.getByRole('button', { name: 'Retry: cat.png' }).press('Enter')
  await page.getByText(/^\d+ kB$/).waitFor()
  await page.keyboard.press('Enter')
  await isAnswered(2)
  expect(await carried()).toEqual(['cat.png'])
  await page.context().close()
})

test('the server has the last word on sizes; a file is of one conversation, whatever other tabs begin', async () => {
  const { page, visitor, chips, alerts, choose, carried, isAnswered } = await visit({
    attributes: 'data-config="off" data-attachments',
  })
  await choose(picture('large.png', 3_000_000))
  await expect
    .poll(alerts)
    .toEqual([expect.stringMatching(/^large\.png: This file is too large\. The limit is < 3 MB/)])
  expect(await chips()).toEqual([])

  await visitor.say('Hello')
  await isAnswered(2)
  await choose(picture('cat.png'))
  await page.getByText(/^\d+ kB$/).waitFor()
  const other = await visit({ context: page.context() })
  await other.isAnswered(2)
  await other.page.getByRole('button', { name: 'New conversation' }).click()
  await expect.poll(visitor.said).toEqual([])
  await visitor.box.press('Enter')
  await isAnswered(2)
  expect(await carried()).toEqual(['cat.png'])
  await other.isAnswered(2)
  await expect.poll(other.carried).toEqual(['cat.png'])
  expect(other.visitor.problems).toEqual([])
  await page.context().close()
})

describe.each(['firefox', 'webkit'] as const)('in %s', (name) => {
  test('files are chosen and dropped, sent, and shown', async () => {
    const engine = await openEngine(name)
    try {
      const page = await engine.newPage()
      const chat = chatOf(page)
      await page.goto(site.put('/plain', { body: htmlPage(scriptTag(server.url, token)) }))
      await chat.open()
      await page.see('.clip')
      await page.evaluate((code) => {
        const root = document.querySelector('lumika-chat')?.shadowRoot
        const give = (name: string) => {
          const data = new DataTransfer()
          const bytes = Uint8Array.from(atob(code), (c) => c.charCodeAt(0))
          data.items.add(new File([bytes], name, { type: 'image/png' }))
          return data
        }
        const picker = root?.querySelector('input[type="file"]') as HTMLInputElement
        picker.files = give('chosen.png').files
        picker.dispatchEvent(new Event('change', { bubbles: true }))
        const init = { bubbles: true, composed: true, cancelable: true, dataTransfer: give('dropped.png') }
        root?.querySelector('.panel')?.dispatchEvent(new DragEvent('drop', init))
      }, pixel.toString('base64'))
      await chat.say('Two')
      await page.waitFor(() => {
        const links = document.querySelector('lumika-chat')?.shadowRoot?.querySelectorAll('.entry .files a')
        return [...(links ?? [])].map((link) => link.getAttribute('title')).join() === 'chosen.png,dropped.png'
      })
      expect((await chat.said())[0]).toBe('visitor: Two')
      expect(await page.consoleErrors()).toEqual([])
      await page.close()
    } finally {
      await engine.close()
    }
  })
})
