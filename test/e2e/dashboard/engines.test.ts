/** A morning in the Dashboard, in the engines that the other tests do not use. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOwner, owner, say } from '../../helpers/dashboard.ts'
import { openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { operatorOf } from '../../helpers/operator.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'

let server: ServerProcess
beforeAll(async () => {
  server = await startServer()
  await createOwner(server)
  const headers = { authorization: `Bearer ${server.operatorKey}`, 'content-type': 'application/json' }
  const listed = (await (await fetch(`${server.url}/api/integrations`, { headers })).json()) as {
    integrations: { id: string }[]
  }
  const path = `${server.url}/api/integrations/${listed.integrations[0]?.id}`
  await fetch(path, { method: 'PATCH', headers, body: JSON.stringify({ responseMode: 'approval' }) })
})
afterAll(() => server?.stop())

/** Waits until a part of the page says something. */
const reads = (page: Page, selector: string, words: string) =>
  page.waitFor(
    (where: string, what: string) => document.querySelector(where)?.textContent.includes(what),
    15_000,
    selector,
    words,
  )
const draft = 'article[aria-label="Draft of the assistant"]'
const isGone = (page: Page, selector: string) =>
  page.waitFor((where: string) => !document.querySelector(where), 10_000, selector)
const rowOf = (customer: string): string => `.list-pane a[href$="${Buffer.from(customer).toString('base64url')}"]`

describe.each(['firefox', 'webkit'] as const)('the Dashboard, in %s', (name) => {
  let engine: Engine
  let page: Page
  beforeAll(async () => {
    engine = await openEngine(name)
    page = await engine.newPage()
    await page.setViewport(1280, 800)
  }, 60_000)
  afterAll(() => engine?.close())
  /** Two customers of every try's own. */
  let one = ''
  let two = ''
  let tries = 0

  /** Goes to a place in the Dashboard, and logs in where that is asked for. */
  const enter = async (path: string): Promise<void> => {
    await page.goto(`${server.url}/dashboard${path}`)
    await page.waitFor(() => document.querySelector('#name, nav[aria-label="Dashboard"]'))
    if (await page.evaluate(() => document.querySelector('#name') !== null)) {
      await page.type('#name', owner.name)
      await page.type('#password', owner.password)
      await page.press('Enter')
    }
    await page.see('nav[aria-label="Dashboard"]')
  }

  test('somebody logs in, sees what comes in, answers it, and approves a draft', async () => {
    tries++
    ;[one, two] = [1, 2].map((number) => `c_${name}-customer-000000${tries}${number}`) as [string, string]
    await enter('')
    await page.waitFor(() => document.querySelector('.live.on'))

    // What is said while one looks on comes by itself.
    await say(server, one, `Where is my parcel, ${name}?`)
    await page.click(rowOf(one))
    await reads(page, '[role="log"]', `Where is my parcel, ${name}?`)
    // Once the assistant has had its say, too, the list stands still: a row that moves is missed by a click.
    await reads(page, draft, `You wrote: Where is my parcel, ${name}?`)
    await page.type('textarea[aria-label="Reply"]', 'It left our studio today – grüße.')
    await page.press('Enter')
    await reads(page, '[role="log"]', 'It left our studio today – grüße.')
    await page.waitFor(() => document.querySelector<HTMLTextAreaElement>('textarea[aria-label="Reply"]')?.value === '')

    await say(server, two, `Do you ship to Lisbon, ${name}?`)
    await page.press('Escape')
    await page.waitFor(() => document.activeElement?.getAttribute('role') === 'log')
    await page.click(rowOf(two))
    await reads(page, draft, `You wrote: Do you ship to Lisbon, ${name}?`)
    await page.press('e')
    await page.see('textarea[aria-label="Words of the draft"]')
    await page.press('Escape')
    await page.press('a')
    await reads(page, '[role="log"]', 'approved by Ana Lima')
    const said = Object.fromEntries(
      (await operatorOf(server).conversations()).map((each) => [each.conversationId, each.said.at(-1)]),
    )
    expect(said[one]).toBe('assistant: It left our studio today – grüße.')
    expect(said[two]).toContain(`You wrote: Do you ship to Lisbon, ${name}?`)
  })

  test('a dialog and a menu open, close and give the focus back; the search finds', async () => {
    await enter('')
    await page.click(rowOf(two))
    await page.click('.help')
    await page.see('[role="dialog"]')
    await page.press('Escape')
    await isGone(page, '[role="dialog"]')
    await page.waitFor(() => document.activeElement?.matches('.help'))

    await page.click('header button[title="More"]')
    await page.click('[role="menuitem"]')
    await reads(page, '[role="log"]', 'Ana Lima assigned the conversation to Ana Lima')
    await isGone(page, '[role="menu"]')

    await page.type('#activity-search', `Lisbon, ${name}`)
    await isGone(page, rowOf(one))
    await page.see(rowOf(two))
  })

  test('settings are there: a choice, a tag that is copied, the theme; then somebody logs out', async () => {
    await enter('')
    await page.click('nav a[href="/dashboard/integrations"]')
    await page.click('a[href="/dashboard/integrations/new"]')
    await page.click('form button.choice')
    await page.see('[role="listbox"]')
    await page.press('Escape')
    await isGone(page, '[role="listbox"]')
    await page.click('nav a[href="/dashboard/integrations"]')
    await page.click('.cards a')
    await reads(page, 'pre[aria-label="Script tag"]', '/widget.js')
    await page.click('button[title="Copy the tag"]')
    await reads(page, 'button[title="Copy the tag"]', 'Copied')
    await page.click('nav a[href="/dashboard/webhooks"]')
    await reads(page, 'main', 'Nobody is told yet')

    await page.click('.account')
    await page.see('[role="menu"]')
    await page.press('d')
    await page.press('Enter')
    await page.waitFor(() => document.documentElement.dataset['theme'] === 'dark')
    await isGone(page, '[role="menu"]')
    await page.click('.account')
    await page.see('[role="menu"]')
    for (const key of ['End', 'ArrowUp', 'Enter']) await page.press(key)
    await reads(page, 'h1', 'Log in')
    await page.reload()
    await reads(page, 'h1', 'Log in')
    expect(await page.consoleErrors()).toEqual([])
  })
})
