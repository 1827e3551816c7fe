import { beforeEach, describe, expect, test } from 'vitest'
import { logIn, openDesk, openOffice, say } from '../../helpers/dashboard.ts'
import { operatorOf } from '../../helpers/operator.ts'
import { countTries } from '../../helpers/tries.ts'
import { visitorOf } from '../../helpers/visitor.ts'

const office = openOffice()

const { own, newCustomer } = countTries()
beforeEach(async ({ task }) => {
  // What a first try has left open.
  if (task.result?.retryCount) await office.desk.page.goto(`${office.server.url}/dashboard/activities`)
})

/** What the customer could read by now. */
const saidTo = async (conversationId: string): Promise<string[]> =>
  (await operatorOf(office.server).conversations()).find((each) => each.conversationId === conversationId)?.said ?? []

describe('Activities', () => {
  test('a visitor writes, the conversation appears by itself; the reply is in the panel while the visitor waits', async () => {
    const text = own('Is the teapot oven-proof?')
    const { page } = office.desk
    const context = await office.browser.newContext()
    const visitor = visitorOf(await context.newPage())
    await visitor.page.goto(`${office.server.url}/demo`)
    await visitor.open()
    await visitor.say(text)

    const row = page.getByRole('link', { name: text })
    await row.waitFor()
    await row.click()
    await page.getByRole('log').getByText(`You wrote: ${text}`).waitFor()
    await page.getByRole('textbox', { name: 'Reply' }).fill('It is, up to 220 °C.')
    await page.getByRole('textbox', { name: 'Reply' }).press('Enter')
    await expect.poll(visitor.said).toContain('person: It is, up to 220 °C.')
    expect(await page.getByRole('textbox', { name: 'Reply' }).inputValue()).toBe('')
    await page.getByRole('log').getByText('Ana Lima', { exact: true }).waitFor()
    await context.close()
    expect(office.desk.problems).toEqual([])
  })

  test('a draft is approved by one key, and the customer gets one message', async () => {
    const text = own('Where is my parcel?')
    const { page } = office.desk
    await office.setUp({ responseMode: 'approval' })
    const customer = newCustomer()
    await say(office.server, customer, text)
    await page.getByRole('link', { name: text }).click()
    const draft = page.getByRole('article', { name: 'Draft of the assistant' })
    await draft.waitFor()
    expect(await saidTo(customer)).toHaveLength(1)
    await page.keyboard.press('a')
    await page.getByText('approved by Ana Lima').waitFor()
    await draft.waitFor({ state: 'detached' })
    expect(await saidTo(customer)).toEqual([`customer: ${text}`, expect.stringContaining(`You wrote: ${text}`)])
  })

  test('a draft is edited, shows what is changed, and goes out in the person’s words', async () => {
    const text = own('Do you ship to Portugal?')
    const { page } = office.desk
    await office.setUp({ responseMode: 'approval' })
    const customer = newCustomer()
    await say(office.server, customer, text)
    await page.getByRole('link', { name: text }).click()
    await page.getByRole('article', { name: 'Draft of the assistant' }).waitFor()
    await page.keyboard.press('e')
    const words = page.getByRole('textbox', { name: 'Words of the draft' })
    expect(await words.evaluate((box) => box.matches(':focus'))).toBe(true)
    await words.fill(`We do. You wrote: ${text}`)
    await expect.poll(() => page.locator('ins').allTextContents()).toEqual(['We', 'do'])
    // What is typed outlives a reload.
    await page.reload()
    await page.getByRole('button', { name: 'Edit' }).click()
    expect(await words.inputValue()).toBe(`We do. You wrote: ${text}`)
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('edited by Ana Lima').waitFor()
    expect(await saidTo(customer)).toEqual([`customer: ${text}`, `assistant: We do. You wrote: ${text}`])
    await page.getByText('What was changed').click()
    await page.locator('del').first().waitFor()
  })

  test('a draft is rejected with a reason, and never goes out', async () => {
    const text = own('May I bake in it?')
    const { page } = office.desk
    await office.setUp({ responseMode: 'approval' })
    const customer = newCustomer()
    await say(office.server, customer, text)
    await page.getByRole('link', { name: text }).click()
    await page.getByRole('article', { name: 'Draft of the assistant' }).waitFor()
    await page.keyboard.press('x')
    await page.keyboard.type('It only repeats')
    await page.keyboard.press('Enter')
    await page.getByText('Ana Lima rejected a draft: It only repeats').waitFor()
    expect(await saidTo(customer)).toEqual([`customer: ${text}`])
  })

  test('two people approve at once: it goes out once, and both see what became of it', async () => {
    const text = own('Is it heavy?')
    await office.setUp({ responseMode: 'approval' })
    const customer = newCustomer()
    await say(office.server, customer, text)
    const other = await openDesk(office.browser, office.server)
    await logIn(other)
    for (const { page } of [office.desk, other]) {
      await page.getByRole('link', { name: text }).click()
      await page.getByRole('article', { name: 'Draft of the assistant' }).waitFor()
    }
    await Promise.all([office.desk, other].map(({ page }) => page.keyboard.press('a')))
    for (const { page } of [office.desk, other]) await page.getByText('approved by Ana Lima').waitFor()
    expect(await saidTo(customer)).toHaveLength(2)
    await other.page.context().close()
  })

  test('a note stays in the house; taking over, handing back, resolving and reopening are one press each', async () => {
    const text = own('I would like to speak to somebody.')
    const { page } = office.desk
    await office.setUp({ responseMode: 'auto' })
    const customer = newCustomer()
    await say(office.server, customer, text)
    await page.getByRole('link', { name: text }).click()
    await page.getByRole('heading', { name: /^Visitor/, level: 2 }).waitFor()
    await page.keyboard.press('n')
    await page.getByRole('textbox', { name: 'Note' }).fill('A regular: be kind.')
    await page.getByRole('button', { name: 'Keep' }).click()
    await page.getByRole('article', { name: 'Note by Ana Lima' }).getByText('A regular: be kind.').waitFor()
    expect((await saidTo(customer)).join()).not.toContain('regular')

    await page.getByRole('button', { name: 'Take over' }).click()
    await page.getByText('Ana Lima took over from the assistant').waitFor()
    await page.getByRole('button', { name: 'Hand back' }).click()
    await page.getByRole('button', { name: 'Resolve', exact: true }).click()
    await page.getByRole('button', { name: 'Reopen' }).click()
    await page.getByRole('button', { name: 'Resolve', exact: true }).waitFor()
  })

  test('markup of a customer is text; only whole addresses are links, which tell nobody where they were found', async () => {
    const { page } = office.desk
    const text = own('<img src=x onerror=alert(1)> javascript:alert(2) https://shop.example/a?b=1.')
    await say(office.server, newCustomer(), text)
    await page.getByRole('link', { name: text }).click()
    const bubble = page.getByRole('log').locator('.customer .words')
    await bubble.waitFor()
    expect(await bubble.textContent()).toBe(text)
    expect(await bubble.locator('*').count()).toBe(1)
    const link = bubble.getByRole('link')
    expect(await link.getAttribute('href')).toBe('https://shop.example/a?b=1')
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer nofollow ugc')
    expect(await link.getAttribute('target')).toBe('_blank')
    expect(office.desk.problems).toEqual([])
  })

  test('what is typed and not sent is there again after a reload, and after a look at another conversation', async () => {
    const { page } = office.desk
    const box = page.getByRole('textbox', { name: 'Reply' })
    const [here, there] = [own('Is it light?'), own('Is it round?')]
    for (const text of [here, there]) await say(office.server, newCustomer(), text)
    await page.getByRole('link', { name: here }).click()
    await page.getByRole('log').getByText(here, { exact: true }).waitFor()
    await box.fill('Half a sen')
    await page.getByRole('link', { name: there }).click()
    await expect.poll(() => box.inputValue()).toBe('')
    await page.goBack()
    await expect.poll(() => box.inputValue()).toBe('Half a sen')
    await page.reload()
    await expect.poll(() => box.inputValue()).toBe('Half a sen')
    await box.fill('')
  })

  test('the filters show what needs doing, and the tab tells how many nobody has read', async () => {
    const text = own('Is anybody there?')
    const { page } = office.desk
    await office.setUp({ responder: null })
    await page.getByRole('button', { name: 'Waiting' }).click()
    await page.goto(`${office.server.url}/dashboard/activities`)
    await say(office.server, newCustomer(), text)
    await expect.poll(() => page.title()).toMatch(/^\(\d+\) Activities/)
    await page.getByRole('button', { name: 'Waiting' }).click()
    await page.getByRole('link', { name: text }).waitFor()
    await page.getByRole('button', { name: 'Mine' }).click()
    await page.getByText('Nothing is assigned to you').waitFor()
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.getByRole('link', { name: text }).click()
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Ana Lima (you)' }).click()
    await page.getByText('Ana Lima assigned the conversation to Ana Lima').waitFor()
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Everybody' }).click()
    await page.getByText('Ana Lima gave the conversation back to everybody').waitFor()
    expect(office.desk.problems).toEqual([])
  })

  test('a word finds the conversation it was said in; what is not found is said', async () => {
    const text = own('Is anybody there?')
    const { page } = office.desk
    const wanted = own('Where is my parcel?')
    for (const each of [text, wanted]) await say(office.server, newCustomer(), each)
    await page.keyboard.press('Escape')
    await page.goto(`${office.server.url}/dashboard/activities`)
    await page.getByRole('link', { name: text }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('PARCEL')
    await page.getByRole('button', { name: 'All', exact: true }).click()
    await page.getByRole('link', { name: wanted }).waitFor()
    await page.getByRole('link', { name: text }).waitFor({ state: 'detached' })
    await page.getByRole('searchbox').fill('a word that nobody has said')
    await page.getByText('Nothing was found').waitFor()
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.getByRole('link', { name: text }).waitFor()
    expect(await page.getByRole('searchbox').inputValue()).toBe('')
    expect(office.desk.problems).toEqual([])
  })
})
