/** X77: whatever a page's style sheets say, the chat looks and works as on a page without any, and the page as without a chat. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { chatOf } from '../../helpers/engines/chat.ts'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'

let server: ServerProcess
/** A new one for each test, and so nothing is kept from the one before. */
let site: Site
let tag: string
beforeAll(async () => {
  server = await startServer()
  tag = scriptTag(server.url, server.token)
})
afterAll(() => server?.stop())
beforeEach(async () => {
  site = await startSite()
})
afterEach(() => site.close())

/** What a page says of everything, by what it is called. */
const sheets: Record<string, string> = {
  'unsets everything': '* { all: unset !important }',
  'hides everything': `div, header, form, section, p, span, i, h2, svg, button, textarea { display: none !important }
    html > :not(head, body) { visibility: hidden !important; opacity: 0 !important; clip-path: inset(50%) !important }
    :empty { display: none !important }`,
  'has a huge root font': `html { font: 900 72px/3 fantasy !important; letter-spacing: 9px; word-spacing: 2em; text-indent: 4em;
    text-transform: uppercase; font-variant: small-caps; white-space: nowrap; overflow: hidden; cursor: wait; text-align: right }`,
  'means well with all boxes': `*, ::before, ::after { box-sizing: content-box !important; margin: 9px !important; padding: 9px !important;
    border: 5px solid red !important; float: left !important; position: static !important; max-width: 50px !important;
    transition: all 9s !important; animation: none !important }
    :not(html) { transform: rotate(20deg) !important; filter: invert(1) !important }`,
  'uses names that are ours, too': `* { --accent: red !important; --on-accent: red !important; --gap: 200px !important; --text: red !important;
    --background: red !important; --surface: red !important; --muted: red !important; --line: red !important; --shadow: none !important;
    --danger: red !important; --_accent: red !important; --_on-accent: red !important }
    .launcher, .panel, .bubble, .log, .send { position: static !important; display: none !important }`,
  'lets nothing be clicked, marked or scrolled': `html, body { pointer-events: none !important; user-select: none !important;
    overflow: hidden !important; touch-action: none !important; height: 100% !important }
    body { position: relative; z-index: 2147482999 }`,
}

type Looks = Record<string, string>

/** Runs in the page: all that is computed of the elements of the chat or, without a list, of the page. */
function look(ours: string[] | null): Looks {
  const looks: Looks = {}
  const add = (name: string, element: Element) => {
    const { x, y, width, height } = element.getBoundingClientRect()
    looks[name] = [x, y, width, height].join(' ')
    const style = getComputedStyle(element)
    // Some list what variables there are.
    for (const each of style) if (!each.startsWith('--')) looks[`${name} ${each}`] = style.getPropertyValue(each)
  }
  if (ours === null) {
    for (const [n, element] of document.querySelectorAll('html, head, body, body *:not(script)').entries())
      add(`${n}. ${element.localName}`, element)
  }
  const root = document.querySelector('lumika-chat')?.shadowRoot as ShadowRoot
  for (const selector of ours ?? []) add(selector, root.querySelector(selector) as Element)
  return looks
}
const parts = ['.launcher', '.launcher i', '.panel', 'h2', '.icon', 'svg', '.log', '.bubble', 'textarea', '.send']

/** What is not the same. */
const differences = (before: Looks, after: Looks): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name}: ${before[name]} -> ${after[name]}`)

const classes = [
  'panel',
  'bubble',
  'message visitor',
  'launcher',
  'log',
  'row',
  'send',
  'hidden',
  'state',
  'name',
  'icon',
]
const plain = `<style>p { color: teal }</style>${classes.map((name) => `<div class="${name}" hidden>x</div>`).join('')}
  <header><h2 id="title">x</h2></header><form><textarea rows="1"></textarea><button class="send">x</button></form>`

describe.each(engineNames)('in %s', (name) => {
  let engine: Engine
  let page: Page
  let usual: Looks
  beforeAll(async () => {
    engine = await openEngine(name)
    page = await engine.newPage()
    await page.setViewport(1000, 700)
    const usualSite = await startSite()
    await page.goto(usualSite.put('/', { body: htmlPage(tag) }))
    usual = await opened()
    await usualSite.close()
  })
  afterAll(() => engine?.close())

  const opened = async () => {
    await chatOf(page).open()
    await page.waitFor(() => {
      const root = document.querySelector('lumika-chat')?.shadowRoot
      return root?.querySelector('.bubble') && root.getAnimations().length === 0
    })
    // Away from everything that looks different when pointed at.
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
    // What is on the move has come to rest when two looks in a row are the same.
    let before: Looks = {}
    for (;;) {
      const now = await page.evaluate(look, parts)
      if (differences(before, now).length === 0) return now
      before = now
    }
  }

  test.each(Object.keys(sheets))('X77: the chat is what it is on a page that %s', async (title) => {
    const head = `<style>${sheets[title]}</style>`
    await page.goto(site.put('/hostile', { body: htmlPage(tag, { head }) }))
    expect(differences(usual, await opened())).toEqual([])
    const chat = chatOf(page)
    await page.type('.panel textarea', 'Hello')
    await page.click('.panel .send')
    await page.waitFor(() => document.querySelector('lumika-chat')?.shadowRoot?.querySelector('.visitor .bubble'))
    expect((await chat.said()).some((line) => line.endsWith(': Hello'))).toBe(true)
    await page.click('.launcher')
    await page.waitFor(() => !document.querySelector('lumika-chat')?.shadowRoot?.querySelector('.panel'))
  })

  test('X77, G13: nothing of the page looks different because of it', async () => {
    await page.goto(site.put('/plain', { body: htmlPage(plain) }))
    const before = await page.evaluate(look, null)
    await page.goto(site.put('/plain', { body: htmlPage(plain + tag) }))
    await page.see('.launcher[aria-haspopup]')
    expect(differences(before, await page.evaluate(look, null))).toEqual([])
    await opened()
    expect(differences(before, await page.evaluate(look, null))).toEqual([])
  })

  test('X77: from right to left it stands in the same place, and reads the other way', async () => {
    await page.goto(site.put('/rtl', { body: htmlPage(tag, { attributes: 'dir="rtl" lang="en"' }) }))
    await opened()
    const box = (where: string) =>
      page.evaluate((selector) => {
        const element = document.querySelector('lumika-chat')?.shadowRoot?.querySelector(selector) as Element
        const { left, right, width } = element.getBoundingClientRect()
        return { left, right, width, direction: getComputedStyle(element).direction }
      }, where)
    const panel = await box('.panel')
    expect(panel).toMatchObject({ width: 384, direction: 'rtl' })
    expect(panel.right).toBe((await box('.launcher')).right)
    expect((await box('.send')).left - panel.left).toBeLessThan(20)
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
  })

  // WebKit tells and takes places on a page with a zoom of its own in another measure.
  const zooms = [
    ['by the visitor', 500, 350, ''],
    ['by the page', 1000, 700, '<style>html { zoom: 2 }</style>'],
  ] as const
  test.each(zooms.slice(0, name === 'webkit' ? 1 : 2))(
    'X77: zoomed to 200 %% %s, all of it can be seen and used',
    async (_by, width, height, head) => {
      await page.setViewport(width, height)
      onTestFinished(() => page.setViewport(1000, 700))
      await page.goto(site.put('/zoomed', { body: htmlPage(tag, { head }) }))
      await opened()
      const outside = await page.evaluate(() => {
        const root = document.querySelector('lumika-chat')?.shadowRoot
        return ['.launcher', '.panel', 'h2', '.icon', '.log', 'textarea', '.send'].filter((selector) => {
          const { left, top, right, bottom } = root?.querySelector(selector)?.getBoundingClientRect() as DOMRect
          return (
            left < 0 || top < 0 || right > innerWidth || bottom > innerHeight || right - left < 20 || bottom - top < 20
          )
        })
      })
      expect(outside).toEqual([])
      await page.type('.panel textarea', 'Big')
      await page.click('.panel .send')
      await page.waitFor(() => document.querySelector('lumika-chat')?.shadowRoot?.textContent?.includes('Big'))
    },
  )
})
