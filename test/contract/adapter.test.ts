import { createMemoryAdapter } from '../../adapters/memory.ts'
import { describeAdapter, holdText } from './adapter.suite.ts'

describeAdapter('memory', () => {
  const answerTo = (text: string): string => `You wrote ${text.length} characters, all of them good ones. `
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

async function* holding(): AsyncGenerator<string> {
  yield 'One moment'
  await new Promise(() => {})
}
