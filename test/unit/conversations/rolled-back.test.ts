/** Streams over storage that has less than it had: it was restored or failed over, or the conversation was erased. */
import { expect, it } from 'vitest'
import { createStorage } from 'unstorage'
import { follow } from '../../../server/conversations/stream.ts'
import type { StreamItem } from '../../../server/conversations/stream.ts'
import type { PublicValue, TurnValue } from '../../../server/conversations/values.ts'
import { createWakeups } from '../../../server/conversations/wakeups.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { openLog } from '../../../server/storage/open.ts'

const conversation = 'shop.YQ'
const turnId = 't0000000000000000000000'
const say = (log: ConversationLog, value: TurnValue) => log.append(conversation, `turn/${turnId}`, value)

/** A stream that has given `ack` and two pieces. */
async function openStream() {
  const log = await openLog(createStorage())
  const turn = { id: turnId, mode: 'auto' as const }
  const value: PublicValue = { actor: 'customer', type: 'message', body: 'Hello', turn }
  const appended = await log.append(conversation, 'public', value, { keys: [`turn:${turnId}`] })
  if (appended.outcome !== 'stored') throw new Error('The message was not stored.')
  await say(log, { type: 'delta', text: 'one ' })
  await say(log, { type: 'delta', text: 'two ' })
  const items = follow({
    ...{ log, wakeups: createWakeups(log), conversation, conversationId: 'a', message: appended.entry },
    ...{ from: 0, replayed: false, signal: new AbortController().signal, keepAliveMs: 20 },
    monotonic: () => performance.now(),
    isAllowed: () => Promise.resolve(true),
    isEnding: () => false,
    dropLater: () => {},
  })
  for (let n = 0; n < 3; n++) await items.next()
  return { log, items }
}

/** The rest of a stream, without signs of life; at most so many. */
async function restOf(items: AsyncGenerator<StreamItem, void, undefined>): Promise<NonNullable<StreamItem>[]> {
  const rest: NonNullable<StreamItem>[] = []
  for (let n = 0; n < 20; n++) {
    const item = await items.next()
    if (item.done) return rest
    if (item.value) rest.push(item.value)
  }
  throw new Error('The stream went on.')
}

it('F94: the stream of a message that is gone ends with failure and done, and does not go on for ever', async () => {
  const { log, items } = await openStream()
  await log.remove(conversation)
  expect(await restOf(items)).toMatchObject([
    { n: 3, event: { type: 'failure', code: 'responder_interrupted', retryable: true } },
    { n: 4, event: { type: 'done' } },
  ])
})

it('F94: a stream that has given more pieces than are left ends with the record all the same', async () => {
  const { log, items } = await openStream()
  await log.remove(conversation, `turn/${turnId}`)
  const value: PublicValue = { actor: 'assistant', type: 'message', body: 'anew', ends: { turnId, deltas: 1 } }
  await log.append(conversation, 'public', value, { keys: [`end:${turnId}`] })
  expect(await restOf(items)).toMatchObject([
    { n: 3, event: { type: 'message', message: { body: 'anew' } } },
    { n: 4, event: { type: 'done' } },
  ])
})
