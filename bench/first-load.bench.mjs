/** What a page pays for a chat that nobody opens. */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { launch, metricsOf, startLumika, startSite } from './chromium.mjs'
import { alternate } from './table.mjs'

export const title = 'The first load (Chromium, CPU slowed 4 times; baseline: a hand-written button in a shadow root)'

const floor = `{
  const host = document.createElement('lumika-chat')
  const root = host.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(':host{all:initial;position:fixed;right:20px;bottom:20px}button{width:56px;height:56px;border-radius:50%}')
  root.adoptedStyleSheets = [sheet]
  const button = document.createElement('button')
  button.textContent = 'Chat'
  button.onclick = () => import('./panel.js')
  root.append(button)
  document.documentElement.append(host)
}`

/** @returns {Promise<import('./table.mjs').Row[]>} */
export async function run() {
  const [browser, lumika] = await Promise.all([launch(), startLumika()])
  const page = (/** @type {string} */ tag) => ({
    body: `<!doctype html><title>Shop</title><p>Shop${tag}`,
    type: 'text/html',
  })
  const site = await startSite({
    '/none': page(''),
    '/here': page(`<script src="${lumika.url}/widget.js" data-integration-token="${lumika.token}"></script>`),
    '/floor': page('<script src="/floor.js"></script>'),
    '/floor.js': { body: floor, type: 'text/javascript' },
  })
  /** @param {string} path @param {'ScriptDuration' | 'JSHeapUsedSize'} counter */
  const visit = async (path, counter) => {
    const context = await browser.newContext()
    const tab = await context.newPage()
    const devtools = await context.newCDPSession(tab)
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 })
    await devtools.send('Performance.enable')
    // Not until the button is there: what looks for it would be counted, too.
    await tab.goto(`${site.url}${path}`, { waitUntil: 'networkidle' })
    if (counter === 'JSHeapUsedSize') await devtools.send('HeapProfiler.collectGarbage')
    const { [counter]: value = NaN } = await metricsOf(devtools)
    await context.close()
    return value
  }
  try {
    const scripts = await alternate(
      { here: () => visit('/here', 'ScriptDuration'), floor: () => visit('/floor', 'ScriptDuration') },
      7,
    )
    const heap = await alternate(
      {
        none: () => visit('/none', 'JSHeapUsedSize'),
        here: () => visit('/here', 'JSHeapUsedSize'),
        floor: () => visit('/floor', 'JSHeapUsedSize'),
      },
      7,
    )
    const kib = (/** @type {number} */ bytes) => (bytes - heap.none) / 1024
    return [
      {
        what: 'script to load',
        value: gzipSync(readFileSync('dist/widget.js')).length,
        unit: 'B gzip',
        baseline: gzipSync(floor).length,
      },
      { what: 'script time', value: scripts.here * 1_000, unit: 'ms', baseline: scripts.floor * 1_000 },
      { what: 'heap beyond the page', value: kib(heap.here), unit: 'KiB', baseline: kib(heap.floor) },
    ]
  } finally {
    site.close()
    lumika.stop()
    await browser.close()
  }
}
