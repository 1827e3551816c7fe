import { describe, expect, onTestFinished, test } from 'vitest'
import { browser, page, requests, server, setUpEmbedding, site, visitor } from '../helpers/embedding.ts'
import { operatorOf } from '../helpers/operator.ts'
import { htmlPage, scriptTag } from '../helpers/site.ts'

setUpEmbedding()

const answered = (text: string) => [`visitor: ${text}`, expect.stringMatching(`^assistant: I am a demo .*${text}$`)]

describe("the documents' script tag on a site of another origin", () => {
  test('G5: the chat works, and the answer is seen growing', async () => {
    await page.goto(site.put('/', { body: htmlPage(scriptTag(server.url, server.token)) }))
    await visitor.open()
    await visitor.say('Hello')
    const lengths = new Set<number>()
    await expect
      .poll(async () => {
        const answer = (await visitor.shown()).find(({ author }) => author === 'assistant')
        lengths.add(answer?.text.length ?? 0)
        return answer?.state
      })
      .toBe('done')
    expect(lengths.size).toBeGreaterThan(4)
    expect(await visitor.said()).toEqual(answered('Hello'))
    expect(visitor.problems).toEqual([])
  })

  test('a reply that a person sends by the operator API appears in the open panel at the next poll', async () => {
    const body = htmlPage(scriptTag(server.url, server.token, 'data-poll-interval="5"'))
    await page.goto(site.put('/', { body }))
    await visitor.open()
    await visitor.say('I need a person')
    await expect.poll(visitor.said).toEqual(answered('I need a person'))

    await operatorOf(server).reply('Ada here. How can I help?')

    const expected = [...answered('I need a person'), 'person: Ada here. How can I help?']
    await expect.poll(visitor.said, { timeout: 7_000 }).toEqual(expected)
    await visitor.panel.getByText('Operator', { exact: true }).waitFor()
    await page.reload()
    await visitor.open()
    await expect.poll(visitor.said).toEqual(expected)
  })

  test('twice on a page it is one chat', async () => {
    const tag = scriptTag(server.url, server.token)
    await page.goto(site.put('/', { body: htmlPage(tag + tag) }))
    await visitor.launcher.waitFor()
    expect(await page.locator('lumika-chat').count()).toBe(1)
  })

  test('from right to left: the panel follows the page, and stays within it', async () => {
    const tag = scriptTag(server.url, server.token, 'data-locale="en"')
    await page.goto(site.put('/', { body: htmlPage(tag, { attributes: 'lang="ar" dir="rtl"' }) }))
    await visitor.open()
    await visitor.say('مرحبا')
    await expect.poll(async () => (await visitor.shown()).at(-1)?.state).toBe('done')
    expect(await visitor.panel.evaluate((panel) => getComputedStyle(panel).direction)).toBe('rtl')
    const box = await visitor.panel.boundingBox()
    const width = page.viewportSize()?.width ?? 0
    expect(box && box.x >= 0 && box.x + box.width <= width).toBe(true)
    // The visitor's own messages stand at the end of a line, which is at the left.
    const side = await visitor.panel.locator('.visitor .bubble').boundingBox()
    expect((side?.x ?? 0) - (box?.x ?? 0)).toBeLessThan(40)
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  })
})

describe('languages', () => {
  const panel = (name: string) => page.getByRole('dialog', { name })

  test('the chat speaks the language of the page, in its direction, and another one when it is told to', async () => {
    const body = htmlPage(scriptTag(server.url, server.token), { attributes: 'lang="ar"' })
    await page.goto(site.put('/', { body }))
    await page.getByRole('button', { name: 'Open chat' }).click()
    await panel('تحدّث معنا').waitFor()
    expect(await panel('تحدّث معنا').evaluate((element) => getComputedStyle(element).direction)).toBe('rtl')
    await page.getByRole('button', { name: 'أغلق المحادثة' }).waitFor()
    await page.evaluate(`Lumika.setLocale('de-AT')`)
    await panel('Chat mit uns').waitFor()
    expect(await panel('Chat mit uns').evaluate((element) => getComputedStyle(element).direction)).toBe('ltr')
    await page.evaluate(`Lumika.setLocale('en')`)
    await panel('Chat with us').waitFor()
    expect(visitor.problems).toEqual([])
  })

  test('who wants English loads nothing of other languages; without what knows them it is English', async () => {
    const asked: string[] = []
    await page.route(/\/(languages-|locales\/)/, (route) => {
      asked.push(route.request().url())
      return route.abort()
    })
    await page.goto(
      site.put('/', { body: htmlPage(scriptTag(server.url, server.token), { attributes: 'lang="en-GB"' }) }),
    )
    await page.getByRole('button', { name: 'Open chat' }).click()
    await panel('Chat with us').waitFor()
    expect(asked).toEqual([])
    await page.evaluate(`Lumika.setLocale('es')`)
    await expect.poll(() => asked.length).toBe(1)
    await page.unroute(/\/(languages-|locales\/)/)
    expect(await panel('Chat with us').isVisible()).toBe(true)
    await page.evaluate(`Lumika.setLocale('de')`)
    await panel('Chat mit uns').waitFor()
  })

  test('a language that cannot be loaded leaves the words that are there', async () => {
    await page.route('**/locales/**', (route) => route.abort())
    await page.goto(site.put('/', { body: htmlPage(scriptTag(server.url, server.token, 'data-locale="fr"')) }))
    await page.getByRole('button', { name: 'Open chat' }).click()
    await panel('Chat with us').waitFor()
    await page.unroute('**/locales/**')
    await page.evaluate(`Lumika.setLocale('fr')`)
    await panel('Discutez avec nous').waitFor()
  })
})

test('a finger that touches the launcher loads the panel, before it is lifted', async () => {
  const touched = await browser.newPage({ hasTouch: true })
  onTestFinished(() => touched.context().close())
  await touched.goto(site.put('/', { body: htmlPage(scriptTag(server.url, server.token)) }))
  const { x = 0, y = 0 } = (await touched.getByRole('button', { name: 'Open chat' }).boundingBox()) ?? {}
  const isPanel = (url: string) => /\/panel-[^/]+\.js$/.test(url)
  const asked = touched.waitForRequest((request) => isPanel(request.url()))
  const devtools = await touched.context().newCDPSession(touched)
  await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: x + 28, y: y + 28 }] })
  await asked
})

describe('a good guest', () => {
  test('G13: adds one element and one global, and stores nothing and asks for its look alone before a click', async () => {
    const body = htmlPage(`<script>window.before = new Set(Object.getOwnPropertyNames(window))</script>
      ${scriptTag(server.url, server.token)}`)
    await page.goto(site.put('/guest', { body }))
    await visitor.launcher.waitFor()
    await page.waitForLoadState('networkidle')

    const added = `Object.getOwnPropertyNames(window).filter((name) => !window.before.has(name) && name !== 'before')`
    const elements = `[...document.querySelectorAll('*')].map(({ localName }) => localName).slice(-2)`
    expect(await page.evaluate(added)).toEqual(['Lumika'])
    expect(await page.evaluate(elements)).toEqual(['script', 'lumika-chat'])
    expect(await page.evaluate('document.head.querySelectorAll("style, link").length')).toBe(0)
    expect(requests).toEqual([
      `GET ${site.url}/guest`,
      ...['/widget.js', '/widget/config'].map((path) => `GET ${server.url}${path}`),
    ])
    const stored = () =>
      page.evaluate(async () => ({
        cookies: document.cookie,
        local: localStorage.length,
        session: sessionStorage.length,
        databases: (await indexedDB.databases()).length,
        caches: (await caches.keys()).length,
      }))
    const nothing = { cookies: '', local: 0, session: 0, databases: 0, caches: 0 }
    expect(await stored()).toEqual(nothing)

    await visitor.open()
    await visitor.say('Hello')
    await expect.poll(visitor.said).toEqual(answered('Hello'))
    expect(await page.evaluate(added)).toEqual(['Lumika'])
    expect(await page.locator('lumika-chat').count()).toBe(1)
    expect(await page.evaluate('document.head.querySelectorAll("style, link").length')).toBe(0)
    // The conversation, and that there is one.
    expect(await stored()).toEqual({ ...nothing, databases: 1, local: 1 })
    expect(await page.context().cookies()).toEqual([])
    expect(visitor.problems).toEqual([])
  })

  test("G13: keys pressed in the panel are not the page's, and keys pressed in the page are", async () => {
    const body = htmlPage(`<script>
        window.keys = []
        for (const type of ['keydown', 'keypress', 'keyup']) addEventListener(type, ({ key }) => window.keys.push(key))
      </script>${scriptTag(server.url, server.token)}`)
    await page.goto(site.put('/keys', { body }))
    await visitor.open()
    await visitor.box.pressSequentially('s / ?')
    expect(await visitor.box.inputValue()).toBe('s / ?')
    expect(await page.evaluate('window.keys')).toEqual([])
    await page.locator('h1').click()
    await page.keyboard.press('s')
    expect(await page.evaluate('window.keys')).toEqual(['s', 's', 's'])
  })
})
