/** `npm run dev`: all pages from their sources. What is built later is tried everywhere else. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../helpers/build.ts'
import { launchChromium } from '../helpers/chromium.ts'
import { owner } from '../helpers/dashboard.ts'
import { freePort } from '../helpers/port.ts'
import { htmlPage, scriptTag, startSite } from '../helpers/site.ts'
import type { Site } from '../helpers/site.ts'
import { visitorOf } from '../helpers/visitor.ts'

let server: ChildProcess
let url: string
let browser: Browser
let site: Site

beforeAll(async () => {
  const port = await freePort()
  server = spawn(process.execPath, ['scripts/dev.mjs', '--port', `${port}`], { cwd: root, stdio: 'pipe' })
  ;[browser, site] = await Promise.all([launchChromium(), startSite()])
  let output = ''
  for await (const chunk of server.stdout as AsyncIterable<Buffer>) {
    output += chunk.toString()
    if (output.includes('Operator key')) break
  }
  url = /in memory\) on (\S+)/.exec(output)?.[1] ?? output
  server.stdout?.resume()
  expect(url).toBe(`http://localhost:${port}`)
  // The first start puts packages together, which takes its time.
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await site?.close()
  server?.kill('SIGKILL')
})

describe('npm run dev', () => {
  test.each([
    ['/dashboard', 'text/html'],
    ['/dashboard/activities/int_x.abc', 'text/html'],
    ['/demo', 'text/html'],
    ['/demo/app', 'text/html'],
    ['/widget.js', 'text/javascript'],
    ['/dashboard/main.ts', 'text/javascript'],
    ['/openapi.json', 'application/json'],
    ['/health', 'application/json'],
  ])('%s is there', async (path, type) => {
    const response = await fetch(url + path, { headers: { accept: type } })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringContaining(type)])
    await response.text()
  })

  test('the Dashboard works from its sources; its integration’s tag puts the chat on a page of another port', async () => {
    const page = await browser.newPage()
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.message))
    await page.goto(`${url}/dashboard/integrations`)
    await page.getByLabel('Operator key').fill('operator-key-for-development')
    await page.getByLabel('Your name').fill(owner.name)
    await page.getByLabel('Password').fill(owner.password)
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.getByRole('link', { name: /Development/ }).waitFor()

    const demo = await (await fetch(`${url}/demo`)).text()
    const token = /data-integration-token="([^"]+)"/.exec(demo)?.[1] ?? ''
    const shop = site.put('/', { body: htmlPage(scriptTag(url, token)) })
    const visitor = visitorOf(await browser.newPage())
    await visitor.page.goto(shop)
    await visitor.open()
    await visitor.say('Is anybody there?')
    await expect.poll(visitor.said).toContainEqual(expect.stringContaining('You wrote: Is anybody there?'))

    await page.getByRole('link', { name: 'Activities' }).click()
    await page.getByRole('link', { name: /Is anybody there\?/ }).click()
    await page.getByRole('log').getByText('Is anybody there?', { exact: true }).waitFor()
    expect(problems).toEqual([])
  })

  test('ends when it is told to', async () => {
    const exited = once(server, 'exit')
    server.kill('SIGTERM')
    await exited
    await expect(fetch(`${url}/demo`)).rejects.toThrow()
  })
})
