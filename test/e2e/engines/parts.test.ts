/** G5: a file of the chat that did not come is asked for again: some browsers keep what failed for as long as a page lives. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chatOf } from '../../helpers/engines/chat.ts'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import { startFront } from '../../helpers/front.ts'
import type { Front } from '../../helpers/front.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'

let server: ServerProcess
let front: Front
let site: Site
/** Files whose connections break, by how their names begin. */
let broken: readonly string[] = []
beforeAll(async () => {
  ;[server, site] = await Promise.all([startServer(), startSite()])
  front = await startFront(server.url)
  front.refuse = ({ path }, response) => {
    const isBroken = broken.some((name) => path.includes(`/${name}-`))
    if (isBroken) response.destroy()
    return isBroken
  }
  site.put('/', { body: htmlPage(scriptTag(front.url, server.token)) })
})
afterAll(async () => {
  await front?.close()
  await site?.close()
  await server?.stop()
})

/** How often a file was asked for. */
const asked = (name: string): number => front.passed.filter(({ path }) => path.includes(`/${name}-`)).length

describe.each(engineNames)('in %s', (name) => {
  let engine: Engine
  beforeAll(async () => (engine = await openEngine(name)), 60_000)
  afterAll(() => engine?.close())

  test('G5: the panel, and what a message takes, are there once the network is, without a reload', async () => {
    const page = await engine.newPage()
    const chat = chatOf(page)
    front.passed.length = 0
    broken = ['panel']
    await page.goto(`${site.url}/`)
    await page.click('button[aria-label="Open chat"]')
    await page.see('button[aria-label="The chat could not be loaded. Try again"]')
    expect(asked('panel')).toBeGreaterThan(0)

    broken = ['reading', 'http']
    await page.click('button[aria-label="The chat could not be loaded. Try again"]')
    await page.type('.panel textarea', `In a tunnel, ${name}?`)
    await page.press('Enter')
    await expect.poll(() => Math.min(asked('reading'), asked('http'))).toBeGreaterThan(0)

    broken = []
    await expect.poll(async () => (await chat.said()).length, { timeout: 30_000 }).toBe(2)
    expect((await chat.said())[0]).toBe(`visitor: In a tunnel, ${name}?`)
    await page.close()
  })
})
