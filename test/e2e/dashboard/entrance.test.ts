import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium } from '../../helpers/chromium.ts'
import { logIn, openDesk, owner } from '../../helpers/dashboard.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'

let browser: Browser
let server: ServerProcess

beforeAll(async () => {
  ;[browser, server] = await Promise.all([launchChromium(), startServer()])
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

describe('the way in', () => {
  test('the first owner is made with the operator key, and nobody without it', async () => {
    const desk = await openDesk(browser, server)
    const { page } = desk
    await page.getByRole('heading', { name: 'Welcome to Lumika' }).waitFor()
    await page.getByLabel('Operator key').fill('not-the-operator-key')
    await page.getByLabel('Your name').fill(owner.name)
    await page.getByLabel('Password').fill(owner.password)
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.getByRole('alert').getByText('not the operator key').waitFor()
    expect(await page.getByLabel('Password').inputValue()).toBe(owner.password)

    await page.getByLabel('Operator key').fill(server.operatorKey)
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.getByRole('heading', { name: 'Activities' }).waitFor()
    await page.getByText('No conversations yet').waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Activities' }).waitFor()
    expect(desk.problems).toEqual([])
    await page.context().close()
  })

  test('a wrong password is told; the right one leads to where one wanted to go; logging out closes the door', async () => {
    const desk = await openDesk(browser, server, '/nowhere')
    const { page } = desk
    await page.getByLabel('Name').fill(owner.name)
    await page.getByLabel('Password').fill('something else entirely')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('alert').getByText('not right').waitFor()
    await logIn(desk)
    await page.getByRole('heading', { name: 'There is nothing here' }).waitFor()

    await page.getByRole('button', { name: 'Account of Ana Lima' }).click()
    await page.getByRole('menuitem', { name: 'Log out', exact: true }).click()
    await page.getByRole('heading', { name: 'Log in' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Log in' }).waitFor()
    expect(desk.problems).toEqual([])
    await page.context().close()
  })

  test('the secret of an invitation does not stay in the address', async () => {
    const made = await fetch(`${server.url}/api/invitations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.operatorKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ role: 'operator' }),
    })
    const { url } = (await made.json()) as { url: string }
    const desk = await openDesk(browser, server, url.slice(`${server.url}/dashboard`.length))
    const { page } = desk
    await page.getByRole('heading', { name: 'Join the team' }).waitFor()
    expect(page.url()).toBe(`${server.url}/dashboard/join`)
    await page.getByLabel('Your name').fill('Ben')
    await page.getByLabel('Password').fill('another teapot, somewhere')
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByRole('heading', { name: 'Activities' }).waitFor()
    expect(page.url()).toBe(`${server.url}/dashboard/activities`)
    await page.getByRole('button', { name: 'Account of Ben' }).waitFor()
    expect(desk.problems).toEqual([])
    await page.context().close()
  })
})
