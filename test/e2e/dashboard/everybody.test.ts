/** Nobody is shut out: what axe finds on every page, in every dialog and menu, by day and by night, and on a phone. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Page } from 'playwright'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { places } from '../../../dashboard/app/places.ts'
import { barriers, expectNoBarriers } from '../../helpers/barriers.ts'
import { root } from '../../helpers/build.ts'
import { logIn, openDesk, openOffice, say } from '../../helpers/dashboard.ts'

// The policy of the page lets no tool in, either; that it holds is proved by all other tests.
const office = openOffice({ server: { args: ['--allow-private-webhooks'] }, browser: { bypassCSP: true } })
let integration = ''
let webhook = ''
let conversation = ''

beforeAll(async () => {
  const { api } = office
  await office.setUp({ responseMode: 'approval' })
  const { integrations } = await api<{ integrations: { id: string }[] }>('GET', '/integrations')
  integration = integrations[0]?.id ?? ''
  const hook = { url: 'http://127.0.0.1:9/hook', events: ['message.created'] }
  webhook = (await api<{ webhook: { id: string } }>('POST', '/webhooks', hook)).webhook.id
  await api('POST', '/canned-replies', { title: 'Delivery', body: 'It is on its way.', shortcut: 'sent' })
  await api('POST', '/integrations', { name: 'My backend', kind: 'api' })
  await say(office.server, 'c_customer-number-00000001', 'Where is my parcel? See https://shop.example/orders/1')
  const { activities } = await api<{ activities: { key: string }[] }>('GET', '/activities')
  conversation = activities[0]?.key ?? ''
  await api('POST', `/conversations/${conversation}/notes`, { body: 'Ask the courier.' })
  const { url, token } = office.server
  const refused = { headers: { origin: 'https://evil.example' } }
  expect((await fetch(`${url}/widget/config?integrationToken=${token}`, refused)).status).toBe(403)
})

// What a first try has left open.
beforeEach(async ({ task }) => void (task.result?.retryCount && (await office.desk.page.goto('about:blank'))))

type Path = (typeof places)[number]['path']

/** Every page there is, and what tells that it is there. A new place has no page here, and is not compiled. */
const pages: Record<Path, [address: () => string, isThere: (page: Page) => Promise<unknown>][]> = {
  activities: [
    [() => '', (page) => page.getByRole('link', { name: /Where is my parcel/ }).waitFor()],
    [() => `/${conversation}`, (page) => page.getByRole('article', { name: 'Draft of the assistant' }).waitFor()],
  ],
  integrations: [
    [() => '', (page) => page.getByRole('link', { name: /This computer/ }).waitFor()],
    [() => '/new', (page) => page.getByLabel('Who answers?').waitFor()],
    [
      () => `/${integration}`,
      async (page) => {
        await page.getByLabel('Script tag').getByText('widget.js').waitFor()
        await page.getByText('Allow this domain').waitFor()
        await page.getByText('As a table').click()
        await page.getByLabel('Question to echo').fill('Hello')
        await page.getByRole('button', { name: 'Ask', exact: true }).click()
        await page.getByText('The first word came').waitFor()
      },
    ],
  ],
  replies: [[() => '', (page) => page.getByText('It is on its way.').waitFor()]],
  people: [[() => '', (page) => page.getByText('Ana Lima (you)').waitFor()]],
  webhooks: [
    [() => '', (page) => page.getByRole('link', { name: /127\.0\.0\.1/ }).waitFor()],
    [() => `/${webhook}`, (page) => page.getByRole('list', { name: 'Deliveries' }).waitFor()],
  ],
  audit: [[() => '', (page) => page.getByText('became the first owner').waitFor()]],
}
const all = places.flatMap(({ path }) => pages[path].map((one, at) => ({ name: `${path} ${at || ''}`, path, one })))

async function visit(page: Page, { path, one: [address, isThere] }: (typeof all)[number]): Promise<void> {
  await page.goto(`${office.server.url}/dashboard/${path}${address()}`)
  await isThere(page)
}

const press = (...names: (string | RegExp)[]) => ({
  async in(page: Page) {
    for (const name of names) {
      const role = name === names[0] ? 'button' : 'menuitem'
      await page.getByRole(role, { name, exact: true }).first().click()
    }
  },
})

/** What opens each dialog, by the file it stands in; `page` is one of `pages`. */
const dialogs: Record<string, { path: Path; at?: number; days?: string; press: (string | RegExp)[] }[]> = {
  'activities/ConversationMenu.svelte': [{ path: 'activities', at: 1, press: ['More', 'Erase…'] }],
  'activities/ConversationPane.svelte': [{ path: 'activities', at: 1, press: ['About the customer'] }],
  'activities/Shortcuts.svelte': [{ path: 'activities', press: ['Keyboard shortcuts'] }],
  'integrations/InstallCheck.svelte': [{ path: 'integrations', at: 2, press: [/^Allow this domain/] }],
  'integrations/IntegrationPage.svelte': [{ path: 'integrations', at: 2, press: ['Delete this integration'] }],
  'integrations/Retention.svelte': [{ path: 'integrations', at: 2, days: '30', press: ['Save retention'] }],
  'integrations/Tokens.svelte': [{ path: 'integrations', at: 2, press: [/^Revoke the token/] }],
  'people/People.svelte': [{ path: 'people', press: [/^Change Ben/, 'Remove…'] }],
  'replies/Replies.svelte': [{ path: 'replies', press: [/^Change Delivery/, 'Delete…'] }],
  'replies/ReplyDialog.svelte': [{ path: 'replies', press: ['New reply'] }],
  'webhooks/WebhookDialog.svelte': [{ path: 'webhooks', press: ['New webhook'] }],
  'webhooks/WebhookPage.svelte': [
    { path: 'webhooks', at: 1, press: ['New secret…'] },
    { path: 'webhooks', at: 1, press: ['Remove this webhook'] },
  ],
}

describe('axe finds nothing', () => {
  test('where one comes in', async () => {
    const door = await openDesk(office.browser, office.server, '', { bypassCSP: true })
    await door.page.getByRole('heading', { name: 'Log in' }).waitFor()
    await expectNoBarriers(door.page)
    await door.page.context().close()
  })

  test.each(all)('$name, and whatever opens there by a press', async (one) => {
    const { page } = office.desk
    await visit(page, one)
    await expectNoBarriers(page)
    const openers = page.locator('main button[aria-haspopup]:visible')
    const seen = new Set<string>()
    for (let at = 0, count = await openers.count(); at < count; at++) {
      // One of a list's is like the others, and so is one list to choose from.
      const opener = openers.nth(at)
      const isList = (await opener.getAttribute('aria-haspopup')) === 'listbox'
      const kind = isList ? 'listbox' : (((await opener.getAttribute('aria-label')) ?? `${at}`).split(' ')[0] ?? '')
      if (seen.has(kind) || (await opener.isDisabled())) continue
      seen.add(kind)
      await opener.click()
      const popup = page.locator('[role="menu"], [role="listbox"]')
      await popup.waitFor()
      await expectNoBarriers(page, '[role="menu"], [role="listbox"]')
      await page.keyboard.press('Escape')
      await popup.waitFor({ state: 'detached' })
    }
  })

  test('the account, a page that is not there, an edited draft', async () => {
    const { page } = office.desk
    await page.goto(`${office.server.url}/dashboard/nowhere`)
    await page.getByText('There is nothing here').waitFor()
    await page.getByRole('button', { name: 'Account of Ana Lima' }).click()
    await page.getByRole('menu').waitFor()
    await expectNoBarriers(page)
    await page.goto(`${office.server.url}/dashboard/activities/${conversation}`)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('textbox', { name: 'Words of the draft' }).fill('It is on its way.')
    await expectNoBarriers(page)
  })

  test('every dialog is known here', () => {
    const found = readdirSync(`${root}dashboard`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.svelte'))
      .flatMap((file) => [...readFileSync(`${root}dashboard/${file}`, 'utf8').matchAll(/<Dialog\s/g)].map(() => file))
    expect(Object.entries(dialogs).flatMap(([file, ways]) => ways.map(() => file))).toEqual(found.toSorted())
  })

  test.each(Object.entries(dialogs).flatMap(([file, ways]) => ways.map((way) => ({ file, ...way }))))(
    'the dialog of $file by $press',
    async ({ path, at = 0, days, press: names }) => {
      const { page } = office.desk
      if (path === 'people') await inviteBen()
      const one = all.filter((each) => each.path === path)[at]
      const address = `${office.server.url}/dashboard/${path}${one?.one[0]()}`
      // The page that the dialog before stood on has changed nothing.
      if (one && (path === 'people' || page.url() !== address)) await visit(page, one)
      if (days) await page.getByRole('spinbutton', { name: /kept/ }).fill(days)
      await press(...names).in(page)
      await page.getByRole('dialog').waitFor()
      await expectNoBarriers(page, '[role="dialog"]')
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      // Whoever opened it by a key goes on from there.
      await expect.poll(() => page.evaluate('document.activeElement !== document.body')).toBe(true)
    },
  )
})

/** Somebody who can be removed. */
async function inviteBen(): Promise<void> {
  const { url } = await office.api<{ url: string }>('POST', '/invitations', { role: 'operator' })
  const headers = { 'content-type': 'application/json', origin: office.server.url }
  const body = JSON.stringify({
    invitation: new URL(url).hash.slice(1),
    name: 'Ben',
    password: 'another teapot, there',
  })
  await fetch(`${office.server.url}/api/operators`, { method: 'POST', headers, body })
}

describe('on a phone', () => {
  test('every page fits 320 and 390 px, and shuts nobody out', async () => {
    const size = { bypassCSP: true, viewport: { width: 390, height: 700 }, hasTouch: true }
    const { page } = await openDesk(office.browser, office.server, '', size)
    await logIn({ page, problems: [] })
    for (const one of all) {
      await visit(page, one)
      const fits = () => page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')
      expect([one.name, await fits(), await barriers(page)]).toEqual([one.name, true, []])
      await page.setViewportSize({ width: 320, height: 700 })
      // The page is laid out anew after the call.
      await expect.poll(async () => [one.name, await fits()]).toEqual([one.name, true])
      await page.setViewportSize({ width: 390, height: 700 })
    }
    await page.context().close()
  })

  test('the list, then the conversation, then back; what owners alone have is behind one place', async () => {
    const size = { viewport: { width: 390, height: 844 }, hasTouch: true }
    const { page, problems } = await openDesk(office.browser, office.server, '', size)
    await logIn({ page, problems })
    const list = page.getByRole('region', { name: 'Conversations' })
    await list.getByRole('link').first().tap()
    await page.getByRole('textbox', { name: 'Reply' }).waitFor()
    expect(await list.isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Back to the list' }).tap()
    await list.waitFor()
    for (const place of places) {
      const isRare = 'isForOwners' in place
      if (isRare) await page.getByRole('button', { name: 'More places' }).tap()
      const { label: name, path } = place
      await (isRare ? page.getByRole('menuitem', { name }) : page.getByRole('link', { name })).tap()
      await expect.poll(() => new URL(page.url()).pathname).toBe(`/dashboard/${path}`)
    }
    expect(problems).toEqual([])
    await page.context().close()
  })
})
