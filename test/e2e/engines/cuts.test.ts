/** G4 in a page: wherever a stream is cut, the bubble is the one of a stream that was not. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LumikaGlobal } from '../../../widget/embed.ts'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { EngineName } from '../../helpers/engines/engine.ts'
import { openAIFrames, startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../../helpers/fake-openai.ts'
import { operatorOf } from '../../helpers/operator.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'
import { startCutter } from './cutter.ts'
import type { Cutter } from './cutter.ts'

/** Characters of one to four bytes, joined and combined ones, and both ends of a line. */
const text =
  'Zwölf Euro \u{1F642},\r\nund das war’s: 你好,我想问一下茶壶。\n\n' +
  'e\u0301 and \u{1F469}\u200D\u{1F467}, then \u{1F3F4}\u{E0067}\u{E0062}\u{E007F}; नमस्ते ∑ \u{1D4B3}\r\nand the end.'
const question = 'How much?'

let openai: FakeOpenAI
let server: ServerProcess
let cutter: Cutter
let site: Site
let token: string
/** Where streams may be cut: 0 is before the first byte, and the last one is after `done`. */
let allPlaces: number[]

beforeAll(async () => {
  openai = await startFakeOpenAI({ raw: openAIFrames(text.match(/[^]{1,29}/gu) ?? []) })
  const env = { LUMIKA_OPENAI_BASE_URL: openai.url, LUMIKA_OPENAI_MODEL: 'fake-1' }
  ;[server, site] = await Promise.all([startServer({ args: ['--responder', 'openai'], env }), startSite()])
  cutter = await startCutter(server.url)
  token = (await operatorOf(server).createIntegration({ name: 'Cuts', kind: 'widget' })).token
  site.put('/', { body: htmlPage(`<script src="${server.url}/widget.js"></script>`) })

  const body = new URLSearchParams({ integrationToken: token, textContent: question })
  const headers = { origin: site.url }
  const answer = await fetch(`${server.url}/conversation/sse`, { method: 'POST', body, headers })
  allPlaces = worthCutting(Buffer.from(await answer.arrayBuffer()))
})
afterAll(async () => {
  await site?.close()
  await cutter?.close()
  await server?.stop()
  await openai?.close()
})

/** Of the places worth cutting, how many are gone at once: the long run takes all in each engine. */
const strideIn = (name: EngineName): number => (process.env['LUMIKA_LONG'] ? 1 : name === 'chromium' ? 3 : 9)

/** Every 40th byte, every one inside a character, and those around the ends of lines; and both ends. */
function worthCutting(bytes: Buffer): number[] {
  const isInside = (at: number) => ((bytes[at] ?? 0) & 0xc0) === 0x80
  const isEnd = (at: number) => bytes[at] === 10
  return Array.from({ length: bytes.length + 1 }, (_, at) => at).filter(
    (at) => at % 40 === 0 || at === bytes.length || isInside(at) || isEnd(at) || isEnd(at - 1),
  )
}

const batchesOf = (all: number[], size: number): number[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size))

test.each(engineNames)(
  'G4: cut at any place, the answer is whole and there once, in %s',
  { timeout: 150_000 },
  async (name) => {
    const engine = await openEngine(name)
    const page = await engine.newPage()
    const places = allPlaces.filter((at, n) => n % strideIn(name) === 0 || at === allPlaces.at(-1))
    try {
      await page.goto(`${site.url}/`)
      const before = openai.requests.length
      const uncut = (await page.evaluate(converse, [server.url], token, question))[0]
      expect(uncut?.answers[0]?.text.split(/\s+/)).toEqual(text.split(/\s+/))
      cutter.made.clear()
      let asked = 1
      const missing = () => places.filter((place) => !cutter.made.has(place))
      // Once more where the history was quicker than the stream that was to be cut.
      for (let round = 0; round < 3; round++) {
        for (const batch of batchesOf(missing(), 24)) {
          const urls = batch.map((bytes) => cutter.after(bytes))
          expect(await page.evaluate(converse, urls, token, question)).toEqual(batch.map(() => uncut))
          asked += batch.length
        }
      }
      expect(missing()).toEqual([])
      expect(openai.requests.length - before).toBe(asked)
      // Browsers themselves complain of connections that were cut.
      const problems = (await page.consoleErrors()).filter((text) => !/failed to load|cross-origin request/i.test(text))
      expect(problems).toEqual([])
    } finally {
      await engine.close()
    }
  },
)

/** What a chat shows. */
interface Shown {
  said: string[]
  answers: { html: string; text: string }[]
}

/** Runs in the page: one chat for each server; each asks, and tells what it shows once nothing changes any more. */
async function converse(servers: string[], integrationToken: string, question: string): Promise<Shown[]> {
  const lumika = (window as unknown as { Lumika: LumikaGlobal }).Lumika
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  return Promise.all(
    servers.map(async (serverUrl) => {
      const widget = lumika.mountWidget({ integrationToken, serverUrl })
      const root = [...document.querySelectorAll('lumika-chat')].at(-1)?.shadowRoot
      widget.send(question)
      const look = () => [...(root?.querySelectorAll('.message.assistant') ?? [])]
      const isDone = () => look().some((message) => message.matches('.done'))
      for (let n = 0; n < 400 && !isDone(); n++) await pause(25)
      // What the history has comes after the answer.
      await pause(100)
      const shown = {
        said: [...(root?.querySelectorAll('.message.visitor .bubble') ?? [])].map(({ textContent }) => textContent),
        answers: look().map((message) => {
          const bubble = message.querySelector<HTMLElement>('.bubble')
          return { html: bubble?.innerHTML ?? '', text: bubble?.innerText.trim() ?? '' }
        }),
      }
      await widget.destroy()
      return shown
    }),
  )
}
