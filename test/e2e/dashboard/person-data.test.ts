import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openOffice } from '../../helpers/dashboard.ts'

const office = openOffice({ path: '/integrations' })

const say = async (textContent: string) => {
  const conversationId = 'c_customer-number-00000001'
  const query = new URLSearchParams({ integrationToken: office.server.token, conversationId, textContent })
  const address = `${office.server.url}/conversation/sse?${query.toString()}`
  await (await fetch(address, { headers: { origin: office.server.url } })).text()
}
const picture = async (name: string) => {
  const folder = process.env['LUMIKA_PICTURES']
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  await office.desk.page.screenshot({ path: `${folder}/${name}.png` })
}

test('a shorter time is asked about before anything is erased; a longer one, or none, is just kept', async () => {
  const { page } = office.desk
  // A first try may have ended anywhere.
  await office.setUp({ retentionDays: null })
  await page.goto(`${office.server.url}/dashboard/integrations`)
  await page.getByRole('link', { name: /This computer/ }).click()
  const days = page.getByLabel('Days that conversations are kept')
  const save = page.getByRole('button', { name: 'Save retention' })
  await page.getByText('Conversations are kept until somebody erases them.').waitFor()
  await days.fill('30')
  await save.click()
  const dialog = page.getByRole('dialog', { name: 'Erase what is older than 30 days?' })
  await dialog.getByText(/Nobody can bring them back/).waitFor()
  await picture('retention-dialog')
  await dialog.getByRole('button', { name: 'Change nothing' }).click()
  await page.getByText('Conversations are kept until somebody erases them.').waitFor()
  await save.click()
  await dialog.getByRole('button', { name: 'Erase old conversations' }).click()
  await page.getByText('when nobody has written in them for 30 days').waitFor()
  await picture('retention')
  await days.fill('40')
  await save.click()
  await page.getByText('when nobody has written in them for 40 days').waitFor()
  expect(await page.getByRole('dialog').count()).toBe(0)
  await days.fill('')
  await save.click()
  await page.getByText('Conversations are kept until somebody erases them.').waitFor()
})

test('a conversation is exported, and erased once that was confirmed; the audit trail says who did', async () => {
  const { page } = office.desk
  await say('Please forget me')
  await page.goto(`${office.server.url}/dashboard`)
  await page
    .getByRole('link', { name: /Please forget me|You said/ })
    .first()
    .click()
  const more = async (name: string) => {
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name }).click()
  }
  const [file] = await Promise.all([page.waitForEvent('download'), more('Export as text')])
  expect(file.suggestedFilename()).toBe('conversation.txt')

  await more('Erase…')
  const dialog = page.getByRole('dialog', { name: 'Erase this conversation?' })
  await picture('erase')
  await dialog.getByRole('button', { name: 'Keep it' }).click()
  await page.getByText('Please forget me').first().waitFor()
  await more('Erase…')
  await dialog.getByRole('button', { name: 'Erase' }).click()
  await page.getByText('The conversation is erased.').waitFor()
  await expect.poll(() => page.getByText('Please forget me').count()).toBe(0)
  await page.goto(`${office.server.url}/dashboard/audit`)
  await page.getByText('erased a conversation').first().waitFor()
})
