/** The adapter for models, and a service of its own for each test. */
import { afterEach, beforeEach } from 'vitest'
import type { ChatAdapter } from '../../../adapters/adapter.ts'
import { createOpenAIAdapter } from '../../../adapters/openai.ts'
import type { OpenAIAdapterOptions, RecordStore } from '../../../adapters/openai.ts'
import type { ConversationRecord, StreamEvent } from '../../../protocol.ts'
import { collect, newId, newKey } from '../../contract/adapter.suite.ts'
import { startFakeOpenAI } from '../../helpers/fake-openai.ts'
import type { FakeOpenAI } from '../../helpers/fake-openai.ts'

/** The service of this test. */
export let model: FakeOpenAI
beforeEach(async () => {
  model = await startFakeOpenAI()
})
afterEach(() => model.close())

/** An adapter for it. */
export const create = (options: Partial<OpenAIAdapterOptions> = {}): ChatAdapter =>
  createOpenAIAdapter({ baseUrl: model.url, model: 'fake-1', ...options })

/** Something to send. */
export const message = (text = 'hello', conversationId = newId()) => ({
  text,
  conversationId,
  clientMessageId: newKey(),
})

/** Sends something, and gives all that is streamed. */
export const eventsOf = async (adapter: ChatAdapter, sent = message()): Promise<StreamEvent[]> =>
  (await collect(adapter.send(sent))).map(({ event }) => event)

/** An event of the service. */
export const chunk = (fields: object): string => `data: ${JSON.stringify(fields)}\n\n`
/** One with a piece of the answer. */
export const piece = (content: unknown, finish_reason: string | null = null): string =>
  chunk({ choices: [{ index: 0, delta: { content }, finish_reason }] })

/** A store that can be looked into, and be made to fail. */
export function openStore(fails: (call: 'read' | 'append', record?: ConversationRecord) => boolean = () => false) {
  const records: ConversationRecord[] = []
  const store: RecordStore = {
    read() {
      if (fails('read')) throw new Error('blocked')
      return [...records]
    },
    append(_conversationId, record) {
      if (fails('append', record)) throw new Error('full')
      records.push(record)
    },
  }
  return { records, store }
}
