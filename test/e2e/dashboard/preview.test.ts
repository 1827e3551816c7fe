/** The chat beside its settings: what visitors get, as it is edited, in a frame that keeps and sends nothing. */
import type { FrameLocator, Page } from 'playwright'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openOffice } from '../../helpers/dashboard.ts'

const office = openOffice({ path: '/integrations', browser: { viewport: { width: 1280, height: 1000 } } })
let page: Page
let frame: FrameLocator
const asked: string[] = []

beforeAll(async () => {
  ;({ page } = office.desk)
  page.on('request', (request) => {
    if (request.frame() !== page.mainFrame()) asked.push(new URL(request.url()).pathname)
  })
  await page.getByRole('link', { name: /This computer/ }).click()
  frame = page.frameLocator('iframe[title="The chat as visitors see it"]')
})
beforeEach(async () => {
  await page.reload()
  await frame.getByRole('dialog').waitFor()
  // All of it, so that the mouse reaches it.
  await page.locator('iframe').scrollIntoViewIfNeeded()
})

const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
/** With the mouse, where it is seen: Playwright itself does not reckon with the scale of a frame. */
async function click(selector: string): Promise<void> {
  const [x = 0, y = 0] = await frame.locator(selector).evaluate((element) => {
    const { left, top, width, height } = element.getBoundingClientRect()
    return [(left + width / 2) / innerWidth, (top + height / 2) / innerHeight]
  })
  const box = await page.locator('iframe').boundingBox()
  if (box) await page.mouse.click(box.x + x * box.width, box.y + y * box.height)
}
const colourOf = (selector: string) =>
  frame.locator(selector).evaluate((element) => getComputedStyle(element).backgroundColor)
const boxOf = async (selector: string) => {
  const box = await frame.locator(selector).boundingBox()
  return box ?? { x: NaN, width: NaN }
}

describe('the preview', () => {
  test('shows the look as it is typed, and takes nothing of the focus', async () => {
    const title = page.getByLabel('Title', { exact: true })
    await title.click()
    await page.keyboard.type('Ask us')
    await frame.getByRole('dialog', { name: 'Ask us' }).waitFor()
    expect(await title.evaluate((field) => field === document.activeElement)).toBe(true)
    await title.fill('')
    await frame.getByRole('dialog', { name: 'Chat with us' }).waitFor()
    await page.getByLabel('Greeting').fill('Good day')
    await frame.getByText('Good day').waitFor()
    await page.getByLabel('In the empty text box').fill('Your question')
    await frame.getByPlaceholder('Your question').waitFor()
    await page.getByLabel('Colour', { exact: true }).fill('#0a7f5c')
    await expect.poll(() => colourOf('.launcher')).toBe('rgb(10, 127, 92)')
    const before = (await boxOf('.launcher')).x
    await page.getByLabel('Corner').click()
    await page.getByRole('option', { name: 'Left' }).click()
    await expect.poll(async () => (await boxOf('.launcher')).x).toBeLessThan(before)
    expect(office.desk.problems).toEqual([])
  })

  test('opens, closes, and follows whoever does so inside', async () => {
    await press('Open')
    await frame.getByRole('dialog').waitFor({ state: 'detached' })
    await click('.launcher')
    await frame.getByRole('dialog').waitFor()
    await expect.poll(() => page.getByRole('button', { name: 'Open', pressed: true }).count()).toBe(1)
  })

  test('shows day and night, a phone, a page from right to left, another language, a conversation', async () => {
    await expect.poll(() => colourOf('.panel')).toBe('rgb(255, 255, 255)')
    await press('Dark')
    await expect.poll(() => colourOf('.panel')).toBe('rgb(23, 26, 33)')
    await page.getByLabel('Theme').click()
    await page.getByRole('option', { name: 'Light' }).click()
    await expect.poll(() => colourOf('.panel')).toBe('rgb(255, 255, 255)')

    await press('Phone')
    await expect.poll(() => frame.locator('html').evaluate(() => innerWidth)).toBe(388)
    await frame.locator('.launcher').waitFor({ state: 'hidden' })
    await press('Right to left')
    await expect.poll(() => frame.locator('html').evaluate(() => document.dir)).toBe('rtl')
    await page.getByLabel('Language of the page').click()
    await page.getByRole('option', { name: 'Deutsch' }).click()
    await frame.getByText('Hallo! Wie können wir helfen?').waitFor()
    await press('Messages')
    await frame.getByText('This is a preview').waitFor()
    expect(office.desk.problems).toEqual([])
  })

  test('answers by itself: nothing is sent, nothing is kept, and no notice says so', async () => {
    asked.length = 0
    await click('textarea')
    await page.keyboard.type('Is anybody there?')
    await click('.send')
    await frame.locator('.bubble', { hasText: 'nobody answers, and nothing is sent or kept' }).waitFor()
    expect(await frame.getByText('This browser keeps nothing').isVisible()).toBe(false)
    // What shows messages, and what joins tabs: files.
    expect(asked.filter((path) => !/^\/(reading|pieces|markdown|tabs)-[\w-]{8}\.js$/.test(path))).toEqual([])
    const kept = () => page.evaluate(async () => [(await indexedDB.databases()).length, { ...localStorage }])
    const before = await kept()
    await page.reload()
    await frame.getByRole('dialog').waitFor()
    expect(await frame.getByText('Is anybody there?').count()).toBe(0)
    expect(await kept()).toEqual(before)
    expect(office.desk.problems).toEqual([])
  })

  test('X79: believes the window it is in, and nobody else; the Dashboard believes its frame alone', async () => {
    const scene = {
      ...{ look: { title: 'Forged' }, isOpen: true, hasMessages: false, isResolved: false, isDark: false },
      ...{ isRightToLeft: false, locale: 'en' },
    }
    // The frame itself, which is not its own parent.
    await frame.locator('html').evaluate((_, scene) => window.postMessage({ scene }, '*'), scene)
    // Another frame of the Dashboard's page, and shapes that nothing can be made of.
    await page.evaluate((scene) => {
      const target = document.querySelector('iframe')?.contentWindow
      for (const wrong of [null, 'scene', { scene: null }, { scene: { ...scene, look: 'Forged' } }, { ...scene }])
        target?.postMessage(wrong, '*')
      for (const origin of [location.origin, '*']) window.postMessage({ lumika: 'open', isOpen: false }, origin)
    }, scene)
    await page.getByLabel('Title', { exact: true }).fill('Ours')
    await frame.getByRole('dialog', { name: 'Ours' }).waitFor()
    expect(await page.getByRole('button', { name: 'Open', pressed: true }).count()).toBe(1)
  })

  test('X79: has no origin, not even where it is opened by itself, and asks for nothing in anybody’s name', async () => {
    const alone = await page.context().newPage()
    await alone.goto(`${office.server.url}/dashboard/preview`)
    expect(await alone.evaluate(() => self.origin)).toBe('null')
    expect(await alone.evaluate(() => fetch('/api/me').then(String, String))).toMatch(/TypeError/)
    await alone.close()
  })
})
