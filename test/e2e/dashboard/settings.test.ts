import { describe, expect, test } from 'vitest'
import { openDesk, openOffice } from '../../helpers/dashboard.ts'

const office = openOffice({ path: '/integrations' })

const history = async (token: string): Promise<number> => {
  const address = `${office.server.url}/conversation/history?integrationToken=${token}&conversationId=c_customer-number-00000001`
  return (await fetch(address, { headers: { origin: office.server.url } })).status
}

describe('Integrations', () => {
  test('a token is changed without a gap: another one, then the old one is revoked', async () => {
    const { page } = office.desk
    await page.getByRole('link', { name: /This computer/ }).click()
    expect(await history(office.server.token)).toBe(200)
    await page.getByRole('button', { name: 'Add a token' }).click()
    await page.getByText('There is a new token').waitFor()
    await expect.poll(() => page.getByLabel('Script tag').textContent()).not.toContain(office.server.token)
    const tag = (await page.getByLabel('Script tag').textContent()) ?? ''
    const fresh = /data-integration-token="([^"]+)"/.exec(tag)?.[1] ?? ''
    expect([await history(office.server.token), await history(fresh)]).toEqual([200, 200])

    await page.getByRole('button', { name: `Revoke the token that ends in ${office.server.token.slice(-4)}` }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('The token is revoked').waitFor()
    await expect.poll(() => history(office.server.token)).toBe(401)
    expect(await history(fresh)).toBe(200)
  })

  test('domains, answers, look and texts are kept; what is wrong is said, and stays to be mended', async () => {
    const { page } = office.desk
    const domains = page.getByLabel('Allowed domains, one a line')
    await domains.fill('shop.example, *.co.uk')
    await page.getByRole('button', { name: 'Save domains' }).click()
    await page.getByText(/public suffix/).waitFor()
    expect(await domains.inputValue()).toBe('shop.example, *.co.uk')
    await domains.fill('Shop.Example')
    await page.getByRole('button', { name: 'Save domains' }).click()
    await expect.poll(() => domains.inputValue()).toBe('shop.example')

    await page.getByLabel('Title', { exact: true }).fill('Ask us')
    await page.getByLabel('Colour', { exact: true }).fill('#0a7f5c')
    await page.getByRole('button', { name: 'Save look and texts' }).click()
    await page.getByLabel('When do answers go out?').click()
    await page.getByRole('option', { name: /After approval/ }).click()
    await page.getByLabel('And when nobody decides about a draft?').click()
    await page.getByRole('option', { name: /It goes out/ }).click()
    await page.getByLabel('Minutes until then').fill('30')
    await page.getByLabel('Answers a day').fill('50')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await expect
      .poll(async () => {
        const headers = { authorization: `Bearer ${office.server.operatorKey}` }
        const { integrations } = (await (await fetch(`${office.server.url}/api/integrations`, { headers })).json()) as {
          integrations: object[]
        }
        return integrations[0]
      })
      .toMatchObject({
        allowedDomains: ['shop.example'],
        widget: { title: 'Ask us', accent: '#0a7f5c' },
        responseMode: 'approval',
        answersPerDay: 50,
        overdue: { afterMinutes: 30, action: 'release' },
      })
    await page.reload()
    await expect.poll(() => page.getByLabel('Title', { exact: true }).inputValue()).toBe('Ask us')
  })

  test('a section is found from the list of them, and by its address', async () => {
    const { page } = office.desk
    const index = page.getByRole('navigation', { name: 'On this page' })
    await index.getByRole('link', { name: 'Who the customer is' }).click()
    const isInView = () =>
      page.getByRole('heading', { name: 'Who the customer is' }).evaluate((heading) => {
        const { top } = heading.getBoundingClientRect()
        return top >= 0 && top < innerHeight
      })
    await expect.poll(isInView).toBe(true)
    expect(new URL(page.url()).hash).toBe('#who-the-customer-is')
    await page.reload()
    await index.waitFor()
    await expect.poll(isInView).toBe(true)
  })

  test('a token for programs and an identity secret are shown once; the proof made as the sample says counts', async () => {
    const { page } = office.desk
    await page.getByRole('button', { name: /New secret/ }).click()
    await page.getByText('Keep this secret').waitFor()
    const secret = (await page.locator('.secret code').textContent()) ?? ''
    const sample = (await page.getByLabel('Sample for Node').textContent()) ?? ''
    await page.reload()
    await page.getByRole('heading', { name: 'Who the customer is' }).waitFor()
    expect(await page.getByText(secret).count()).toBe(0)

    const customerId = 'customer-42'
    const code = sample.replace(/^import.*\n/, '').replace('const userHash =', 'return')
    const run = new Function('createHmac', 'process', 'customerId', code) as (...given: unknown[]) => string
    const { createHmac } = await import('node:crypto')
    const userHash = run(createHmac, { env: { LUMIKA_IDENTITY_SECRET: secret } }, customerId)
    const tag = (await page.getByLabel('Script tag').textContent()) ?? ''
    const integrationToken = /data-integration-token="([^"]+)"/.exec(tag)?.[1] ?? ''
    const query = new URLSearchParams({ integrationToken, conversationId: customerId, userHash })
    const asked = await fetch(`${office.server.url}/conversation/history?${query}`, {
      headers: { origin: 'https://shop.example' },
    })
    expect(asked.status).toBe(200)

    await page.getByRole('link', { name: 'Integrations' }).first().click()
    await page.getByRole('link', { name: 'New integration' }).click()
    await page.getByText('My own program').click()
    await page.getByLabel('Name').fill('My backend')
    await page.getByRole('button', { name: 'Create integration' }).click()
    await page.getByText('Keep this token: it is shown only now').waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'My backend' }).waitFor()
    expect(await page.getByText('Keep this token').count()).toBe(0)

    await page.getByRole('button', { name: 'Delete this integration' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('The integration is deleted').waitFor()
    expect(office.desk.problems).toEqual([])
  })
})

describe('People and the audit trail', () => {
  test('somebody is invited, joins, sees no settings that are the owners’, and is removed', async () => {
    const { page } = office.desk
    await page.getByRole('link', { name: 'People' }).click()
    await page.getByRole('button', { name: 'Invite an operator' }).click()
    const link = (await page.locator('code').textContent()) ?? ''
    const guest = await openDesk(office.browser, office.server, link.slice(`${office.server.url}/dashboard`.length))
    await guest.page.getByLabel('Your name').fill('Ben')
    await guest.page.getByLabel('Password').fill('another teapot, somewhere')
    await guest.page.getByRole('button', { name: 'Join' }).click()
    await guest.page.getByRole('link', { name: 'Integrations' }).click()
    expect(await guest.page.getByRole('link', { name: 'Audit' }).count()).toBe(0)
    await guest.page.getByRole('link', { name: /This computer/ }).click()
    await guest.page.getByText('Owners may change this.').waitFor()
    expect(await guest.page.getByRole('button', { name: /Delete|Add a token|Save/ }).count()).toBe(0)

    await page.reload()
    await page.getByRole('button', { name: 'Change Ben' }).click()
    await page.getByRole('menuitem', { name: 'Remove…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('Ben cannot log in any more.').waitFor()
    // Whoever is out sees the door, without having touched anything.
    await guest.page.getByRole('heading', { name: 'Log in' }).waitFor()

    await page.getByRole('link', { name: 'Audit' }).click()
    await page.getByText('removed a person').waitFor()
    expect([...office.desk.problems, ...guest.problems]).toEqual([])
  })
})
