/** What a word of a long Markdown answer costs the page's main thread, while it comes in. */
import { readFileSync, readdirSync } from 'node:fs'
import { launch, metricsOf, startSite } from './chromium.mjs'

export const title = 'A word of a Markdown answer of 2,000 at 200/s (Chromium; baseline: the same words as text nodes)'

const words = 2_000
const quarter = words / 4
const perSecond = 200

/** Paragraphs, lists, code and tables, a word at a time. */
const answer = Array.from({ length: words }, (_, i) => {
  const part = i % 100
  if (part === 0) return '\n\n## Part '
  if (part < 40) return part % 7 === 0 ? '**strong** ' : 'word '
  if (part < 60) return part % 5 === 0 ? '\n- item ' : '`code` '
  if (part < 80) return part === 60 ? '\n\n```js\n' : part === 79 ? '\n```\n' : 'call(); '
  return part === 80 ? '\n\n| a | b |\n|---|---|\n' : part % 2 === 0 ? '| x ' : '| y |\n'
})

const shared = `
  const words = ${JSON.stringify(answer)}
  let said = 0
  const marks = [1, 2, 3, 4].map(() => Promise.withResolvers())
  window.quarter = (i) => marks[i - 1].promise
  async function* say() {
    const start = performance.now()
    for (const word of words) {
      const wait = start + said * ${1_000 / perSecond} - performance.now()
      // Even where it is late: words come over the network, one task each.
      await new Promise((resolve) => setTimeout(resolve, Math.max(wait, 0)))
      yield word
      if (++said % ${quarter} === 0) marks[said / ${quarter} - 1].resolve()
    }
  }`

const here = `
  import { mountWidget } from '/index.js'
  import { createMemoryAdapter } from '/adapters/memory.js'
  ${shared}
  const chat = mountWidget({ token: 'bench', adapter: createMemoryAdapter({ reply: say, delayMs: 0 }) })
  window.begin = () => chat.send('Go on')
  chat.open()`

const plain = `
  ${shared}
  window.begin = async () => { for await (const word of say()) document.querySelector('p').append(word) }`

/** @returns {Promise<import('./table.mjs').Row[]>} */
export async function run() {
  const script = (/** @type {string} */ body) => ({ body, type: 'text/javascript' })
  const page = (/** @type {string} */ src) => ({
    body: `<!doctype html><p></p><script type="module" src="${src}"></script>`,
    type: 'text/html',
  })
  const built = readdirSync('dist', { recursive: true, encoding: 'utf8' }).filter((file) =>
    /^(index|protocol|adapters\/\w+|chunks\/.*)\.js$/.test(file),
  )
  const site = await startSite({
    ...Object.fromEntries(built.map((file) => [`/${file}`, script(readFileSync(`dist/${file}`, 'utf8'))])),
    '/here.js': script(here),
    '/plain.js': script(plain),
    '/here': page('/here.js'),
    '/plain': page('/plain.js'),
  })
  const browser = await launch()
  try {
    const ours = await stream(browser, `${site.url}/here`)
    const baseline = await stream(browser, `${site.url}/plain`)
    const name = ['first', 'second', 'third', 'last']
    return [
      ...ours.map((value, i) => ({
        what: `${name[i]} ${quarter} words`,
        value,
        unit: 'ms a word',
        baseline: baseline[i] ?? NaN,
      })),
      { what: 'last quarter beside the first', value: ours[3] ?? NaN, unit: 'ms a word', baseline: ours[0] ?? NaN },
    ]
  } finally {
    site.close()
    await browser.close()
  }
}

/**
 * Main-thread time of a word in each quarter of the answer, in ms.
 *
 * @param {import('playwright').Browser} browser
 * @param {string} url
 */
async function stream(browser, url) {
  const page = await browser.newPage()
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable')
  await page.goto(url)
  if (url.endsWith('/here')) await page.getByRole('dialog').waitFor()
  await page.waitForFunction('window.begin')
  const busy = async () => ((await metricsOf(devtools))['TaskDuration'] ?? NaN) * 1_000
  const times = [await busy()]
  await page.evaluate('void window.begin()')
  for (let i = 1; i <= 4; i++) {
    await page.evaluate(`window.quarter(${i})`)
    times.push(await busy())
  }
  await page.close()
  return times.slice(1).map((time, i) => (time - (times[i] ?? NaN)) / quarter)
}
