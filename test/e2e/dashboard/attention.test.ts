/** What calls somebody who looks elsewhere: a sound, and the number in the tab. */
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium } from '../../helpers/chromium.ts'
import { createOwner, logIn, openDesk, say } from '../../helpers/dashboard.ts'
import type { Desk } from '../../helpers/dashboard.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'

let browser: Browser
let server: ServerProcess
let desk: Desk

beforeAll(async () => {
  ;[browser, server] = await Promise.all([launchChromium(), startServer()])
  await createOwner(server)
  desk = await openDesk(browser, server)
  await listenIn(desk.page)
  await desk.page.reload()
  await logIn(desk)
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
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

let count = 0
const newCustomer = (): string => `c_attention-number-${String(++count).padStart(7, '0')}`

describe('the sound', () => {
  test('is played once for each message of a customer, on every page, when somebody wants it; never for one’s own', async () => {
    const { page } = desk
    const customer = newCustomer()
    await say(server, customer, 'Nobody hears this')
    await page.getByRole('link', { name: /Nobody hears this/ }).click()
    expect(await rings(page)).toBe(0)

    // Turned on, it is heard at once: so one knows what it is.
    await page.getByRole('button', { name: /^Account of/ }).click()
    await page.getByText('Play a sound').click()
    await expect.poll(() => rings(page)).toBe(1)
    await silence(page)

    // The assistant answers at once: what rings is the question. Neither answer nor reply does.
    await say(server, customer, 'Is the kettle blue?')
    await expect.poll(() => rings(page)).toBe(2)
    await page.getByRole('textbox', { name: 'Reply' }).fill('It is.')
    await page.getByRole('textbox', { name: 'Reply' }).press('Enter')
    await page.getByRole('log').getByText('It is.', { exact: true }).waitFor()
    await silence(page)

    await page.getByRole('link', { name: 'People' }).click()
    await say(server, newCustomer(), 'And the cups?')
    await expect.poll(() => rings(page)).toBe(3)
    expect(desk.problems).toEqual([])
  })

  test('is played in one of two tabs, and in none where nobody has done anything yet', async () => {
    const { page } = desk
    const second = await page.context().newPage()
    await listenIn(second)
    await second.goto(`${server.url}/dashboard/activities`)
    await second.getByRole('link', { name: /And the cups\?/ }).click()
    const third = await page.context().newPage()
    await listenIn(third)
    await third.goto(`${server.url}/dashboard/activities`)
    await third.getByRole('link', { name: /And the cups\?/ }).waitFor()
    await silence(page)
    const before = await rings(page)
    await say(server, newCustomer(), 'One more question')
    for (const each of [second, third]) await each.getByRole('link', { name: /One more question/ }).waitFor()
    await expect.poll(async () => (await rings(page)) + (await rings(second)) - before).toBe(1)
    expect(await rings(third)).toBe(0)
    await second.close()
    await third.close()
  })
})

describe('the tab', () => {
  test('tells on every page how many conversations nobody has read, and no more once they are', async () => {
    const { page } = desk
    await page.getByRole('link', { name: 'Activities' }).click()
    const numberOf = async (): Promise<number> => Number(/^\((\d+)\) /.exec(await page.title())?.[1] ?? 0)
    for (const text of ['One more question', 'And the cups?']) {
      await page.getByRole('link', { name: text }).click()
      await page
        .getByRole('article', { name: /^Customer,/ })
        .getByText(text)
        .waitFor()
    }
    await expect.poll(numberOf).toBe(0)
    await page.getByRole('link', { name: 'People' }).click()
    for (const [text, number] of [
      ['First', 1],
      ['Second', 2],
    ] as const) {
      await say(server, newCustomer(), text)
      await expect.poll(numberOf).toBe(number)
    }
    await page.getByRole('link', { name: 'Activities' }).click()
    await page.getByRole('link', { name: /Second/ }).click()
    await expect.poll(numberOf).toBe(1)
    expect(desk.problems).toEqual([])
  })
})
