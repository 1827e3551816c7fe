/** The chat on a page of any engine, as somebody who writes in it sees it. */
import type { Page } from './page.ts'

/** A chat. */
export interface Chat {
  /** Opens the panel and waits until something can be written. From then on, `doubled` is watched. */
  open(): Promise<void>
  /** Writes a text, key by key, and sends it with Enter. */
  say(text: string): Promise<void>
  /** What the panel shows, oldest first, without the greeting: `visitor: Hello`, and the state where a message is not done: `visitor (failed): Hello`. */
  said(): Promise<string[]>
  /** The texts that stood in two bubbles of one author at once, for however short a time. */
  doubled(): Promise<string[]>
}

/** The chat on a page. */
export const chatOf = (page: Page): Chat => ({
  async open() {
    await page.click('button[aria-label="Open chat"]')
    await page.see('.panel textarea')
    await page.evaluate(watch)
  },
  async say(text) {
    await page.type('.panel textarea', text)
    await page.press('Enter')
  },
  said: () => page.evaluate(read),
  doubled: () => page.evaluate(() => (window as Watched).doubledForTests ?? ['nothing was watched']),
})

type Watched = typeof window & { doubledForTests?: string[] }

/** Runs in the page. */
function read(): string[] {
  const messages = document.querySelector('lumika-chat')?.shadowRoot?.querySelectorAll('[role="log"] .message') ?? []
  return [...messages].flatMap((message) => {
    const [, author, state] = message.classList
    const bubble = message.querySelector('.bubble')?.cloneNode(true) as Element
    for (const hidden of bubble.querySelectorAll('.hidden')) hidden.remove()
    // The greeting is nobody's.
    return author ? [`${author}${state === 'done' ? '' : ` (${state})`}: ${bubble.textContent.trim()}`] : []
  })
}

/** Runs in the page: looks at every change, so that nothing is there twice between two looks of a test. */
function watch(): void {
  const root = document.querySelector('lumika-chat')?.shadowRoot
  const page = window as Watched
  if (!root || page.doubledForTests) return
  const doubled: string[] = (page.doubledForTests = [])
  const look = (): void => {
    // Two answers that are being written may well begin alike.
    const texts = [...root.querySelectorAll('[role="log"] .message:not(.writing)')].flatMap((message) => {
      const author = message.classList[1]
      return author ? [`${author}: ${message.querySelector('.bubble')?.textContent.trim()}`] : []
    })
    doubled.push(...texts.filter((text, at) => texts.indexOf(text) < at && !doubled.includes(text)))
  }
  new MutationObserver(look).observe(root, { subtree: true, childList: true, characterData: true })
  look()
}
