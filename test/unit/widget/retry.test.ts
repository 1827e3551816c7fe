import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AdapterError } from '../../../adapters/adapter.ts'
import { createMemoryAdapter } from '../../../adapters/memory.ts'
import { backOff, isAdapterError, randomId, sleep } from '../../../widget/engine/retry.ts'
import { createMemoryStore } from '../../helpers/store.ts'
import { keptBy } from '../../helpers/tab.ts'

const failure = (status: number, retryAfter?: number) =>
  new AdapterError('internal_error', 'No.', { status, retryAfter })

describe('backing off', () => {
  test.each([
    [1, 500, 1_000],
    [2, 1_000, 2_000],
    [3, 2_000, 4_000],
    [4, 4_000, 8_000],
    [20, 7_500, 15_000],
  ])('before try %d + 1 takes %d to %d ms, by chance', (attempt, least, most) => {
    expect(backOff(failure(503), attempt, () => 0).afterMs).toBe(least)
    expect(backOff(failure(503), attempt, () => 1).afterMs).toBe(most)
  })

  test('is never shorter than the server asks', () => {
    expect(backOff(failure(429, 9), 1).afterMs).toBe(9_000)
    expect(backOff(failure(429, 60), 1).isWorthIt).toBe(true)
    expect(backOff(failure(429, 61), 1).isWorthIt).toBe(false)
  })

  test.each([
    ['a stream that was cut', undefined, true, 'network'],
    ['a bug in an adapter', new TypeError('x is not a function'), true, 'network'],
    ['no answer', new AdapterError('network', 'No.'), true, 'network'],
    ['trouble in the server', failure(503), true, 'internal_error'],
    ['a refusal', new AdapterError('identity_required', 'No.', { status: 403 }), false, 'identity_required'],
  ])('after %s', (_what, error, isWorthIt, reason) => {
    expect(backOff(error, 1)).toMatchObject({ isWorthIt, reason })
  })

  test("knows another copy's errors by their name", () => {
    expect(isAdapterError(Object.assign(new Error('x'), { name: 'AdapterError' }))).toBe(true)
    expect(isAdapterError(new Error('AdapterError'))).toBe(false)
    expect(isAdapterError({ name: 'AdapterError' })).toBe(false)
  })
})

describe('sleeping', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('ends with the time, or with the signal, and leaves no timer', async () => {
    const controller = new AbortController()
    const short = sleep(1_000, controller.signal)
    await vi.advanceTimersByTimeAsync(1_000)
    await short
    const long = sleep(1_000_000, controller.signal)
    controller.abort()
    await long
    await sleep(1_000_000, controller.signal)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('I58: ids', () => {
  test('are 22 characters of base64url, and no two are the same', () => {
    const ids = Array.from({ length: 100_000 }, randomId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.every((id) => /^[A-Za-z0-9_-]{22}$/.test(id))).toBe(true)
    // Every character is in use: nothing is lost on the way from bytes.
    expect(new Set(ids.join('')).size).toBe(64)
  })

  test('without crypto no conversation is named here: the server does', async () => {
    vi.stubGlobal('crypto', undefined)
    vi.resetModules()
    try {
      const { createEngine } = await import('../../../widget/engine/engine.ts')
      const { createSession } = await import('../../../widget/session.ts')
      const { randomId: guessable } = await import('../../../widget/engine/retry.ts')
      expect(guessable()).toMatch(/^[A-Za-z0-9_-]{22}$/)
      vi.unstubAllGlobals()

      const adapter = createMemoryAdapter({ delayMs: 0 })
      const send = vi.spyOn(adapter, 'send')
      const store = createMemoryStore()
      const engine = createEngine({
        ...{ adapter, session: createSession('tab', store), pollMs: 12_000 },
        onChange: () => {},
        onMessage: () => {},
      })
      await engine.start()
      engine.send('one')
      engine.send('two')
      await vi.waitFor(() => expect(send).toHaveBeenCalledTimes(2))
      const [first, second] = send.mock.calls.map(([request]) => request.conversationId)
      expect(first).toBeUndefined()
      expect(second).toMatch(/^c_/)
      await vi.waitFor(() => expect(keptBy(store)).toMatchObject({ conversationId: second, unsent: [] }))
      engine.destroy()
    } finally {
      vi.unstubAllGlobals()
    }
  })
})
