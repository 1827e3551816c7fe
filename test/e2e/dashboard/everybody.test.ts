/** Nobody is shut out: what axe finds on every page by day and by night, and on a phone. */
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../../helpers/build.ts'
import { launchChromium } from '../../helpers/chromium.ts'
import { createOwner, logIn, openDesk, say } from '../../helpers/dashboard.ts'
import type { Desk } from '../../helpers/dashboard.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'

let browser: Browser
let server: ServerProcess
let desk: Desk
const axe = readFileSync(`${root}node_modules/axe-core/axe.min.js`, 'utf8')

beforeAll(async () => {
  ;[browser, server] = await Promise.all([launchChromium(), startServer()])
  await createOwner(server)
  await setMode('approval')
  // The policy of the page lets no tool in, either; that it holds is proved by all other tests.
  desk = await openDesk(browser, server, '', { bypassCSP: true })
  await logIn(desk)
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function setMode(responseMode: 'auto' | 'approval'): Promise<void> {
  const headers = { authorization: `Bearer ${server.operatorKey}`, 'content-type': 'application/json' }
  const listed = (await (await fetch(`${server.url}/api/integrations`, { headers })).json()) as {
    integrations: { id: string }[]
  }
  const path = `${server.url}/api/integrations/${listed.integrations[0]?.id}`
  await fetch(path, { method: 'PATCH', headers, body: JSON.stringify({ responseMode }) })
}

/** What shuts somebody out of a page, in words; empty where nothing does. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(context: Document, options: object): Promise<AxeResults> } }
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    const { violations } = await axe.run(document, { runOnly: { type: 'tag', values: tags } })
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
    )
  })
}

interface AxeResults {
  violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[]
}

/** Both themes, each when its colours have changed. */
async function inBothThemes(page: Page, look: () => Promise<void>): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate(async () => {
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
      await Promise.allSettled(document.getAnimations().map(({ finished }) => finished))
    })
    await look()
  }
}

describe('axe finds nothing', () => {
  test('where one comes in', async () => {
    const door = await openDesk(browser, server, '', { bypassCSP: true })
    await door.page.getByRole('heading', { name: 'Log in' }).waitFor()
    await inBothThemes(door.page, async () => expect(await barriers(door.page)).toEqual([]))
    await door.page.context().close()
  })

  test.each<[string, string, (page: Page) => Promise<void>]>([
    ['the inbox without a conversation', '/activities', (page) => page.getByText('No conversations yet').waitFor()],
    [
      'the list of integrations',
      '/integrations',
      (page) => page.getByRole('link', { name: /This computer/ }).waitFor(),
    ],
    [
      'an integration',
      '/integrations',
      async (page) => {
        await page.getByRole('link', { name: /This computer/ }).click()
        await page.getByLabel('Script tag').getByText('widget.js').waitFor()
        const query = `integrationToken=${server.token}`
        await fetch(`${server.url}/widget/config?${query}`, { headers: { origin: 'https://evil.example' } })
        await page.getByText('Allow this domain').waitFor()
        await page.getByText('As a table').click()
        await page.getByLabel('Question to echo').fill('Hello')
        await page.getByRole('button', { name: 'Ask', exact: true }).click()
        await page.getByText('The first word came').waitFor()
      },
    ],
    ['a new integration', '/integrations/new', (page) => page.getByLabel('Who answers?').waitFor()],
    ['replies', '/replies', (page) => page.getByText('No replies yet').waitFor()],
    ['people', '/people', (page) => page.getByText('Ana Lima (you)').waitFor()],
    ['webhooks', '/webhooks', (page) => page.getByText('Nobody is told yet').waitFor()],
    ['the audit trail', '/audit', (page) => page.getByText('became the first owner').waitFor()],
    ['a page that is not there', '/nowhere', (page) => page.getByText('There is nothing here').waitFor()],
  ])('%s', async (_name, path, isThere) => {
    const { page } = desk
    await page.goto(`${server.url}/dashboard${path}`)
    await isThere(page)
    await inBothThemes(page, async () => expect(await barriers(page)).toEqual([]))
  })

  test('a conversation with a draft, a note, an edited draft, a menu, a dialog', async () => {
    const { page } = desk
    const customer = 'c_customer-number-00000001'
    await say(server, customer, 'Where is my parcel? See https://shop.example/orders/1')
    await page.goto(`${server.url}/dashboard/activities`)
    await page.getByRole('link', { name: /Where is my parcel/ }).click()
    await page.getByRole('article', { name: 'Draft of the assistant' }).waitFor()
    await page.keyboard.press('n')
    await page.keyboard.type('Ask the courier.')
    await page.keyboard.press('Enter')
    await page.getByRole('article', { name: 'Note by Ana Lima' }).waitFor()
    await inBothThemes(page, async () => expect(await barriers(page)).toEqual([]))
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('textbox', { name: 'Words of the draft' }).fill('It is on its way.')
    await inBothThemes(page, async () => expect(await barriers(page)).toEqual([]))
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('edited by Ana Lima').waitFor()
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menu').waitFor()
    await inBothThemes(page, async () => expect(await barriers(page)).toEqual([]))
    await page.keyboard.press('Escape')
    await page.getByRole('menu').waitFor({ state: 'detached' })
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await inBothThemes(page, async () => expect(await barriers(page)).toEqual([]))
    await page.keyboard.press('Escape')
  })
})

describe('on a phone', () => {
  test('the list, then the conversation, then back; nothing is wider than the screen, and nothing shuts out', async () => {
    const phone = await openDesk(browser, server, '', {
      bypassCSP: true,
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    })
    await logIn(phone)
    const { page } = phone
    const fits = () => page.evaluate('document.documentElement.scrollWidth <= innerWidth')
    const list = page.getByRole('region', { name: 'Conversations' })
    await list.getByRole('link').first().tap()
    await page.getByRole('textbox', { name: 'Reply' }).waitFor()
    expect(await list.isVisible()).toBe(false)
    expect(await fits()).toBe(true)
    expect(await barriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Back to the list' }).tap()
    await list.waitFor()
    for (const name of ['Integrations', 'People', 'Webhooks', 'Audit']) {
      // What owners alone have is behind one place: there is no room for more than five.
      const isRare = ['Webhooks', 'Audit'].includes(name)
      if (isRare) await page.getByRole('button', { name: 'More places' }).tap()
      await (isRare ? page.getByRole('menuitem', { name }) : page.getByRole('link', { name })).tap()
      await page.getByRole('heading', { level: 1 }).waitFor()
      expect([name, await fits()]).toEqual([name, true])
    }
    await page.context().close()
  })
})
