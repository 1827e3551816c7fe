import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSession } from '../../widget/session.ts'
import type { KeyValueStore } from '../../widget/session.ts'
import { createMemoryStore } from '../helpers/store.ts'

const unsent = [{ clientMessageId: 'k'.repeat(22), text: 'Hello', hasFailed: false }]
const nothing = { unsent: [], draft: '' }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a session', () => {
  test('writes nothing before there is something to keep', async () => {
    const store = createMemoryStore()
    expect(await createSession('a', store).load()).toEqual(nothing)
    expect(store.content.size).toBe(0)
  })

  test('gives back after a reload what was kept', async () => {
    const store = createMemoryStore()
    createSession('a', store).save({ conversationId: 'c_1', unsent, draft: 'And' })
    await vi.runAllTimersAsync()
    expect(await createSession('a', store).load()).toEqual({ conversationId: 'c_1', unsent, draft: 'And' })
  })

  test('what is saved while the storage is being read counts, and the rest is not lost', async () => {
    const store = createMemoryStore()
    store.content.set('a', { conversationId: 'c_1', unsent, draft: 'old' })
    const session = createSession('a', store)
    const loading = session.load()
    session.save({ draft: 'new' })
    expect(await loading).toEqual({ conversationId: 'c_1', unsent, draft: 'new' })
    await vi.runAllTimersAsync()
    expect(await createSession('a', store).load()).toEqual({ conversationId: 'c_1', unsent, draft: 'new' })
  })

  test('writes what is newest, and lets no row of older drafts wait before it', async () => {
    const store = createMemoryStore()
    const written: string[] = []
    const slow: KeyValueStore = {
      ...store,
      set: async (key, value) => {
        written.push(value.draft)
        await new Promise((resolve) => setTimeout(resolve, 50))
        return store.set(key, value)
      },
    }
    const session = createSession('a', slow)
    await session.load()
    session.save({ draft: 'H' })
    await vi.advanceTimersByTimeAsync(10)
    for (const draft of ['He', 'Hel', 'Hell', 'Hello']) session.save({ draft })
    await vi.runAllTimersAsync()
    expect(written).toEqual(['H', 'Hello'])
    expect(await createSession('a', store).load()).toMatchObject({ draft: 'Hello' })
  })

  test('keeps changes apart that are saved one by one', async () => {
    const store = createMemoryStore()
    const session = createSession('a', store)
    await session.load()
    session.save({ conversationId: 'c_1' })
    session.save({ draft: 'And' })
    await vi.runAllTimersAsync()
    expect(await createSession('a', store).load()).toEqual({ conversationId: 'c_1', unsent: [], draft: 'And' })
  })

  test('forgets', async () => {
    const store = createMemoryStore()
    const session = createSession('a', store)
    session.save({ conversationId: 'c_1', unsent })
    session.clear()
    await vi.runAllTimersAsync()
    expect(store.content.size).toBe(0)
  })

  test('B86: of another name knows nothing', async () => {
    const store = createMemoryStore()
    createSession('https://a.example|token', store).save({ conversationId: 'c_1' })
    await vi.runAllTimersAsync()
    expect(await createSession('https://a.example|other', store).load()).toEqual(nothing)
    expect(await createSession('https://b.example|token', store).load()).toEqual(nothing)
  })
})

describe('without a working IndexedDB', () => {
  const refuse = () => Promise.reject(new DOMException('The operation is insecure.', 'SecurityError'))

  test('B81: a storage that refuses leaves a session that lasts as long as the page', async () => {
    const session = createSession('a', { get: refuse, set: refuse, delete: refuse })
    expect(await session.load()).toEqual(nothing)
    session.save({ conversationId: 'c_1' })
    session.clear()
    await vi.runAllTimersAsync()
  })

  test('B81: there is no IndexedDB at all', async () => {
    expect(typeof indexedDB).toBe('undefined')
    const session = createSession('a')
    expect(await session.load()).toEqual(nothing)
    session.save({ draft: 'x' })
    await vi.runAllTimersAsync()
  })

  test('B82: a storage that never answers is waited for no longer than 2 s', async () => {
    const never = () => new Promise<never>(() => {})
    const loading = createSession('a', { get: never, set: never, delete: never }).load()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await loading).toEqual(nothing)
  })

  test('B82: an answer that comes too late changes nothing any more', async () => {
    let answer = (_: unknown): void => {}
    const set = vi.fn<KeyValueStore['set']>(async () => {})
    const late: KeyValueStore = { get: () => new Promise((resolve) => (answer = resolve)), set, delete: async () => {} }
    const session = createSession('a', late)
    const loading = session.load()
    await vi.advanceTimersByTimeAsync(2_000)
    await loading
    answer({ conversationId: 'c_late', unsent: [], draft: '' })
    await vi.runAllTimersAsync()
    expect(await session.load()).toEqual(nothing)
    session.save({ conversationId: 'c_new' })
    await vi.runAllTimersAsync()
    expect(set).not.toHaveBeenCalled()
  })
})

describe('B85: what was stored by something else', () => {
  test.each<[what: string, stored: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a string', '<img src=x onerror=alert(1)>'],
    ['a number', 7],
    ['an array', [1, 2]],
    ['wrong types', { conversationId: 7, unsent: 'x', draft: {} }],
    ['an id with a space', { conversationId: 'a b', unsent: [], draft: '' }],
    [
      'unsent messages that are none',
      { unsent: [null, 1, {}, { text: 'x' }, { clientMessageId: 'short', text: 'x' }] },
    ],
  ])('%s is discarded', async (_what, stored) => {
    const store = createMemoryStore()
    store.content.set('a', stored)
    expect(await createSession('a', store).load()).toEqual(nothing)
  })

  test('the parts that are sound are kept', async () => {
    const store = createMemoryStore()
    store.content.set('a', { conversationId: 'c_1', unsent: [...unsent, 'x'], draft: 7, version: 99 })
    expect(await createSession('a', store).load()).toEqual({ conversationId: 'c_1', unsent, draft: '' })
  })
})
