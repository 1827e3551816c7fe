/** What a page on an origin that is not allowed can make a browser do: nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineNames, openEngine } from '../helpers/engines/engine.ts'
import type { Engine } from '../helpers/engines/engine.ts'
import { makeCertificate, startHttps } from '../helpers/engines/https.ts'
import type { Https } from '../helpers/engines/https.ts'
import type { Page } from '../helpers/engines/page.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../helpers/fake-openai.ts'
import { startFront } from '../helpers/front.ts'
import type { Front, Passed } from '../helpers/front.ts'
import { operatorOf } from '../helpers/operator.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { htmlPage, startSite } from '../helpers/site.ts'
import type { Site } from '../helpers/site.ts'
import { allEvents } from '../helpers/sse.ts'
import { loads, single } from './engines/ways.ts'
import type { Way } from './engines/ways.ts'

const hosts = ['api.test', 'evil.test']
const paths = ['/conversation/sse', '/conversation/history'] as const
const conversationId = `c_${'x'.repeat(22)}`
const secret = 'My card number is 4000 0012 3456 7899.'

let openai: FakeOpenAI
let server: ServerProcess
let front: Front
let site: Site
let secure: { front: Https; site: Https }
let token: string
/** All that an answer may say. */
const refusal = /^\{"error":\{"code":"\w+","message":"[^"]+"\}\}$/
/** What went out to each request. */
const bodies = new Map<Passed, string>()

beforeAll(async () => {
  openai = await startFakeOpenAI()
  const env = { LUMIKA_OPENAI_BASE_URL: openai.url, LUMIKA_OPENAI_MODEL: 'fake-1' }
  ;[server, site] = await Promise.all([startServer({ args: ['--responder', 'openai'], env }), startSite()])
  front = await startFront(server.url)
  front.cut = (request, soFar) => {
    bodies.set(request, soFar)
    return null
  }
  const certificate = await makeCertificate(hosts)
  const secured = (url: string) => startHttps(certificate, Number(new URL(url).port))
  secure = { front: await secured(front.url), site: await secured(site.url) }

  const settings = { name: 'Shop', kind: 'widget', allowedDomains: ['shop.test'] } as const
  token = (await operatorOf(server).createIntegration(settings)).token
  const body = new URLSearchParams({ integrationToken: token, conversationId, textContent: secret })
  const headers = { origin: 'https://shop.test' }
  await allEvents(await fetch(`${server.url}/conversation/sse`, { method: 'POST', body, headers }))
})
afterAll(async () => {
  await secure.front.close()
  await secure.site.close()
  await site.close()
  await front.close()
  await server.stop()
  await openai.close()
})

/** What the shop's customer said stays all there is, and nobody answers anything else. */
const expectNothingStored = async () => {
  expect(await operatorOf(server).conversations()).toEqual([
    { conversationId, said: [`customer: ${secret}`, `assistant: ${openAIAnswerTo(secret)}`] },
  ])
  expect(openai.requests).toHaveLength(1)
}

describe.each(engineNames)('O46: in %s, a page of another origin', (name) => {
  let engine: Engine
  let page: Page
  beforeAll(async () => {
    engine = await openEngine(name, { hosts })
    page = await engine.newPage()
  })
  afterAll(() => engine?.close())

  describe.each(['http', 'https'] as const)('over %s', (scheme) => {
    const address = (host: string, part: 'front' | 'site') => {
      const port = scheme === 'https' ? secure[part].port : new URL({ front, site }[part].url).port
      return `${scheme}://${host}:${port}`
    }
    const mark = (way: string) => `${name} ${scheme} ${way}`
    const use = (way: string, element: Way, path: string) => {
      const query = { integrationToken: token, conversationId, textContent: way, way: mark(way) }
      return element(`${address('api.test', 'front')}${path}?${new URLSearchParams(query)}`)
    }
    const visit = async (elements: string[]) => {
      site.put('/evil', { body: htmlPage(elements.join('\n')) })
      const url = `${address('evil.test', 'site')}/evil`
      // A page that leaves at once may never have been loaded. One that crashed would take every later one with it.
      const leave = () => page.goto(url).catch(() => {})
      await leave()
      if (await page.evaluate(() => true).catch(() => false)) return
      page = await engine.newPage()
      await leave()
    }
    /** Those that were answered: a browser may take back what it asked for when it leaves the page. */
    const requests = (way: string, path: string) =>
      front.passed.filter(
        (request) => request.path === path && request.query.get('way') === mark(way) && request.status > 0,
      )
    const isRefused = (way: string, path: string) =>
      requests(way, path).some((request) => refusal.test(bodies.get(request) ?? ''))

    const expectRefusal = async (way: string, path: string) => {
      await expect.poll(() => isRefused(way, path)).toBe(true)
      for (const request of requests(way, path)) {
        // A method the endpoint does not know is refused before anything else is looked at.
        expect([403, 405]).toContain(request.status)
        expect(bodies.get(request) ?? '').toMatch(/^($|\{"error":\{"code":)/)
      }
    }

    beforeAll(() => visit(Object.entries(loads).flatMap(([way, load]) => paths.map((path) => use(way, load, path)))))

    const cases = Object.keys(loads).flatMap((way) => paths.map((path) => [way, path] as const))
    test.each(cases)('gets nothing by %s of %s', async (way, path) => {
      const isOver = () => isRefused(way, path)
      // Asked for by itself where the page with all of them has lost it.
      await expect
        .poll(isOver)
        .toBe(true)
        .catch(() => visit([use(way, loads[way] as Way, path)]))
      await expectRefusal(way, path)
    })

    test('has stored nothing by all of these', expectNothingStored)

    const singles = Object.entries(single).flatMap(([way, load]) => paths.map((path) => [way, path, load] as const))
    test.each(singles)('gets nothing by %s of %s, and stores nothing', async (way, path, load) => {
      await visit([use(way, load, path)])
      if (
        way === 'prefetch' &&
        !(await page.evaluate(() => document.createElement('link').relList.supports('prefetch')))
      )
        expect(name).toBe('webkit')
      else await expectRefusal(way, path)
      await expectNothingStored()
    })
  })
})
