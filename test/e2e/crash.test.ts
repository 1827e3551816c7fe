import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchChromium } from '../helpers/chromium.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../helpers/fake-openai.ts'
import { operatorOf } from '../helpers/operator.ts'
import { startServer } from '../helpers/server.ts'
import type { ServerProcess } from '../helpers/server.ts'
import { visitorOf } from '../helpers/visitor.ts'
import type { Visitor } from '../helpers/visitor.ts'

let browser: Browser
let openai: FakeOpenAI
let folder: string
let server: ServerProcess
let visitor: Visitor

const start = (port = 0) =>
  startServer({
    storage: `fs:${folder}`,
    port,
    args: ['--responder', 'openai'],
    env: { LUMIKA_OPENAI_BASE_URL: openai.url, LUMIKA_OPENAI_MODEL: 'fake-1' },
  })

/** The power fails, and comes back. */
const crash = async () => {
  await server.kill()
  openai.scenario = 'ok'
  server = await start(server.port)
}

const reload = async () => {
  await visitor.page.reload()
  await visitor.open()
}

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumika-e2e-'))
  openai = await startFakeOpenAI()
  server = await start()
  visitor = visitorOf(await browser.newPage())
  await visitor.page.goto(`${server.url}/demo`)
  await visitor.open()
})

afterEach(async () => {
  await visitor.page.context().close()
  await server.stop()
  await openai.close()
  await rm(folder, { recursive: true, force: true })
})

const question = 'When do you open?'
const whole = [`visitor: ${question}`, `assistant: ${openAIAnswerTo(question)}`]
const stored = [`customer: ${question}`, `assistant: ${openAIAnswerTo(question)}`]
const half = openAIAnswerTo(question).slice(0, 14)

describe('kill -9 of the server', () => {
  test('G2: after the message is stored and before any answer: the answer comes into the open panel', async () => {
    openai.scenario = 'silent'
    await visitor.say(question)
    await expect.poll(() => openai.running).toBe(1)
    await expect.poll(visitor.said).toEqual([`visitor: ${question}`, 'assistant (writing): '])

    await crash()

    await expect.poll(visitor.said, { timeout: 45_000 }).toEqual(whole)
    expect((await operatorOf(server).conversations()).map(({ said }) => said)).toEqual([stored])
    await reload()
    await expect.poll(visitor.said).toEqual(whole)
  })

  test('G2: in the middle of an answer: what was written of it stands there once, marked as broken off', async () => {
    openai.scenario = 'hang'
    await visitor.say(question)
    await expect.poll(visitor.said).toContain(`assistant (writing): ${half}`)

    await crash()

    const broken = [`visitor: ${question}`, `assistant (interrupted): ${half}`]
    await expect.poll(visitor.said, { timeout: 45_000 }).toEqual(broken)
    await visitor.panel.locator('.state', { hasText: 'The answer broke off' }).waitFor()
    expect((await operatorOf(server).conversations()).map(({ said }) => said)).toEqual([
      [`customer: ${question}`, `assistant: ${half}`],
    ])
    expect(openai.requests).toHaveLength(1)
    await reload()
    await expect.poll(visitor.said).toEqual(broken)
  })

  test('G1: before the message reaches it: it is sent again by itself, and stored once', async () => {
    await server.kill()
    await visitor.say(question)
    expect(await visitor.said()).toEqual([`visitor (sending): ${question}`])

    server = await start(server.port)

    await expect.poll(visitor.said, { timeout: 20_000 }).toEqual(whole)
    expect((await operatorOf(server).conversations()).map(({ said }) => said)).toEqual([stored])
    expect(openai.requests).toHaveLength(1)
  })

  test('G1: and the page is reloaded meanwhile: the unsent message is sent from the next page', async () => {
    await server.kill()
    await visitor.say(question)
    expect(await visitor.said()).toEqual([`visitor (sending): ${question}`])
    await visitor.page.goto('about:blank')

    server = await start(server.port)

    await visitor.page.goto(`${server.url}/demo`)
    await visitor.open()
    await expect.poll(visitor.said, { timeout: 20_000 }).toEqual(whole)
    expect((await operatorOf(server).conversations()).map(({ said }) => said)).toEqual([stored])
    expect(openai.requests).toHaveLength(1)
  })

  test('after an answer: the conversation goes on where it was', async () => {
    await visitor.say(question)
    await expect.poll(visitor.said).toEqual(whole)

    await crash()

    await visitor.say('And on Sundays?')
    const longer = [...whole, 'visitor: And on Sundays?', `assistant: ${openAIAnswerTo('And on Sundays?')}`]
    await expect.poll(visitor.said, { timeout: 20_000 }).toEqual(longer)
    await reload()
    await expect.poll(visitor.said).toEqual(longer)
  })
})
