/** Two people at work in one inbox, each in a browser of their own: they see each other, and decide things once. */
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium } from '../../helpers/chromium.ts'
import { createOwner, hire, logIn, openDesk, say } from '../../helpers/dashboard.ts'
import type { Desk } from '../../helpers/dashboard.ts'
import { operatorOf } from '../../helpers/operator.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'

let browser: Browser
let server: ServerProcess
let ana: Desk
let mia: Desk
/** A name is a text. */
const name = 'Mia <b>Berg</b>'

beforeAll(async () => {
  ;[browser, server] = await Promise.all([launchChromium(), startServer()])
  await createOwner(server)
  const second = await hire(server, name)
  ;[ana, mia] = await Promise.all([openDesk(browser, server), openDesk(browser, server)])
  await Promise.all([logIn(ana), logIn(mia, second)])
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

let count = 0

/** A customer asks, and both open the conversation. The text is one of its own at each try. */
async function bothLookAt(
  question: string,
  responseMode: 'auto' | 'approval' = 'auto',
): Promise<{ customer: string; text: string }> {
  const text = `${question} (${++count})`
  const headers = { authorization: `Bearer ${server.operatorKey}`, 'content-type': 'application/json' }
  const listed = (await (await fetch(`${server.url}/api/integrations`, { headers })).json()) as {
    integrations: { id: string }[]
  }
  const path = `${server.url}/api/integrations/${listed.integrations[0]?.id}`
  await fetch(path, { method: 'PATCH', headers, body: JSON.stringify({ responseMode }) })
  const customer = `c_together-number-${String(count).padStart(8, '0')}`
  await say(server, customer, text)
  for (const { page } of [ana, mia]) {
    await page.getByRole('link', { name: text }).click()
    await page
      .getByRole('article', { name: /^Customer,/ })
      .getByText(text)
      .waitFor()
  }
  return { customer, text }
}

const here = (page: Page, who: string) => page.getByText(`${who} is here, too`)
const typing = (page: Page) => page.getByRole('status').filter({ hasText: 'is typing' })
const reply = (page: Page) => page.getByRole('textbox', { name: 'Reply' })

/** What the customer could read by now. */
const saidTo = async (conversationId: string): Promise<string[]> =>
  (await operatorOf(server).conversations()).find((each) => each.conversationId === conversationId)?.said ?? []

/** How long it took from one person's deed until the other one sees it, in milliseconds. */
async function seenAfter(what: string, deed: () => Promise<unknown>, seen: () => Promise<unknown>): Promise<void> {
  const start = performance.now()
  await Promise.all([deed(), seen()])
  process.stdout.write(`${what}, until the other one sees it: ${Math.round(performance.now() - start)} ms\n`)
}

describe('two people', () => {
  test('see each other come, type, and go', async () => {
    await bothLookAt('Is anybody there?')
    // In the head and in the list.
    await expect.poll(() => here(ana.page, name).count()).toBe(2)
    await expect.poll(() => here(mia.page, 'Ana Lima').count()).toBe(2)
    expect(await ana.page.locator('b').count()).toBe(0)

    await reply(mia.page).pressSequentially('Yes')
    await typing(ana.page).getByText(`${name} is typing…`, { exact: true }).waitFor()
    expect(await typing(mia.page).count()).toBe(0)
    await reply(ana.page).pressSequentially('W')
    await reply(mia.page).pressSequentially(', we are')
    await typing(ana.page).getByText(`${name} is typing a reply to this customer, too`, { exact: true }).waitFor()
    await reply(ana.page).pressSequentially('e')
    await typing(mia.page).waitFor()
    await reply(ana.page).fill('')
    await reply(mia.page).press('Enter')
    await expect.poll(() => typing(ana.page).count(), { timeout: 20_000 }).toBe(0)
    await ana.page.getByRole('log').getByText('Yes, we are', { exact: true }).waitFor()

    await mia.page.keyboard.press('Escape')
    await mia.page.keyboard.press('Escape')
    await mia.page.getByText('Choose a conversation').waitFor()
    await expect.poll(() => here(ana.page, name).count()).toBe(0)
    expect([ana.problems, mia.problems]).toEqual([[], []])
  })

  test('who is only elsewhere, or writes a note, is not said to be typing', async () => {
    await bothLookAt('Do you sell lids?')
    await mia.page.keyboard.press('n')
    await mia.page.getByRole('textbox', { name: 'Note' }).pressSequentially('Ask the studio')
    await here(ana.page, name).first().waitFor()
    await mia.page.getByRole('button', { name: 'Keep' }).click()
    await ana.page.getByRole('article', { name: `Note by ${name}` }).waitFor()
    expect(await typing(ana.page).count()).toBe(0)
    await mia.page.getByRole('button', { name: 'Reply' }).click()
  })

  test('are told who changes a draft; of two who decide at once one does, and both see what became of it', async () => {
    const { customer } = await bothLookAt('Where is my parcel?', 'approval')
    const draft = (page: Page) => page.getByRole('article', { name: 'Draft of the assistant' })
    for (const { page } of [ana, mia]) await draft(page).waitFor()
    await mia.page.keyboard.press('e')
    const words = mia.page.getByRole('textbox', { name: 'Words of the draft' })
    await words.fill('It left our studio today.')
    await ana.page.getByText(`${name} is editing this draft`).waitFor()
    expect(await typing(ana.page).count()).toBe(0)
    // By the keyboard: where Ana is quicker, there is no such text box any more.
    await Promise.all([ana.page.keyboard.press('a'), mia.page.keyboard.press('Control+Enter')])
    const verdict = /approved by Ana Lima|edited by Mia/
    for (const { page } of [ana, mia]) {
      await page.getByText(verdict).waitFor()
      await draft(page).waitFor({ state: 'detached' })
    }
    const [inAna, inMia] = await Promise.all([ana, mia].map(({ page }) => page.getByText(verdict).allTextContents()))
    expect(inAna).toHaveLength(1)
    expect(inMia).toEqual(inAna)
    expect((await saidTo(customer)).filter((line) => line.startsWith('assistant'))).toHaveLength(1)
    await expect.poll(() => ana.page.getByText('is editing this draft').count()).toBe(0)
  })

  test('what one has written in a draft stays when somebody else decides first, over a reload, too', async () => {
    const { customer } = await bothLookAt('Is it insured?', 'approval')
    const late = mia.page.getByRole('article', { name: 'A draft decided meanwhile' })
    const words = mia.page.getByRole('textbox', { name: 'Words of the draft' })
    await ana.page.getByRole('button', { name: 'Approve' }).waitFor()
    await mia.page.keyboard.press('e')
    await words.fill('It is insured')
    await ana.page.keyboard.press('a')
    await late.getByText('Ana Lima has approved this draft meanwhile').waitFor()
    // The box keeps the focus: these keys would approve, edit and reject something else.
    await mia.page.keyboard.press('End')
    await mia.page.keyboard.type(', axe.')
    await expect.poll(() => words.inputValue()).toBe('It is insured, axe.')
    await mia.page.keyboard.press('Control+Enter')
    await mia.page.reload()
    await late.getByText('What you wrote here was not sent').waitFor()
    expect(await words.inputValue()).toBe('It is insured, axe.')
    await late.getByRole('button', { name: 'Use as a reply' }).click()
    await late.waitFor({ state: 'detached' })
    expect(await reply(mia.page).inputValue()).toBe('It is insured, axe.')
    expect((await saidTo(customer)).filter((line) => line.startsWith('assistant'))).toHaveLength(1)
    await mia.page.reload()
    expect(await reply(mia.page).inputValue()).toBe('It is insured, axe.')
    expect(await late.count()).toBe(0)
    await reply(mia.page).fill('')
  })

  test('a reply while somebody else has taken over is sent once, and changes nothing else', async () => {
    const { customer } = await bothLookAt('May I speak to somebody?')
    const takeOver = () => mia.page.getByRole('button', { name: 'Take over' }).click()
    await seenAfter('taken over', takeOver, () => ana.page.getByText(`${name} answers`).waitFor())
    await reply(ana.page).fill('I can help, too.')
    const sent = () => reply(ana.page).press('Enter')
    await seenAfter('a reply', sent, () => mia.page.getByRole('log').getByText('I can help, too.').waitFor())
    await reply(mia.page).fill('Good day!')
    await reply(mia.page).press('Enter')
    for (const { page } of [ana, mia]) {
      await page.getByRole('log').getByText('Good day!').waitFor()
      expect(await page.getByRole('log').getByText('I can help, too.').count()).toBe(1)
      await page.getByText(`${name} answers`).waitFor()
    }
    expect((await saidTo(customer)).slice(-2)).toEqual(['assistant: I can help, too.', 'assistant: Good day!'])
  })

  test('what one assigns or resolves the other sees as it happens, in the time line and in the list', async () => {
    const { text } = await bothLookAt('Can I pay by invoice?')
    await ana.page.getByRole('button', { name: 'More' }).click()
    const assign = () => ana.page.getByRole('menuitem', { name: 'Ana Lima (you)' }).click()
    const row = mia.page.getByRole('link', { name: text })
    await seenAfter('assigned', assign, async () => {
      await mia.page.getByText('Ana Lima assigned the conversation to Ana Lima').waitFor()
      await row.getByText('→ Ana Lima').waitFor()
    })
    const resolve = () => ana.page.getByRole('button', { name: 'Resolve', exact: true }).click()
    await seenAfter('resolved', resolve, async () => {
      await mia.page.getByText('Ana Lima resolved the conversation').waitFor()
      await mia.page.getByRole('button', { name: 'Reopen' }).waitFor()
      await row.waitFor({ state: 'detached' })
    })
    expect([ana.problems, mia.problems]).toEqual([[], []])
  })
})
