/** The three engines do what tests ask of them, so that a test that fails has found something else. */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import { makeCertificate, startHttps } from '../../helpers/engines/https.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { htmlPage, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'

const box = `<x-box></x-box>
<script>
  const root = document.querySelector('x-box').attachShadow({ mode: 'open' })
  root.innerHTML = '<button disabled>Go</button><textarea></textarea>'
  root.querySelector('button').onclick = (event) => (root.querySelector('button').textContent += event.isTrusted)
  setTimeout(() => (root.querySelector('button').disabled = false), 100)
  addEventListener('pageshow', (event) => (document.title = event.persisted ? 'kept' : 'new'))
</script>`

let site: Site
beforeAll(async () => {
  site = await startSite()
  site.put('/', { body: htmlPage(box) })
  site.put('/second', { body: htmlPage('<h2>Second</h2>') })
})
afterAll(() => site.close())

/** Runs in the page. */
const inBox = (selector: string) => {
  const element = document.querySelector('x-box')?.shadowRoot?.querySelector(selector)
  return element instanceof HTMLTextAreaElement ? element.value : element?.textContent
}
const reach = (url: string) =>
  fetch(url, { mode: 'no-cors' }).then(
    () => true,
    () => false,
  )

describe.each(engineNames)('%s', (name) => {
  let engine: Engine
  let page: Page
  beforeAll(async () => {
    engine = await openEngine(name, { hosts: ['shop.test', 'evil.test'] })
    page = await engine.newPage()
  })
  afterAll(() => engine?.close())
  beforeEach(() => page.goto(`${site.url}/`))

  test('clicks, types and presses keys inside a shadow root, as a person does', async () => {
    await page.click('button')
    expect(await page.evaluate(inBox, 'button')).toBe('Gotrue')
    await page.type('textarea', 'Größe 38 & 純綿 👍🏽 e\u0301!')
    await page.press('Shift+Enter')
    await page.press('x')
    expect(await page.evaluate(inBox, 'textarea')).toBe('Größe 38 & 純綿 👍🏽 e\u0301!\nx')
  })

  test('tells what a click waits for in vain, and what a page throws', async () => {
    await page.evaluate(() => document.body.append(document.createElement('hr')))
    await expect(page.see('h6', 200)).rejects.toThrow('h6: it is not there')
    await expect(page.evaluate(() => Promise.reject(new TypeError('no')))).rejects.toThrow('TypeError: no')
    await expect(page.waitFor((n) => n > 2, 200, 1)).rejects.toThrow('Waited 200 ms')
  })

  test('sees what goes wrong in the page', async () => {
    await page.evaluate(() => {
      // eslint-disable-next-line no-console -- what is looked for
      console.warn('a warning')
      setTimeout(() => {
        throw new Error('an exception')
      })
    })
    await expect.poll(async () => (await page.consoleErrors()).join()).toMatch(/a warning[^]*an exception/)
  })

  test('goes back and forward through its cache of pages, and reloads', async () => {
    await page.goto(`${site.url}/second`)
    await page.back()
    expect(await page.evaluate(() => document.title)).toBe('kept')
    await page.forward()
    expect(await page.evaluate(() => document.querySelector('h2')?.textContent)).toBe('Second')
    await page.back()
    await page.reload()
    expect(await page.evaluate(() => document.title)).toBe('new')
  })

  test('opens tabs that share what is stored, and profiles that share nothing', async () => {
    await page.evaluate(() => localStorage.setItem('who', 'me'))
    const tab = await page.newTab()
    await tab.goto(`${site.url}/second`)
    expect(await tab.evaluate(() => localStorage.getItem('who'))).toBe('me')
    const other = await engine.newPage()
    await other.goto(`${site.url}/second`)
    expect(await other.evaluate(() => localStorage.getItem('who'))).toBe(null)
    await other.close()
    await tab.close()
    expect(await page.evaluate(() => document.querySelector('h1')?.textContent)).toBe('A site')
  })

  test('has no network while it is offline, in every tab', async () => {
    const tab = await page.newTab()
    await tab.goto(`${site.url}/second`)
    await page.setOffline(true)
    onTestFinished(() => page.setOffline(false))
    for (const each of [page, tab]) expect(await each.evaluate(reach, site.url)).toBe(false)
    // WebKitGTK asks the system, whose network is there.
    expect(await page.evaluate(() => navigator.onLine)).toBe(name === 'webkit')
    await page.setOffline(false)
    for (const each of [page, tab]) expect(await each.evaluate(reach, site.url)).toBe(true)
    await tab.close()
  })

  test('reaches sites of other names, and https with a certificate nobody vouches for', async () => {
    const { port } = new URL(site.url)
    await page.goto(`http://evil.test:${port}/second`)
    expect(await page.evaluate(() => [location.host, isSecureContext])).toEqual([`evil.test:${port}`, false])
    const https = await startHttps(await makeCertificate(['shop.test']), Number(port))
    await page.goto(`https://shop.test:${https.port}/second`)
    expect(await page.evaluate(() => [location.hostname, isSecureContext])).toEqual(['shop.test', true])
    await https.close()
  })

  test('shows itself', async () => {
    await page.setViewport(600, 500)
    const image = await page.screenshot()
    expect([image.subarray(1, 4).toString(), image.readUInt32BE(16), image.readUInt32BE(20)]).toEqual(['PNG', 600, 500])
  })
})
