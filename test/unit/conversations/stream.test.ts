import { afterEach, describe, expect, it, vi } from 'vitest'
import { createStorage } from 'unstorage'
import { follow } from '../../../server/conversations/stream.ts'
import type { FollowOptions } from '../../../server/conversations/stream.ts'
import type { PublicValue } from '../../../server/conversations/values.ts'
import { createWakeups } from '../../../server/conversations/wakeups.ts'
import { openLog } from '../../../server/storage/open.ts'

afterEach(() => vi.useRealTimers())

/** The stream of a message that nobody answers. */
async function openStream(more: Partial<FollowOptions> = {}) {
  const log = await openLog(createStorage())
  const turn = { id: 't0000000000000000000000', mode: 'auto' as const }
  const value: PublicValue = { actor: 'customer', type: 'message', body: 'Hello', turn }
  const appended = await log.append('shop.YQ', 'public', value, { keys: [`turn:${turn.id}`] })
  if (appended.outcome !== 'stored') throw new Error('The message was not stored.')
  const gone = new AbortController()
  const items = follow({
    ...{ log, wakeups: createWakeups(log), conversation: 'shop.YQ', conversationId: 'a', message: appended.entry },
    ...{ from: 0, replayed: false, signal: gone.signal, keepAliveMs: 20, monotonic: () => performance.now() },
    isAllowed: () => Promise.resolve(true),
    isEnding: () => false,
    dropLater: () => {},
    ...more,
  })
  expect((await items.next()).value).toMatchObject({ n: 0, event: { type: 'ack' } })
  return { items, gone }
}

describe('a stream with nothing to say', () => {
  it('A12, F96: gives a sign of life in time, also after the wall clock was set back', async () => {
    const { items, gone } = await openStream()
    expect((await items.next()).value).toBeNull()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
    expect((await items.next()).value).toBeNull()
    expect((await items.next()).value).toBeNull()
    gone.abort()
    await items.return()
  })

  it('O52: of a token that was revoked ends with failure and done at the next sign of life', async () => {
    const { items } = await openStream({ isAllowed: () => Promise.resolve(false) })
    expect((await items.next()).value).toMatchObject({ n: 1, event: { type: 'failure', code: 'token_revoked' } })
    expect((await items.next()).value).toMatchObject({ n: 2, event: { type: 'done' } })
    expect((await items.next()).done).toBe(true)
  })
})
