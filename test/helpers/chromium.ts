/** The browser that `npm test` finds or installs. */
import { chromium } from 'playwright'
import type { Browser, LaunchOptions } from 'playwright'
import { findTool } from '../../scripts/tools.mjs'

/** What a browser does by itself has no place in a test: no GPU, no tour, no traffic of its own. */
const quiet = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts Chromium; a test's own `args` come after ours. @throws Error when there is none */
export async function launchChromium({ args = [], ...options }: LaunchOptions = {}): Promise<Browser> {
  const executablePath = findTool('chromium')
  if (executablePath === undefined) throw new Error('There is no Chromium. `npm test` installs it or says how.')
  // Chromium's sandbox refuses to run as root, which is who runs in a container.
  return chromium.launch({ ...options, executablePath, args: ['--no-sandbox', ...quiet, ...args] })
}
