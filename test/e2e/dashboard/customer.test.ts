import { beforeAll, expect, test } from 'vitest'
import { openOffice } from '../../helpers/dashboard.ts'
import type { Desk } from '../../helpers/dashboard.ts'
import type { ServerProcess } from '../../helpers/server.ts'

const office = openOffice()
let server: ServerProcess
let desk: Desk

beforeAll(() => void ({ server, desk } = office))

test('what a page tells of its customer is shown as text, whatever it is; only a page is a link', async () => {
  const context = { '<b>plan</b>': '<img src=x onerror=alert(1)>', cart: ['x'.repeat(300)] }
  const told = { page: 'https://shop.example/cart?secret', title: '<script>alert(1)</script>', timeZone: 'Asia/Tokyo' }
  const body = new URLSearchParams({
    ...{ integrationToken: server.token, conversationId: `c_customer-of-the-facts-01`, textContent: 'Who am I?' },
    context: JSON.stringify({ ...told, locale: 'pt-BR', ...context }),
  })
  await (
    await fetch(`${server.url}/conversation/sse`, { method: 'POST', body, headers: { origin: server.url } })
  ).text()
  const { page } = desk
  await page.setViewportSize({ width: 1500, height: 900 })
  await page.getByRole('link', { name: /Who am I\?/ }).click()
  const panel = page.getByRole('complementary', { name: 'Customer' })
  await panel.getByText('Asia/Tokyo').waitFor()
  for (const text of [told.title, 'Portuguese (Brazil)', '<b>plan</b>', context['<b>plan</b>']])
    await panel.getByText(text).waitFor()
  const links = await panel.getByRole('link').evaluateAll((all) => all.map((link) => link.getAttribute('href')))
  expect(links).toEqual(['https://shop.example/cart'])
  expect(await panel.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true)
  expect(desk.problems).toEqual([])
})

test('what a customer thinks of answers and of the conversation, and that they type, is seen as it happens', async () => {
  const conversationId = `c_${crypto.randomUUID()}`
  const fields = { integrationToken: server.token, conversationId }
  const post = async (path: string, more: Record<string, string>) => {
    const init = { method: 'POST', body: new URLSearchParams({ ...fields, ...more }), headers: { origin: server.url } }
    return (await fetch(`${server.url}/conversation/${path}`, init)).text()
  }
  const textContent = `Is it good? ${conversationId.slice(-6)}`
  await post('sse', { textContent })
  const read = await fetch(`${server.url}/conversation/history?${new URLSearchParams(fields).toString()}`, {
    headers: { origin: server.url },
  })
  const messageId = ((await read.json()) as { lastMessageId: string }).lastMessageId
  const { page } = desk
  await page.getByRole('link', { name: new RegExp(textContent.replace('?', '\\?')) }).click()
  const log = page.getByRole('log')
  await log.getByText(textContent).first().waitFor()

  await post('feedback', { messageId, rating: 'down' })
  await log.getByText('not helpful').waitFor()
  await post('feedback', { messageId, rating: 'up' })
  await log.getByText(/^\W*helpful$/).waitFor()
  expect(await log.getByText('not helpful').count()).toBe(0)
  const comment = 'Quick, and <b>kind</b>.'
  await post('feedback', { score: '4', comment })
  const panel = page.getByRole('complementary', { name: 'Customer' })
  for (const place of [log, panel]) {
    await place.getByRole('img', { name: '4 of 5' }).waitFor()
    await place.getByText(comment).waitFor()
  }
  await post('typing', { isTyping: 'true' })
  await page.getByText('The customer is typing…').waitFor()
  await post('typing', { isTyping: 'false' })
  await page.getByText('The customer is typing…').waitFor({ state: 'detached' })
  await page.reload()
  await log.getByText(/^\W*helpful$/).waitFor()
  expect(desk.problems).toEqual([])
})
