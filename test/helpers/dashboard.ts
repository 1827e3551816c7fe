/** Somebody who works in the Dashboard, in a browser. */
import type { Browser, BrowserContextOptions, Page } from 'playwright'
import { afterAll, beforeAll } from 'vitest'
import { launchChromium } from './chromium.ts'
import { startServer } from './server.ts'
import type { ServerProcess, StartServerOptions } from './server.ts'

/** Who works there in tests. */
export const owner = { name: 'Ana Lima', password: 'a teapot on a rainy day' }

/** A page of the Dashboard, and what the browser complains about there: errors and what its policy has stopped. */
export interface Desk {
  page: Page
  problems: string[]
}

/** A browser, a server, and its first owner at work: there from the first test of a file to its last. */
export interface Office {
  browser: Browser
  server: ServerProcess
  desk: Desk
  /** A call of the operator API, by the operator key. @throws Error where it is refused */
  api<T>(method: string, path: string, body?: object): Promise<T>
  /** Changes the integration that the server made at its start. */
  setUp(settings: object): Promise<void>
}

/** What an office is like. */
export interface OfficeOptions {
  /** Where the owner is to begin, below `/dashboard`. @default '' */
  path?: string
  server?: StartServerOptions
  browser?: BrowserContextOptions
}

/** Opens an office before all tests of a file, and closes it after them. */
export function openOffice(options: OfficeOptions = {}): Office {
  const office = {
    async api(method, path, body) {
      const { url, operatorKey } = office.server
      const headers = { authorization: `Bearer ${operatorKey}`, ...(body && { 'content-type': 'application/json' }) }
      const response = await fetch(`${url}/api${path}`, {
        method,
        headers,
        ...(body && { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
      return text ? JSON.parse(text) : undefined
    },
    async setUp(settings) {
      const { integrations } = await office.api<{ integrations: { id: string }[] }>('GET', '/integrations')
      await office.api('PATCH', `/integrations/${integrations[0]?.id}`, settings)
    },
  } as Office

  beforeAll(async () => {
    ;[office.browser, office.server] = await Promise.all([launchChromium(), startServer(options.server)])
    await createOwner(office.server)
    office.desk = await openDesk(office.browser, office.server, options.path, options.browser)
    await logIn(office.desk)
  })
  afterAll(async () => {
    await office.browser?.close()
    await office.server?.stop()
  })
  return office
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

/** Makes an account for one more operator, and returns who it is. */
export async function hire({ url, operatorKey }: ServerProcess, name: string): Promise<typeof owner> {
  const call = async (path: string, headers: Record<string, string>, body: object) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }
    const response = await fetch(`${url}/api/${path}`, { ...init, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`POST /${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  const person = { name, password: owner.password }
  const byKey = { authorization: `Bearer ${operatorKey}` }
  const made = (await call('invitations', byKey, { role: 'operator' })) as { url: string }
  await call('operators', { origin: url }, { invitation: new URL(made.url).hash.slice(1), ...person })
  return person
}

/** Logs in, as the first owner unless somebody else is named. */
export async function logIn({ page }: Desk, person = owner): Promise<void> {
  await page.getByLabel('Name').fill(person.name)
  await page.getByLabel('Password').fill(person.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('navigation', { name: 'Dashboard' }).waitFor()
}

/** Somebody invited, who has joined, in a browser of their own. */
export async function openGuest({ api, browser, server }: Office, name: string, path = ''): Promise<Desk> {
  const { url } = await api<{ url: string }>('POST', '/invitations', { role: 'operator' })
  const desk = await openDesk(browser, server, url.slice(`${server.url}/dashboard`.length))
  await desk.page.getByLabel('Your name').fill(name)
  await desk.page.getByLabel('Password').fill('another teapot, somewhere')
  await desk.page.getByRole('button', { name: 'Join' }).click()
  await desk.page.getByRole('navigation', { name: 'Dashboard' }).waitFor()
  if (path) await desk.page.goto(`${server.url}/dashboard${path}`)
  return desk
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
