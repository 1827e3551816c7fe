import { serve } from 'srvx/node'
import { createHttpAdapter } from '../../adapters/http.ts'
import { createMemoryAdapter } from '../../adapters/memory.ts'
import { createOpenAIAdapter } from '../../adapters/openai.ts'
import type { RecordStore } from '../../adapters/openai.ts'
import { createLumika } from '../../server/index.ts'
import { createFunctionResponder } from '../../server/responders/function.ts'
import { openStorage } from '../../server/storage/url.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../helpers/fake-openai.ts'
import { describeAdapter, holdText } from './adapter.suite.ts'
import type { AdapterBackend } from './adapter.suite.ts'

const answerTo = (text: string): string => `You wrote ${text.length} characters, all of them good ones. `

describeAdapter('memory', () => {
  const adapter = createMemoryAdapter({
    delayMs: 0,
    reply: (text) => (text === holdText ? holding() : answerTo(text)),
  })
  return {
    adapter,
    answerTo,
    postOperatorMessage: (conversationId, body) => void adapter.postOperatorMessage(conversationId, body),
  }
})

describeAdapter('http, by POST', () => startServer((url, init) => fetch(url, init)))

describeAdapter('http, by GET, where something in between lets no POST through', () =>
  startServer(
    async (url, init) =>
      init.method === 'POST' && url.endsWith('/conversation/sse')
        ? new Response(null, { status: 405 })
        : fetch(url, init),
    60_000,
  ),
)

describeAdapter('openai', () => startModel())

describeAdapter('openai, with a storage that takes its time', () => startModel(slowStore()))

async function* holding(): AsyncGenerator<string> {
  yield 'One moment'
  await new Promise(() => {})
}

/** A whole server on a real socket. */
async function startServer(
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  maxUrlLength?: number,
): Promise<AdapterBackend> {
  const storage = await openStorage('memory')
  const operatorKey = 'operator-key-of-the-adapter-tests'
  const lumika = await createLumika({
    storage,
    operatorKey,
    responders: {
      spell: createFunctionResponder(async function* ({ text }) {
        if (text === holdText) yield* holding()
        for (const word of answerTo(text).split(/(?<= )/)) yield word
      }),
    },
  })
  const server = serve({
    ...{ port: 0, hostname: '127.0.0.1', silent: true, gracefulShutdown: false },
    fetch: (request) => lumika.fetch(request),
    node: { maxHeaderSize: 65_536 },
  })
  await server.ready()
  const serverUrl = server.url ?? ''
  const { token, integration } = await lumika.registry.create({ name: 'Test', kind: 'api' })
  const call = async (conversationId: string, path: string, body: object) => {
    const key = `${integration.id}.${Buffer.from(conversationId).toString('base64url')}`
    const response = await globalThis.fetch(new URL(`/api/conversations/${key}/${path}`, serverUrl), {
      method: 'POST',
      headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`The operator's call was refused with status ${response.status}.`)
  }
  return {
    adapter: createHttpAdapter({ serverUrl, integrationToken: token, fetch, ...(maxUrlLength && { maxUrlLength }) }),
    answerTo,
    postOperatorMessage: (conversationId, body) => call(conversationId, 'messages', { body }),
    resolve: (conversationId) => call(conversationId, 'resolve', {}),
    async close() {
      await lumika.close({ graceMs: 0 })
      await server.close(true)
    },
  }
}

/** A model service on a real socket. There is nobody to reply but the model. */
async function startModel(store?: RecordStore): Promise<AdapterBackend> {
  const model = await startFakeOpenAI(({ body }) => (body.messages.at(-1)?.content === holdText ? 'hang' : 'ok'))
  return {
    adapter: createOpenAIAdapter({ baseUrl: model.url, model: 'fake-1', ...(store && { store }) }),
    answerTo: openAIAnswerTo,
    close: model.close,
  }
}

/** As a database in the browser: asynchronous, and with copies of what was stored. */
function slowStore(): RecordStore {
  const stored = new Map<string, string[]>()
  const pause = () => new Promise((resolve) => setTimeout(resolve, 2))
  return {
    async read(conversationId) {
      await pause()
      return (stored.get(conversationId) ?? []).map((json) => JSON.parse(json))
    },
    async append(conversationId, record) {
      await pause()
      stored.set(conversationId, [...(stored.get(conversationId) ?? []), JSON.stringify(record)])
    },
  }
}
