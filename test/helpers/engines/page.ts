/** A page as tests use it, the same in every engine. Selectors are CSS, and see into open shadow roots. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Tab } from './tab.ts'

/** A page in a tab of its own. */
export interface Page {
  goto(url: string): Promise<void>
  reload(): Promise<void>
  back(): Promise<void>
  forward(): Promise<void>
  /** Runs a function in the page. It sees nothing of the test but its arguments; they and the result pass as JSON. */
  evaluate<A extends unknown[], T>(run: (...args: A) => T, ...args: A): Promise<Awaited<T>>
  /** Waits until a function returns something true in the page. @throws Error after `ms`, by default 10 s */
  waitFor<A extends unknown[]>(condition: (...args: A) => unknown, ms?: number, ...args: A): Promise<void>
  /** Waits until an element is there and can be seen. @throws Error after `ms`, by default 10 s */
  see(selector: string, ms?: number): Promise<void>
  /** Clicks an element with the mouse, once that would hit it: it is there, enabled, still, and not covered. */
  click(selector: string): Promise<void>
  /** Clicks an element, then types key by key. */
  type(selector: string, text: string): Promise<void>
  /** Types key by key into whatever has the focus. */
  write(text: string): Promise<void>
  /** Presses a key, alone or with others: `Enter`, `Shift+Tab`. */
  press(keys: string): Promise<void>
  /** A PNG of what the viewport shows. */
  screenshot(): Promise<Buffer>
  setViewport(width: number, height: number): Promise<void>
  /** Takes the network from every tab of this profile, or gives it back. */
  setOffline(isOffline: boolean): Promise<void>
  /** Warnings and errors of the console, and exceptions nobody caught. In WebKit, none from before a page's load event. */
  consoleErrors(): Promise<string[]>
  /** One more tab in the same profile. */
  newTab(): Promise<Page>
  close(): Promise<void>
}

/** Makes a page of a tab. */
export function createPage(tab: Tab): Page {
  const waitFor: Page['waitFor'] = async (condition, ms = 10_000, ...args) => {
    const isMet = async () => Boolean(await evaluate(tab, condition, args))
    await until(isMet, ms, () => `this to hold: ${condition.toString()} ${JSON.stringify(args)}`)
  }

  /** Where a click would hit the element, once it has stood still between two looks. */
  const pointOf = async (selector: string): Promise<[number, number]> => {
    let place = await evaluate(tab, lookForPlace, [selector])
    const isStill = async () => {
      const before = place
      place = await evaluate(tab, lookForPlace, [selector])
      return typeof place !== 'string' && String(place) === String(before)
    }
    await until(isStill, 10_000, () => `${selector} to be clickable: ${String(place)}`)
    return place as [number, number]
  }

  /** By the page's own history, unless the engine has something better: theirs is not made for pages from a cache. */
  const go = async (step: -1 | 1): Promise<void> => {
    if (tab.go) return tab.go(step)
    const from = await evaluate(tab, leave, [step])
    await waitFor(hasLeft, 10_000, from)
  }

  const click: Page['click'] = async (selector) => tab.click(...(await pointOf(selector)))

  return {
    goto: (url) => tab.navigate(url),
    reload: () => tab.reload(),
    back: () => go(-1),
    forward: () => go(1),
    evaluate: (run, ...args) => evaluate(tab, run, args),
    waitFor,
    async see(selector, ms = 10_000) {
      let place: unknown
      const isSeen = async () => typeof (place = await evaluate(tab, lookForPlace, [selector])) !== 'string'
      await until(isSeen, ms, () => `${selector}: ${String(place)}`)
    },
    click,
    async type(selector, text) {
      await click(selector)
      await tab.type(text)
    },
    write: (text) => tab.type(text),
    press: (keys) => tab.press(keys.split('+')),
    screenshot: () => tab.screenshot(),
    setViewport: (width, height) => tab.resize(width, height),
    setOffline: (isOffline) => tab.setOffline(isOffline),
    consoleErrors: () => tab.problems(),
    newTab: async () => createPage(await tab.open()),
    close: () => tab.close(),
  }
}

async function evaluate<A extends unknown[], T>(tab: Tab, run: (...args: A) => T, args: A): Promise<Awaited<T>> {
  // What the function throws comes back as a value: each engine would tell of it in another way.
  // Lists are lists, also where a page has given them a `toJSON`.
  const expression = `(async () => {
    function plain(key, value) { return Array.isArray(this[key]) ? this[key] : value }
    try { return JSON.stringify({ value: await (${run.toString()})(...${JSON.stringify(args)}) }, plain) }
    catch (error) { return JSON.stringify({ error: String(error) }) }
  })()`
  const { value, error } = JSON.parse(await tab.evaluate(expression)) as { value: Awaited<T>; error?: string }
  if (error !== undefined) throw new Error(`In the page: ${error}`)
  return value
}

/** Asks again and again. A page that is being left cannot be asked, which is no answer. */
async function until(isMet: () => Promise<boolean>, ms: number, what: () => string): Promise<void> {
  const end = Date.now() + ms
  for (;;) {
    const outcome = await isMet().catch((error: unknown) => error)
    if (outcome === true) return
    const reason = outcome === false ? '' : ` (${String(outcome)})`
    if (Date.now() > end) throw new Error(`Waited ${ms} ms in vain for ${what()}${reason}`)
    await sleep(25)
  }
}

/** Runs in the page: the middle of an element, or why it cannot be clicked. */
function lookForPlace(selector: string): [number, number] | string {
  const roots: (Document | ShadowRoot)[] = [document]
  let element: Element | null = null
  for (const root of roots) {
    element ??= root.querySelector(selector)
    for (const { shadowRoot } of root.querySelectorAll('*')) if (shadowRoot) roots.push(shadowRoot)
  }
  if (!element) return 'it is not there'
  if (element.matches(':disabled')) return 'it is disabled'
  element.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' })
  const { x, y, width, height } = element.getBoundingClientRect()
  if (width === 0 || height === 0) return 'it has no size'
  const middle: [number, number] = [x + width / 2, y + height / 2]
  const hit = (element.getRootNode() as Document | ShadowRoot).elementFromPoint(...middle)
  if (hit !== element && !element.contains(hit)) return `it is covered by ${hit?.tagName ?? 'nothing'}`
  return middle
}

interface Marked extends Window {
  leftAt?: number
}

/** Runs in the page: goes through its history, and marks what is left behind. */
function leave(step: number): { href: string; leftAt: number } {
  const leftAt = Date.now()
  ;(window as Marked).leftAt = leftAt
  setTimeout(() => history.go(step))
  return { href: location.href, leftAt }
}

/** Runs in the page: whether it is another one. */
function hasLeft({ href, leftAt }: { href: string; leftAt: number }): boolean {
  const isSame = location.href === href && (window as Marked).leftAt === leftAt
  return !isSame && document.readyState === 'complete'
}
