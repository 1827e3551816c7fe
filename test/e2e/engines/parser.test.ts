/** P25 to P35 as visitors see them: streams that are odd, broken or none at all, in a page. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LumikaGlobal } from '../../../widget/embed.ts'
import { chatOf } from '../../helpers/engines/chat.ts'
import type { Chat } from '../../helpers/engines/chat.ts'
import { engineNames, openEngine } from '../../helpers/engines/engine.ts'
import type { Engine } from '../../helpers/engines/engine.ts'
import type { Page } from '../../helpers/engines/page.ts'
import { shareOf } from '../../helpers/engines/share.ts'
import { openAIFrames, startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../../helpers/fake-openai.ts'
import { operatorOf } from '../../helpers/operator.ts'
import { valve } from '../../helpers/responder.ts'
import { startServer } from '../../helpers/server.ts'
import type { ServerProcess } from '../../helpers/server.ts'
import { htmlPage, startSite } from '../../helpers/site.ts'
import type { Site } from '../../helpers/site.ts'
import { startRewriter } from './rewriter.ts'
import type { Frame, Log, Reply, Rewriter, Scenario } from './rewriter.ts'

/** Characters of one to four bytes, and colons. */
const text = 'Zwölf: 5 €, 🙂: a,b.'
const question = 'How much?'
const [asked, answered, failed] = [`visitor: ${question}`, `assistant: ${text}`, `visitor (failed): ${question}`]

let openai: FakeOpenAI
let server: ServerProcess
let rewriter: Rewriter
let site: Site
let token: string
/** Another origin, which nobody is to ask. */
let elsewhere: { url: string; log: Log }
beforeAll(async () => {
  openai = await startFakeOpenAI({ raw: openAIFrames([text]) })
  const env = { LUMIKA_OPENAI_BASE_URL: openai.url, LUMIKA_OPENAI_MODEL: 'fake-1' }
  ;[server, site] = await Promise.all([startServer({ args: ['--responder', 'openai'], env }), startSite()])
  rewriter = await startRewriter(server.url)
  elsewhere = rewriter.serve('elsewhere', {})
  token = (await operatorOf(server).createIntegration({ name: 'Streams', kind: 'widget' })).token
  site.put('/', { body: htmlPage(`<script src="${server.url}/widget.js"></script>`) })
})
afterAll(async () => {
  await rewriter?.close()
  await site?.close()
  await server?.stop()
  await openai?.close()
})

/** The stream as it is written without malice, or with other lines for each event. */
const plain = ({ id, data }: Frame): string => `id: ${id}\ndata: ${data}\n\n`
const written = (frames: Frame[], write = plain): string => frames.map(write).join('')
/** No JSON: where it is taken for an event, the answer fails. */
const nonsense = 'data: nonsense\n\n'
const retries = ['1000x', '-1', '+5', '', '0', '999999999'].map((value) => `retry: ${value}\n`).join('')
const long = (length: number): string => `{"type":"typing","filler":"${'x'.repeat(length - 29)}"}`

/** Streams that say it all: nothing else is asked before history, and that is not answered. */
const whole: [title: string, write: (frames: Frame[]) => string | (string | Uint8Array)[], shown?: string][] = [
  ['P25: one byte order mark at the start is taken away', (frames) => `\ufeff${written(frames)}`],
  ['P25: in pieces, too', (frames) => [Uint8Array.of(0xef), Uint8Array.of(0xbb), Uint8Array.of(0xbf), written(frames)]],
  [
    'P25: a second one is text, and so is one later on',
    (frames) => `\ufeff\ufeff${nonsense}${written(frames, (frame) => `${plain(frame)}\ufeff${nonsense}`)}`,
  ],
  ['P26: CR ends lines, and CR CR the last event', (frames) => written(frames).replaceAll('\n', '\r')],
  ['P26: CR LF ends lines', (frames) => written(frames).replaceAll('\n', '\r\n')],
  [
    'P26: LF, CR and CR LF end lines in one stream',
    (frames) => {
      const ends = ['\r', '\n', '\r\n', '\n', '\r', '\r\n', '\r\n', '\r', '\r']
      let n = 0
      return written(frames).replace(/\n/g, () => ends[n++ % ends.length] ?? '')
    },
  ],
  [
    'P26: a CR and an LF that come apart are one end',
    (frames) =>
      written(frames)
        .replaceAll('\n', '\r\n')
        .split(/(?<=\r)/),
  ],
  [
    'P27: data may have no space after the colon',
    (frames) => written(frames, ({ id, data }) => `id:${id}\ndata:${data}\n\n`),
  ],
  [
    'P27: data may have tabs, more spaces, and lines without anything',
    (frames) => written(frames, ({ id, data }) => `id: ${id}\ndata\ndata:\ndata:\t ${data} \t\ndata:  \n\n`),
  ],
  [
    'P28: fields of other cases and names are passed over',
    (frames) =>
      written(frames, (frame) => `Data: x\nDATA: x\n data: x\ndata : x\nId: x\nEvent: x\nfoo\nfoo: x\n${plain(frame)}`),
  ],
  [
    'P28: comments between data lines do not split an event',
    (frames) => written(frames, ({ id, data }) => `:\nid: ${id}\ndata: {\n:\n: data: x\ndata: ${data.slice(1)}\n:\n\n`),
  ],
  [
    'P29: named events are not ours, and their names do not leak',
    (frames) => written(frames, (frame) => `event: x\n${nonsense}event: x\n\n${plain(frame)}event: x\n${nonsense}`),
  ],
  [
    'P29: an empty name is none, and message is the usual one',
    (frames) =>
      written(frames, (frame) => `event: x\nevent${frame.id.endsWith('.1') ? ': message' : ''}\n${plain(frame)}`),
  ],
  [
    'P30: an id of a block of its own holds for the next event',
    (frames) => written(frames, ({ id, data }) => `id: ${id}\n\ndata: ${data}\n\n`),
  ],
  [
    'P30: an id with NUL is passed over, and the last one counts',
    (frames) => written(frames, ({ id, data }) => `id\nid: x\nid: ${id}\nid: x y\0\ndata: ${data}\n\n`),
  ],
  ['P31: whatever retry says makes no difference', (frames) => written(frames, (frame) => retries + plain(frame))],
  [
    'P33: characters of two, three and four bytes come byte by byte',
    (frames) => Array.from(Buffer.from(written(frames)), (byte) => Uint8Array.of(byte)),
  ],
  [
    'P33: wrong bytes become U+FFFD',
    (frames) => {
      const wrong = 'a\xff,\xc0\x80,\xed\xa0\x80,\xe2\x82,\xf0\x9f\x99b'
      return [Buffer.from(Buffer.from(written(frames)).toString('latin1').replaceAll('a,b', wrong), 'latin1')]
    },
    text.replace('a,b', 'a\ufffd,\ufffd\ufffd,\ufffd\ufffd\ufffd,\ufffd,\ufffdb'),
  ],
  [
    'P34: lines of 70 KB and 1 MB pass',
    (frames) =>
      `:${'x'.repeat(70_000)}\n${written(frames, (frame) => plain({ ...frame, data: long(1_048_576) }) + plain(frame))}`,
  ],
]

/** What every engine reads in every run: a variant of each case, where bytes come in pieces and lines are long. */
const telling =
  /in pieces, too|come apart|P27: data may have tabs|P28: comments|P29: named|P30: an id of|P31|P33: char|P34/

const unavailable = (): Reply => ({ status: 503 })

const html =
  '<!doctype html><h1>Gateway</h1><img src="x" onerror="document.title = 1"><script>document.title = 2</script>'
/** Answers that are no streams. */
const strange: Record<string, (frames: Frame[]) => Reply> = {
  'of another type': (frames) => ({ headers: { 'content-type': 'text/plain' }, chunks: [written(frames)] }),
  'that is empty, 204': () => ({ status: 204 }),
  'that is elsewhere': () => ({
    status: 302,
    headers: { location: `${elsewhere.url.replace('localhost', '127.0.0.1')}/conversation/sse` },
  }),
  'that is a page of HTML': () => ({ headers: { 'content-type': 'text/html; charset=utf-8' }, chunks: [html] }),
}

describe.each(engineNames)('in %s', (name) => {
  let engine: Engine
  let page: Page
  let chat: Chat
  let rows = 0
  beforeAll(async () => {
    engine = await openEngine(name)
    page = await engine.newPage()
    chat = chatOf(page)
    await page.goto(`${site.url}/`)
  })
  afterAll(() => engine?.close())

  /** A new conversation with a server that behaves so, in which the question is asked. */
  const ask = async (scenario: Scenario) => {
    const { url, log } = rewriter.serve(`${name}-${rows++}`, scenario)
    await page.evaluate(startChat, url, token, question)
    /** Whenever history is asked as well. */
    const streams = () => log.requests.map(({ kind }) => kind).filter((kind) => kind !== 'history')
    return { log, streams }
  }

  /** The history would be quicker than a stream that is taken up again. */
  const askWithoutHistory = async (scenario: Scenario) => {
    scenario.history = unavailable
    return { ...(await ask(scenario)), restore: () => void (scenario.history = undefined) }
  }

  test.each(shareOf(name, whole, ([title]) => telling.test(title)))('%s', async (_title, write, shown = text) => {
    const send = (frames: Frame[]): Reply => ({
      headers: { 'content-type': 'text/event-stream; charset=iso-8859-1' },
      chunks: [write(frames)].flat(),
    })
    const { streams, log } = await askWithoutHistory({ send })
    await expect.poll(chat.said).toEqual([asked, `assistant: ${shown}`])
    await expect.poll(() => log.requests.some(({ kind }) => kind === 'history')).toBe(true)
    expect(streams()).toEqual(['send'])
    expect(await chat.said()).toEqual([asked, `assistant: ${shown}`])
  })

  test('P32: an event without its end is none, and its id is not where the stream goes on', async () => {
    const send = (frames: Frame[]): Reply => ({ chunks: [written(frames).replace(/\n+$/, '\n')] })
    const { streams, log } = await askWithoutHistory({ send: (frames) => send(frames.slice(0, 2)) })
    await expect.poll(chat.said).toEqual([asked, answered])
    expect(streams()).toEqual(['send', 'resume'])
    const resumed = log.requests.find(({ kind }) => kind === 'resume')
    expect(resumed?.query.get('lastEventId')).toMatch(/\.0$/)
    expect(await chat.said()).toEqual([asked, answered])
  })

  test('P34: an event above 1 MB ends the stream, and the answer is read from history', async () => {
    // Firefox leaves a stream that was cancelled only when more of it comes.
    const tooLong: Reply = { chunks: ['data: '], endless: 'x'.repeat(100_000) }
    const gate = valve()
    const send = (frames: Frame[]): Reply => ({
      ...tooLong,
      chunks: [written(frames.slice(0, 1)), 'data: '],
      after: gate.opened,
    })
    const { streams, log, restore } = await askWithoutHistory({ send, resume: () => tooLong })
    await expect.poll(async () => (await chat.said()).at(-1)).toMatch(/^assistant \(writing\)/)
    gate.open()
    await expect.poll(streams).toEqual(['send', 'resume'])
    await expect.poll(() => log.open).toBe(0)
    restore()
    await expect.poll(chat.said).toEqual([asked, answered])
    expect(streams()).toEqual(['send', 'resume'])
  })

  /** Nothing of an answer that is no stream is in the page, and nobody went where it pointed. */
  const expectNoTrace = async () => {
    const traces = () => {
      const shadow = document.querySelector('lumika-chat')?.shadowRoot
      return [document.title, /Gateway|onerror/.test(shadow?.innerHTML ?? 'nothing to look at: onerror')]
    }
    expect(await page.evaluate(traces)).toEqual(['A site', false])
    expect(elsewhere.log.requests).toEqual([])
  }

  const someStrange = shareOf(name, Object.entries(strange), ([title]) => title === 'that is elsewhere')
  test.each(someStrange)('P35: after an answer %s, the message can be sent again', async (_, reply) => {
    // The server has the message, and would tell.
    const scenario: Scenario = { send: reply }
    const { streams, restore } = await askWithoutHistory(scenario)
    await expect.poll(chat.said).toEqual([failed])
    await expectNoTrace()
    expect(streams()).toEqual(['send'])
    scenario.send = undefined
    restore()
    await page.click('.message.failed .state button')
    await expect.poll(chat.said).toEqual([asked, answered])
    await expect.poll(streams).toEqual(['send', 'send'])
    expect(await chat.said()).toEqual([asked, answered])
  })

  test.each(someStrange)('P35: where an answer goes on as one %s, history has it', async (_, reply) => {
    const send = (frames: Frame[]): Reply => ({ chunks: [written(frames.slice(0, 1))] })
    const { streams, restore } = await askWithoutHistory({ send, resume: () => reply([]) })
    await expect.poll(streams).toEqual(['send', 'resume'])
    restore()
    await expect.poll(chat.said).toEqual([asked, answered])
    await expectNoTrace()
    expect(streams()).toEqual(['send', 'resume'])
  })

  test('P25: none of all this is an error of the page', async () => {
    // Browsers themselves complain of answers that are errors or redirects.
    const isOurs = (problem: string) => !/failed to load|cross-origin request/i.test(problem)
    expect((await page.consoleErrors()).filter(isOurs)).toEqual([])
  })
})

/** Runs in the page: a chat in place of the one before. */
async function startChat(serverUrl: string, integrationToken: string, question: string): Promise<void> {
  const host = window as unknown as { Lumika: LumikaGlobal; chatForTests?: { destroy(): Promise<void> } }
  await host.chatForTests?.destroy()
  const widget = (host.chatForTests = host.Lumika.mountWidget({ integrationToken, serverUrl }))
  widget.open()
  widget.send(question)
}
