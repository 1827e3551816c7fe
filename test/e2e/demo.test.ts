import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium } from '../helpers/chromium.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../helpers/fake-openai.ts'
import { operatorOf } from '../helpers/operator.ts'
import { valve } from '../helpers/responder.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { visitorOf } from '../helpers/visitor.ts'

let browser: Browser
let server: ServerProcess
let openai: FakeOpenAI
let page: Page

beforeAll(async () => {
  openai = await startFakeOpenAI()
  const env = { LUMIKA_OPENAI_BASE_URL: openai.url, LUMIKA_OPENAI_MODEL: 'fake-1' }
  ;[browser, server] = await Promise.all([
    launchChromium(),
    startServer({ args: ['--responder', 'openai'], env, storage: 'memory' }),
  ])
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
  await openai?.close()
})

/** The answer as far as it is written before the valve is opened. */
const halfAnswerTo = (text: string): string => openAIAnswerTo(text).slice(0, 14)

const visit = async () => {
  page = await browser.newPage()
  openai.scenario = 'ok'
  openai.requests.length = 0
  await page.goto(`${server.url}/demo`)
  return visitorOf(page)
}

afterEach(() => page.context().close())

describe('the demo shop', () => {
  test('on a phone: the panel covers the page, its close button gives the page and the focus back', async () => {
    const visitor = await visit()
    await page.setViewportSize({ width: 390, height: 844 })
    await visitor.open()
    await expect.poll(() => visitor.panel.boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 844 })
    expect(await page.getByRole('button', { name: 'Close chat', exact: true }).count()).toBe(0)
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await visitor.panel.waitFor({ state: 'hidden' })
    expect(await visitor.launcher.evaluate((launcher) => launcher.matches(':focus'))).toBe(true)
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  })

  test('G5: a visitor asks, watches the answer grow, reloads, and finds both messages once, in order', async () => {
    const visitor = await visit()
    const gate = valve()
    openai.scenario = { until: gate.opened }

    await visitor.open()
    await visitor.say('Is the teapot oven-proof?')

    const start = 'visitor: Is the teapot oven-proof?'
    await expect
      .poll(visitor.said)
      .toEqual([start, `assistant (writing): ${halfAnswerTo('Is the teapot oven-proof?')}`])
    gate.open()
    const whole = [start, `assistant: ${openAIAnswerTo('Is the teapot oven-proof?')}`]
    await expect.poll(visitor.said).toEqual(whole)
    expect(await visitor.box.inputValue()).toBe('')
    expect(await visitor.box.evaluate((box) => box.matches(':focus'))).toBe(true)

    await page.reload()
    await visitor.open()
    await expect.poll(visitor.said).toEqual(whole)
    expect(openai.requests).toHaveLength(1)
    expect(visitor.problems).toEqual([])
  })

  test('G5: a second question stands below the first answer, and two equal texts are two messages', async () => {
    const visitor = await visit()
    await visitor.open()
    const expected: string[] = []
    for (const text of ['Yes', 'Yes']) {
      await visitor.say(text)
      expected.push(`visitor: ${text}`, `assistant: ${openAIAnswerTo(text)}`)
      await expect.poll(visitor.said).toEqual(expected)
    }
    await page.reload()
    await visitor.open()
    await expect.poll(visitor.said).toEqual(expected)
  })

  test('G5: a reload in the middle of an answer picks it up again, and at the end it stands there once', async () => {
    const visitor = await visit()
    const gate = valve()
    openai.scenario = { until: gate.opened }
    await visitor.open()
    await visitor.say('Where is my parcel?')
    const half = ['visitor: Where is my parcel?', `assistant (writing): ${halfAnswerTo('Where is my parcel?')}`]
    await expect.poll(visitor.said).toEqual(half)

    await page.reload()
    await visitor.open()
    await expect.poll(visitor.said).toEqual(half)
    gate.open()
    const whole = ['visitor: Where is my parcel?', `assistant: ${openAIAnswerTo('Where is my parcel?')}`]
    await expect.poll(visitor.said).toEqual(whole)

    await page.reload()
    await visitor.open()
    await expect.poll(visitor.said).toEqual(whole)
    expect(openai.requests).toHaveLength(1)
    // A reader who leaves is nothing to be told of.
    expect(server.output()).not.toMatch(/^error/m)
  })

  test('G5: an answer that ends while the page is away stands there when the visitor comes back', async () => {
    const visitor = await visit()
    const gate = valve()
    openai.scenario = { until: gate.opened }
    await visitor.open()
    await visitor.say('Do you ship abroad?')
    await expect.poll(visitor.said).toContain(`assistant (writing): ${halfAnswerTo('Do you ship abroad?')}`)

    await page.goto('about:blank')
    gate.open()
    await expect.poll(() => openai.running).toBe(0)
    await page.goBack()
    // The browser may have kept the page with its open panel, or load it anew.
    if (await visitor.launcher.isVisible()) await visitor.open()
    const whole = ['visitor: Do you ship abroad?', `assistant: ${openAIAnswerTo('Do you ship abroad?')}`]
    await expect.poll(visitor.said, { timeout: 15_000 }).toEqual(whole)
    expect(openai.requests).toHaveLength(1)
  })

  test('the end stays in view while the text box grows, and out of it when one reads above', async () => {
    const visitor = await visit()
    await visitor.open()
    const lines = Array.from({ length: 30 }, (_, line) => `Line ${line}`).join('\n')
    await visitor.say(lines)
    await expect.poll(visitor.said).toEqual([`visitor: ${lines}`, `assistant: ${openAIAnswerTo(lines)}`])
    const log = page.getByRole('log')
    const height = () => log.evaluate((log) => log.clientHeight)
    const below = () => log.evaluate((log) => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight))
    await expect.poll(below).toBe(0)
    const full = await height()
    await visitor.box.fill(lines)
    await expect.poll(height).toBeLessThan(full)
    await expect.poll(below).toBe(0)

    await log.evaluate((log) => (log.scrollTop = 0))
    await visitor.box.fill('')
    await expect.poll(height).toBe(full)
    expect(await log.evaluate((log) => log.scrollTop)).toBe(0)
  })

  test('a new conversation is empty, has an id of its own, and is still the one after a reload', async () => {
    const visitor = await visit()
    const ids: (string | null)[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST') ids.push(new URLSearchParams(request.postData() ?? '').get('conversationId'))
    })
    await visitor.open()
    await visitor.say('An old matter')
    await expect.poll(visitor.said).toHaveLength(2)

    await page.getByRole('button', { name: 'New conversation' }).click()
    await expect.poll(visitor.said).toEqual([])
    await page.reload()
    await visitor.open()
    expect(await visitor.said()).toEqual([])

    await visitor.say('A new matter')
    const expected = ['visitor: A new matter', `assistant: ${openAIAnswerTo('A new matter')}`]
    await expect.poll(visitor.said).toEqual(expected)
    await page.reload()
    await visitor.open()
    await expect.poll(visitor.said).toEqual(expected)

    expect(ids).toHaveLength(2)
    expect(ids[0]).not.toBe(ids[1])
    for (const id of ids) expect(id).toMatch(/^c_[\w-]{22}$/)
    // The model hears nothing of the old matter either.
    expect(JSON.stringify(openai.requests.at(-1)?.body)).not.toContain('old matter')
  })

  test('a new conversation begun in the middle of an answer stays empty when that answer ends', async () => {
    const visitor = await visit()
    const gate = valve()
    openai.scenario = { until: gate.opened }
    await visitor.open()
    await visitor.say('Tell me a long story')
    await expect.poll(visitor.said).toContain(`assistant (writing): ${halfAnswerTo('Tell me a long story')}`)

    await page.getByRole('button', { name: 'New conversation' }).click()
    gate.open()
    await expect.poll(() => openai.running).toBe(0)
    openai.scenario = 'ok'
    await visitor.say('Hello')
    await expect.poll(visitor.said).toEqual(['visitor: Hello', `assistant: ${openAIAnswerTo('Hello')}`])
  })

  test('A14: 4,000 emoji arrive whole', async () => {
    const visitor = await visit()
    await visitor.open()
    const text = '🙂'.repeat(4_000)
    await visitor.say(text)
    await expect.poll(visitor.said).toEqual([`visitor: ${text}`, `assistant: ${openAIAnswerTo(text)}`])
    const [stored] = await operatorOf(server).conversations()
    expect(stored?.said[0]).toBe(`customer: ${text}`)
  })

  test('A14: one more is told before sending, and nothing is sent', async () => {
    const visitor = await visit()
    await visitor.open()
    const text = '🙂'.repeat(4_001)
    await visitor.box.fill(text)
    await visitor.panel.getByText('1 character too long').waitFor()
    expect(await visitor.send.isDisabled()).toBe(true)
    await visitor.box.press('Enter')
    expect(await visitor.box.inputValue()).toBe(text)
    expect(await visitor.said()).toEqual([])
    expect(openai.requests).toHaveLength(0)
  })

  test('X66: markup from either side is shown as text, and loads nothing', async () => {
    const visitor = await visit()
    const loaded: string[] = []
    page.on('request', (request) => loaded.push(request.url()))
    await visitor.open()
    const text = [
      '<img src=//evil.test/x onerror=alert(1)>',
      '<svg><script>alert(2)</script></svg>',
      '<style>*{display:none}</style>',
      '<iframe srcdoc="<script>alert(3)</script>"></iframe>',
      '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(4)&gt;">',
      '![x](https://evil.test/?q=1) &amp; &lt;b&gt; {@html x} {{x}}',
    ].join('\n')
    await visitor.say(text)
    // Blocks of an answer have no line ends between them.
    const inOneLine = async () => (await visitor.said()).map((said) => said.replaceAll('\n', ''))
    await expect
      .poll(inOneLine)
      .toEqual([`visitor: ${text}`, `assistant: ${openAIAnswerTo(text)}`].map((said) => said.replaceAll('\n', '')))
    expect(loaded.filter((url) => !url.startsWith(server.url))).toEqual([])
    expect(await visitor.panel.locator('.visitor .bubble *').count()).toBe(0)
    expect(await visitor.panel.locator('.assistant .bubble :not(div.markdown, p)').count()).toBe(0)
    expect(visitor.problems).toEqual([])
  })
})
