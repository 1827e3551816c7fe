import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { page, server, setUpEmbedding, site, visitor } from '../helpers/embedding.ts'
import { buildApps, frameworks } from '../helpers/frameworks.ts'
import { operatorOf } from '../helpers/operator.ts'
import { htmlPage } from '../helpers/site.ts'

setUpEmbedding()

let billing: string

beforeAll(async () => {
  for (const [name, body] of await buildApps()) site.put(`/${name}`, { body, type: 'text/javascript' })
  const settings = { name: 'Billing', kind: 'widget' as const, allowedDomains: ['localhost'] }
  billing = (await operatorOf(server).createIntegration(settings)).token
})

/** What an app is to show: a component with a chat for each title. */
type Show = { show: (chats: { token: string; serverUrl: string; title: string }[]) => void }

/** Shows chats on the app's route; none: a route without. */
const show = (titles: { shop?: string; billing?: string }) => {
  const tokens = { shop: server.token, billing }
  const chats = Object.entries(titles).map(([name, title]) => {
    return { token: tokens[name as 'shop'], serverUrl: server.url, title }
  })
  return page.evaluate((given) => (window as unknown as Show).show(given), chats)
}
const hosts = () => page.locator('html > lumika-chat').count()
const help = (n = 0) => page.getByRole('button', { name: 'Help' }).nth(n)
const output = () => page.locator('output')

describe.each(frameworks)('an app with lumika/%s', (name) => {
  beforeEach(async () => {
    await page.goto(site.put('/', { body: htmlPage(`<script type="module" src="/${name}.js"></script>`) }))
    await page.waitForFunction(() => 'show' in window)
  })
  afterEach(() => expect(visitor.problems).toEqual([]))

  test('opens the chat by its handle, hears of what happens, and changes options of the chat that is there', async () => {
    await show({ shop: 'Shop help' })
    await expect.poll(hosts).toBe(1)
    await help().click()
    await page.getByRole('dialog', { name: 'Shop help' }).waitFor()
    await expect.poll(() => help().getAttribute('aria-expanded')).toBe('true')
    await visitor.say('Hello')
    await expect.poll(() => output().textContent()).toMatch(/^I am a demo .* Hello$/)

    await visitor.box.fill('A draft')
    const host = await page.locator('html > lumika-chat').elementHandle()
    await show({ shop: 'Garden help' })
    await page.getByRole('dialog', { name: 'Garden help' }).waitFor()
    expect(await visitor.box.inputValue()).toBe('A draft')
    expect(await visitor.said()).toHaveLength(2)
    expect(await host?.evaluate((element) => element.isConnected)).toBe(true)

    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await expect.poll(() => help().getAttribute('aria-expanded')).toBe('false')
  })

  test('B86: leaves nothing on a route without a chat, and one chat with its conversation however often it comes', async () => {
    await show({ shop: 'Shop help' })
    await help().click()
    await visitor.say('Hello')
    await expect.poll(() => output().textContent()).toContain('Hello')
    const said = await visitor.said()
    await show({})
    await expect.poll(() => page.locator('lumika-chat').count()).toBe(0)

    await page.evaluate(
      ([token = '', serverUrl = '']) => {
        const { show } = window as unknown as Show
        for (let n = 0; n < 10; n++) {
          show([{ token, serverUrl, title: 'Shop help' }])
          show([])
        }
        show([{ token, serverUrl, title: 'Shop help' }])
      },
      [server.token, server.url],
    )
    await help().click()
    await expect.poll(visitor.said).toEqual(said)
    expect(await hosts()).toBe(1)
  })

  test('has two chats that know nothing of each other', async () => {
    await show({ shop: 'Shop help', billing: 'Billing help' })
    await expect.poll(hosts).toBe(2)
    await help(1).click()
    await page.getByRole('dialog', { name: 'Billing help' }).waitFor()
    expect(await page.getByRole('dialog').count()).toBe(1)
    await visitor.say('Hello')
    await expect.poll(() => output().nth(1).textContent()).toContain('Hello')
    expect(await output().nth(0).textContent()).toBe('')
    await show({ shop: 'Shop help' })
    await expect.poll(hosts).toBe(1)
    expect(await page.getByRole('dialog').count()).toBe(0)
  })
})
