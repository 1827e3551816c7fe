/** Answers and drafts in the Dashboard while they are written. */
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchChromium } from '../../helpers/chromium.ts'
import { createOwner, logIn, openDesk } from '../../helpers/dashboard.ts'
import type { Desk } from '../../helpers/dashboard.ts'
import { startFront } from '../../helpers/front.ts'
import type { Front } from '../../helpers/front.ts'
import { freePort } from '../../helpers/port.ts'
import { startScribe } from '../../helpers/scribe.ts'
import type { Scribe } from '../../helpers/scribe.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { countTries } from '../../helpers/tries.ts'

let browser: Browser
let front: Front
let scribe: Scribe
let server: ServerProcess
let desk: Desk

beforeAll(async () => {
  const port = await freePort()
  ;[browser, front, scribe] = await Promise.all([
    launchChromium(),
    startFront(`http://127.0.0.1:${port}`),
    startScribe(),
  ])
  const { args, env } = scribe.start
  const started = await startServer({ port, env, args: [...args, '--public-url', front.url] })
  server = { ...started, url: front.url }
  await createOwner(server)
  desk = await openDesk(browser, server)
  await logIn(desk)
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
  await Promise.all([front?.close(), scribe?.close()])
})

const { own, newCustomer } = countTries()

beforeEach(async ({ task }) => {
  if (!task.result?.retryCount) return
  // What a first try has left open.
  front.cut = () => null
  scribe.dropAll()
  await desk.page.goto(`${server.url}/dashboard/activities`)
})

/** A customer asks, and the conversation is opened. What the customer is told comes when the answer is there. */
async function ask(text: string, responseMode: 'auto' | 'approval'): Promise<{ told: Promise<string> }> {
  const headers = { authorization: `Bearer ${server.operatorKey}`, 'content-type': 'application/json' }
  const listed = (await (await fetch(`${server.url}/api/integrations`, { headers })).json()) as {
    integrations: { id: string }[]
  }
  const path = `${server.url}/api/integrations/${listed.integrations[0]?.id}`
  await fetch(path, { method: 'PATCH', headers, body: JSON.stringify({ responseMode }) })
  const wanted = { integrationToken: server.token, conversationId: newCustomer(), textContent: text }
  const body = new URLSearchParams(wanted)
  const sent = fetch(`${server.url}/conversation/sse`, { method: 'POST', headers: { origin: server.url }, body })
  await desk.page.getByRole('link', { name: text }).click()
  return { told: sent.then((response) => response.text()) }
}

/** A conversation that is answered, and the one that is open. */
async function askBefore(): Promise<void> {
  const { told } = await ask(own('Have you any news?'), 'auto')
  await growing(desk.page, false).waitFor()
  await scribe.say(own('We have, since May.'))
  await scribe.finish()
  await told
  await growing(desk.page, false).waitFor({ state: 'detached' })
}

const growing = (page: Page, draft: boolean) =>
  page.getByRole('article', {
    name: draft ? 'The assistant is writing a draft' : 'The assistant is writing',
    exact: true,
  })
const wordsOf = async (page: Page, draft: boolean) =>
  (await growing(page, draft).locator('.words').allTextContents()).join()

interface Frame {
  /** Growing or done, how many there are. */
  cards: number
  /** How far the first one is from the end of what can be seen. */
  bottom: number
}

/** Looks at every frame that is drawn: how many cards hold the text, and where. */
async function film(page: Page, text: string): Promise<() => Promise<Frame[]>> {
  await page.evaluate((text) => {
    const frames: Frame[] = []
    Object.assign(globalThis, { frames })
    const look = (): void => {
      const log = document.querySelector('[role="log"]')
      const cards = [...(log?.querySelectorAll('article') ?? [])].filter((each) => each.textContent.includes(text))
      const words = cards[0]?.querySelector('.words')?.getBoundingClientRect()
      frames.push({ cards: cards.length, bottom: Math.round(words?.top ?? 0) })
      requestAnimationFrame(look)
    }
    look()
  }, text)
  return () => page.evaluate(() => (globalThis as unknown as { frames: Frame[] }).frames)
}

describe('while the assistant writes', () => {
  test('a draft grows before the eyes of the team alone, and becomes the draft in the same place', async () => {
    const { page } = desk
    const { told } = await ask(own('Where is my parcel?'), 'approval')
    await growing(page, true).waitFor()
    await scribe.say('It left ')
    await expect.poll(() => wordsOf(page, true)).toBe('It left ')
    // The customer's stream is over: a person is to see it first.
    expect(await told).not.toContain('It left')
    await scribe.say('our studio')
    await expect.poll(() => wordsOf(page, true)).toBe('It left our studio')
    const frames = await film(page, 'It left our studio')
    await scribe.finish()
    await page.getByRole('article', { name: 'Draft of the assistant' }).getByText('It left our studio').waitFor()
    await growing(page, true).waitFor({ state: 'detached' })
    const seen = await frames()
    expect([...new Set(seen.map(({ cards }) => cards))]).toEqual([1])
    const places = seen.map(({ bottom }) => bottom)
    expect(Math.max(...places) - Math.min(...places)).toBeLessThanOrEqual(12)
    await page.keyboard.press('a')
    await page.getByText('approved by Ana Lima').waitFor()
    expect(desk.problems).toEqual([])
  })

  test('taking over stops an answer in the middle of a word', async () => {
    const { page } = desk
    const { told } = await ask(own('Is the pot heavy?'), 'auto')
    await growing(page, false).waitFor()
    await scribe.say('It weighs nine hund')
    await expect.poll(() => wordsOf(page, false)).toBe('It weighs nine hund')
    const frames = await film(page, 'It weighs nine hund')
    await page.getByRole('button', { name: 'Take over' }).click()
    await growing(page, false).waitFor({ state: 'detached' })
    await page
      .getByRole('article', { name: /^Assistant,/ })
      .getByText('It weighs nine hund')
      .waitFor()
    expect([...new Set((await frames()).map(({ cards }) => cards))]).toEqual([1])
    const stream = await told
    expect(stream).toContain('"stopped":true')
    expect(stream).toContain('It weighs nine hund')
    expect(desk.problems).toEqual([])
  })

  test('a line that is cut is taken up again, with no word twice; another conversation shows nothing of it', async () => {
    const { page } = desk
    await askBefore()
    const { told } = await ask(own('Do you wrap gifts?'), 'auto')
    const lines = () => front.passed.filter(({ path }) => path.endsWith('/writing')).length
    await growing(page, false).waitFor()
    await scribe.say('We do, ')
    await expect.poll(() => wordsOf(page, false)).toBe('We do, ')
    const before = lines()
    let isCut = false
    front.cut = ({ path }, soFar) => {
      if (isCut || !path.endsWith('/writing') || !soFar.includes('in paper')) return null
      isCut = true
      return soFar.length
    }
    const frames = await film(page, 'We do, ')
    await scribe.say('in paper ')
    await expect.poll(() => isCut).toBe(true)
    front.cut = () => null
    await scribe.say('of your choice.')
    await expect.poll(() => wordsOf(page, false), { timeout: 20_000 }).toBe('We do, in paper of your choice.')
    expect(lines()).toBe(before + 1)
    await page.getByRole('link', { name: own('We have, since May.') }).click()
    await page
      .getByRole('article', { name: /^Customer,/ })
      .getByText(own('Have you any news?'))
      .waitFor()
    expect(await growing(page, false).count()).toBe(0)
    await page.goBack()
    await expect.poll(() => wordsOf(page, false)).toBe('We do, in paper of your choice.')
    await scribe.finish()
    await page
      .getByRole('article', { name: /^Assistant,/ })
      .getByText('We do, in paper of your choice.')
      .waitFor()
    await growing(page, false).waitFor({ state: 'detached' })
    expect((await frames()).every(({ cards }) => cards <= 1)).toBe(true)
    expect(await told).toContain('of your choice.')
    expect(desk.problems).toEqual([])
  })

  test('once nothing is written, or nobody looks, no line is kept open', async () => {
    const { page } = desk
    await askBefore()
    await page.keyboard.press('Escape')
    // What stays is the feed.
    await expect.poll(() => front.open, { timeout: 20_000 }).toBe(1)
  })
})
