/** One way to drive three browsers: what a test writes once runs in Chromium, Firefox and WebKitGTK. */
import { openChromium } from './chromium.ts'
import { openFirefox } from './firefox.ts'
import { createPage } from './page.ts'
import type { Page } from './page.ts'
import type { LaunchOptions } from './tab.ts'
import { openWebKit } from './webkit.ts'

/** The engines there are. */
export const engineNames = ['chromium', 'firefox', 'webkit'] as const
export type EngineName = (typeof engineNames)[number]

/** A running browser. Open one for a test file, and a page for each test. */
export interface Engine {
  name: EngineName
  version: string
  /** A page in a profile of its own: nothing kept, nothing cached. */
  newPage(): Promise<Page>
  close(): Promise<void>
}

const launchers = { chromium: openChromium, firefox: openFirefox, webkit: openWebKit }

/** Starts a browser. It takes any certificate. @throws Error when it is not installed */
export async function openEngine(name: EngineName, options: LaunchOptions = {}): Promise<Engine> {
  const browser = await launchers[name](options)
  return {
    name,
    version: browser.version,
    newPage: async () => createPage(await browser.newProfile()),
    close: () => browser.close(),
  }
}
