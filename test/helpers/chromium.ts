/** The browser that `npm test` finds or installs. */
import { chromium } from 'playwright'
import type { Browser } from 'playwright'
import { findTool } from '../../scripts/tools.mjs'

/** Starts Chromium. @throws Error when there is none */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findTool('chromium')
  if (executablePath === undefined) throw new Error('There is no Chromium. `npm test` installs it or says how.')
  // Chromium's sandbox refuses to run as root, which is who runs in a container.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
}
