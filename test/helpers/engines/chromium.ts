/** Chromium, by Playwright. */
import type { BrowserContext, Page } from 'playwright'
import { launchChromium } from '../chromium.ts'
import type { Browser, LaunchOptions, Tab } from './tab.ts'

/** Starts Chromium. */
export async function openChromium({ hosts = [] }: LaunchOptions): Promise<Browser> {
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(', ')
  const browser = await launchChromium({
    args: [`--host-resolver-rules=${rules}`],
    // Playwright turns the back/forward cache off; visitors have it on.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  return {
    version: browser.version(),
    newProfile: async () => openTab(await browser.newContext({ ignoreHTTPSErrors: true }), true),
    close: () => browser.close(),
  }
}

async function openTab(context: BrowserContext, isFirst: boolean): Promise<Tab> {
  const page = await context.newPage()
  const problems = listen(page)
  return {
    navigate: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    evaluate: (expression) => page.evaluate(expression),
    click: (x, y) => page.mouse.click(x, y),
    type: (text) => page.keyboard.type(text),
    press: (keys) => page.keyboard.press(keys.join('+')),
    screenshot: () => page.screenshot(),
    resize: (width, height) => page.setViewportSize({ width, height }),
    setOffline: (isOffline) => context.setOffline(isOffline),
    problems: async () => [...problems],
    open: () => openTab(context, false),
    close: () => (isFirst ? context.close() : page.close()),
  }
}

function listen(page: Page): string[] {
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(`${error.name}: ${error.message}`))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text())
  })
  return problems
}
