/**
 * `node scripts/screenshots-dashboard.mjs`: photographs the built Dashboard for docs/screenshots. Build first. Names make
 * only these pictures; `films` stands for the frames of the films that tests make.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chromium } from 'playwright'
import { findTool } from './tools.mjs'

const operatorKey = 'operator-key-for-screenshots'
const person = { name: 'Ana Lima', password: 'a teapot on a rainy day' }
const only = process.argv.slice(2)

const args = ['serve', '--storage', 'memory', '--port', '0', '--operator-key', operatorKey]
const server = spawn(process.execPath, ['dist/cli.js', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
let output = ''
while (!/listening on [^]+<\/script>\n/.test(output)) output += String((await once(server.stdout, 'data'))[0])
const url = /listening on (\S+)/.exec(output)?.[1] ?? ''
const integrationToken = /data-integration-token="([^"]+)"/.exec(output)?.[1] ?? ''

const executablePath = findTool('chromium')
const browser = await chromium.launch({
  ...(executablePath && { executablePath }),
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  await call('POST', '/operators', { operatorKey, ...person })
  const { integrations } = await call('GET', '/integrations')
  const look = { title: 'Cove Studio', greeting: 'Hello! How can we help?', accent: '#0a7f5c' }
  const [oven, parcel, lisbon] = ['Q7fVx2', 'm4Ty9k', 'Zp3Lw8'].map((start) => `c_${start}${'a1B2c3D4e5F6g7H8'}`)
  await call('PATCH', `/integrations/${integrations[0].id}`, { name: 'Cove Studio', responder: null, widget: look })
  await say(lisbon, 'Do you ship to Lisbon, and how long would it take?')
  await say(oven, 'Is the Cove teapot fine in the oven?')
  const key = (await call('GET', '/activities')).activities[0].key
  await call('POST', `/conversations/${key}/messages`, {
    body: 'The pot is, up to 220 °C. Please take the strainer out first.',
  })
  await call('POST', `/conversations/${key}/notes`, { body: 'Asked twice this week: put it on the product page?' })
  await say(oven, 'Great, thank you. And the lid?')
  await call('PATCH', `/integrations/${integrations[0].id}`, { responder: 'echo', responseMode: 'approval' })
  await say(parcel, 'Where is my parcel? I ordered on Monday, and I need it by Friday.')
  const waiting = (await call('GET', '/activities')).activities[0].key

  await shoot('activities', `/activities/${key}`)
  await shoot('draft', `/activities/${waiting}`, { colorScheme: 'dark' }, async (page) => {
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('textbox', { name: 'Words of the draft' }).press('ControlOrMeta+End')
    await page.keyboard.type(' It left our studio today.')
  })
  await shoot('integration', `/integrations/${integrations[0].id}`)
  await shoot('phone', `/activities/${waiting}`, { isPhone: true })
} finally {
  await browser.close()
  server.kill()
}

if (only.length === 0 || only.includes('films')) {
  const films = ['test/e2e/dashboard/film.test.ts', 'test/e2e/dashboard/keyboard.test.ts']
  const { status } = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'e2e', ...films],
    {
      env: { ...process.env, LUMIKA_PICTURES: '1' },
      stdio: 'inherit',
    },
  )
  process.exitCode = status ?? 1
}

/**
 * @param {string} name
 * @param {string} path
 * @param {{ colorScheme?: 'dark' | 'light', isPhone?: boolean }} how
 * @param {(page: import('playwright').Page) => Promise<void>} act
 */
async function shoot(name, path, { colorScheme = 'light', isPhone = false } = {}, act = async () => {}) {
  if (only.length > 0 && !only.includes(name)) return
  const viewport = isPhone ? { width: 390, height: 844 } : { width: 1400, height: 820 }
  const page = await browser.newPage({ viewport, colorScheme, hasTouch: isPhone, reducedMotion: 'reduce' })
  await page.goto(`${url}/dashboard${path}`)
  await page.getByLabel('Name').fill(person.name)
  await page.getByLabel('Password').fill(person.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.locator('[role="log"] article, pre').first().waitFor()
  await act(page)
  await page.waitForLoadState('networkidle', { timeout: 1_000 }).catch(() => {})
  await page.mouse.move(0, 0)
  await page.screenshot({ path: `docs/screenshots/dashboard-${name}.png`, caret: 'hide' })
  await page.context().close()
  process.stdout.write(`docs/screenshots/dashboard-${name}.png\n`)
}

/** @param {string} [conversationId] @param {string} [textContent] */
async function say(conversationId = '', textContent = '') {
  const body = new URLSearchParams({ integrationToken, conversationId, textContent })
  await (await fetch(`${url}/conversation/sse`, { method: 'POST', headers: { origin: url }, body })).text()
}

/** @param {string} method @param {string} path @param {object} [body] */
async function call(method, path, body) {
  const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' }
  const response = await fetch(`${url}/api${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response.json()
}
