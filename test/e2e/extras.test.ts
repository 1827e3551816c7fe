/** What the built chat asks of a server beside carrying messages, on somebody's page: each call, and each refusal. */
import { readdirSync } from 'node:fs'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ChatAdapter, ChatExtras } from '../../adapters/adapter.ts'
import type { HttpAdapterOptions } from '../../adapters/http.ts'
import type { Attachment, HistoryPage } from '../../protocol.ts'
import { built } from '../helpers/build.ts'
import { launchChromium } from '../helpers/chromium.ts'
import { operatorOf } from '../helpers/operator.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { htmlPage, startSite } from '../helpers/site.ts'
import type { Site } from '../helpers/site.ts'

const maxBytes = 20_000

let browser: Browser
let server: ServerProcess
let site: Site
let page: Page
/** Of an integration that takes files and lets visitors erase, and of one that does neither. */
let generous: string
let strict: string
/** Of the test: a second try has a conversation of its own. */
let conversationId: string

beforeAll(async () => {
  const args = ['--max-attachment-bytes', `${maxBytes}`]
  ;[browser, server, site] = await Promise.all([launchChromium(), startServer({ args }), startSite()])
  const settings = { kind: 'widget' as const, allowedDomains: ['localhost'] }
  const { createIntegration } = operatorOf(server)
  generous = (await createIntegration({ ...settings, name: 'Generous', attachments: true })).token
  strict = (await createIntegration({ ...settings, name: 'Strict', visitorErase: false })).token
  const part = readdirSync(built('dist')).find((name) => /^http-.+\.js$/.test(name))
  const script = `import * as http from '${server.url}/${part}'; Object.assign(window, http)`
  page = await browser.newPage()
  await page.goto(site.put('/', { body: htmlPage(`<script type="module">${script}</script>`) }))
  await page.waitForFunction('window.createHttpExtras')
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
  await server?.stop()
})
beforeEach(() => void (conversationId = `c_${crypto.randomUUID().replaceAll('-', '')}`))

type Window = typeof globalThis & {
  createHttpExtras(options: HttpAdapterOptions): Required<ChatExtras>
  createHttpAdapter(options: HttpAdapterOptions): ChatAdapter
}
interface Outcome {
  value?: unknown
  /** How far an upload was said to be. */
  shares?: number[]
  error?: { name: string; code: string; status: number; isRetryable: boolean }
}
/** Makes a call in the page. */
function ask(
  call: keyof ChatExtras | 'history' | 'send',
  request: object = {},
  { token = generous, file = null as { name: string; bytes: number[] } | null, serverUrl = server.url } = {},
): Promise<Outcome> {
  const asked = { call, request: { conversationId, ...request }, options: { serverUrl, integrationToken: token }, file }
  return page.evaluate(async ({ call, request, options, file }) => {
    const { createHttpExtras, createHttpAdapter } = window as unknown as Window
    const shares: number[] = []
    const upload = file && {
      file: new File([Uint8Array.from(file.bytes)], file.name),
      onProgress: (share: number) => shares.push(share),
    }
    try {
      if (call === 'send') {
        const events = []
        const adapter = createHttpAdapter(options)
        for await (const { event } of adapter.send(request as unknown as Parameters<ChatAdapter['send']>[0]))
          events.push(event.type)
        return { value: events }
      }
      const backend = { ...createHttpExtras(options), ...createHttpAdapter(options) } as unknown as Record<
        string,
        (request: object) => unknown
      >
      return { value: await backend[call]?.({ ...request, ...upload }), shares }
    } catch (caught) {
      const { name, code, status, isRetryable } = caught as NonNullable<Outcome['error']>
      return { error: { name, code, status, isRetryable } }
    }
  }, asked)
}
const send = async (text: string, attachments: string[] = [], token = generous) => {
  const clientMessageId = crypto.randomUUID().replaceAll('-', '')
  expect((await ask('send', { text, clientMessageId, attachments }, { token })).value).toContain('done')
}
const history = async () => (await ask('history')).value as HistoryPage
const done = { value: undefined, shares: [] }
const refused = (code: string, status: number) => ({
  error: { name: 'AdapterError', code, status, isRetryable: status === 0 || status >= 500 },
})
const png = { name: 'cat.png', bytes: [...Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ', 'base64')] }
const headers = () => ({ authorization: `Bearer ${server.operatorKey}` })
/** The conversation, as operators see it. */
async function activity(): Promise<Record<string, unknown> | undefined> {
  const response = await fetch(`${server.url}/api/activities?limit=200`, { headers: headers() })
  const { activities } = (await response.json()) as { activities: Record<string, unknown>[] }
  return activities.find((each) => each['conversationId'] === conversationId)
}

describe('a visitor', () => {
  test('uploads a file, sends it, and finds it where it is said to be', async () => {
    const { value, shares } = await ask('upload', {}, { file: png })
    expect(value).toMatchObject({ name: 'cat.png', type: 'image/png', size: png.bytes.length, width: 1, height: 1 })
    expect(shares?.at(-1)).toBe(1)
    const attachment = value as Attachment
    await send('Look', [attachment.id])
    expect((await history()).messages[0]?.data?.attachments).toEqual([attachment])
    const url = await page.evaluate(
      ([options, id]) => (window as unknown as Window).createHttpExtras(options).attachmentUrl(id),
      [{ serverUrl: `${server.url}/`, integrationToken: generous }, attachment.id] as const,
    )
    const response = await fetch(url)
    expect([response.status, [...new Uint8Array(await response.arrayBuffer())]]).toEqual([200, png.bytes])
    expect(await ask('erase')).toEqual(done)
    expect((await fetch(url)).status).toBe(404)
  })

  test('says what they think of an answer and of the conversation; the last word counts', async () => {
    await send('Hello')
    const answer = (await history()).messages.at(-1)
    const rating = async () => (await history()).messages.at(-1)?.data?.rating
    for (const said of ['down', 'up'] as const) {
      expect(await ask('rate', { messageId: answer?.id, rating: said })).toEqual(done)
      expect(await rating()).toBe(said)
    }
    expect(await ask('rate', { messageId: answer?.id, rating: 'none' })).toEqual(done)
    expect(await rating()).toBeUndefined()
    expect(await ask('score', { score: 2 })).toEqual(done)
    expect(await ask('score', { score: 5, comment: 'Danke & bis bald' })).toEqual(done)
    const { key } = (await activity()) as { key: string }
    const response = await fetch(`${server.url}/api/conversations/${key}`, { headers: headers() })
    expect(JSON.stringify(await response.json())).toContain('"score":5,"comment":"Danke & bis bald"')
  })

  test('types, asks for a person, and erases what there is, which may be nothing', async () => {
    const leave = new AbortController()
    let told = ''
    const feed = await fetch(`${server.url}/api/activities/live`, { headers: headers(), signal: leave.signal })
    const reading = feed.body
      ?.pipeThrough(new TextDecoderStream())
      .pipeTo(new WritableStream({ write: (text) => void (told += text) }))
      .catch(() => {})
    await send('Hello')
    for (const isTyping of [true, false]) {
      expect(await ask('setTyping', { isTyping })).toEqual(done)
      await expect.poll(() => told).toMatch(new RegExp(`"typing"[^}]*"${conversationId}","isTyping":${isTyping}`))
    }
    leave.abort()
    await reading
    expect(await ask('askForPerson')).toEqual(done)
    expect(await activity()).toMatchObject({ state: 'waiting', handover: { by: 'customer' } })
    for (let n = 0; n < 2; n++) expect(await ask('erase')).toEqual(done)
    expect((await history()).messages).toEqual([])
  })
})

describe('a call that is refused, or never arrives, is an error that says why', () => {
  test('by the server', async () => {
    await send('Hello')
    const file = (bytes: number[], name = 'a.png') => ask('upload', {}, { file: { name, bytes } })
    expect(await file([...Buffer.from('<svg onload="alert(1)">')])).toEqual(refused('unsupported_media_type', 415))
    expect(await file(Array<number>(maxBytes + 1).fill(0))).toEqual(refused('body_too_large', 413))
    expect(await file([])).toEqual(refused('invalid_attachment', 400))
    const unknown = { messageId: '0-AAAAAAAAAAAAAAAA', rating: 'up' }
    expect(await ask('rate', unknown)).toEqual(refused('not_found', 404))
    expect(await ask('score', { score: 9 })).toEqual(refused('invalid_request', 400))
    expect(await ask('score', { score: 1, comment: 'x'.repeat(1_001) })).toEqual(refused('text_too_long', 413))
    expect(await ask('setTyping', { isTyping: true }, { token: 'la_nobody' })).toEqual(refused('invalid_token', 401))
    await send('Hello', [], strict)
    expect(await ask('upload', {}, { token: strict, file: png })).toEqual(refused('request_not_allowed', 403))
    expect(await ask('erase', {}, { token: strict })).toEqual(refused('request_not_allowed', 403))
    conversationId = 'c_nobody_has_ever_written_here'
    expect(await ask('askForPerson')).toEqual(refused('not_found', 404))
  })

  test('by something in between, or by nobody', async () => {
    const open = { 'access-control-allow-origin': '*', 'content-type': 'text/html' }
    await page.route('**/conversation/*', (route) =>
      route.fulfill({ status: 413, body: '<h1>413</h1>', headers: open }),
    )
    expect(await ask('upload', {}, { file: png })).toEqual(refused('body_too_large', 413))
    await page.unrouteAll()
    await page.route('**/conversation/*', (route) => route.fulfill({ status: 502, body: '', headers: open }))
    expect(await ask('upload', {}, { file: png })).toEqual(refused('protocol', 502))
    expect(await ask('erase')).toEqual(refused('protocol', 502))
    await page.unrouteAll()
    const nowhere = { serverUrl: 'http://localhost:1' }
    expect(await ask('upload', {}, { ...nowhere, file: png })).toEqual(refused('network', 0))
    expect(await ask('askForPerson', {}, nowhere)).toEqual(refused('network', 0))
  })
})
