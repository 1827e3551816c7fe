/** Every state the chat can be in, in both themes, on desktops and phones, in both directions: nothing shuts anybody out. */
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startStage, variants, vary } from '../../scripts/chat-states.mjs'
import type { Stage } from '../../scripts/chat-states.mjs'
import { barriers } from '../helpers/barriers.ts'
import { launchChromium } from '../helpers/chromium.ts'

let browser: Browser
let stage: Stage
beforeAll(async () => {
  ;[browser, stage] = await Promise.all([launchChromium(), startStage()])
})
afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

const [first, ...others] = variants.filter(
  ({ scheme, device, dir }) => (scheme === 'light') === (device === 'desktop' && dir === 'ltr'),
)
/** All of them in the long run; otherwise two of each state, which have, between them, everything. */
const chosenFor = (at: number) =>
  process.env['LUMIKA_LONG'] ? variants : [first, others[at % others.length]].filter((one) => one !== undefined)

test('no state of the chat has a barrier, whatever the theme, the device and the direction', async () => {
  const found: string[] = []
  for (const [at, state] of stage.states.entries()) {
    const page = await browser.newPage({ reducedMotion: 'reduce', bypassCSP: true })
    await stage.show(page, state)
    for (const variant of chosenFor(at)) {
      await vary(page, variant)
      for (const barrier of await barriers(page, 'lumika-chat'))
        found.push(`${state.name}, ${Object.values(variant).join(' ')}: ${barrier}`)
    }
    await page.context().close()
  }
  expect(found).toEqual([])
}, 180_000)
