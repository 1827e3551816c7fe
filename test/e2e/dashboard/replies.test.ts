/** Ready replies: written once, put in by the bolt or by a shortcut. */
import { describe, expect, test } from 'vitest'
import { openOffice, say } from '../../helpers/dashboard.ts'

const office = openOffice({ path: '/replies' })

describe('ready replies', () => {
  test('are written, and say what is wrong with them without losing a word', async () => {
    const { page } = office.desk
    for (const title of ['Delivery', 'Again']) {
      await page.getByRole('button', { name: 'New reply' }).click()
      await page.getByLabel('Title').fill(title)
      await page.getByLabel('Shortcut').fill('sent')
      await page.getByLabel('Text').fill('{{me}} here: order {{order}} of {{integration}} is on its way.')
      await page.getByRole('button', { name: 'Save' }).click()
      if (title === 'Delivery') await page.getByText('/sent').waitFor()
    }
    await page.getByRole('alert').waitFor()
    expect(await page.getByLabel('Title').inputValue()).toBe('Again')
    await page.getByLabel('Shortcut').fill('')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Change Again' }).click()
    await page.getByRole('menuitem', { name: 'Change…' }).click()
    await page.getByLabel('Title').fill('Thanks')
    await page.getByLabel('Text').fill('Thank you!')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Thank you!').waitFor()
  })

  test('are put in by the bolt where the cursor is, and by a shortcut in its place', async () => {
    const { page } = office.desk
    await say(office.server, 'c_customer-number-00000001', 'Where is my parcel?')
    await page.getByRole('link', { name: 'Activities' }).click()
    await page.getByRole('link', { name: /Where is my parcel|demo assistant/ }).click()
    const box = page.getByRole('textbox', { name: 'Reply' })
    await box.fill('/sent')
    await box.press('Tab')
    const ready = 'Ana Lima here: order {{order}} of This computer is on its way.'
    await expect.poll(() => box.inputValue()).toBe(ready)
    await box.press('End')
    await box.pressSequentially(' ')
    await page.getByRole('button', { name: 'Ready replies' }).click()
    await page.getByRole('menuitem', { name: 'Thanks' }).click()
    await expect.poll(() => box.inputValue()).toBe(`${ready} Thank you!`)
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('log').getByText(`${ready} Thank you!`).waitFor()
    expect(office.desk.problems).toEqual([])
  })

  test('are deleted when that was said twice', async () => {
    const { page } = office.desk
    await page.getByRole('link', { name: 'Replies' }).click()
    await page.getByRole('button', { name: 'Change Thanks' }).click()
    await page.getByRole('menuitem', { name: 'Delete…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('“Thanks” is deleted.').waitFor()
    await expect.poll(() => page.getByRole('button', { name: 'Change Thanks' }).count()).toBe(0)
    expect(office.desk.problems).toEqual([])
  })
})
