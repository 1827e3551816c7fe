/** The tabs of one browser: one of them reaches the server for all, and another takes its place. */
import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { chatOf } from '../../helpers/engines/chat.ts'
import type { Chat } from '../../helpers/engines/chat.ts'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../../helpers/fake-openai.ts'
import { startFront } from '../../helpers/front.ts'
import type { Front, Passed } from '../../helpers/front.ts'
import { operatorOf } from '../../helpers/operator.ts'
import { valve } from '../../helpers/responder.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'

/** How long there is no network, in the test of it. */
const OFFLINE_MS = process.env['LUMIKA_LONG'] ? 60_000 : 4_000
const LONG = { timeout: OFFLINE_MS + 60_000 }

let openai: FakeOpenAI
let server: ServerProcess
let front: Front
let site: Site
/** What is under way, and the most that was. */
let isDown = false
const under = { history: 0, stream: 0 }
const most = { history: 0, stream: 0 }

beforeAll(async () => {
  openai = await startFakeOpenAI()
  const env = { LUMIKA_OPENAI_BASE_URL: openai.url, LUMIKA_OPENAI_MODEL: 'fake-1' }
  ;[server, site] = await Promise.all([startServer({ args: ['--responder', 'openai'], env }), startSite()])
  front = await startFront(server.url)
  front.refuse = watch
  site.put('/', { body: htmlPage(scriptTag(front.url, server.token, 'data-poll-interval="5"')) })
  site.put('/elsewhere', { body: htmlPage('<h2>Elsewhere</h2>') })
})
afterAll(async () => {
  await front?.close()
  await site?.close()
  await server?.stop()
  await openai?.close()
})

/** Counts what is under way, and refuses it while there is to be no server. */
function watch({ path }: Passed, response: ServerResponse): boolean {
  if (!path.startsWith('/conversation/')) return false
  const kind = path.endsWith('/history') ? 'history' : 'stream'
  most[kind] = Math.max(most[kind], ++under[kind])
  response.once('close', () => under[kind]--)
  if (isDown) response.destroy()
  return isDown
}
const looks = () => front.passed.filter(({ path }) => path.endsWith('/history')).length
const shown = (...texts: string[]) =>
  texts.flatMap((text) => [`visitor: ${text}`, `assistant: ${openAIAnswerTo(text)}`])
const history = async (text: string): Promise<string[]> => {
  const all = (await operatorOf(server).conversations()).filter(({ said }) => said.includes(`customer: ${text}`))
  expect(all.length).toBeLessThan(2)
  return (all[0]?.said ?? []).map((line) => line.replace(/^customer:/, 'visitor:'))
}

describe.each(engineNames)('in %s', (name) => {
  let engine: Engine
  /** Keeps the profile, whatever becomes of the others. */
  let home: Page
  let pages: Page[] = []
  let chats: Chat[] = []
  let tries = 0
  beforeAll(async () => {
    engine = await openEngine(name)
  })
  afterAll(() => engine?.close())
  beforeEach(async () => {
    tries++
    isDown = false
    home = await engine.newPage()
    openai.scenario = 'ok'
    pages = []
    chats = []
  })
  afterEach(async () => {
    for (const page of pages) await page.close().catch(() => {})
    await home.close()
  })

  /** A text nobody else has written, nor the same test at its first try. */
  const own = (text: string) => `${text} (${name} ${tries})`
  const openTabs = async (count: number, first: string): Promise<void> => {
    for (let n = 0; n < count; n++) {
      const page = await home.newTab()
      const chat = chatOf(page)
      pages.push(page)
      chats.push(chat)
      await page.goto(`${site.url}/`)
      await chat.open()
      if (n === 0) await chat.say(first)
      await expect.poll(chat.said, { timeout: 20_000 }).toEqual(shown(first))
    }
  }
  const once = async (all: string[]): Promise<void> => {
    for (const chat of chats) {
      await expect.poll(chat.said, { timeout: 20_000 }).toEqual(all)
      expect(await chat.doubled()).toEqual([])
    }
  }
  const leaderAt = async (): Promise<number> => {
    for (const [n, page] of pages.entries()) if (await page.evaluate(isLeading)) return n
    return -1
  }
  /** Stops the leader while an answer is written, and gives the others 5 s. */
  const overthrow = async (first: string, stop: (leader: Page) => unknown): Promise<void> => {
    const gate = valve()
    openai.scenario = { until: gate.opened }
    const text = own(`${first} And then?`)
    await chats[0]?.say(text)
    for (const chat of chats)
      await expect.poll(async () => (await chat.said()).at(-1)).toMatch(/^assistant \(writing\): You/)
    const at = await leaderAt()
    expect(at).toBeGreaterThanOrEqual(0)
    const [leader] = pages.splice(at, 1)
    chats.splice(at, 1)
    void stop(leader as Page)
    await expect.poll(leaderAt, { timeout: 5_000 }).toBeGreaterThanOrEqual(0)
    gate.open()
    await once([...shown(own(first)), ...shown(text)])
    expect(await history(text)).toEqual([...shown(own(first)), ...shown(text)])
  }

  test('A19: five tabs that all write are one poller and one stream, and show each message once', async () => {
    const first = own('Tab 0')
    await openTabs(5, first)
    Object.assign(most, under)
    const texts = [1, 2, 3, 4, 5].map((n) => own(`Tab ${n}`))
    const send = (text: string): void =>
      (window as unknown as { Lumika: { send(text: string): void } }).Lumika.send(text)
    // Each as soon as the one before is stored: the proxy hears of a connection's end a moment after its client has ended it.
    for (const [n, chat] of chats.entries()) {
      await pages[n]?.evaluate(send, texts[n] ?? '')
      await expect.poll(chat.said).toContain(`visitor: ${texts[n]}`)
    }
    await expect.poll(async () => (await history(first)).length, { timeout: 20_000 }).toBe(12)
    await once(await history(first))
    // One is read, and one is on its way to be stored.
    expect(most.stream).toBeLessThanOrEqual(2)
    await expect.poll(() => under).toEqual({ history: 1, stream: 0 })
    // Whoever has got an answer looks once more, the last of them a while later.
    let before = -1
    await expect.poll(() => before === (before = looks()), { interval: 1_500, timeout: 20_000 }).toBe(true)
    await operatorOf(server).reply(own('This is Sam.'))
    for (const chat of chats) await expect.poll(chat.said).toContain(`person: ${own('This is Sam.')}`)
    // The one that was answered, the next one, and one that a tab may have asked for itself.
    expect(looks() - before).toBeLessThanOrEqual(3)
  })

  test('A19: where the leader is closed in the middle of an answer, another goes on', async () => {
    await openTabs(3, own('Closed.'))
    await overthrow('Closed.', (leader) => leader.close())
  })

  // Elsewhere nothing here can stop one tab and let the others run: they share a process.
  test.runIf(name === 'chromium')('A19: where the leader hangs, another goes on', async () => {
    await openTabs(3, own('Frozen.'))
    await overthrow('Frozen.', (leader) => leader.evaluate(hang).catch(() => {}))
  })

  test.runIf(name === 'chromium')('A19: where the leader crashes, another goes on', async () => {
    await openTabs(3, own('Killed.'))
    await overthrow('Killed.', (leader) => leader.goto('chrome://crash').catch(() => {}))
  })

  test('B87: three messages without a network, a reload in between: once, in order, in every tab', LONG, async () => {
    const first = own('Before.')
    await openTabs(2, first)
    const end = Date.now() + OFFLINE_MS
    await home.setOffline(true)
    const texts = ['One.', 'Two.', 'Three.'].map(own)
    for (const text of texts.slice(0, 2)) await chats[0]?.say(text)
    await pages[0]?.type('.panel textarea', 'And')
    // That was faster than anybody types. Two messages, the text and the conversation's name are kept.
    const kept = async () => ((await pages[0]?.evaluate(readKept)) ?? []).map(([, value]) => value)
    await expect.poll(kept).toHaveLength(4)
    await expect.poll(kept).toContain('And')
    // A page can only be loaded where its site can be reached.
    isDown = true
    await home.setOffline(false)
    await pages[0]?.reload()
    await chats[0]?.open()
    await home.setOffline(true)
    isDown = false
    await expect.poll(() => pages[0]?.evaluate(draft)).toBe('And')
    for (let i = 0; i < 3; i++) await pages[0]?.press('Backspace')
    await chats[0]?.say(texts[2] ?? '')
    await expect.poll(() => Date.now(), { timeout: OFFLINE_MS + 1_000 }).toBeGreaterThan(end)
    await home.setOffline(false)
    await expect.poll(async () => (await history(first)).length, { timeout: 30_000 }).toBe(8)
    const all = await history(first)
    expect(all.filter((line) => line.startsWith('visitor'))).toEqual(
      [first, ...texts].map((text) => `visitor: ${text}`),
    )
    await once(all)
  })

  test('a new conversation is a new one in every tab, and so is what is being written', async () => {
    await openTabs(2, own('Old.'))
    await pages[0]?.type('.panel textarea', 'Hm')
    await expect.poll(() => pages[1]?.evaluate(draft)).toBe('Hm')
    for (let i = 0; i < 2; i++) await pages[0]?.press('Backspace')
    await pages[0]?.click('button[aria-label="New conversation"]')
    await once([])
    await chats[1]?.say(own('New.'))
    await once(shown(own('New.')))
  })

  test('A10: a page that comes back shows the conversation that was begun meanwhile', async () => {
    await openTabs(2, own('Before it left.'))
    const [page, away] = pages
    await away?.goto(`${site.url}/elsewhere`)
    await page?.click('button[aria-label="New conversation"]')
    await chats[0]?.say(own('Meanwhile.'))
    await expect.poll(() => chats[0]?.said()).toEqual(shown(own('Meanwhile.')))
    await away?.back()
    // Firefox keeps no page that is being sent something.
    if (await away?.evaluate(isClosed)) await chats[1]?.open()
    await once(shown(own('Meanwhile.')))
  })
})

/** Runs in the page: what stands in the text box. */
function draft(): string | undefined {
  return document.querySelector('lumika-chat')?.shadowRoot?.querySelector('textarea')?.value
}

/** Runs in the page: whether it has to be opened once more. */
function isClosed(): boolean {
  return !document.querySelector('lumika-chat')?.shadowRoot?.querySelector('[role="dialog"]:not([hidden])')
}

/** Runs in the page: all that the browser keeps, by key. */
function readKept(): Promise<[string, unknown][]> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('lumika')
    opening.onerror = () => reject(new Error('There is no database.'))
    opening.onsuccess = () => {
      const store = opening.result.transaction('sessions').objectStore('sessions')
      const [keys, values] = [store.getAllKeys(), store.getAll()]
      store.transaction.oncomplete = () => {
        opening.result.close()
        resolve(keys.result.map((key, i) => [String(key), values.result[i]]))
      }
    }
  })
}

/** Runs in the page, and lets nothing else run there. */
function hang(): void {
  for (const end = Date.now() + 9_000; Date.now() < end;);
}

/** Runs in the page: whether it holds the lock. A lock of its own tells by which name the browser knows it. */
function isLeading(): Promise<boolean> {
  const probe = `probe ${Math.random()}`
  return navigator.locks.request(probe, async () => {
    const { held = [] } = await navigator.locks.query()
    const self = held.find((lock) => lock.name === probe)?.clientId
    return held.some((lock) => lock.name?.startsWith('lumika:') && lock.clientId === self)
  })
}
