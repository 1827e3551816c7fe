import { describe, expect, it } from 'vitest'
import { createStorage } from 'unstorage'
import { createWakeups } from '../../../server/conversations/wakeups.ts'
import { followWriting } from '../../../server/conversations/writing.ts'
import type { WritingOptions } from '../../../server/conversations/writing.ts'
import type { PublicValue } from '../../../server/conversations/values.ts'
import { LogError } from '../../../server/storage/log.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { openLog } from '../../../server/storage/open.ts'

const conversation = 'shop.YQ'
const turnId = 't0000000000000000000000'

/** A draft that is written by hand, and a reader of it. */
async function open(more: Partial<WritingOptions> = {}, through: (log: ConversationLog) => ConversationLog = (l) => l) {
  const log = await openLog(createStorage())
  const value: PublicValue = {
    actor: 'customer',
    type: 'message',
    body: 'Hello',
    turn: { id: turnId, mode: 'approval' },
  }
  await log.append(conversation, 'public', value, { keys: [`turn:${turnId}`] })
  const gone = new AbortController()
  const reader = followWriting({
    ...{ log: through(log), wakeups: createWakeups(log), conversation, signal: gone.signal, keepAliveMs: 20 },
    ...{ now: Date.now, monotonic: () => performance.now(), isEnding: () => false },
    isAllowed: () => Promise.resolve(true),
    ...more,
  })
  const next = async () => (await reader.next()).value
  expect([await next(), await next()]).toEqual([
    { type: 'ready' },
    { type: 'turn', turnId, userMessageId: expect.any(String) as string, mode: 'approval' },
  ])
  const write = (text: string) => log.append(conversation, `turn/${turnId}`, { type: 'delta', text })
  return { log, reader, next, write, gone }
}

describe('what is being written', () => {
  it('is told in one piece to a reader that was slow', async () => {
    const { next, write, gone, reader } = await open()
    for (let n = 0; n < 1_200; n++) await write(`${n} `)
    const all = Array.from({ length: 1_200 }, (_, n) => `${n} `).join('')
    expect(await next()).toEqual({ type: 'delta', turnId, text: all })
    await write('more')
    expect(await next()).toEqual({ type: 'delta', turnId, text: 'more' })
    gone.abort()
    expect((await reader.next()).done).toBe(true)
  })

  it('gives a sign of life in time, and ends for a reader who may not stay, also while there is much to say', async () => {
    let isAllowed = true
    const { next, reader, write } = await open({ isAllowed: () => Promise.resolve(isAllowed) })
    expect(await next()).toBeNull()
    expect(await next()).toBeNull()
    isAllowed = false
    const pieces: string[] = []
    for (let step = await reader.next(); !step.done; step = await reader.next()) {
      if (step.value?.type === 'delta') pieces.push(step.value.text)
      await write('x')
    }
    expect(pieces.length).toBeLessThan(1_000)
  })

  it('ends when its conversation is erased, and with a process that writes no more', async () => {
    let isEnding = false
    const { next, log, reader } = await open({ isEnding: () => isEnding })
    await log.remove(conversation)
    let last = await next()
    while (last === null) last = await next()
    expect(last).toEqual({ type: 'end', turnId })
    isEnding = true
    let step = await reader.next()
    while (!step.done && step.value === null) step = await reader.next()
    expect(step.done).toBe(true)
  })

  it('ends where storage fails, and begins again whole', async () => {
    let isAway = false
    const failing = (log: ConversationLog): ConversationLog =>
      new Proxy(log, {
        get(target, name) {
          if (isAway && name === 'after') throw new LogError('storage_unavailable', 'Away.')
          return Reflect.get(target, name) as unknown
        },
      })
    const { next, reader, write, log } = await open({}, failing)
    await write('Half a ')
    expect(await next()).toEqual({ type: 'delta', turnId, text: 'Half a ' })
    isAway = true
    await write('sentence')
    expect((await reader.next()).done).toBe(true)
    const again = followWriting({
      ...{ log, wakeups: createWakeups(log), conversation, signal: new AbortController().signal },
      ...{ now: Date.now, monotonic: () => performance.now(), isEnding: () => false },
      isAllowed: () => Promise.resolve(true),
    })
    await again.next()
    expect((await again.next()).value).toMatchObject({ type: 'turn' })
    expect((await again.next()).value).toEqual({ type: 'delta', turnId, text: 'Half a sentence' })
    await again.return()
  })
})
