/** A film without a mouse: from the log-in to three customers who have their answer, and the focus to be seen at each step. */
import type { BrowserContext, Page } from 'playwright'
import { afterAll, describe, expect, test } from 'vitest'
import { openDesk, openOffice, owner } from '../../helpers/dashboard.ts'
import { focusOf } from '../../helpers/focus.ts'
import { frame } from '../../helpers/frames.ts'
import { visitorOf } from '../../helpers/visitor.ts'
import type { Visitor } from '../../helpers/visitor.ts'

const office = openOffice()
const contexts: BrowserContext[] = []
afterAll(() => Promise.all(contexts.map((context) => context.close())))

/** Somebody in the demo shop, with the chat open, who asks something. */
async function ask(question: string): Promise<Visitor> {
  const context = await office.browser.newContext({ viewport: { width: 900, height: 640 }, reducedMotion: 'reduce' })
  contexts.push(context)
  const visitor = visitorOf(await context.newPage())
  await visitor.page.goto(`${office.server.url}/demo`)
  await visitor.open()
  await visitor.say(question)
  await expect.poll(visitor.said).toContain(`visitor: ${question}`)
  return visitor
}

/** Presses keys, and sees afterwards where one is. */
function keysOf(page: Page) {
  const seen = async (): Promise<string> => {
    // What is pressed may have to be answered by the server first.
    await expect.poll(() => focusOf(page)).toMatchObject({ problems: [] })
    return (await focusOf(page)).name
  }
  return {
    seen,
    async press(key: string): Promise<string> {
      await page.keyboard.press(key)
      return seen()
    },
    /** Goes on by a key until something has the focus. */
    async reach(name: string | RegExp, key = 'Tab'): Promise<void> {
      for (let steps = 0; steps < 40; steps++) {
        const here = await this.press(key)
        if (typeof name === 'string' ? here === name : name.test(here)) return
      }
      throw new Error(`Forty times ${key} do not lead to ${String(name)}.`)
    },
  }
}

let tries = 0

describe('by the keyboard alone', () => {
  test('three customers have their answer: by a reply, by a draft that was edited, by somebody who took over', async () => {
    const number = ++tries
    /** Words nobody has said at an earlier try. */
    const own = (words: string): string => (number > 1 ? `${words} (${number})` : words)
    await office.setUp({ responder: null })
    const anna = await ask(own('Is the Cove teapot fine in the oven?'))
    await office.setUp({ responder: 'echo', responseMode: 'approval' })
    const ben = await ask(own('Do you ship to Lisbon?'))
    const cleo = await ask(own('My cup came broken.'))

    const { page, problems } = await openDesk(office.browser, office.server)
    contexts.push(page.context())
    const clicks: string[] = []
    await page.exposeFunction('clickedForTests', (what: string) => clicks.push(what))
    await page.evaluate(() => {
      // A key that presses a button makes a click, too, which has no place and no pointer.
      addEventListener('pointerdown', ({ target }) => void clickedForTests(String(target)), true)
    })
    const keys = keysOf(page)

    await page.getByLabel('Name').waitFor()
    expect(await keys.press('Tab')).toBe('input Name')
    await page.keyboard.type(owner.name)
    expect(await keys.press('Tab')).toBe('input Password')
    await page.keyboard.type(owner.password)
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: own('My cup came broken.') }).waitFor()
    await keys.seen()

    // The first thing that is reached leads past the navigation.
    await page.keyboard.press('Home')
    await keys.reach('a To the content', 'Shift+Tab')
    await keys.press('Enter')
    expect(await keys.press('Tab')).toBe('button Keyboard shortcuts')
    await keys.press('Enter')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await keys.seen()).toBe('button Keyboard shortcuts')

    /** Up or down the list, which follows what happens, to what somebody has said. */
    const goTo = async (words: string): Promise<void> => {
      const rows = page.locator('.list-pane a.row')
      for (let steps = 0; ; steps++) {
        const texts = await rows.allTextContents()
        const here = await rows.evaluateAll((all) => all.findIndex((row) => row.hasAttribute('aria-current')))
        const there = texts.findIndex((text) => text.includes(words))
        if (here === there && there >= 0) break
        expect(steps).toBeLessThan(9)
        expect(await keys.press(there < here ? 'k' : 'j')).toMatch(/^a /)
      }
      await page.getByRole('log').getByText(words, { exact: true }).waitFor()
    }

    await goTo(own('Is the Cove teapot fine in the oven?'))
    expect(await keys.press('r')).toBe('textarea Reply')
    await page.keyboard.type('It is, up to 220 °C.')
    await frame(page, 'keyboard-reply')
    expect(await keys.press('Enter')).toBe('textarea Reply')
    await expect.poll(anna.said).toContain('person: It is, up to 220 °C.')
    expect(await keys.press('Escape')).toBe('log Messages')

    await goTo(own('Do you ship to Lisbon?'))
    const draft = page.getByRole('article', { name: 'Draft of the assistant' })
    await draft.waitFor()
    expect(await keys.press('e')).toBe('textarea Words of the draft')
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('We do: two days, and 4 €.')
    await keys.seen()
    await frame(page, 'keyboard-draft')
    await keys.reach('button Publish')
    await page.keyboard.press('Enter')
    await page.getByText('edited by Ana Lima').waitFor()
    // What had the focus is gone; where it stood has it now.
    await expect.poll(keys.seen).toBe('log Messages')
    await expect.poll(ben.said).toContain('assistant: We do: two days, and 4 €.')

    await goTo(own('My cup came broken.'))
    await draft.waitFor()
    await keys.press('t')
    await page.getByText('Ana Lima took over from the assistant').waitFor()
    await keys.press('r')
    await page.keyboard.type('I am sorry! A new one leaves our studio today.')
    await keys.press('Enter')
    await expect.poll(cleo.said).toContain('person: I am sorry! A new one leaves our studio today.')
    await keys.press('Escape')
    await keys.press('s')
    await page.getByText(/Ana Lima resolved/).waitFor()
    await keys.seen()
    await frame(page, 'keyboard-resolved')
    await frame(cleo.page, 'keyboard-visitor')

    expect(await ben.said()).toEqual([
      `visitor: ${own('Do you ship to Lisbon?')}`,
      'assistant: We do: two days, and 4 €.',
    ])
    expect([...problems, ...clicks, ...anna.problems, ...ben.problems, ...cleo.problems]).toEqual([])
  })
})

declare const clickedForTests: (what: string) => void
