/**
 * The states a visitor can find the chat in, as the built widget shows them: for pictures, and for tests of all of them.
 * Each is brought about for real, with a server, people who answer, and a model that can be held up.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { box, scenesOf } from './chat-scenes.mjs'

/** @typedef {import('playwright').Page} Page */
/** @typedef {import('./chat-scenes.mjs').State} State */
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

  /** @param {string} method @param {string} path @param {object} [given] a file, or what is to be told */
  const api = async (method, path, given) => {
    const body = /** @type {BodyInit | undefined} */ (
      given instanceof Uint8Array ? given : given && JSON.stringify(given)
    )
    const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' }
    const response = await fetch(`${url}/api${path}`, { method, headers, ...(body && { body }) })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.status === 204 ? undefined : response.json()
  }
  const make = async (/** @type {object} */ settings) => {
    const { token, integration } = await api('POST', '/integrations', {
      ...{ kind: 'widget', name: 'Cove Studio', allowedDomains: ['127.0.0.1'] },
      ...settings,
    })
    return { token, id: integration.id }
  }
  const auto = await make({ attachments: true })

  const newest = async () => `/conversations/${(await api('GET', '/activities')).activities[0].key}`
  const states = scenesOf({
    call: async (path, body) => api('POST', `${await newest()}${path}`, body),
    async reply(message, files = []) {
      const path = await newest()
      const attachments = []
      for (const { name, bytes } of files) {
        const { attachment } = await api('POST', `${path}/attachments?name=${name}`, bytes)
        attachments.push(attachment.id)
      }
      await api('POST', `${path}/messages`, { ...message, ...(files.length > 0 && { attachments }) })
    },
    holdUp: () => (isHeldUp = true),
    tokens: { approval: (await make({ responseMode: 'approval' })).token },
  })

  const site = createServer((request, response) => {
    const data = new URL(request.url ?? '/', 'http://page').searchParams
    const attributes = [...data].map(([name, value]) => ` data-${name}="${value.replaceAll('"', '&quot;')}"`)
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(`<!doctype html><html lang="en">
      <meta name="viewport" content="width=device-width"><title>Cove Studio</title>
      <main><h1>The Cove teapot</h1><p>Thrown in Lisbon, glazed twice.</p><div id="place"></div></main>
      <script src="${url}/widget.js" data-poll-interval="5"${attributes.join('')}></script></html>`)
  })
  const siteUrl = await listen(site)

  return {
    states,
    async show(page, { data = {}, name, isClosed, act }) {
      isHeldUp = false
      const search = new URLSearchParams({ 'integration-token': auto.token, ...data })
      await page.goto(`${siteUrl}/${name}?${search}`)
      if (!isClosed && data['mode'] !== 'inline') await page.locator('.launcher').click()
      await (isClosed ? page.locator('.launcher') : data['form'] ? page.locator('form') : box(page)).waitFor()
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
