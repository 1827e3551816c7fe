/** What calls somebody who looks elsewhere: a sound, and the number in the tab. */
import type { Page } from 'playwright'
import { beforeEach, describe, expect, test } from 'vitest'
import { logIn, openDesk, openOffice, say } from '../../helpers/dashboard.ts'
import type { Desk } from '../../helpers/dashboard.ts'
import { countTries } from '../../helpers/tries.ts'

const office = openOffice()
const { own, newCustomer } = countTries()
/** A browser in which nobody has turned anything on, for each try. */
let desk: Desk

beforeEach(async () => {
  desk = await openDesk(office.browser, office.server)
  await listenIn(desk.page)
  await desk.page.reload()
  await logIn(desk)
  return () => desk.page.context().close()
})

/** Counts the tones that the browser plays in a page; they are played all the same. */
async function listenIn(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { start } = OscillatorNode.prototype
    Object.assign(globalThis, { tones: 0 })
    OscillatorNode.prototype.start = function (when) {
      if (this.context.state === 'running') (globalThis as unknown as { tones: number }).tones++
      start.call(this, when)
    }
  })
}

/** How often it rang: two tones each time. */
const rings = async (page: Page): Promise<number> =>
  (await page.evaluate(() => (globalThis as unknown as { tones: number }).tones)) / 2

/** Waits until a sound is over: two at once are one. */
const silence = (page: Page): Promise<void> =>
  expect.poll(() => page.evaluate(async () => (await navigator.locks.query()).held?.length)).toBe(0)

/** Turned on, it is heard at once: so one knows what it is. */
async function turnOn(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account of/ }).click()
  await page.getByText('Play a sound').click()
  await expect.poll(() => rings(page)).toBe(1)
  await silence(page)
}

describe('the sound', () => {
  test('is played once for each message of a customer, on every page, when somebody wants it; never for one’s own', async () => {
    const { page } = desk
    const customer = newCustomer()
    await say(office.server, customer, own('Nobody hears this'))
    await page.getByRole('link', { name: own('Nobody hears this') }).click()
    expect(await rings(page)).toBe(0)
    await turnOn(page)

    // The assistant answers at once: what rings is the question. Neither answer nor reply does.
    await say(office.server, customer, 'Is the kettle blue?')
    await expect.poll(() => rings(page)).toBe(2)
    await page.getByRole('textbox', { name: 'Reply' }).fill('It is.')
    await page.getByRole('textbox', { name: 'Reply' }).press('Enter')
    await page.getByRole('log').getByText('It is.', { exact: true }).waitFor()
    await silence(page)

    await page.getByRole('link', { name: 'People' }).click()
    await say(office.server, newCustomer(), 'And the cups?')
    await expect.poll(() => rings(page)).toBe(3)
    expect(desk.problems).toEqual([])
  })

  test('is played in one of two tabs, and in none where nobody has done anything yet', async () => {
    const { page } = desk
    const { server } = office
    await say(server, newCustomer(), own('And the plates?'))
    await turnOn(page)
    const second = await page.context().newPage()
    await listenIn(second)
    await second.goto(`${server.url}/dashboard/activities`)
    await second.getByRole('link', { name: own('And the plates?') }).click()
    const third = await page.context().newPage()
    await listenIn(third)
    await third.goto(`${server.url}/dashboard/activities`)
    await third.getByRole('link', { name: own('And the plates?') }).waitFor()
    await silence(page)
    const before = await rings(page)
    await say(server, newCustomer(), own('One more question'))
    for (const each of [second, third]) await each.getByRole('link', { name: own('One more question') }).waitFor()
    await expect.poll(async () => (await rings(page)) + (await rings(second)) - before).toBe(1)
    expect(await rings(third)).toBe(0)
  })
})

describe('the tab', () => {
  test('tells on every page how many conversations nobody has read, and no more once they are', async () => {
    const { page } = desk
    const numberOf = async (): Promise<number> => Number(/^\((\d+)\) /.exec(await page.title())?.[1] ?? 0)
    for (const text of [own('Zeroth'), own('Before')]) await say(office.server, newCustomer(), text)
    await page.getByRole('link', { name: own('Before') }).waitFor()
    await expect.poll(numberOf).toBeGreaterThanOrEqual(2)
    // What others have left unread is read, too.
    const list = page.getByRole('region', { name: 'Conversations' })
    const unread = list.getByRole('link', { name: /\d unread$/ })
    for (let left = await unread.count(); left > 0; left--) {
      await unread.first().click()
      await expect.poll(() => unread.count()).toBe(left - 1)
    }
    await expect.poll(numberOf).toBe(0)
    await page.getByRole('link', { name: 'People' }).click()
    for (const [text, number] of [
      [own('First'), 1],
      [own('Second'), 2],
    ] as const) {
      await say(office.server, newCustomer(), text)
      await expect.poll(numberOf).toBe(number)
    }
    await page.getByRole('link', { name: 'Activities' }).click()
    await page.getByRole('link', { name: own('Second') }).click()
    await expect.poll(numberOf).toBe(1)
    expect(desk.problems).toEqual([])
  })
})
