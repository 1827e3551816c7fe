/**
 * `node scripts/screenshots-states.mjs`: a sheet of pictures of each state the chat can be in, for docs/states: light above
 * dark; desktop and phone, each from left to right and from right to left. Build first. Names make only these sheets.
 */
import { mkdirSync } from 'node:fs'
import { chromium } from 'playwright'
import { startStage, variants, vary } from './chat-states.mjs'
import { findTool } from './tools.mjs'

const folder = 'docs/states'
const only = process.argv.slice(2)
const executablePath = findTool('chromium')
const browser = await chromium.launch({
  ...(executablePath && { executablePath }),
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
})
const stage = await startStage()
mkdirSync(folder, { recursive: true })
try {
  for (const state of stage.states) {
    if (only.length > 0 && !only.includes(state.name)) continue
    const page = await browser.newPage({ reducedMotion: 'reduce', hasTouch: true })
    await stage.show(page, state)
    await page.mouse.move(0, 0)
    const pictures = []
    for (const variant of variants) {
      await vary(page, variant)
      const clip = variant.device === 'desktop' && { x: 470, y: 0, width: 430, height: 720 }
      const isInline = variant.device === 'desktop' && state.data?.['mode'] === 'inline'
      const picture = await page.screenshot({ caret: 'hide', ...(clip && !isInline && { clip }) })
      pictures.push(picture.toString('base64'))
    }
    await page.context().close()
    await sheet(state.name, pictures)
  }
} finally {
  await browser.close()
  await stage.close()
}

/** Puts pictures into one. @param {string} name @param {string[]} pictures */
async function sheet(name, pictures) {
  const page = await browser.newPage({ viewport: { width: 1480, height: 100 } })
  const images = pictures.map((picture) => `<img src="data:image/png;base64,${picture}">`).join('')
  const style = 'body{margin:0;display:grid;grid-template-columns:repeat(4,1fr);gap:8px;background:#888}img{width:100%}'
  await page.setContent(`<style>${style}</style>${images}`)
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
  await page.close()
  process.stdout.write(`${folder}/${name}.png\n`)
}
