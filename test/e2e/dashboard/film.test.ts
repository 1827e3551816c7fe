/** The way of somebody who owns a shop: from the first start to the first answer given by hand. */
import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium } from '../../helpers/chromium.ts'
import { openDesk, owner } from '../../helpers/dashboard.ts'
import { frame } from '../../helpers/frames.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'
import { visitorOf } from '../../helpers/visitor.ts'

let browser: Browser
let server: ServerProcess
let site: Site

beforeAll(async () => {
  ;[browser, site] = await Promise.all([launchChromium(), startSite()])
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
  await site?.close()
})

describe('from the first start to the first answer', () => {
  test('an owner, an integration, its tag on a page of another port, a visitor, and an answer within a second', async () => {
    // A second try begins with a first start, too.
    await server?.stop()
    server = await startServer({ operatorKey: null })
    const desk = await openDesk(browser, server)
    const { page } = desk
    await page.getByLabel('Operator key').fill(server.operatorKey)
    await page.getByLabel('Your name').fill(owner.name)
    await page.getByLabel('Password').fill(owner.password)
    await page.getByRole('button', { name: 'Create account' }).click()

    await page.getByRole('link', { name: 'Integrations' }).click()
    await page.getByRole('link', { name: 'New integration' }).click()
    await page.getByLabel('Name').fill('My shop')
    await page.getByLabel('Where may it be used?').fill(new URL(site.url).host)
    await page.getByLabel('Who answers?').click()
    await page.getByRole('option', { name: /People only/ }).click()
    await page.getByRole('button', { name: 'Create integration' }).click()

    await page.getByRole('heading', { name: 'My shop' }).waitFor()
    const tag = page.getByLabel('Script tag')
    await expect.poll(() => tag.textContent()).toContain(`src="${server.url}/widget.js"`)
    await frame(page, 'film-tag')
    const shop = site.put('/', { body: htmlPage((await tag.textContent()) ?? '') })

    // Would this page be let in? What is answered is what the browser will be told.
    for (const [origin, verdict] of [
      [site.url, 'may use the chat'],
      ['https://elsewhere.example', 'is refused'],
    ] as const) {
      await page.getByLabel('Would a page be let in?').fill(origin)
      await page.getByRole('button', { name: 'Test', exact: true }).click()
      await page.getByText(`${origin} ${verdict}.`).waitFor()
    }

    const context = await browser.newContext({ viewport: { width: 900, height: 640 }, reducedMotion: 'reduce' })
    const visitor = visitorOf(await context.newPage())
    await visitor.page.goto(shop)
    await visitor.open()
    await visitor.say('Do you have this in blue?')

    await page.getByRole('link', { name: 'Activities' }).click()
    await page.getByRole('link', { name: /Do you have this in blue\?/ }).click()
    await page.getByRole('log').getByText('Do you have this in blue?').waitFor()
    await page.getByRole('textbox', { name: 'Reply' }).fill('We do, from Monday on.')
    const answered = visitor.page.locator('.bubble', { hasText: 'We do, from Monday on.' })
    const sent = performance.now()
    await page.getByRole('button', { name: 'Send' }).click()
    await answered.waitFor()
    const ms = performance.now() - sent
    expect(await visitor.said()).toEqual(['visitor: Do you have this in blue?', 'person: We do, from Monday on.'])
    process.stdout.write(`from Send to the visitor's panel: ${Math.round(ms)} ms\n`)
    await frame(page, 'film-answer')
    await frame(visitor.page, 'film-visitor')
    expect(visitor.problems).toEqual([])
    expect(desk.problems).toEqual([])
    await context.close()
  })

  test('the tag with integrity and the one with a nonce run on pages whose policies ask for them', async () => {
    const desk = await openDesk(browser, server, '/integrations')
    const { page } = desk
    await page.getByLabel('Name').fill(owner.name)
    await page.getByLabel('Password').fill(owner.password)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('link', { name: /My shop/ }).click()
    const tag = page.getByLabel('Script tag')
    await page.getByRole('button', { name: 'With integrity' }).click()
    await expect.poll(() => tag.textContent()).toContain('integrity="sha384-')
    const pinned = site.put('/pinned', { body: htmlPage((await tag.textContent()) ?? '') })
    await page.getByRole('button', { name: 'With a nonce' }).click()
    await expect.poll(() => tag.textContent()).toContain('nonce="YOUR_NONCE"')
    const nonced = site.put('/nonce', {
      body: htmlPage(((await tag.textContent()) ?? '').replace('YOUR_NONCE', 'abc123')),
      headers: { 'content-security-policy': `script-src 'nonce-abc123'; connect-src ${server.url}` },
    })
    for (const address of [pinned, nonced]) {
      const context = await browser.newContext()
      const visitor = visitorOf(await context.newPage())
      await visitor.page.goto(address)
      await visitor.open()
      expect(visitor.problems).toEqual([])
      await context.close()
    }
  })
})
