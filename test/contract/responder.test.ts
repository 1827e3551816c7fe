import { createEchoResponder, echoIntroduction } from '../../server/responders/echo.ts'
import { createFunctionResponder } from '../../server/responders/function.ts'
import { createOpenAIResponder } from '../../server/responders/openai.ts'
import { withTimeouts } from '../../server/responders/timeouts.ts'
import { createWebhookResponder } from '../../server/responders/webhook.ts'
import { openAIAnswerTo, startFakeOpenAI } from '../helpers/fake-openai.ts'
import { startFakeWebhook, webhookAnswerTo } from '../helpers/fake-webhook.ts'
import { describeResponder } from './responder.suite.ts'

describeResponder('echo', () => ({
  responder: createEchoResponder({ pieceDelayMs: 1 }),
  answerTo: (text) => echoIntroduction + text,
}))

const spell = (text: string): string => `Spelled: ${text}`

describeResponder('function, an async generator', () => ({
  responder: createFunctionResponder(async function* ({ text, signal }) {
    for (const letter of spell(text)) {
      if (signal.aborted) return
      yield letter
    }
  }),
  answerTo: spell,
}))

describeResponder('function that takes no notice of its signal, within limits', () => {
  let isBroken = false
  return {
    responder: withTimeouts(
      createFunctionResponder(async ({ text }) => {
        await new Promise((resolve) => setTimeout(resolve, 2))
        if (isBroken) return 5 as never
        return new ReadableStream<string>({
          start(controller) {
            for (const letter of spell(text)) controller.enqueue(letter)
            controller.close()
          },
        })
      }),
    ),
    answerTo: spell,
    breakDown: () => (isBroken = true),
  }
})

describeResponder('openai', async () => {
  const fake = await startFakeOpenAI('slow')
  return {
    responder: createOpenAIResponder({ baseUrl: fake.url, model: 'fake-1', apiKey: 'sk-fake' }),
    answerTo: openAIAnswerTo,
    running: () => fake.running,
    breakDown: () => (fake.scenario = { status: 500 }),
    close: () => fake.close(),
  }
})

for (const scenario of ['slow', 'events', 'events-plain'] as const)
  describeResponder(`webhook, ${scenario}`, async () => {
    const fake = await startFakeWebhook(scenario)
    return {
      responder: createWebhookResponder({ url: fake.url, secret: fake.secret }),
      answerTo: webhookAnswerTo,
      running: () => fake.running,
      breakDown: () => (fake.scenario = { status: 500 }),
      close: () => fake.close(),
    }
  })
