/** What a long conversation costs in the chat, beside the same messages in deep-chat: opened, scrolled through, kept. */
import { readFileSync, readdirSync } from 'node:fs'
import { launch, metricsOf, startSite } from './chromium.mjs'
import { fetchDeepChat, version } from './deep-chat.mjs'
import { count, scripts } from './history-pages.mjs'
import { median } from './table.mjs'

export const title = `A conversation of ${count} messages (Chromium; baseline: deep-chat ${version} with the same messages)`

const rounds = 3
/** How far a frame goes, in px: a hard flick of a finger. */
const step = 2_000

/** @typedef {keyof typeof scripts} Name */
/** @typedef {{ shown: number, busy: number }} First */
/** @typedef {First & Record<'all' | 'p50' | 'p95' | 'longest' | 'task' | 'heap' | 'nodes', number>} Figures */

/** @returns {Promise<import('./table.mjs').Row[]>} */
export async function run() {
  const script = (/** @type {string} */ body) => ({ body, type: 'text/javascript' })
  const built = readdirSync('dist', { recursive: true, encoding: 'utf8' }).filter((file) =>
    /^(index|protocol|adapters\/\w+|chunks\/.*)\.js$/.test(file),
  )
  const site = await startSite({
    ...Object.fromEntries(built.map((file) => [`/${file}`, script(readFileSync(`dist/${file}`, 'utf8'))])),
    '/deep-chat.js': script(fetchDeepChat()),
    ...Object.fromEntries(Object.entries(scripts).map(([name, body]) => [`/${name}.js`, script(body)])),
    ...Object.fromEntries(Object.keys(scripts).map((name) => [`/${name}`, { body: pageOf(name), type: 'text/html' }])),
  })
  const browser = await launch()
  const [here, paged, whole] = [
    /** @type {Figures[]} */ ([]),
    /** @type {First[]} */ ([]),
    /** @type {Figures[]} */ ([]),
  ]
  try {
    for (let round = 0; round < rounds; round++) {
      here.push(await visit(browser, `${site.url}/lumika`, readAll))
      paged.push(await visit(browser, `${site.url}/deepChatPaged`, async () => ({})))
      whole.push(await visit(browser, `${site.url}/deepChat`, readAll))
    }
  } finally {
    site.close()
    await browser.close()
  }
  return rowsOf(here, paged, whole)
}

/**
 * Opens the page until the last message is painted.
 *
 * @template T
 * @param {import('playwright').Browser} browser
 * @param {string} url
 * @param {(page: import('playwright').Page, devtools: import('playwright').CDPSession, shown: number) => Promise<T>} goOn
 * @returns {Promise<First & T>}
 */
async function visit(browser, url, goOn) {
  const context = await browser.newContext({ viewport: { width: 1_000, height: 800 } })
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  await devtools.send('Performance.enable')
  await page.goto(url, { waitUntil: 'commit' })
  await page.waitForFunction('!!window.shown', undefined, { timeout: 0 })
  const shown = /** @type {number} */ (await page.evaluate('shown'))
  const { TaskDuration: busy = NaN } = await metricsOf(devtools)
  const more = await goOn(page, devtools, shown)
  await context.close()
  return { shown, busy: busy * 1_000, ...more }
}

/**
 * Has all messages loaded, and scrolls through them.
 *
 * @param {import('playwright').Page} page
 * @param {import('playwright').CDPSession} devtools
 * @param {number} shown
 */
async function readAll(page, devtools, shown) {
  const all = shown + /** @type {number} */ (await page.evaluate('loadAll()'))
  const { frames, tasks } = /** @type {Record<'frames' | 'tasks', number[]>} */ (
    await page.evaluate(`scrollUp(${step})`)
  )
  await devtools.send('HeapProfiler.collectGarbage')
  const { JSHeapUsedSize: heap = NaN, Nodes: nodes = NaN } = await metricsOf(devtools)
  const sorted = frames.toSorted((one, other) => one - other)
  const at = (/** @type {number} */ share) => sorted[Math.floor((sorted.length - 1) * share)] ?? NaN
  const figures = { all, p50: at(0.5), p95: at(0.95), longest: at(1), task: Math.max(0, ...tasks) }
  return { ...figures, heap: heap / 2 ** 20, nodes: nodes / 1_000 }
}

/**
 * @param {Figures[]} here
 * @param {First[]} paged
 * @param {Figures[]} whole
 * @returns {import('./table.mjs').Row[]}
 */
function rowsOf(here, paged, whole) {
  /** @type {<F extends First>(all: F[], figure: keyof F) => number} */
  const of = (all, figure) => median(all.map((figures) => Number(figures[figure])))
  /** @type {(what: string, unit: string, figure: keyof Figures) => import('./table.mjs').Row} */
  const row = (what, unit, figure) => ({ what, value: of(here, figure), unit, baseline: of(whole, figure) })
  /** @type {(what: string, figure: keyof First) => import('./table.mjs').Row} */
  const first = (what, figure) => ({ what, value: of(here, figure), unit: 'ms', baseline: of(paged, figure) })
  return [
    first('newest 50 painted, both asked for no more', 'shown'),
    first('main thread until then', 'busy'),
    row('last message painted, deep-chat given all', 'ms', 'shown'),
    row('main thread until then', 'ms', 'busy'),
    row('all there, here by going back page by page', 'ms', 'all'),
    row(`frame while scrolling ${step} px each, p50`, 'ms', 'p50'),
    row('  p95', 'ms', 'p95'),
    row('  longest', 'ms', 'longest'),
    row('  longest task of the page (0: none of 50 ms)', 'ms', 'task'),
    row('heap with all', 'MiB', 'heap'),
    row('DOM nodes with all', 'thousand', 'nodes'),
  ]
}

/** @param {string} name */
const pageOf = (name) => `<!doctype html><meta charset="utf-8"><body><script type="module" src="/${name}.js"></script>`
