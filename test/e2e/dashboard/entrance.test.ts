import { describe, expect, onTestFinished, test } from 'vitest'
import { logIn, openDesk, openOffice, owner } from '../../helpers/dashboard.ts'
import { startServer } from '../../helpers/server.ts'
import { countTries } from '../../helpers/tries.ts'

const office = openOffice()
const { own } = countTries()

describe('the way in', () => {
  test('the first owner is made with the operator key, and nobody without it', async () => {
    const server = await startServer()
    onTestFinished(async () => void (await server.stop()))
    const desk = await openDesk(office.browser, server)
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
    const desk = await openDesk(office.browser, office.server, '/nowhere')
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
    const { browser, server } = office
    const { url } = await office.api<{ url: string }>('POST', '/invitations', { role: 'operator' })
    const desk = await openDesk(browser, server, url.slice(`${server.url}/dashboard`.length))
    const { page } = desk
    await page.getByRole('heading', { name: 'Join the team' }).waitFor()
    expect(page.url()).toBe(`${server.url}/dashboard/join`)
    await page.getByLabel('Your name').fill(own('Ben'))
    await page.getByLabel('Password').fill('another teapot, somewhere')
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByRole('heading', { name: 'Activities' }).waitFor()
    expect(page.url()).toBe(`${server.url}/dashboard/activities`)
    await page.getByRole('button', { name: `Account of ${own('Ben')}` }).waitFor()
    expect(desk.problems).toEqual([])
    await page.context().close()
  })
})
