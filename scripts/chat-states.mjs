/**
 * The states a visitor can find the chat in, as the built widget shows them: for pictures, and for tests of all of them.
 * Each is brought about for real, with a server, people who answer, and a model that can be held up.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'

/** @typedef {import('playwright').Page} Page */
/** @typedef {{ name: string, data?: Record<string, string>, isClosed?: boolean, act: (page: Page) => Promise<void> }} State */
/** @typedef {{ states: State[], show: (page: Page, state: State) => Promise<void>, close: () => Promise<void> }} Stage */

const operatorKey = 'operator-key-for-pictures'

const answer =
  'The pot itself is, up to 220 °C. Please take the strainer out first, and let it cool before you wash it.'
const markdown = `## Looking after the glaze

The glaze is **food safe** and hard:

1. Rinse it *before* the first use
2. Dry it with a [soft cloth](https://example.com/cloths)

| Glaze | Oven | Dishwasher |
|:------|:----:|-----------:|
| Cove  | 220 °C | yes |

\`\`\`sh
lp -d studio "care-label-cove-teapot.pdf"
\`\`\``
const longWord = `https://example.com/orders/${'7f3a9c'.repeat(14)}`
const form = {
  fields: [
    { name: 'name', kind: 'text', label: { en: 'Your name', ar: 'اسمك' } },
    { name: 'email', kind: 'email', label: { en: 'Email', ar: 'البريد الإلكتروني' }, required: true },
  ],
  consent: { text: { en: 'You may answer me by email.', ar: 'يمكنكم الرد عليّ بالبريد.' } },
}

/** Starts the server and the page that the chat stands in. @returns {Promise<Stage>} */
export async function startStage() {
  let isHeldUp = false
  const model = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const text = JSON.parse(body).messages.at(-1).content
    const words = (/glaze/.test(text) ? markdown : answer).match(/\s*\S+/g) ?? []
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const [index, content] of words.entries()) {
      while (isHeldUp && index > words.length / 2) await new Promise((resolve) => setTimeout(resolve, 20))
      response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`)
    }
    response.end('data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
  })
  const modelUrl = await listen(model)
  const args = ['serve', '--storage', 'memory', '--port', '0', '--responder', 'openai', '--operator-key', operatorKey]
  const server = spawn(process.execPath, ['dist/cli.js', ...args], {
    env: { ...process.env, LUMIKA_OPENAI_BASE_URL: `${modelUrl}/v1`, LUMIKA_OPENAI_MODEL: 'demo' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  while (!/listening on \S+\n/.test(output)) output += String((await once(server.stdout, 'data'))[0])
  const url = /listening on (\S+)/.exec(output)?.[1] ?? ''

  /** @param {string} method @param {string} path @param {object} [body] */
  const api = async (method, path, body) => {
    const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' }
    const response = await fetch(`${url}/api${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  const make = async (/** @type {object} */ settings) => {
    const { token, integration } = await api('POST', '/integrations', {
      ...{ kind: 'widget', name: 'Cove Studio', allowedDomains: ['127.0.0.1'] },
      ...settings,
    })
    return { token, id: integration.id }
  }
  const auto = await make({})
  const approval = await make({ responseMode: 'approval' })

  /** A person answers in the newest conversation. @param {object} message */
  const reply = async (message) => {
    const { activities } = await api('GET', '/activities')
    await api('POST', `/conversations/${activities[0].key}/messages`, message)
  }

  const site = createServer((request, response) => {
    const data = new URL(request.url ?? '/', 'http://page').searchParams
    const attributes = [...data].map(([name, value]) => ` data-${name}="${value.replaceAll('"', '&quot;')}"`)
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(`<!doctype html><html lang="en">
      <meta name="viewport" content="width=device-width"><title>Cove Studio</title>
      <main><h1>The Cove teapot</h1><p>Thrown in Lisbon, glazed twice.</p><div id="place"></div></main>
      <script src="${url}/widget.js" data-poll-interval="5"${attributes.join('')}></script></html>`)
  })
  const siteUrl = await listen(site)

  /** @type {State[]} */
  const states = [
    { name: 'empty', data: { greeting: '' }, act: async () => {} },
    { name: 'greeting', act: async () => {} },
    {
      name: 'streaming',
      async act(page) {
        isHeldUp = true
        await say(page, 'Is the Cove teapot fine in the oven?')
        await page.locator('.writing .bubble', { hasText: /\S+ \S+ \S+ \S+ / }).waitFor()
      },
    },
    {
      name: 'markdown',
      async act(page) {
        await ask(page, 'How do I look after the glaze?')
        await page.locator('.rich table').waitFor()
      },
    },
    {
      name: 'long-words',
      async act(page) {
        await ask(page, `My order is ${longWord}\n\nIt has been a while.`)
        await box(page).fill(Array.from({ length: 5 }, (_, line) => `${line + 1}. A line of a message.`).join('\n'))
      },
    },
    {
      name: 'offline',
      async act(page) {
        await ask(page, 'Is anybody there?')
        await page.context().setOffline(true)
        await say(page, 'Still there?')
        await page.locator('.notice').waitFor()
      },
    },
    {
      name: 'failed',
      async act(page) {
        await ask(page, 'Do you ship to Norway?')
        await page.route('**/conversation/sse**', (route) =>
          route.fulfill({ status: 413, json: { error: { code: 'text_too_long', message: 'Too long.' } } }),
        )
        await say(page, 'And to Iceland?')
        await page.locator('.message.failed .state').waitFor()
      },
    },
    {
      name: 'approval',
      data: { 'integration-token': approval.token },
      async act(page) {
        await say(page, 'Is the Cove teapot fine in the oven?')
        await page.locator('.outcome').waitFor()
      },
    },
    {
      name: 'person',
      async act(page) {
        await ask(page, 'May I speak to somebody?')
        await reply({ body: 'Hello, this is the studio. We can gift-wrap it, too: just tell us in the order.' })
        await page.locator('.message.person').waitFor()
      },
    },
    {
      name: 'form',
      data: { form: JSON.stringify(form) },
      act: (page) => page.locator('form input').first().waitFor(),
    },
    {
      name: 'unread',
      async act(page) {
        await ask(page, 'Do you have it in blue?')
        await page.evaluate('Lumika.close()')
        await reply({ body: 'In two weeks, yes.' })
        await page.locator('.launcher span:not(:empty)').waitFor({ timeout: 30_000 })
      },
    },
    {
      name: 'inline',
      data: { mode: 'inline', target: '#place' },
      act: (page) => ask(page, 'Is the Cove teapot fine in the oven?'),
    },
  ]

  return {
    states,
    async show(page, { data = {}, name, act }) {
      isHeldUp = false
      const search = new URLSearchParams({ 'integration-token': auto.token, ...data })
      await page.goto(`${siteUrl}/${name}?${search}`)
      if (data['mode'] !== 'inline') await page.locator('.launcher').click()
      await (data['form'] ? page.locator('form') : box(page)).waitFor()
      // Words that are loaded later would not come where there is no network any more.
      for (const variant of variants.slice(0, 2).reverse()) await vary(page, variant)
      await act(page)
    },
    async close() {
      isHeldUp = false
      server.kill()
      for (const each of [model, site]) {
        each.close()
        each.closeAllConnections()
      }
    },
  }
}

/** @param {import('node:http').Server} server */
async function listen(server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
}

/** The text box, in any language. @param {Page} page */
const box = (page) => page.locator('textarea')

/** @param {Page} page @param {string} text */
async function say(page, text) {
  await box(page).fill(text)
  await page.locator('button.send[type=submit]').click()
}

/** Says something and waits for the whole answer. @param {Page} page @param {string} text */
async function ask(page, text) {
  await say(page, text)
  await page.locator('.message.assistant.done').last().waitFor()
}

/** Ways a chat can look, whatever its state. */
export const variants = ['light', 'dark'].flatMap((scheme) =>
  ['desktop', 'phone'].flatMap((device) =>
    ['ltr', 'rtl'].map((dir) => ({ scheme: /** @type {'light' | 'dark'} */ (scheme), device, dir })),
  ),
)

/** @param {Page} page @param {(typeof variants)[number]} variant */
export async function vary(page, { scheme, device, dir }) {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
  await page.setViewportSize(device === 'phone' ? { width: 390, height: 700 } : { width: 900, height: 720 })
  const lang = dir === 'rtl' ? 'ar' : 'en'
  await page.evaluate(`document.documentElement.dir = '${dir}'; document.documentElement.lang = '${lang}'`)
  await page.evaluate(`Lumika.setLocale('${lang}')`)
  await page.locator(`.panel[lang=${lang}], .launcher[aria-expanded=false]`).first().waitFor()
}
