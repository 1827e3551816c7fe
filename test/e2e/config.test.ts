import type { Page } from 'playwright'
import { describe, expect, test } from 'vitest'
import type { WidgetLook } from '../../server/access/integration.ts'
import { page, requests, server, setUpEmbedding, site, visitor } from '../helpers/embedding.ts'
import { operatorOf } from '../helpers/operator.ts'
import { htmlPage, scriptTag } from '../helpers/site.ts'

setUpEmbedding()

const look: WidgetLook = { title: 'Ask the gardener', greeting: 'Good day', accent: '#0a7f5c', position: 'left' }

/** A page with a chat of an integration whose look an operator has set. */
async function visit(attributes = '', widget: WidgetLook = look): Promise<void> {
  const settings = { name: 'Garden', kind: 'widget' as const, allowedDomains: ['localhost'], widget }
  const { token } = await operatorOf(server).createIntegration(settings)
  await page.goto(site.put('/', { body: htmlPage(scriptTag(server.url, token, attributes)) }))
}
const config = () => requests.filter((url) => url === `GET ${server.url}/widget/config`)
const colour = () => visitor.launcher.evaluate((element) => getComputedStyle(element).backgroundColor)
const left = async () => (await visitor.launcher.boundingBox())?.x
const dialog = (name: string) => page.getByRole('dialog', { name })

describe('look and texts that an operator has set', () => {
  test('show at the first view, before anybody acts, for one request', async () => {
    await visit()
    await expect.poll(colour).toBe('rgb(10, 127, 92)')
    expect(await left()).toBe(20)
    await visitor.open()
    await dialog('Ask the gardener').waitFor()
    await page.getByText('Good day').waitFor()
    await visitor.say('Hello')
    await expect.poll(visitor.said).toHaveLength(2)
    expect(config()).toHaveLength(1)
    expect(visitor.problems).toEqual([])
  })

  test('give way to what the page sets, by its tag or later by a call', async () => {
    await visit('data-title="Ask us" data-accent="#123456"')
    await expect.poll(left).toBe(20)
    expect(await colour()).toBe('rgb(18, 52, 86)')
    await page.evaluate(`Lumika.update({ position: 'right' })`)
    expect(await left()).toBeGreaterThan(100)
    await visitor.open()
    await dialog('Ask us').waitFor()
    await page.getByText('Good day').waitFor()
    expect(visitor.problems).toEqual([])
  })

  test('can take the launcher away', async () => {
    await visit('', { launcher: false })
    await visitor.launcher.waitFor({ state: 'hidden' })
    await page.evaluate('Lumika.open()')
    await visitor.panel.waitFor()
  })

  test('are not asked for where the page says so', async () => {
    await visit('data-config="off"')
    await visitor.launcher.waitFor()
    await page.waitForLoadState('networkidle')
    expect(requests).toEqual([`GET ${site.url}/`, `GET ${server.url}/widget.js`])
    await visitor.open()
    await dialog('Chat with us').waitFor()
    await visitor.say('Hello')
    await expect.poll(visitor.said).toHaveLength(2)
    expect(config()).toEqual([])
    expect(visitor.problems).toEqual([])
  })

  test('are kept by the browser: the next page asks nobody', async () => {
    const sizes = () =>
      page.evaluate(() =>
        (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
          .filter(({ name }) => name.includes('/widget/config'))
          .map(({ transferSize }) => transferSize),
      )
    await page.goto(`${server.url}/demo`)
    await expect.poll(sizes).toEqual([expect.any(Number)])
    expect((await sizes())[0]).toBeGreaterThan(0)
    await page.goto(`${server.url}/demo/app`)
    await expect.poll(sizes).toEqual([0])
  })

  test.each([
    ['never come', () => {}],
    ['are no JSON', (route) => route.fulfill({ body: '<!doctype html><title>Sign in to the network</title>' })],
    ['are null', (route) => route.fulfill({ json: { widget: null } })],
    ['are cut off', (route) => route.abort()],
    [
      'are refused',
      (route) => route.fulfill({ status: 500, json: { error: { code: 'internal_error', message: '' } } }),
    ],
  ] as [string, (route: Parameters<Parameters<Page['route']>[1]>[0]) => Promise<void>][])(
    'do no harm when they %s',
    async (_what, answer) => {
      await page.route('**/widget/config?*', answer)
      await visit()
      await visitor.open()
      await dialog('Chat with us').waitFor()
      await visitor.say('Hello')
      await expect.poll(visitor.said).toHaveLength(2)
      // What the browser itself writes about a request that failed is all there is.
      expect(visitor.problems.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([])
      await page.unrouteAll({ behavior: 'ignoreErrors' })
    },
  )
})
