/** A12: an assistant that thinks for long, behind an nginx that ends connections on which nothing comes. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LumikaGlobal } from '../../../widget/embed.ts'
import { chatOf } from '../../helpers/engines/chat.ts'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../../helpers/fake-openai.ts'
import { startFront } from '../../helpers/front.ts'
import type { Front, Passed } from '../../helpers/front.ts'
import { startNginxWith } from '../../helpers/nginx.ts'
import type { Nginx } from '../../helpers/nginx.ts'
import { valve } from '../../helpers/responder.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, scriptTag, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'

/**
 * How long the assistant is silent, and nginx waits. Its own 60 s take a long run. In a short one it waits a little
 * longer than the 25 s for which a look at the history may be held.
 */
const [SILENCE_S, READ_TIMEOUT_S] = process.env['LUMIKA_LONG'] ? [120, 60] : [30, 27]

let openai: FakeOpenAI
let server: ServerProcess
let front: Front
let nginx: Nginx
let site: Site
/** What has come of each stream. */
const streams = new Map<Passed, string>()
beforeAll(async () => {
  openai = await startFakeOpenAI()
  const env = { LUMIKA_OPENAI_BASE_URL: openai.url, LUMIKA_OPENAI_MODEL: 'fake-1' }
  ;[server, site] = await Promise.all([startServer({ args: ['--responder', 'openai'], env }), startSite()])
  front = await startFront(server.url)
  front.cut = (request, soFar) => {
    if (request.path === '/conversation/sse') streams.set(request, soFar)
    return null
  }
  nginx = await startNginxWith(`proxy_read_timeout ${READ_TIMEOUT_S}s;`, front.url)
  site.put('/', { body: htmlPage(scriptTag(nginx.url, server.token)) })
})
afterAll(async () => {
  await site?.close()
  await nginx?.stop()
  await front?.close()
  await server?.stop()
  await openai?.close()
})

/** The streams on which nothing but comments came for long. */
const silent = () => {
  const comments = [...streams.values()].map((text) => text.match(/^:.*$/gm)?.length ?? 0)
  return comments.filter((count) => count >= Math.floor(SILENCE_S / 15))
}

test(`A12: ${SILENCE_S} s of silence are nothing to the page, and the answer goes on, in three engines`, async () => {
  const gate = valve()
  openai.scenario = { until: gate.opened, isThinking: true }
  openai.requests.length = 0
  streams.clear()
  const engines = await Promise.all(engineNames.map((name) => openEngine(name)))
  try {
    const pages = await Promise.all(engines.map((engine) => engine.newPage()))
    const chats = pages.map(chatOf)
    for (const [n, name] of engineNames.entries()) {
      await pages[n]?.goto(`${site.url}/`)
      await chats[n]?.open()
      await chats[n]?.say(name)
      await expect.poll(async () => (await chats[n]?.said())?.at(-1)).toMatch(/^assistant \(writing\): You asked: “/)
      // What shows Markdown comes a little later.
      await pages[n]?.see('.assistant .bubble.rich')
      await pages[n]?.evaluate(watch)
    }
    const asked = streams.size
    await sleep(SILENCE_S * 1_000)
    await expect.poll(silent).toHaveLength(engineNames.length)
    for (const page of pages) expect(await page.evaluate(noticed)).toEqual({ messages: [], changes: [] })

    gate.open()
    for (const [n, name] of engineNames.entries()) {
      const shown = [`visitor: ${name}`, `assistant: ${openAIAnswerTo(name)}`]
      await expect.poll(() => chats[n]?.said()).toEqual(shown)
      expect(await chats[n]?.doubled()).toEqual([])
      const { messages } = (await pages[n]?.evaluate(noticed)) ?? {}
      expect(messages).toEqual([openAIAnswerTo(name)])
    }
    // None was cut, and taken up again.
    expect(streams.size).toBe(asked)
    expect(openai.requests).toHaveLength(engineNames.length)
  } finally {
    gate.open()
    for (const engine of engines) await engine.close()
  }
}, 300_000)

/** What the page is told, and what has changed in the panel. */
interface Noticed {
  messages: string[]
  changes: string[]
}
type Watched = typeof window & { Lumika: LumikaGlobal; noticedForTests: Noticed }

/** Runs in the page: begins to count. */
function watch(): void {
  const page = window as unknown as Watched
  const seen: Noticed = (page.noticedForTests = { messages: [], changes: [] })
  page.Lumika.on('message', ({ body }) => seen.messages.push(body))
  const root = document.querySelector('lumika-chat')?.shadowRoot as ShadowRoot
  const note = (all: MutationRecord[]) =>
    seen.changes.push(...all.map(({ type, target }) => `${type} ${(target as Element).className || target.nodeName}`))
  new MutationObserver(note).observe(root, { subtree: true, childList: true, characterData: true })
}

/** Runs in the page. */
function noticed(): Noticed {
  return (window as unknown as Watched).noticedForTests
}
