import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { valve } from '../helpers/responder.ts'
import { createRounds } from '../../server/rounds.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('rounds are made again and again, at most a quarter earlier or later, also after one that failed', async () => {
  const work = vi.fn(async () => 1)
  const onError = vi.fn()
  const rounds = createRounds({ work, everyMs: 1_000, firstMs: 100, onError })
  await vi.advanceTimersByTimeAsync(74)
  expect(work).toHaveBeenCalledTimes(0)
  const error = new Error('away')
  work.mockRejectedValueOnce(error)
  await vi.advanceTimersByTimeAsync(51)
  expect([work.mock.calls.length, onError.mock.calls]).toEqual([1, [[error]]])
  await vi.advanceTimersByTimeAsync(699)
  expect(work).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(551)
  expect(work).toHaveBeenCalledTimes(2)
  await rounds.close()
  expect(vi.getTimerCount()).toBe(0)
})

test('a round that is asked for waits for the one before; after the end there is none, and the end waits', async () => {
  const { opened, open } = valve()
  const done: string[] = []
  const rounds = createRounds({
    work: async () => {
      done.push('begun')
      await opened
      done.push('ended')
      return 7
    },
    everyMs: 1_000,
    onError: () => {},
  })
  const [first, second] = [rounds.now(), rounds.now()]
  await vi.advanceTimersByTimeAsync(0)
  const closing = rounds.close().then(() => done.push('closed'))
  await vi.advanceTimersByTimeAsync(5_000)
  expect([done, rounds.isClosed]).toEqual([['begun'], true])
  open()
  expect([await first, await second]).toEqual([7, undefined])
  await closing
  expect(done).toEqual(['begun', 'ended', 'closed'])
  expect(vi.getTimerCount()).toBe(0)
})
