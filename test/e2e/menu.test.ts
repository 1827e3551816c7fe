/** What visitors do with a conversation beside writing, and what the people behind the chat see of it. */
import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../helpers/chromium.ts'
import { operatorOf } from '../helpers/operator.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../helpers/site.ts'
import type { Site } from '../helpers/site.ts'
import { visitorOf } from '../helpers/visitor.ts'

let browser: Browser
let server: ServerProcess
let site: Site
beforeAll(async () => {
  ;[browser, server, site] = await Promise.all([launchChromium(), startServer(), startSite()])
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
  await server?.stop()
})

/** The operator API. */
async function api<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = { authorization: `Bearer ${server.operatorKey}`, 'content-type': 'application/json' }
  const response = await fetch(`${server.url}/api${path}`, { ...init, headers })
  expect(response.ok, path).toBe(true)
  return (response.status === 204 ? undefined : await response.json()) as T
}
const latest = async () => {
  const { activities } = await api<{ activities: { key: string; conversationId: string }[] }>('/activities')
  return activities[0] as { key: string; conversationId: string }
}

/** What the feed has told. */
async function listen() {
  const leave = new AbortController()
  const headers = { authorization: `Bearer ${server.operatorKey}` }
  const response = await fetch(`${server.url}/api/activities/live`, { headers, signal: leave.signal })
  const feed = { text: '', leave: () => leave.abort() }
  const reading = async () => {
    for await (const piece of response.body ?? []) feed.text += new TextDecoder().decode(piece)
  }
  reading().catch(() => {})
  await expect.poll(() => feed.text).toContain('ready')
  return feed
}

const choose = async (page: Page, name: string) => {
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole(name.startsWith('Sound') ? 'menuitemcheckbox' : 'menuitem', { name }).click()
}

test('a visitor types, asks for a person, takes the conversation along, rates it and deletes it', async () => {
  // A strict page, as far as it knows the chat.
  const policy = `default-src 'none'; script-src ${server.url}; connect-src ${server.url}`
  const body = htmlPage(scriptTag(server.url, server.token, 'data-title-count'))
  const page = await browser.newPage()
  await page.goto(site.put('/', { body, headers: { 'content-security-policy': policy } }))
  const visitor = visitorOf(page)
  const feed = await listen()
  await visitor.open()
  expect(await page.getByRole('button', { name: 'More' }).count()).toBe(0)
  await visitor.say('Where is my order?\nNumber 7')
  await expect.poll(visitor.said).toHaveLength(2)
  expect(feed.text).not.toContain('"isTyping"')
  await visitor.box.pressSequentially('And w')
  await expect.poll(() => feed.text).toContain('"isTyping":true')
  await visitor.box.fill('')
  await expect.poll(() => feed.text).toContain('"isTyping":false')
  feed.leave()

  await choose(page, 'Talk to a person')
  await page.getByText('We have told the team.').waitFor()
  const { key, conversationId } = await latest()
  const { records } = await api<{ records: { type: string }[] }>(`/conversations/${key}/records?limit=200`)
  expect(JSON.stringify(records)).toContain('"handover","by":"customer"')

  await operatorOf(server).reply('It is on its way.')
  await expect.poll(visitor.said).toHaveLength(3)
  const [download] = await Promise.all([page.waitForEvent('download'), choose(page, 'Download this conversation')])
  expect(download.suggestedFilename()).toMatch(/^chat-\d{4}-\d\d-\d\d\.txt$/)
  const text = await readFile(await download.path(), 'utf8')
  expect(text.replace(/·.*/g, '·')).toMatch(
    /^Chat with us\n\nYou ·\n {2}Where is my order\?\n {2}Number 7\n\nAssistant ·\n {2}[^]+\n\n\S.* ·\n {2}It is on its way\.\n$/,
  )

  await api(`/conversations/${key}/resolve`, { method: 'POST', body: '{}' })
  await page.getByRole('radio', { name: 'Very good' }).check()
  await page.getByRole('textbox', { name: 'What could be better? (optional)' }).fill('Nothing')
  await page.locator('.rate').getByRole('button', { name: 'Send' }).click()
  await page.getByText('Thank you for telling us.').waitFor()
  const { customer } = await api<{ customer: object }>(`/conversations/${key}`)
  expect(customer).toMatchObject({ satisfaction: { score: 5, comment: 'Nothing' } })

  await choose(page, 'Delete this conversation')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('The conversation has been deleted.').waitFor()
  await expect.poll(visitor.said).toEqual([])
  expect(await operatorOf(server).conversations()).toEqual([])
  const query = new URLSearchParams({ integrationToken: server.token, conversationId }).toString()
  const url = `${server.url}/conversation/history?${query}`
  const history = (await (await fetch(url, { headers: { origin: site.url } })).json()) as object
  expect(history).toMatchObject({ messages: [] })
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([])
  expect(visitor.problems).toEqual([])
  await page.close()
})
