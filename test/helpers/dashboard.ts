/** Somebody who works in the Dashboard, in a browser. */
import type { Browser, BrowserContextOptions, Page } from 'playwright'
import type { ServerProcess } from './server.ts'

/** Who works there in tests. */
export const owner = { name: 'Ana Lima', password: 'a teapot on a rainy day' }

/** A page of the Dashboard, and what the browser complains about there: errors and what its policy has stopped. */
export interface Desk {
  page: Page
  problems: string[]
}

/** Makes the first owner by the API, so that a test may begin at what it is about. */
export async function createOwner({ url, operatorKey }: ServerProcess): Promise<void> {
  const response = await fetch(`${url}/api/operators`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ operatorKey, ...owner }),
  })
  if (!response.ok) throw new Error(`POST /operators: ${response.status} ${await response.text()}`)
}

/** Opens the Dashboard in a browser of its own. */
export async function openDesk(
  browser: Browser,
  server: ServerProcess,
  path = '',
  options: BrowserContextOptions = {},
): Promise<Desk> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    ...options,
  })
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    // That a call was refused is no mistake of the page's.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      problems.push(message.text())
  })
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol.startsWith('http') && origin !== server.url) problems.push(`asked somebody else: ${request.url()}`)
  })
  await page.goto(`${server.url}/dashboard${path}`)
  return { page, problems }
}

/** Logs in as the first owner. */
export async function logIn({ page }: Desk): Promise<void> {
  await page.getByLabel('Name').fill(owner.name)
  await page.getByLabel('Password').fill(owner.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('navigation', { name: 'Dashboard' }).waitFor()
}

/** A customer, by the plain protocol: says something and waits until that is stored and answered. */
export async function say(server: ServerProcess, conversationId: string, textContent: string): Promise<void> {
  const response = await fetch(`${server.url}/conversation/sse`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: server.url },
    body: new URLSearchParams({ integrationToken: server.token, conversationId, textContent }),
  })
  const text = await response.text()
  if (!response.ok || !text.includes('"ack"')) throw new Error(`The message was not taken: ${response.status} ${text}`)
}
