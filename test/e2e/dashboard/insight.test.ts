/** Whether the chat is there, how much it is used, and what its responder says. */
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { openOffice, say } from '../../helpers/dashboard.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../../helpers/fake-openai.ts'
import { valve } from '../../helpers/responder.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { countTries } from '../../helpers/tries.ts'

const openai = await startFakeOpenAI()
const office = openOffice({
  path: '/integrations',
  server: {
    args: ['--responder', 'openai'],
    env: { LUMIKA_OPENAI_BASE_URL: openai.url, LUMIKA_OPENAI_MODEL: 'test', LUMIKA_OPENAI_API_KEY: 'sk-CANARY' },
  },
})
const { own, newCustomer } = countTries()
/** The server, by the token of an integration that nobody has used before this try. */
let server: ServerProcess

afterAll(() => openai.close())
beforeEach(async () => {
  openai.scenario = 'ok'
  const made = { name: own('My shop'), kind: 'widget', allowedDomains: ['localhost'] }
  const { integration, token } = await office.api<{ integration: { id: string }; token: string }>(
    'POST',
    '/integrations',
    made,
  )
  server = { ...office.server, token }
  await office.desk.page.goto(`${server.url}/dashboard/integrations/${integration.id}`)
})

/** What a page of a site gets when its chat begins. */
const visit = async (origin: string): Promise<number> => {
  const address = `${server.url}/widget/config?integrationToken=${server.token}`
  return (await fetch(address, { headers: { origin } })).status
}

describe('an integration', () => {
  test('a page that is refused shows up by itself, is allowed, and is seen', async () => {
    const { page } = office.desk
    const section = page.locator('section', { has: page.getByRole('heading', { name: 'Is it installed?' }) })
    await section.getByText('Not seen yet').waitFor()
    expect(await visit('https://shop.example')).toBe(403)
    expect(await visit('null')).toBe(403)
    await section.getByText('https://shop.example').waitFor()
    await section.getByText('No origin').waitFor()
    expect(await section.getByRole('button').count()).toBe(1)

    const allow = section.getByRole('button', { name: 'Allow this domain: https://shop.example' })
    await allow.click()
    await page.getByRole('dialog').getByRole('button', { name: 'Leave it refused' }).click()
    expect(await visit('https://shop.example')).toBe(403)
    await allow.click()
    await page.getByRole('dialog').getByRole('button', { name: 'Allow', exact: true }).click()
    await expect.poll(() => page.getByLabel('Allowed domains, one a line').inputValue()).toMatch(/\nshop\.example$/)
    await expect.poll(() => section.getByRole('button').count()).toBe(0)
    expect(await visit('https://shop.example')).toBe(200)
    await section.getByText('Seen on https://shop.example just now').waitFor()
  })

  test('what was said is counted, in a chart and in a table', async () => {
    const { page } = office.desk
    const customer = newCustomer()
    await say(server, customer, 'Hello')
    await say(server, customer, 'Hello again')
    await page.reload()
    const section = page.locator('section', { has: page.getByRole('heading', { name: 'Usage', exact: true }) })
    await section.getByRole('img', { name: /^2 messages and 2 answers in 30 days/ }).waitFor()
    await section.getByRole('button', { name: '7 days' }).click()
    await section.getByRole('img', { name: /in 7 days/ }).waitFor()
    await section.getByText('As a table').click()
    const rows = section.getByRole('row')
    expect(await rows.count()).toBe(8)
    expect(await rows.nth(1).getByRole('cell').allTextContents()).toEqual(['2', '2', '2', '0'])
    await section.getByText('Today’s answers: 2 of 10,000').waitFor()

    // On a phone the table is moved within itself, and the page not at all.
    const before = page.viewportSize()
    await page.setViewportSize({ width: 390, height: 844 })
    const overflow = () => section.evaluate((element) => element.scrollWidth - element.clientWidth)
    await expect.poll(overflow).toBe(0)
    if (before) await page.setViewportSize(before)
  })

  test('its responder is asked something: the answer as it comes, stopped, and what to do where it fails', async () => {
    const { page, problems } = office.desk
    const section = page.locator('section', { has: page.getByRole('heading', { name: 'Ask it something' }) })
    const answer = section.getByRole('region', { name: 'Answer of openai' })
    await section.getByLabel('Question to openai').fill('Is it fine in the oven?')
    await section.getByRole('button', { name: 'Ask' }).click()
    await section.getByText(/The first word came after [\d.]+ s/).waitFor()
    await expect.poll(() => answer.textContent()).toBe(openAIAnswerTo('Is it fine in the oven?'))

    const { opened, open } = valve()
    openai.scenario = { until: opened }
    await section.getByLabel('Question to openai').fill('And cold?')
    await section.getByRole('button', { name: 'Ask' }).click()
    await answer.getByText('You asked: “An').waitFor()
    await section.getByRole('button', { name: 'Stop' }).click()
    await section.getByText('Stopped.').waitFor()
    await expect.poll(() => openai.running).toBe(0)
    open()

    openai.scenario = { status: 401, body: '{"error":{"message":"Incorrect API key: sk-CANARY"}}' }
    await section.getByRole('button', { name: 'Ask' }).click()
    await section.getByText(/status 401: it does not accept our credentials. Check LUMIKA_OPENAI_API_KEY/).waitFor()
    expect(await page.content()).not.toContain('CANARY')
    expect(problems).toEqual([])
  })
})
