/** How the chat is seen: enlarged, with a light accent, in the system's colours, without motion, on paper. */
import type { BrowserContextOptions, Page } from 'playwright'
import { expect, onTestFinished, test } from 'vitest'
import { browser, server, setUpEmbedding, site } from '../helpers/embedding.ts'
import { htmlPage, scriptTag } from '../helpers/site.ts'

setUpEmbedding()

let pages = 0
/** A page on which something was asked and answered. */
async function talk(attributes: string, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext(options)
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const body = htmlPage(scriptTag(server.url, server.token, attributes))
  await page.goto(site.put(`/sight-${(pages += 1)}`, { body }))
  if (!attributes.includes('mode')) await page.locator('.launcher').click()
  await page.locator('textarea').fill('A **word**, and a long one: '.repeat(4) + 'x'.repeat(200))
  await page.locator('textarea').press('Enter')
  await page.locator('.entry.assistant .when time').waitFor()
  return page
}

/** The contrast of a colour with another one, by WCAG 2.2; in the page. */
const contrast = `(one, other) => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b)
  return (bright + 0.05) / (dark + 0.05)
}`

/** Goes through the panel by Tab: what has the focus, how its sign stands out from the panel, and whether it is seen. */
async function walk(page: Page): Promise<{ name: string; ring: number; width: number }[]> {
  await page.locator('.panel').focus()
  const met = []
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab')
    const one = (await page.evaluate(`(() => {
      const root = document.querySelector('lumika-chat').shadowRoot
      const element = root.activeElement
      if (!element?.closest('.panel')) return
      const { outlineColor, outlineWidth, outlineStyle } = getComputedStyle(element)
      const ring = (${contrast})(outlineColor, getComputedStyle(root.querySelector('.panel')).backgroundColor)
      return { name: element.ariaLabel ?? element.textContent, ring, width: outlineStyle === 'none' ? 0 : parseFloat(outlineWidth) }
    })()`)) as { name: string; ring: number; width: number } | undefined
    if (!one) break
    met.push(one)
  }
  return met
}

test('1.4.10: in a window of 320 by 256 px all of it has room, and nothing has to be scrolled sideways', async () => {
  const page = await talk('', { viewport: { width: 320, height: 256 } })
  await page.locator('textarea').fill('A line\n'.repeat(20))
  for (const part of ['.close', '.more', 'textarea', '.send[type=submit]']) {
    const { x = -1, y = -1, width = 0, height = 0 } = (await page.locator(`.panel ${part}`).boundingBox()) ?? {}
    expect(Math.min(x, y), part).toBeGreaterThanOrEqual(0)
    expect(x + width, part).toBeLessThanOrEqual(320)
    expect(y + height, part).toBeLessThanOrEqual(256)
  }
  const log = await page.locator('.log').evaluate(({ clientHeight, clientWidth, scrollWidth }) => ({
    ...{ clientHeight, isWide: scrollWidth > clientWidth },
    isPageWide: document.documentElement.scrollWidth > innerWidth,
  }))
  expect(log).toMatchObject({ isWide: false, isPageWide: false })
  expect(log.clientHeight).toBeGreaterThan(80)
})

test('the focus can be seen with an accent as light as the panel, and in the system’s colours', async () => {
  const page = await talk('data-accent="#ffe066" data-theme="light"', { viewport: { width: 800, height: 700 } })
  const met = await walk(page)
  expect(met.length).toBeGreaterThanOrEqual(5)
  for (const { name, ring, width } of met) {
    expect(ring, name).toBeGreaterThanOrEqual(3)
    expect(width, name).toBeGreaterThanOrEqual(2)
  }

  await page.emulateMedia({ forcedColors: 'active' })
  for (const { name, ring, width } of await walk(page)) {
    expect(ring, name).toBeGreaterThanOrEqual(3)
    expect(width, name).toBeGreaterThanOrEqual(2)
  }
  // Backgrounds are gone: each control has its border, or an icon in the colour of text.
  const hidden = await page.locator('.panel').evaluate((panel, contrastOf) => {
    const compare = new Function(`return ${contrastOf}`)() as (one: string, other: string) => number
    const { backgroundColor } = getComputedStyle(panel)
    return [...panel.querySelectorAll('button, textarea, .bubble')].filter((element) => {
      const { borderTopWidth, borderTopColor, color } = getComputedStyle(element)
      const isBordered = parseFloat(borderTopWidth) > 0 && compare(borderTopColor, backgroundColor) >= 3
      const isDrawn = element.querySelector('svg') && compare(color, backgroundColor) >= 3
      return !isBordered && !isDrawn
    }).length
  }, contrast)
  expect(hidden).toBe(0)

  // Nothing of it moves by itself for whoever wants no motion.
  await page.emulateMedia({ forcedColors: 'none' })
  await page.locator('textarea').fill('Go on '.repeat(150))
  await page.locator('textarea').press('Enter')
  await page.locator('.writing .bubble').waitFor()
  const moving = `document.querySelector('lumika-chat').shadowRoot.getAnimations()
    .filter(({ effect }) => effect.getComputedTiming().iterations === Infinity).length`
  await expect.poll(() => page.evaluate(moving)).toBeGreaterThan(0)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  expect(await page.evaluate(moving)).toBe(0)
})

test('a chat in its corner is not printed; one that is the page is, in full, dark on white', async () => {
  const corner = await talk('', {})
  await corner.emulateMedia({ media: 'print' })
  expect(await corner.locator('.panel').isVisible()).toBe(false)
  expect(await corner.locator('.launcher').isVisible()).toBe(false)

  const page = await talk('data-mode="page" data-theme="dark"', { viewport: { width: 800, height: 500 } })
  await page.emulateMedia({ media: 'print' })
  for (const part of ['.launcher', 'textarea', '.panel .close', '.panel .more'])
    expect(await page.locator(part).isVisible(), part).toBe(false)
  const seen = await page.locator('.log').evaluate((log) => ({
    isWhole: log.scrollHeight === log.clientHeight,
    colours: [...log.querySelectorAll('.bubble')].map((bubble) => getComputedStyle(bubble).color),
    behind: [...log.querySelectorAll('.bubble')].map((bubble) => getComputedStyle(bubble).backgroundColor),
  }))
  expect(seen.isWhole).toBe(true)
  expect(new Set(seen.colours)).toEqual(new Set(['rgb(0, 0, 0)']))
  expect(new Set(seen.behind)).toEqual(new Set(['rgba(0, 0, 0, 0)']))
})
