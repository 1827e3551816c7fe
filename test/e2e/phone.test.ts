/** A phone, as far as Chromium is one: a small window, fingers, and a keyboard that leaves less of the window to be seen. */
import { expect, onTestFinished, test } from 'vitest'
import { browser, server, setUpEmbedding, site } from '../helpers/embedding.ts'
import { htmlPage, scriptTag } from '../helpers/site.ts'

setUpEmbedding()

/** So tall is the keyboard, in px. */
const KEYBOARD = 300

/** What Safari and Chrome do when the keyboard comes: the window stays as it is, and less of it is seen, further down. */
const raiseKeyboard = (keyboard: number, pushed: number) => `{
  const view = visualViewport
  Object.defineProperty(view, 'height', { configurable: true, value: innerHeight - ${keyboard} })
  Object.defineProperty(view, 'offsetTop', { configurable: true, value: ${pushed} })
  view.dispatchEvent(new Event('resize'))
  view.dispatchEvent(new Event('scroll'))
}`

test('the panel stays above the keyboard, wherever the window was pushed to, and where it is on a zoomed page', async () => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 664 },
    isMobile: true,
    hasTouch: true,
    reducedMotion: 'reduce',
  })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const head = '<meta name="viewport" content="width=device-width">'
  const body = `<p style="block-size: 3000px">Shop${scriptTag(server.url, server.token)}`
  await page.goto(site.put('/phone', { body: htmlPage(body, { head }) }))
  const boxOf = (selector: string) => page.locator(selector).boundingBox()
  const window = (await page.evaluate('({ width: innerWidth, height: innerHeight })')) as {
    width: number
    height: number
  }
  const whole = { x: 0, y: 0, ...window }
  await page.locator('.launcher').tap()
  const box = page.locator('textarea')
  await box.waitFor()
  expect(await boxOf('.panel')).toEqual(whole)
  expect(await box.evaluate((element) => parseFloat(getComputedStyle(element).fontSize))).toBeGreaterThanOrEqual(16)
  const styleOfHost = () => page.locator('lumika-chat').getAttribute('style')

  // The end of the conversation and the text box are in what is left to be seen.
  await box.fill(Array.from({ length: 60 }, (_, i) => `Line ${i}`).join('\n'))
  await box.press('Enter')
  await page.locator('.entry.assistant .when time').waitFor()
  for (const pushed of [0, 120]) {
    await page.evaluate(raiseKeyboard(KEYBOARD, pushed))
    expect(await boxOf('.panel')).toEqual({ ...whole, y: pushed, height: window.height - KEYBOARD })
    const { y = 0, height = 0 } = (await boxOf('textarea')) ?? {}
    expect(y + height).toBeLessThanOrEqual(window.height - KEYBOARD + pushed)
    expect(y).toBeGreaterThan(pushed)
    const below = () => page.locator('.log').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight)
    await expect.poll(below).toBeLessThan(2)
  }
  await page.evaluate(raiseKeyboard(0, 0))
  expect(await boxOf('.panel')).toEqual(whole)

  // Two fingers enlarge the panel with its page, and do not move it about in it.
  await page.evaluate('delete visualViewport.height, delete visualViewport.offsetTop')
  const devtools = await context.newCDPSession(page)
  await devtools.send('Emulation.setPageScaleFactor', { pageScaleFactor: 2 })
  await expect.poll(() => page.evaluate('visualViewport.scale')).toBe(2)
  await expect.poll(styleOfHost).not.toContain('--_seen')
  const laidOut = await page.locator('.panel').evaluate((panel) => [panel.clientWidth, panel.clientHeight])
  expect(laidOut).toEqual([window.width, window.height])
  await devtools.send('Emulation.setPageScaleFactor', { pageScaleFactor: 1 })
  await expect.poll(styleOfHost).toContain('--_seen')

  // Lying down, there is no room for a page beside the chat.
  await page.setViewportSize({ width: 664, height: 390 })
  await expect.poll(() => boxOf('.panel')).toEqual({ x: 0, y: 0, width: 664, height: 390 })

  // Closed, it hears nothing of the keyboard.
  await page.locator('.panel .close').tap()
  const before = await styleOfHost()
  await page.evaluate(raiseKeyboard(KEYBOARD, 0))
  expect(await styleOfHost()).toBe(before)
})
