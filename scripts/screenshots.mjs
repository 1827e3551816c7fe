/**
 * `npm run screenshots`: photographs the built widget on the demo page, for docs/screenshots. Build first. Names after `--`
 * make only these pictures.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { chromium } from 'playwright'
import { findTool } from './tools.mjs'

/** @typedef {import('playwright').Page} Page */

const operatorKey = 'operator-key-for-screenshots'
const folder = 'docs/screenshots'
const only = process.argv.slice(2)

/** @type {Record<string, string>} */
const answers = {
  'Is the Cove teapot fine in the oven?':
    'The pot itself is, up to 220 °C. Please take the strainer out first, and let the teapot cool before you wash it.',
  'And how soon could it be in Lisbon?':
    'Parcels to Portugal take three to four working days. If you order before noon, it leaves the studio today.',
  'How do I look after the glaze?': `## Looking after the glaze

The glaze is **food safe** and hard. A few habits keep it so:

1. Rinse it *before* the first use
2. Let it warm up slowly:
   - no boiling water into a cold pot
   - no ice into a hot one
3. Dry it with a [soft cloth](https://example.com/cloths)

| Glaze | Oven | Dishwasher |
|:------|:----:|-----------:|
| Cove  | 220 °C | yes |
| Reed  | 180 °C | **no** |

> A hairline crack is no fault, it is *crazing*.

Print the label with \`lp\`:

\`\`\`sh
lp -d studio --copies 2 "care-label-cove-teapot.pdf" # both sides
\`\`\`

![The glaze, close by](https://images.example/glaze.jpg)`,
  'كيف أعتني بالطلاء؟': `## العناية بالطلاء

الطلاء **آمن للطعام**:

1. اشطفه قبل أول استعمال
2. دعه يسخن ببطء
   - لا تصب ماءً مغليًا

| الطلاء | الفرن |
|---|---|
| Cove | 220 °C |

> تشقق رفيع ليس عيبًا.

\`\`\`sh
lp -d studio label.pdf
\`\`\`

انظر [صفحة العناية](https://example.com/care).`,
}
const [oven = '', delivery = '', glaze = '', arabic = ''] = Object.keys(answers)
const longWord = `https://example.com/orders/${'7f3a9c'.repeat(14)}`
const longText = Array.from(
  { length: 5 },
  (_, line) => `${line + 1}. A line of a longer message, as people paste them.`,
)

/** Half of an answer, and the rest once `isPaused` is over. */
let isPaused = false
const model = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const text = JSON.parse(body).messages.at(-1).content
  const words = (answers[text] ?? `You wrote: ${text}`).match(/\s*\S+/g) ?? []
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const [index, content] of words.entries()) {
    while (isPaused && index > words.length / 2) await new Promise((resolve) => setTimeout(resolve, 20))
    response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`)
  }
  response.end('data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
}).listen(0, '127.0.0.1')
await once(model, 'listening')
const address = /** @type {import('node:net').AddressInfo} */ (model.address())

const args = ['serve', '--storage', 'memory', '--port', '0', '--responder', 'openai', '--operator-key', operatorKey]
const server = spawn(process.execPath, ['dist/cli.js', ...args], {
  env: { ...process.env, LUMIKA_OPENAI_BASE_URL: `http://127.0.0.1:${address.port}/v1`, LUMIKA_OPENAI_MODEL: 'demo' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
let output = ''
while (!/listening on \S+\n/.test(output)) output += String((await once(server.stdout, 'data'))[0])
const url = /listening on (\S+)/.exec(output)?.[1] ?? ''

const executablePath = findTool('chromium')
const browser = await chromium.launch({
  ...(executablePath && { executablePath }),
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
})
mkdirSync(folder, { recursive: true })
try {
  await shoot('closed', {}, async () => {})
  await shoot('open', {}, open)
  await shoot('streaming', { part: 'corner' }, async (page) => {
    isPaused = true
    await ask(page, oven)
    await page.locator('.writing .bubble', { hasText: /\S+ \S+ \S+ \S+ / }).waitFor()
  })
  isPaused = false
  await shoot('conversation', { part: 'corner' }, async (page) => {
    await ask(page, oven)
    await settled(page, 2)
    await say(page, delivery)
    await settled(page, 4)
    await reply('Hello, this is the studio. We can gift-wrap it, too: just tell us in the order.')
    await page.reload()
    await open(page)
    await settled(page, 5)
  })
  await shoot('failed', { part: 'corner' }, async (page) => {
    await ask(page, oven)
    await settled(page, 2)
    await page.route('**/conversation/**', (route) => route.abort())
    await say(page, delivery)
    await page.getByRole('button', { name: 'Retry' }).waitFor()
  })
  await shoot('long', { part: 'corner' }, async (page) => {
    await ask(page, `My order is ${longWord}\n\n${longText.join('\n')}`)
    await settled(page, 2)
    await page.getByRole('textbox', { name: 'Message' }).fill(longText.join('\n'))
  })
  await shoot('dark', { part: 'corner', colorScheme: 'dark' }, async (page) => {
    await ask(page, oven)
    await settled(page, 2)
  })
  await shoot('rtl', { part: 'corner' }, async (page) => {
    await page.evaluate(() => (document.documentElement.dir = 'rtl'))
    await ask(page, 'هل الإبريق آمن في الفرن؟')
    await settled(page, 2)
  })
  await shoot('markdown', { part: 'tall' }, async (page) => {
    await ask(page, glaze)
    await settled(page, 2)
  })
  await shoot('markdown-rtl', { part: 'tall', colorScheme: 'dark' }, async (page) => {
    await page.evaluate(() => (document.documentElement.dir = 'rtl'))
    await ask(page, arabic)
    await settled(page, 2)
  })
  await shoot('focus', { part: 'corner' }, async (page) => {
    await ask(page, oven)
    await settled(page, 2)
    await page.getByRole('textbox', { name: 'Message' }).focus()
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Shift+Tab')
  })
  await shoot('focus-closed', { part: 'launcher' }, async (page) => {
    await page.getByRole('contentinfo').getByRole('link').last().focus()
    await page.keyboard.press('Tab')
  })
  await shoot('mobile-closed', { part: 'phone' }, async () => {})
  await shoot('mobile-open', { part: 'phone' }, async (page) => {
    await ask(page, oven)
    await settled(page, 2)
  })
  for (const name of ['strict', 'hostile']) {
    await shoot(name, { path: `/demo/${name}` }, async (page) => {
      await ask(page, oven)
      await settled(page, 2)
    })
  }
  await shoot('approval', { part: 'corner' }, async (page) => {
    await api('PATCH', `/integrations/${(await api('GET', '/integrations')).integrations[0].id}`, {
      responseMode: 'approval',
    })
    await ask(page, oven)
    await page.getByText('A person is checking').first().waitFor()
  })
} finally {
  await browser.close()
  server.kill()
  model.close()
  model.closeAllConnections()
}

/**
 * @param {string} name
 * @param {{ part?: 'corner' | 'launcher' | 'phone' | 'tall', colorScheme?: 'dark' | 'light', path?: string }} how
 * @param {(page: Page) => Promise<void>} act
 */
async function shoot(name, { part, colorScheme = 'light', path = '/demo' }, act) {
  if (only.length > 0 && !only.includes(name)) return
  const isPhone = part === 'phone' || part === 'tall'
  // Higher than a phone, where the whole of an answer is to be seen.
  const viewport = isPhone ? { width: 390, height: part === 'tall' ? 790 : 844 } : { width: 1280, height: 800 }
  const page = await browser.newPage({ viewport, colorScheme, hasTouch: isPhone, reducedMotion: 'reduce' })
  await page.goto(url + path)
  await page.getByRole('button', { name: 'Open chat' }).waitFor()
  await act(page)
  await page.mouse.move(0, 0)
  const clip = {
    corner: { x: 820, y: 60, width: 460, height: 740 },
    launcher: { x: 1080, y: 680, width: 200, height: 120 },
    phone: undefined,
    tall: undefined,
  }[part ?? 'phone']
  // Some programs make the text cursor blink, which would make every picture a new one.
  await page.screenshot({ path: `${folder}/${name}.png`, caret: 'hide', ...(clip && { clip }) })
  await page.context().close()
  process.stdout.write(`${folder}/${name}.png\n`)
}

/** @param {Page} page */
async function open(page) {
  await page.getByRole('button', { name: 'Open chat' }).click()
  await page.getByRole('textbox', { name: 'Message' }).waitFor()
}

/** @param {Page} page @param {string} text */
async function say(page, text) {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

/** @param {Page} page @param {string} text */
async function ask(page, text) {
  await open(page)
  await say(page, text)
}

/** Waits for so many finished messages. @param {Page} page @param {number} count */
async function settled(page, count) {
  await page
    .locator('.message.done')
    .nth(count - 1)
    .waitFor()
  await page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'hidden' })
}

/** @param {string} body */
async function reply(body) {
  const { activities } = await api('GET', '/activities')
  await api('POST', `/conversations/${activities[0].key}/messages`, { body })
}

/** @param {string} method @param {string} path @param {object} [body] */
async function api(method, path, body) {
  const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' }
  const response = await fetch(`${url}/api${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response.json()
}
