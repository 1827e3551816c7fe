/** A guest on somebody's page: under the strictest policies, and without a trace before the visitor acts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { shareOf } from '../../helpers/engines/share.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'

let server: ServerProcess
let site: Site
/** The tag that the server prints, with and without a pinned version. */
let tag: string
let pinnedTag: string
beforeAll(async () => {
  server = await startServer()
  site = await startSite()
  const tags = server.output().match(/<script[^]*?<\/script>/g) ?? []
  ;[tag = '', pinnedTag = ''] = tags
})
afterAll(async () => {
  await site.close()
  await server.kill()
})

/** Gathers what a policy refused, from before anything of ours runs. */
const watch = (nonce: string) => `<script nonce="${nonce}">
  window.violations = []
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
    // Browsers ask for an icon by themselves.
    if (!blockedURI.endsWith('/favicon.ico')) window.violations.push([violatedDirective, blockedURI, sourceFile].join(' '))
  })
</script>`

const inPanel = (selector: string) => `.panel ${selector}`
const chat = async (page: Page, text: string) => {
  await page.click('.launcher')
  await page.type(inPanel('textarea'), text)
  await page.click(inPanel('.send'))
  await page.waitFor(
    () => document.querySelector('lumika-chat')?.shadowRoot?.querySelectorAll('.bubble').length === 3,
    15_000,
  )
  // Its answer is complete when nothing is being written any more.
  await page.waitFor(() => !document.querySelector('lumika-chat')?.shadowRoot?.querySelector('.writing'), 15_000)
  return page.evaluate(() =>
    [...(document.querySelector('lumika-chat')?.shadowRoot?.querySelectorAll('.message > .bubble') ?? [])].map(
      (bubble) => bubble.textContent?.trim(),
    ),
  )
}

describe.each(engineNames)('a guest, in %s', (name) => {
  let engine: Engine
  beforeAll(async () => (engine = await openEngine(name)), 60_000)
  afterAll(() => engine.close())

  const nonce = 'bm9uY2Utb2YtdGhlLXBhZ2U'
  const minimum = () => `default-src 'none'; script-src ${server.url} 'nonce-${nonce}'; connect-src ${server.url}`
  const types = `require-trusted-types-for 'script'`
  const policies: [what: string, policy: () => string, tag: () => string, head?: string][] = [
    [
      'the least that the README names, with a pinned tag',
      () => `${minimum()}; ${types}; trusted-types 'none'`,
      () => pinnedTag,
    ],
    [
      'nonces alone',
      () => `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'self'; connect-src ${server.url}`,
      () => tag.replace('<script', `<script nonce="${nonce}"`),
    ],
    [
      'nonces that trust on',
      () => `script-src 'nonce-${nonce}' 'strict-dynamic'; object-src 'none'; base-uri 'none'`,
      () => pinnedTag.replace('<script', `<script nonce="${nonce}"`),
    ],
    ['Trusted Types that name a policy of ours', () => `${minimum()}; ${types}; trusted-types lumika`, () => tag],
    [
      'Trusted Types whose Svelte policy the page has taken',
      () => `${minimum()}; ${types}; trusted-types svelte-trusted-html`,
      () => tag,
      `<script nonce="${nonce}">window.trustedTypes?.createPolicy('svelte-trusted-html', { createHTML: (text) => text })</script>`,
    ],
  ]
  const somePolicies = shareOf(name, policies, ([what]) => /least|trust on/.test(what))
  it.each(somePolicies)('X73, X74, X80: works under %s', async (_what, policy, script, head = '') => {
    const page = await engine.newPage()
    const body = htmlPage(script(), { head: watch(nonce) + head })
    const path = `/policy-${name}-${policies.findIndex(([what]) => what === _what)}`
    site.posted.length = 0
    const headers = { 'content-security-policy': `${policy()}; report-uri /reports` }
    await page.goto(site.put(path, { body, headers }))
    await page.see('.launcher')
    const [, question, answer] = await chat(page, 'Hello')
    expect(question).toBe('Hello')
    expect(answer).toContain('Hello')
    const box = await page.evaluate(() => {
      const launcher = document.querySelector('lumika-chat')?.shadowRoot?.querySelector<HTMLElement>('.launcher')
      return [launcher?.offsetWidth, launcher?.offsetHeight]
    })
    expect(box).toEqual([56, 56])
    expect(await page.evaluate(() => (window as unknown as { violations: string[] }).violations)).toEqual([])

    await page.reload()
    await page.click('.launcher')
    await page.waitFor(
      () => document.querySelector('lumika-chat')?.shadowRoot?.querySelectorAll('.bubble').length === 3,
    )
    expect(await page.evaluate(() => (window as unknown as { violations: string[] }).violations)).toEqual([])
    expect(site.posted.filter((report) => !report.includes('/favicon.ico'))).toEqual([])
    expect((await page.consoleErrors()).filter((line) => !line.includes('/favicon.ico'))).toEqual([])
    await page.close()
  })

  const demos = [
    ['strict', 'nothing'],
    ['hostile', 'none'],
  ] as const
  it.each(shareOf(name, demos, () => false))('X73, X76, X77: works on the demo page that is %s', async (path, calm) => {
    const page = await engine.newPage()
    await page.goto(`${server.url}/demo/${path}`)
    expect((await chat(page, 'Hello')).at(1)).toBe('Hello')
    await page.reload()
    await page.click('.launcher')
    await page.waitFor(
      () => document.querySelector('lumika-chat')?.shadowRoot?.querySelectorAll('.bubble').length === 3,
    )
    expect(await page.evaluate(() => document.querySelector('output')?.textContent)).toBe(calm)
    expect(await page.consoleErrors()).toEqual([])
    await page.close()
  })

  // WebKitGTK 2.50 takes `integrity` on a preloaded module, and does not look at it.
  it.runIf(name !== 'webkit')(
    'X80: a panel that is not what was built is not run, and the launcher says that something is wrong',
    async () => {
      const page = await engine.newPage()
      const read = async (path: string) => (await fetch(server.url + path)).text()
      const widget = await read('/widget.js')
      const panel = `/${/panel-[\w-]+\.js/.exec(widget)?.[0]}`
      const type = 'text/javascript'
      site.put('/widget.js', { body: widget, type })
      site.put(panel, { body: `window.isForged = true;${await read(panel)}`, type })
      await page.goto(site.put(`/forged-${name}`, { body: htmlPage(tag.replace(server.url, site.url)) }))
      await page.click('.launcher')
      await page.waitFor(
        () => document.querySelector('lumika-chat')?.shadowRoot?.querySelector('.launcher')?.textContent === '!',
      )
      expect(await page.evaluate(() => 'isForged' in window)).toBe(false)
      await page.close()
    },
  )

  it('X80: a widget that is not what was built is not run', async () => {
    const page = await engine.newPage()
    const wrong = pinnedTag.replace(/sha384-.{8}/, 'sha384-AAAAAAAA')
    await page.goto(site.put(`/wrong-${name}`, { body: htmlPage(wrong) }))
    await page.waitFor(() => document.readyState === 'complete')
    expect(await page.evaluate(() => [document.querySelectorAll('lumika-chat').length, 'Lumika' in window])).toEqual([
      0,
      false,
    ])
    await page.close()
  })

  it('G13: leaves no trace before the visitor acts: no storage, no cookie, no timer, one element, one name, and no request but for its look', async () => {
    const page = await engine.newPage()
    const before = `<script>
      window.timers = 0
      for (const name of ['setTimeout', 'setInterval', 'requestAnimationFrame', 'requestIdleCallback']) {
        const original = window[name]
        if (original) window[name] = (...args) => {
          // Those that drive the browser have timers, too.
          if (new Error().stack.includes('/widget.js')) window.timers++
          return original.apply(window, args)
        }
      }
      window.names = new Set([...Object.getOwnPropertyNames(window), 'names', 'problemsForTests'])
    </script>`
    await page.goto(site.put(`/quiet-${name}`, { body: htmlPage(before + tag) }))
    await page.see('.launcher')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const traces = await page.evaluate(async () => {
      const own = window as unknown as { timers: number; names: Set<string> }
      const databases = (await indexedDB.databases?.()) ?? []
      return {
        timers: own.timers,
        names: Object.getOwnPropertyNames(window).filter((each) => !own.names.has(each)),
        hosts: document.querySelectorAll('lumika-chat').length,
        added: [...document.querySelectorAll('html > *')].map(({ localName }) => localName),
        cookies: document.cookie,
        keys: Object.keys(localStorage).length + Object.keys(sessionStorage).length,
        databases: databases.map((each) => each.name),
        requests: performance
          .getEntriesByType('resource')
          .map((each) => new URL(each.name).pathname)
          .filter((path) => path !== '/favicon.ico'),
      }
    })
    expect(traces).toEqual({
      timers: 0,
      names: ['Lumika'],
      hosts: 1,
      added: ['head', 'body', 'lumika-chat'],
      cookies: '',
      keys: 0,
      databases: [],
      requests: ['/widget.js', '/widget/config'],
    })
    await page.close()
  })
})
