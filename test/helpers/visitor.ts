/** A visitor of a page with a chat: finds things by their names, as people and screen readers do. */
import type { Locator, Page } from 'playwright'

/** One message as the panel shows it. */
export interface Shown {
  author: 'visitor' | 'assistant' | 'person'
  state: string
  text: string
}

/** A page, seen by somebody who wants to chat. */
export interface Visitor {
  page: Page
  launcher: Locator
  panel: Locator
  box: Locator
  send: Locator
  /** Warnings and errors in the console, and exceptions nobody caught. */
  problems: string[]
  /** Opens the chat and waits until something can be written. */
  open(): Promise<void>
  /** Writes a text and sends it. */
  say(text: string): Promise<void>
  /** What the panel shows, oldest first; without the greeting. */
  shown(): Promise<Shown[]>
  /** The same in short: `visitor: Hello`, and the state where a message is not done: `visitor (failed): Hello`. */
  said(): Promise<string[]>
}

/** Looks at a page. */
export function visitorOf(page: Page): Visitor {
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(`${error.name}: ${error.message}`))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text())
  })
  const box = page.getByRole('textbox', { name: 'Message', exact: true })
  const send = page.getByRole('button', { name: 'Send', exact: true })
  const launcher = page.getByRole('button', { name: 'Open chat', exact: true })
  const shown = () => page.locator('lumika-chat [role="log"] .message').evaluateAll(readMessages)
  return {
    page,
    launcher,
    panel: page.getByRole('dialog'),
    box,
    send,
    problems,
    async open() {
      await launcher.click()
      await box.waitFor()
    },
    async say(text) {
      await box.fill(text)
      await send.click()
    },
    shown,
    said: async () =>
      (await shown()).map(({ author, state, text }) => `${author}${state === 'done' ? '' : ` (${state})`}: ${text}`),
  }
}

/** Runs in the page. */
function readMessages(elements: Element[]): Shown[] {
  const found: Shown[] = []
  for (const element of elements) {
    const [, author, state] = element.classList
    if (!author || !state) continue
    const bubble = element.querySelector('.bubble')?.cloneNode(true) as Element
    for (const hidden of bubble.querySelectorAll('.hidden')) hidden.remove()
    found.push({ author: author as Shown['author'], state, text: bubble.textContent })
  }
  return found
}
