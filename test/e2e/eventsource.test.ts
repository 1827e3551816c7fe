import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { TestContext } from 'vitest'
import { engineNames, openEngine } from '../helpers/engines/engine.ts'
import type { Engine } from '../helpers/engines/engine.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../helpers/fake-openai.ts'
import type { OpenAIScenario } from '../helpers/fake-openai.ts'
import { startFront } from '../helpers/front.ts'
import { operatorOf } from '../helpers/operator.ts'
import { startServer } from '../helpers/server.ts'
import { htmlPage, startSite } from '../helpers/site.ts'
import type { Site } from '../helpers/site.ts'

/** The documents' sample with an address and a token: it opens an EventSource and never closes it. */
const sendSample = (url: string, integrationToken: string, conversationId?: string): string => `
const params = new URLSearchParams({
  integrationToken: '${integrationToken}',
  textContent: 'Hi, can you help me with billing?',
  ${conversationId ? `conversationId: '${conversationId}'` : ''}
});

const source = new EventSource(
  '${url}/conversation/sse?' + params.toString()
);

source.onmessage = (event) => {
  const payload = JSON.parse(event.data);
  console.log(payload);
};
window.payloads = [];
source.addEventListener('message', (event) => window.payloads.push(JSON.parse(event.data)));
window.source = source;`

/** The documents' sample with an address, a token and a cursor. */
const historySample = (url: string, integrationToken: string, conversationId: string, afterId: string): string => `
(async () => {
const query = new URLSearchParams({
  integrationToken: '${integrationToken}',
  conversationId: '${conversationId}',
  afterId: '${afterId}',
  limit: '100'
});

const res = await fetch('${url}/conversation/history?' + query.toString());
const history = await res.json();
return history;
})()`

interface Payload {
  type: string
  text?: string
  conversationId?: string
  lastMessageId?: string
  message?: { body: string }
}

/** The page after the sample has run. */
type SampleWindow = typeof window & { payloads?: Payload[]; source?: EventSource }

/** Runs in the page: a script as it stands. Its last value is returned. */
const runScript = (script: string): unknown => (0, eval)(script)

const question = 'Hi, can you help me with billing?'
const answer = openAIAnswerTo(question)
const stored = [`customer: ${question}`, `assistant: ${answer}`]

let site: Site
beforeAll(async () => {
  site = await startSite()
  site.put('/', { body: htmlPage('') })
})
afterAll(() => site.close())

/** A server of the test's own, so that tests which mostly wait for reconnects can wait side by side. */
async function openWorld(engine: Engine, { expect, onTestFinished }: TestContext, scenario: OpenAIScenario = 'ok') {
  const openai = await startFakeOpenAI(scenario)
  const env = { LUMIKA_OPENAI_BASE_URL: openai.url, LUMIKA_OPENAI_MODEL: 'fake-1' }
  const server = await startServer({ args: ['--responder', 'openai'], env })
  const front = await startFront(server.url)
  const page = await engine.newPage()
  onTestFinished(async () => {
    await page.close()
    await front.close()
    await server.stop()
    await openai.close()
  })
  await page.goto(site.url)
  const { token } = await operatorOf(server).createIntegration({ name: 'Samples', kind: 'api' })
  const streams = () => front.passed.filter(({ path }) => path === '/conversation/sse')
  return {
    ...{ openai, server, front, token, streams },
    run: (sample: string) => page.evaluate(runScript, sample),
    payloads: () => page.evaluate(() => (window as SampleWindow).payloads ?? []),
    /** Waits until the EventSource has given up. */
    async hasEnded() {
      const isClosed = () => page.evaluate(() => (window as SampleWindow).source?.readyState === EventSource.CLOSED)
      await expect.poll(isClosed, { timeout: 45_000, interval: 100 }).toBe(true)
    },
  }
}

describe.concurrent.each(engineNames)("the documents' samples in %s", (name) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine(name)
  })
  afterAll(() => engine?.close())

  test.for([
    { name: 'an id of the customer', conversationId: 'customer-42', waitMs: 6_000 },
    { name: 'no id', conversationId: undefined, waitMs: 0 },
  ])('A1: the EventSource sample with $name, never closed, is one message and one answer', async (row, context) => {
    const { expect } = context
    const { front, run, token, openai, server, ...world } = await openWorld(engine, context)
    await run(sendSample(front.url, token, row.conversationId))
    await world.hasEnded()
    // Firefox waits for 5 s before it reconnects, the others for 3.
    await sleep(row.waitMs)

    expect(world.streams().map(({ method, status }) => `${method} ${status}`)).toEqual(['GET 200', 'GET 204'])
    const got = await world.payloads()
    expect(got.map(({ type }) => type).filter((type) => type !== 'delta')).toEqual(['ack', 'message', 'done'])
    expect(got.map(({ text = '' }) => text).join('')).toBe(answer)
    expect(openai.requests).toHaveLength(1)
    expect(await operatorOf(server).conversations()).toEqual([
      { conversationId: row.conversationId ?? expect.stringMatching(/^c_[\w-]{22}$/), said: stored },
    ])
  })

  test.for([
    { name: 'after ack', cutAt: /"type":"ack".*\n\n/ },
    { name: 'in the middle of the answer', cutAt: /(?:"type":"delta"[^]*?\n\n[^]*?){2}/ },
    { name: 'before done', cutAt: /"type":"message".*\n\n/ },
  ])('A2: cut $name, the EventSource picks up the same answer, and nothing is doubled', async ({ cutAt }, context) => {
    const { expect } = context
    const { front, run, token, openai, server, ...world } = await openWorld(engine, context, 'slow')
    let cuts = 0
    front.cut = (_, soFar) => {
      const match = cuts === 0 ? cutAt.exec(soFar) : null
      if (match) cuts++
      return match && match.index + match[0].length
    }
    await run(sendSample(front.url, token, 'customer-42'))
    await world.hasEnded()

    expect(cuts).toBe(1)
    expect(world.streams().map(({ status }) => status)).toEqual([200, 200, 204])
    expect(world.streams().map(({ headers }) => 'last-event-id' in headers)).toEqual([false, true, true])
    const got = await world.payloads()
    expect(got.map(({ type }) => type).filter((type) => type !== 'delta')).toEqual(['ack', 'message', 'done'])
    expect(got.map(({ text = '' }) => text).join('')).toBe(answer)
    expect(openai.requests).toHaveLength(1)
    expect(await operatorOf(server).conversations()).toEqual([{ conversationId: 'customer-42', said: stored }])
  })

  test('the history sample with afterId gives only what is new', async (context) => {
    const { expect } = context
    const { front, run, token, server, payloads } = await openWorld(engine, context)
    await run(sendSample(front.url, token, 'customer-42'))
    await expect.poll(async () => (await payloads()).at(-1)?.type).toBe('done')
    const lastMessageId = (await payloads()).at(-1)?.lastMessageId ?? ''

    const read = () =>
      run(historySample(server.url, token, 'customer-42', lastMessageId)) as Promise<{
        messages: { id: string; body: string }[]
        lastMessageId: string
      }>
    expect(await read()).toMatchObject({ conversationId: 'customer-42', messages: [], lastMessageId })

    await operatorOf(server).reply('A person has looked at it.')
    const news = await read()
    expect(news.messages.map(({ body }) => body)).toEqual(['A person has looked at it.'])
    expect(news.lastMessageId).toBe(news.messages[0]?.id)
  })
})
