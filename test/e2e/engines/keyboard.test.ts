/** A film without a mouse: from the launcher to an answer and back, with the focus named and to be seen at each step. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ExpectStatic } from 'vitest'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import { chatOf } from '../../helpers/engines/chat.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { startFakeWebhook } from '../../helpers/fake-webhook.ts'
import type { FakeWebhook } from '../../helpers/fake-webhook.ts'
import { lookAtFocus } from '../../helpers/focus.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'

const lines = Array.from({ length: 14 }, (_, line) => `${line + 1}. Rinse it once more.`).join('\n')
const answer = {
  text: `See [the care page](https://example.com/care).\n\n${lines}`,
  quickReplies: ['Which cloth?', 'Thank you'],
}

let webhook: FakeWebhook
let server: ServerProcess
let site: Site
beforeAll(async () => {
  webhook = await startFakeWebhook({ body: JSON.stringify(answer) })
  const env = { LUMIKA_WEBHOOK_URL: webhook.url, LUMIKA_WEBHOOK_SECRET: webhook.secret }
  ;[server, site] = await Promise.all([startServer({ args: ['--responder', 'webhook'], env }), startSite()])
  const headers = { authorization: `Bearer ${server.operatorKey}`, 'content-type': 'application/json' }
  const path = `${server.url}/api/integrations`
  const { integrations } = (await (await fetch(path, { headers })).json()) as { integrations: { id: string }[] }
  const allowed = { method: 'PATCH', headers, body: JSON.stringify({ attachments: true }) }
  expect((await fetch(`${path}/${integrations[0]?.id}`, allowed)).ok).toBe(true)
})
afterAll(async () => {
  await site?.close()
  await server?.stop()
  await webhook?.close()
})

/** The keys of a page. What is pressed may have to be answered first: the focus is waited for. */
function keysOf(page: Page, expect: ExpectStatic) {
  const at = (name: string): Promise<void> =>
    expect.poll(() => page.evaluate(lookAtFocus), { message: name }).toEqual({ name, problems: [] })
  return {
    at,
    /** Presses a key, and expects the focus to be on something, in plain sight. */
    async press(key: string, name: string): Promise<void> {
      await page.press(key)
      await at(name)
    },
    /** Goes on by a key until something has the focus. */
    async reach(name: string, key = 'Shift+Tab'): Promise<void> {
      for (let steps = 0; steps < 30; steps++) {
        await page.press(key)
        await expect.poll(() => page.evaluate(lookAtFocus)).toMatchObject({ problems: [] })
        if ((await page.evaluate(lookAtFocus)).name === name) return
      }
      throw new Error(`Thirty times ${key} do not lead to ${name}.`)
    },
  }
}

/** Runs in the page. */
const isAtEnd = () => {
  const log = document.querySelector('lumika-chat')?.shadowRoot?.querySelector('.log')
  return !!log?.scrollTop && log.scrollTop + log.clientHeight > log.scrollHeight - 2
}
const isGone = (selector: string) => !document.querySelector('lumika-chat')?.shadowRoot?.querySelector(selector)

/**
 * Runs in the page. The dialog that a paper clip opens is the browser's, or the system's, and no driver presses keys in it:
 * whoever asks for it is given a file at once.
 */
function giveFile(): void {
  const input = document.querySelector('lumika-chat')?.shadowRoot?.querySelector<HTMLInputElement>('input[type=file]')
  input?.addEventListener('click', (event) => {
    event.preventDefault()
    const files = new DataTransfer()
    files.items.add(new File(['%PDF-1.7\n'], 'bill.pdf', { type: 'application/pdf' }))
    input.files = files.files
    input.dispatchEvent(new Event('change', { bubbles: true }))
  })
}

describe.concurrent('by the keyboard alone', () => {
  test.for(engineNames)(
    'in %s, somebody asks, reads, takes what is offered, attaches a file, begins anew and goes',
    async (name, { expect, onTestFinished }) => {
      const engine = await openEngine(name)
      onTestFinished(() => engine.close())
      const page = await engine.newPage()
      const { press, reach, at } = keysOf(page, expect)
      const chat = chatOf(page)
      const body = `<p><a href="#more">More</a></p>${scriptTag(server.url, server.token)}`
      await page.goto(site.put(`/${name}`, { body: htmlPage(body) }))
      await page.see('.launcher')

      await press('Tab', 'a More')
      await press('Tab', 'button Open chat')
      await press('Enter', 'textarea Message')

      await page.write('How do I look after the glaze?')
      await press('Shift+Enter', 'textarea Message')
      await page.write('And the lid?')
      await press('Enter', 'textarea Message')
      await page.see('.replies')
      expect(await chat.said()).toHaveLength(2)
      await at('textarea Message')

      // What is offered stands before the paper clip and the text box, and the answer before that; on the way its beginning comes into view.
      await press('Shift+Tab', 'button Attach a file')
      await press('Shift+Tab', 'button Thank you')
      await press('Shift+Tab', 'button Which cloth?')
      await reach('log Messages')
      await press('End', 'log Messages')
      await page.waitFor(isAtEnd)
      await press('Tab', 'a the care page')
      await reach('button Which cloth?', 'Tab')
      await press('Enter', 'log Messages')
      await expect.poll(async () => (await chat.said()).length).toBe(4)
      expect((await chat.said())[2]).toBe('visitor: Which cloth?')

      // The paper clip stands before the text box, and what is chosen by it before the paper clip.
      await reach('button Attach a file', 'Tab')
      await page.evaluate(giveFile)
      await press('Enter', 'textarea Message')
      await press('Shift+Tab', 'button Attach a file')
      await press('Shift+Tab', 'button Remove bill.pdf')
      await press('Enter', 'textarea Message')
      await press('Shift+Tab', 'button Attach a file')
      await press('Space', 'textarea Message')
      await press('Enter', 'textarea Message')
      await expect.poll(async () => (await chat.said()).length).toBe(6)
      expect((await chat.said())[4]).toBe('visitor: bill.pdf')

      await reach('button More')
      await press('Enter', 'menuitem Talk to a person')
      await press('ArrowDown', 'menuitem Download this conversation')
      await press('End', 'menuitem Delete this conversation')
      await press('ArrowDown', 'menuitem Talk to a person')
      await press('s', 'menuitemcheckbox Sound for new messages')
      await press('Escape', 'button More')
      await press('ArrowDown', 'menuitem Talk to a person')
      await press('ArrowUp', 'menuitem Delete this conversation')
      await press('Enter', 'button Cancel')
      await press('Tab', 'button Delete')
      await press('Tab', 'button Cancel')
      await press('Escape', 'button More')

      await press('Shift+Tab', 'button New conversation')
      await press('Enter', 'button New conversation')
      await page.waitFor(isGone, 5_000, '.entry')
      await press('Escape', 'button Open chat')
      await page.waitFor(isGone, 5_000, '.panel')
      await press('Space', 'textarea Message')
      await press('Escape', 'button Open chat')
      expect(await page.consoleErrors()).toEqual([])
    },
  )
})
