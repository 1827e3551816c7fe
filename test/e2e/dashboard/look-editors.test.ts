/** Hours, the form and texts by language: set in the Dashboard, shown beside it, and what visitors get. */
import type { FrameLocator, Locator } from 'playwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { dayNames } from '../../../dashboard/integrations/hours.ts'
import { expectNoBarriers } from '../../helpers/barriers.ts'
import { logIn, openDesk, openOffice } from '../../helpers/dashboard.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'
import { visitorOf } from '../../helpers/visitor.ts'
import type { Visitor } from '../../helpers/visitor.ts'

const office = openOffice({ path: '/integrations', browser: { viewport: { width: 1280, height: 1000 } } })
let site: Site
let frame: FrameLocator

beforeAll(async () => {
  site = await startSite()
  await office.desk.page.getByRole('link', { name: /This computer/ }).click()
})
/** What had been saved before the test. */
let before: Record<string, unknown> = {}
beforeEach(async ({ task }) => {
  const { page } = office.desk
  // What a first try has saved is taken back.
  if (task.result?.retryCount) await office.setUp({ widget: before })
  else before = await stored()
  await page.reload()
  frame = page.frameLocator('iframe[title="The chat as visitors see it"]')
  await page.locator('iframe').scrollIntoViewIfNeeded()
  await frame.getByRole('dialog').waitFor()
})
afterAll(() => site?.close())

/** Opens a part of the look. */
async function open(name: string): Promise<Locator> {
  const { page } = office.desk
  const part = page.locator('details', { has: page.getByRole('heading', { name, exact: true }) })
  await part.getByRole('heading', { name, exact: true }).click()
  return part
}
const save = () => office.desk.page.getByRole('button', { name: 'Save look and texts' }).click()
async function saved(): Promise<Record<string, unknown>> {
  await office.desk.page.getByText('Not saved yet').waitFor({ state: 'detached' })
  return stored()
}
async function stored(): Promise<Record<string, unknown>> {
  const { integrations } = await office.api<{ integrations: { widget: Record<string, unknown> }[] }>(
    'GET',
    '/integrations',
  )
  return integrations[0]?.widget ?? {}
}
/** What the server refuses is said at its field, which has the focus; nothing of what was typed is gone. */
async function expectRefused(field: Locator, value: string, why: RegExp): Promise<void> {
  await save()
  await field.and(office.desk.page.locator('[aria-invalid="true"]:focus')).waitFor()
  const said = field.locator('xpath=following-sibling::*[1]')
  expect([await field.inputValue(), await said.textContent()]).toEqual([value, expect.stringMatching(why)])
  expect(await field.getAttribute('aria-describedby')).toBe(await said.getAttribute('id'))
}
/** Somebody new on a page with the chat. */
async function visit(attributes = ''): Promise<Visitor> {
  const page = await office.browser.newPage({ reducedMotion: 'reduce' })
  await page.goto(site.put('/', { body: htmlPage(scriptTag(office.server.url, office.server.token, attributes)) }))
  return visitorOf(page)
}

describe('editors of the look', () => {
  test('hours: by day, by the clock of a zone, with a text for whoever comes when nobody is there', async () => {
    const { page } = office.desk
    const part = await open('Business hours')
    await part.getByLabel('Say when somebody is back').check()
    // The only hours are in three days, so that nobody is there whenever this runs.
    const there = new Date(Date.now() + 3 * 86_400_000).getUTCDay() || 7
    const day = dayNames('en')[there - 1] ?? ''
    for (const name of dayNames('en')) {
      const remove = part.getByRole('button', { name: `Remove ${name}` })
      if (name !== day && (await remove.count()) > 0) await remove.click()
    }
    if (there > 5) await part.getByRole('button', { name: `Add hours to ${day}` }).click()
    await part.getByLabel('Time zone').fill('Nowhere/Atlantis')
    await part.getByLabel('While nobody is there', { exact: true }).fill('We are out.')
    await part.getByText('By language').click()
    await part.getByLabel('Add a language to: While nobody is there').click()
    await page.getByRole('option', { name: 'Deutsch' }).click()
    await part.getByLabel('Deutsch').fill('Wir sind nicht da.')
    await expectRefused(part.getByLabel('Time zone'), 'Nowhere/Atlantis', /^Has to be a time zone/)
    await part.getByLabel('Time zone').fill('UTC')
    await part.getByLabel(`${day}: to`).fill('08:00')
    await expectRefused(part.getByLabel(`${day}: to`), '08:00', /^Has to be later than the beginning/)
    await part.getByLabel(`${day}: to`).fill('00:00')
    await frame.getByText('We are out.').waitFor()
    await frame.getByText(/^We are back /).waitFor()

    // What another section saves takes nothing away that is typed here.
    await page.getByLabel('Allowed domains, one a line').fill(`localhost, shop-${Date.now()}.example`)
    await page.getByRole('button', { name: 'Save domains' }).click()
    await expect.poll(() => page.getByRole('button', { name: 'Save domains' }).isDisabled()).toBe(true)
    await page.getByText('Not saved yet').waitFor()
    await save()
    expect((await saved())['hours']).toEqual({
      timeZone: 'UTC',
      days: [{ day: there, from: '09:00', to: '24:00' }],
      offlineText: { en: 'We are out.', de: 'Wir sind nicht da.' },
    })

    const visitor = await visit('data-locale="de"')
    await visitor.launcher.click()
    await visitor.page.getByText('Wir sind nicht da.').waitFor()
    expect([...visitor.problems, ...office.desk.problems]).toEqual([])
    await visitor.page.context().close()
  })

  test('ratings and signals: switched off and on, seen beside it, and given way to what a page sets', async () => {
    const { page } = office.desk
    const part = await open('Ratings and signals')
    const set = (name: string, isOn: boolean) => part.getByLabel(name).setChecked(isOn)
    await set('Visitors may say if', true)
    await set('Visitors are asked', true)
    await page.getByRole('button', { name: 'Resolved', exact: true }).click()
    await frame.getByRole('button', { name: 'Helpful', exact: true }).waitFor()
    await frame.getByRole('group', { name: 'How was this chat?' }).waitFor()
    await set('Visitors may say if', false)
    await frame.getByRole('button', { name: 'Helpful', exact: true }).waitFor({ state: 'detached' })
    await set('Visitors are asked', false)
    await frame.getByRole('group', { name: 'How was this chat?' }).waitFor({ state: 'detached' })
    await set('A tone for new', true)
    await set('The title of your page', true)
    await part.getByText('2 of 4 on').waitFor()
    await save()
    expect(await saved()).toMatchObject({ rating: false, feedback: false, sound: true, titleCount: true })

    for (const [attributes, thumbs] of [
      ['', 0],
      ['data-feedback', 1],
    ] as const) {
      const visitor = await visit(attributes)
      await visitor.open()
      await visitor.say('Hello')
      await expect.poll(visitor.said).toHaveLength(2)
      await expect.poll(() => visitor.page.getByRole('button', { name: 'Helpful', exact: true }).count()).toBe(thumbs)
      await visitor.page.getByRole('button', { name: 'More', exact: true }).click()
      const sound = visitor.page.getByRole('menuitemcheckbox', { name: /Sound/ })
      expect(await sound.getAttribute('aria-checked')).toBe('true')
      expect(visitor.problems).toEqual([])
      await visitor.page.context().close()
    }
    expect(office.desk.problems).toEqual([])
  })

  test('the form: questions by keys, choices, a consent; visitors fill it in, and nobody is shut out', async () => {
    const { page } = office.desk
    const part = await open('Form before the first message')
    await part.getByLabel('Ask something before the first message').check()
    await part.getByLabel('Introduction', { exact: true }).fill('Who are you?')
    const [first, second] = [0, 1].map((at) => part.getByRole('group', { name: `Question ${at + 1}` }))
    await first?.getByLabel('Label', { exact: true }).fill('Your name')
    await first?.getByLabel('Has to be answered').check()
    await part.getByRole('button', { name: 'Add a question' }).click()
    await second?.getByLabel('Label', { exact: true }).fill('Topic')
    await second?.getByLabel('Kind').click()
    await page.getByRole('option', { name: 'Choice' }).click()
    await second?.getByLabel('Choice 1', { exact: true }).fill('My order')
    await second?.getByLabel('Told as').fill('name')
    await part.getByLabel('Ask for consent').check()
    await part.getByLabel('What visitors agree to', { exact: true }).fill('I agree to the terms.')
    await part.getByLabel('Where it can be read').fill('http://shop.example/terms')
    await save()
    await part.getByRole('alert').getByText('Have to have different names').waitFor()
    await second?.getByLabel('Told as').fill('a topic')
    if (second) await expectRefused(second.getByLabel('Told as'), 'a topic', /^Has to be letters/)
    await second?.getByLabel('Told as').fill('topic')
    await expectRefused(
      part.getByLabel('Where it can be read'),
      'http://shop.example/terms',
      /^Has to be an address that begins with https/,
    )
    await part.getByLabel('Where it can be read').fill('https://shop.example/terms')

    // By keys; the focus goes along to where there is still a way to go.
    await part.getByRole('button', { name: 'Move question 2 up' }).press('Enter')
    await part.getByRole('button', { name: 'Move question 1 down' }).and(page.locator(':focus')).waitFor()
    await frame.getByLabel('Your name').waitFor()
    await expect
      .poll(() => frame.locator('form label').allTextContents())
      .toEqual([
        expect.stringContaining('Topic'),
        expect.stringContaining('Your name'),
        expect.stringContaining('I agree'),
      ])
    await save()
    expect((await saved())['form']).toEqual({
      intro: { en: 'Who are you?' },
      fields: [
        {
          ...{ name: 'topic', kind: 'select', label: { en: 'Topic' } },
          options: [{ value: 'My order', label: { en: 'My order' } }],
        },
        { name: 'name', kind: 'text', label: { en: 'Your name' }, required: true },
      ],
      consent: { text: { en: 'I agree to the terms.' }, url: 'https://shop.example/terms' },
    })

    const visitor = await visit()
    await visitor.launcher.click()
    await visitor.page.getByRole('button', { name: 'Start chat' }).click()
    await visitor.page.getByText('Please fill this in.').waitFor()
    await expectNoBarriers(visitor.page, 'lumika-chat')
    await visitor.page.getByLabel('Your name').fill('Ben')
    await visitor.page.getByLabel('Topic').selectOption('My order')
    await visitor.page.getByLabel('I agree to the terms.').check()
    await visitor.page.getByRole('button', { name: 'Start chat' }).click()
    await visitor.say('Hello')
    await expect.poll(visitor.said).toHaveLength(2)
    expect([...visitor.problems, ...office.desk.problems]).toEqual([])
    await visitor.page.context().close()
  })

  test('texts: of a language, found by their words; only those that are the site’s own are kept', async () => {
    const { page } = office.desk
    const part = await open('Texts by language')
    await part.getByLabel('Language of the texts').click()
    await page.getByRole('option', { name: 'Deutsch' }).click()
    await part.getByLabel('Find a text').fill('chat mit')
    const title = part.getByRole('group', { name: 'Texts' }).getByLabel('Title', { exact: true })
    expect(await title.getAttribute('placeholder')).toBe('Chat mit uns')
    expect(await part.getByRole('group', { name: 'Texts' }).getByRole('textbox').count()).toBe(1)
    await title.fill('x'.repeat(101))
    await part.getByLabel('Find a text').fill('senden')
    // It is shown, though it was not looked for.
    await expectRefused(title, 'x'.repeat(101), /^Too big/)
    await title.fill('Frag uns')
    await page.getByLabel('Language of the page').click()
    await page.getByRole('option', { name: 'Deutsch' }).click()
    await frame.getByRole('dialog', { name: 'Frag uns' }).waitFor()
    await save()
    expect((await saved())['texts']).toEqual({ de: { title: 'Frag uns' } })
    await part.getByText('1 of your own').waitFor()

    const visitor = await visit('data-locale="de"')
    await visitor.launcher.click()
    await visitor.page.getByRole('dialog', { name: 'Frag uns' }).waitFor()
    expect([...visitor.problems, ...office.desk.problems]).toEqual([])
    await visitor.page.context().close()
  })

  test('axe finds nothing where all of it is open, by day, by night and on a phone, which it fits', async () => {
    const { page, problems } = await openDesk(office.browser, office.server, '/integrations', { bypassCSP: true })
    await logIn({ page, problems })
    await page.getByRole('link', { name: /This computer/ }).click()
    const closed = page.locator('#look-and-texts details:not([open]) > summary')
    await page.getByRole('heading', { name: 'Business hours' }).waitFor()
    while ((await closed.count()) > 0) await closed.first().click()
    for (const size of [page.viewportSize(), { width: 320, height: 700 }]) {
      if (size) await page.setViewportSize(size)
      await expectNoBarriers(page, '#look-and-texts')
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      const cut = await page.locator('#look-and-texts form').evaluate((form) => {
        const { right } = form.parentElement?.getBoundingClientRect() ?? form.getBoundingClientRect()
        const found = [...form.querySelectorAll('input, textarea, button, summary')]
        return found.filter((each) => each.getBoundingClientRect().right > right + 1).map((each) => each.outerHTML)
      })
      expect(cut).toEqual([])
    }
    await page.context().close()
  })
})
