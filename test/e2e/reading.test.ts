import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { built } from '../helpers/build.ts'
import { page, setUpEmbedding, site, visitor } from '../helpers/embedding.ts'
import { htmlPage } from '../helpers/site.ts'

setUpEmbedding()

/** A chat whose backend is this page: 120 messages, the last three of them today. `write` adds one by a person. */
const script = `
  import { mountWidget } from '/index.js'
  const record = (number, hoursAgo, name) => ({
    id: 'record' + number, actor: number % 2 || name ? 'assistant' : 'customer', type: 'message',
    body: 'Message ' + number + (number % 2 ? ' goes on **and on**'.repeat(number % 13) : '') + (number === 7 ? '\\n\\n    code' : ''),
    createdAt: new Date(new Date().setHours(12, 0, 0) - hoursAgo * 3_600_000).toISOString(),
    ...(name && { data: { author: { kind: 'operator', name } } }),
  })
  const records = Array.from({ length: 117 }, (_, i) => record(i, 24 + (117 - i) / 30))
  records.push(record(117, 1, 'Sam Ng'), record(118, 1, 'Sam Ng'), record(119, 0.5, 'Sam Ng'))
  window.write = () => records.push(record(records.length, 0, 'Sam Ng'))
  const history = async ({ afterId, beforeId, limit = 50, wait }) => {
    const placeOf = (id) => records.findIndex((one) => one.id === id)
    const end = beforeId ? placeOf(beforeId) : records.length
    const from = afterId ? placeOf(afterId) + 1 : Math.max(0, end - limit)
    if (wait && from === end) await new Promise((resolve) => setTimeout(resolve, 50))
    const messages = records.slice(from, end)
    return { messages, lastMessageId: messages.at(-1)?.id ?? afterId ?? null, hasMore: !afterId && from > 0 }
  }
  const adapter = { async *send() {}, async *resume() {}, async stop() {}, history }
  window.chat = mountWidget({ adapter, conversationId: 'conversation-of-a-site', userHash: 'a'.repeat(64) })`

test('a long conversation shows days and authors, keeps the reader’s place, and goes back to its beginning', async () => {
  const files = readdirSync(built('dist'), { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((name) => /^(index|protocol|adapters\/\w+|chunks\/.*)\.js$/.test(name)))
    site.put(`/${file}`, { body: readFileSync(`${built('dist')}/${file}`, 'utf8'), type: 'text/javascript' })
  await page.goto(site.put('/', { body: htmlPage(`<script type="module">${script}</script>`) }))
  await visitor.open()
  const log = page.getByRole('log')
  const entries = log.locator('.entry')
  const below = () => log.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight)
  const placeOf = async (text: string) => (await entries.filter({ hasText: text }).boundingBox())?.y ?? NaN
  await expect.poll(() => entries.count()).toBe(50)
  await expect.poll(below).toBeLessThan(2)

  // Name and avatar once, then the time; a day begins above its first message.
  expect(await log.locator('.day').last().textContent()).toBe('Today')
  expect(await log.locator('.avatar').last().textContent()).toContain('SN')
  expect(await entries.nth(-3).getByText('Sam Ng').boundingBox()).toMatchObject({ height: 24 })
  expect(await entries.nth(-2).getByText('Sam Ng').boundingBox()).toMatchObject({ height: 1 })
  expect(await entries.nth(-3).locator('time').count()).toBe(0)
  expect(await entries.nth(-2).locator('time').count()).toBe(1)

  // Who reads above is told what comes, and stays where they are: also when the window is another size.
  // A small step up is enough: to a link that has got the focus, say.
  await log.hover()
  await page.mouse.wheel(0, -20)
  await page.getByRole('button', { name: 'Go to the newest message' }).waitFor()
  await page.mouse.wheel(0, -700)
  await expect.poll(below).toBeGreaterThan(500)
  const reading = (await entries.evaluateAll(
    (elements) => elements.find((one) => one.getBoundingClientRect().top > 200)?.querySelector('.bubble')?.textContent,
  )) as string
  const place = await placeOf(reading)
  await page.evaluate('write(), write()')
  const news = page.getByRole('button', { name: '2 new messages' })
  await news.waitFor({ timeout: 20_000 })
  expect(Math.abs((await placeOf(reading)) - place)).toBeLessThanOrEqual(1)
  await news.click()
  await expect.poll(below).toBeLessThan(2)
  await expect.poll(() => news.count()).toBe(0)

  // So is who has just gone up when something grows, before the browser has told of it.
  await log.evaluate(async (element) => {
    const frame = () => new Promise(requestAnimationFrame)
    const content = element.querySelector<HTMLElement>('.content')
    await frame()
    element.scrollTop -= 400
    content?.style.setProperty('min-height', `${content.clientHeight + 20}px`)
    for (let frames = 0; frames < 3; frames++) await frame()
  })
  expect(await below()).toBeGreaterThan(400)

  // At the beginning older ones come, above what is being read, until there are none.
  const first = 'Message 70'
  await log.evaluate((element) => (element.scrollTop = 0))
  await expect.poll(() => entries.count()).toBe(102)
  await expect.poll(() => log.evaluate((element) => element.scrollTop)).toBeGreaterThan(500)
  expect(await placeOf(first)).toBeGreaterThan(0)
  await log.evaluate((element) => (element.scrollTop = 0))
  await expect.poll(() => entries.count()).toBe(122)
  expect(await page.getByRole('button', { name: 'Show earlier messages' }).count()).toBe(0)

  // What is far away is no more than its nodes, in its order and to be found, until something in it is needed.
  await page.getByRole('button', { name: 'Go to the newest message' }).click()
  const kept = log.locator('.kept')
  await expect.poll(() => kept.count()).toBeGreaterThan(1)
  const numbers = await entries.evaluateAll((all) => all.map((one) => /Message (\d+)/.exec(one.textContent)?.[1]))
  expect(numbers.slice(0, 120)).toEqual(Array.from({ length: 120 }, (_, i) => String(i)))
  expect(await log.ariaSnapshot()).toMatch(/Message 3 [^]*Message 7 [^]*Message 119/)
  const before = await kept.count()
  const copy = log.getByRole('button', { name: 'Copy' })
  await copy.focus()
  await expect.poll(() => kept.count()).toBe(before - 1)
  expect(await copy.evaluate((button: Element) => button.matches(':focus'))).toBe(true)
  await page.keyboard.press('Enter')
  await log.getByRole('button', { name: 'Copied' }).waitFor()
  expect(visitor.problems).toEqual([])
})
