/** X78: a chat on a page that changes under it, and what is left of it once it is gone. */
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LumikaGlobal } from '../../../widget/embed.ts'
import { root } from '../../helpers/build.ts'
import { chatOf } from '../../helpers/engines/chat.ts'
import type { Chat } from '../../helpers/engines/chat.ts'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import { leakScript } from '../../helpers/engines/leaks.ts'
import type { Leaks } from '../../helpers/engines/leaks.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { triesAll } from '../../helpers/engines/share.ts'
import { startFront } from '../../helpers/front.ts'
import type { Front } from '../../helpers/front.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'

type TestWindow = Window & { Lumika: LumikaGlobal; leaksForTests: Leaks; isSame?: boolean }

let server: ServerProcess
let front: Front
/** A new one for each test, and so nothing is kept from the one before. */
let site: Site
let tag: string
beforeAll(async () => {
  server = await startServer()
  front = await startFront(server.url)
  tag = scriptTag(front.url, server.token)
})
afterAll(async () => {
  await front?.close()
  await server?.stop()
})

const library = (path: string): string => readFileSync(`${root}node_modules/${path}`, 'utf8')
const answered = (...texts: string[]) =>
  texts.flatMap((text) => [`visitor: ${text}`, expect.stringMatching(`^assistant: I am a demo .*${text}$`)])

describe.each(engineNames)('in %s', (name) => {
  let engine: Engine
  let page: Page
  let chat: Chat
  let known: number
  beforeAll(async () => {
    engine = await openEngine(name)
    page = await engine.newPage()
    chat = chatOf(page)
  })
  afterAll(() => engine?.close())
  beforeEach(async () => {
    site = await startSite()
    known = (await page.consoleErrors()).length
  })
  afterEach(async () => {
    expect((await page.consoleErrors()).slice(known)).toEqual([])
    await site.close()
  })

  /** Goes to a page and says Hello. */
  const start = async (body: string, head = '') => {
    await page.goto(site.put('/', { body: htmlPage(body, { head }) }))
    await chat.open()
    await chat.say('Hello')
    await expect.poll(chat.said).toEqual(answered('Hello'))
    await page.evaluate(() => void ((window as unknown as TestWindow).isSame = true))
  }
  const goesOn = async () => {
    await page.see('.panel textarea')
    expect(await page.evaluate(() => (window as unknown as TestWindow).isSame)).toBe(true)
    expect(await page.evaluate(() => document.querySelectorAll('lumika-chat').length)).toBe(1)
    expect(await chat.said()).toEqual(answered('Hello'))
    await chat.say('Again')
    await expect.poll(chat.said).toEqual(answered('Hello', 'Again'))
  }
  const arrived = () => page.waitFor(() => document.querySelector('h2')?.textContent === 'Second')

  test.runIf(triesAll(name))('X78: the chat goes on when Turbo visits another page', async () => {
    site.put('/turbo.js', { body: library('@hotwired/turbo/dist/turbo.es2017-umd.js'), type: 'text/javascript' })
    const head = '<script src="/turbo.js"></script>'
    site.put('/second', { body: htmlPage(`<h2>Second</h2>${tag}`, { head }) })
    await start(`<a href="/second">Second</a>${tag}`, head)
    await page.click('a')
    await arrived()
    await goesOn()
  })

  test.runIf(triesAll(name))('X78: the chat goes on when htmx swaps the body', async () => {
    site.put('/htmx.js', { body: library('htmx.org/dist/htmx.min.js'), type: 'text/javascript' })
    site.put('/second', { body: `<h2>Second</h2>${tag}` })
    await start(
      `<button hx-get="/second" hx-target="body" hx-swap="innerHTML">Second</button>${tag}`,
      '<script src="/htmx.js"></script>',
    )
    await page.click('button[hx-get]')
    await arrived()
    await goesOn()
  })

  test('X78: the chat goes on when the page changes its body in a view transition, and its address', async () => {
    await start(tag)
    await page.evaluate(async () => {
      const swap = () => {
        const body = document.createElement('body')
        body.append(Object.assign(document.createElement('h2'), { textContent: 'Second' }))
        document.body.replaceWith(body)
        history.pushState(null, '', '/somewhere')
      }
      if ('startViewTransition' in document) await document.startViewTransition(swap).finished
      else swap()
    })
    await arrived()
    await goesOn()
  })

  test.runIf(triesAll(name))(
    'X78: moved elsewhere, it goes on; thrown out, it comes back when it is called',
    async () => {
      await start(`<main></main>${tag}`)
      await page.evaluate(() => {
        const host = document.querySelector('lumika-chat') as Element
        document.querySelector('main')?.append(host)
      })
      expect(await chat.said()).toEqual(answered('Hello'))
      await page.evaluate(() => {
        document.querySelector('lumika-chat')?.remove()
        ;(window as unknown as TestWindow).Lumika.open()
      })
      await goesOn()
    },
  )

  test('X78: a page that writes itself anew has no chat, until it has the tag again', async () => {
    await start(tag)
    const write = (html: string) =>
      page.evaluate((text) => {
        document.open()
        document.write(text)
        document.close()
      }, html)
    await write('<h2>Second</h2>')
    await arrived()
    expect(await page.evaluate(() => document.querySelectorAll('lumika-chat').length)).toBe(0)
    await write(htmlPage(`<h2>Third</h2>${tag}`))
    await chat.open()
    await expect.poll(chat.said).toEqual(answered('Hello'))
    await chat.say('Again')
    await expect.poll(chat.said).toEqual(answered('Hello', 'Again'))
  })

  const rounds = triesAll(name) ? 100 : 41
  test(`X78: mounted and destroyed ${rounds} times, it leaves no timer, listener, channel, element or request`, async () => {
    await page.goto(site.put('/', { body: htmlPage(leakScript() + tag) }))
    const before = await page.evaluate(() => (window as unknown as TestWindow).leaksForTests())
    await page.evaluate(takeRounds, rounds, server.token, front.url)
    await page.evaluate(() => (window as unknown as TestWindow).Lumika.destroy())
    await page.waitFor(() => (window as unknown as TestWindow).leaksForTests().length === 0, 5_000).catch(() => {})
    expect(before).toEqual(['storage on Window'])
    expect(await page.evaluate(() => (window as unknown as TestWindow).leaksForTests())).toEqual([])
    expect(await page.evaluate(() => document.querySelectorAll('lumika-chat, link').length)).toBe(0)
    await expect.poll(() => front.open).toBe(0)
  })
})

/** Runs in the page: mounts and destroys chats; every tenth is opened, and every twentieth asked something. */
async function takeRounds(count: number, integrationToken: string, serverUrl: string): Promise<void> {
  const { Lumika } = window as unknown as TestWindow
  const pause = () => new Promise((resolve) => requestAnimationFrame(resolve))
  for (let round = 0; round < count; round++) {
    const widget = Lumika.mountWidget({ integrationToken, serverUrl })
    const shadow = [...document.querySelectorAll('lumika-chat')].at(-1)?.shadowRoot
    if (round % 10 === 0) widget.open()
    if (round % 20 === 0) {
      widget.send(`Round ${round}`)
      // Some end in the middle of an answer.
      const wanted = round % 40 === 0 ? '.assistant.done' : '.assistant.writing'
      for (let n = 0; n < 600 && !shadow?.querySelector(wanted); n++) await pause()
    } else if (round % 10 === 0) {
      for (let n = 0; n < 600 && !shadow?.querySelector('textarea'); n++) await pause()
    }
    await widget.destroy()
  }
}
