/** The look that few sites set, as Chromium shows it: sizes, a place in the page, the whole window, paper, an invitation. */
import type { Browser, BrowserContextOptions, Page } from 'playwright'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { launchChromium } from '../helpers/chromium.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../helpers/site.ts'
import type { Site } from '../helpers/site.ts'

let browser: Browser
let server: ServerProcess
let site: Site
beforeAll(async () => {
  ;[browser, server, site] = await Promise.all([launchChromium(), startServer(), startSite()])
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
  await server?.stop()
})

let pages = 0
async function visit(attributes: string, body = '', options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const head = '<style>body { margin: 0 } #help { width: 500px; height: 450px }</style>'
  const tag = scriptTag(server.url, server.token, attributes)
  await page.goto(site.put(`/look-${(pages += 1)}`, { body: htmlPage(tag + body, { head }) }))
  return page
}
const styleOf = (page: Page, selector: string, name: string) =>
  page.locator(selector).evaluate((element, property) => getComputedStyle(element).getPropertyValue(property), name)

test('radius, typeface, size, offset and z-index are seen; a word that makes none is passed over', async () => {
  const look = 'data-radius="4" data-font="Georgia, serif" data-size="small" data-offset="40x90" data-z-index="500"'
  const page = await visit(`${look} data-position="top" data-theme="sepia"`)
  const launcher = page.locator('.launcher')
  await launcher.waitFor()
  expect(await launcher.boundingBox()).toEqual({ x: 904, y: 654, width: 56, height: 56 })
  await launcher.click()
  await page.locator('textarea').waitFor()
  await expect.poll(() => page.locator('.panel').boundingBox()).toEqual({ x: 620, y: 120, width: 340, height: 520 })
  expect(await styleOf(page, '.panel', 'border-radius')).toBe('4px')
  expect(await styleOf(page, 'textarea', 'font-family')).toBe('Georgia, serif')
  expect(await styleOf(page, 'lumika-chat', 'z-index')).toBe('500')
  // The page's own style sheet has the last word.
  await page.addStyleTag({ content: 'lumika-chat { --lumika-radius: 9px; --lumika-offset-y: 30px }' })
  expect(await styleOf(page, '.panel', 'border-radius')).toBe('9px')
  expect((await launcher.boundingBox())?.y).toBe(714)
})

test('inline, it fills an element further down, takes no focus, does not close, and is printed in full', async () => {
  const page = await visit('data-mode="inline" data-target="#help" data-open="false"', '<div id="help"></div>')
  const panel = page.locator('#help .panel')
  await page.locator('textarea').waitFor()
  expect(await panel.boundingBox()).toEqual(await page.locator('#help').boundingBox())
  expect(await styleOf(page, '#help .panel', 'box-shadow')).toBe('none')
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BODY')
  expect(await page.locator('.launcher').isVisible()).toBe(false)
  await page.locator('textarea').fill('A line of many.\n'.repeat(80))
  await page.keyboard.press('Enter')
  await page.locator('.message.visitor').waitFor()
  await page.keyboard.press('Escape')
  expect(await panel.isVisible()).toBe(true)
  await page.emulateMedia({ media: 'print' })
  const log = page.locator('.log')
  expect(await log.evaluate((element) => element.scrollHeight - element.clientHeight)).toBe(0)
  expect((await log.boundingBox())?.height).toBeGreaterThan(1_000)
  expect(await page.locator('textarea').isVisible()).toBe(false)
})

test('as a page, it fills the window of a phone', async () => {
  const viewport = { width: 360, height: 640 }
  const page = await visit('data-mode="page"', '', { viewport, hasTouch: true, isMobile: true })
  await page.locator('textarea').waitFor()
  expect(await page.locator('.panel').boundingBox()).toEqual({ x: 0, y: 0, ...viewport })
  expect(await page.locator('.close').isVisible()).toBe(false)
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BODY')
})

test('an invitation stands beside the launcher, keeps nothing before it is answered, and may come but once', async () => {
  const rules = [{ text: { en: 'May we help?' }, once: true }]
  const page = await visit(`data-invite='${JSON.stringify(rules)}' data-position="left"`, '', {
    viewport: { width: 320, height: 600 },
  })
  const text = page.getByRole('button', { name: 'May we help?' })
  await text.waitFor()
  expect(await page.evaluate(() => localStorage.length)).toBe(0)
  const bubble = await page.locator('.invite').boundingBox()
  const launcher = await page.locator('.launcher').boundingBox()
  expect(bubble?.x).toBeGreaterThan((launcher?.x ?? 0) + (launcher?.width ?? 0))
  expect((bubble?.x ?? 0) + (bubble?.width ?? 0)).toBeLessThanOrEqual(320)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Escape')
  expect(await text.count()).toBe(0)
  await page.reload()
  await page.locator('.invite').waitFor({ state: 'attached' })
  expect(await text.count()).toBe(0)
})
