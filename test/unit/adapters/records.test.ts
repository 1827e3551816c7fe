import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLocalStorageStore } from '../../../adapters/openai.ts'
import type { ConversationRecord } from '../../../protocol.ts'

const record = (id: string): ConversationRecord => ({
  ...{ id, actor: 'customer', type: 'message', body: `body of ${id}`, createdAt: '2026-01-01T00:00:00.000Z' },
})

/** The part of a browser's storage that counts. */
function browserStorage() {
  const items = new Map<string, string>()
  const getItem = (key: string): string | null => items.get(key) ?? null
  return { items, getItem, setItem: (key: string, value: string) => void items.set(key, value) }
}

let storage: ReturnType<typeof browserStorage>
beforeEach(() => {
  storage = browserStorage()
  vi.stubGlobal('localStorage', storage)
})
afterEach(() => vi.unstubAllGlobals())

describe('the store in localStorage', () => {
  it('keeps conversations apart, and for the next page', async () => {
    const store = createLocalStorageStore()
    for (const id of ['m1', 'm2']) await store.append('c_1', record(id))
    await store.append('c_2', record('m3'))
    const next = createLocalStorageStore()
    expect(await next.read('c_1')).toEqual([record('m1'), record('m2')])
    expect(await next.read('c_2')).toEqual([record('m3')])
    expect(await next.read('c_3')).toEqual([])
    expect([...storage.items.keys()]).toEqual(['lumika:c_1', 'lumika:c_2'])
  })

  it('does not mix with another one', async () => {
    await createLocalStorageStore('shop:').append('c_1', record('m1'))
    expect(await createLocalStorageStore('help:').read('c_1')).toEqual([])
  })

  it('sees what another tab has added', async () => {
    const [one, two] = [createLocalStorageStore(), createLocalStorageStore()]
    await one.append('c_1', record('m1'))
    await two.append('c_1', record('m2'))
    expect((await one.read('c_1')).map(({ id }) => id)).toEqual(['m1', 'm2'])
  })

  it('B85: takes nothing that is no record', async () => {
    const wrong = [
      null,
      7,
      [],
      {},
      { ...record('a'), actor: 'system' },
      { ...record('b'), body: 1 },
      { ...record('c'), data: 'x' },
    ]
    storage.items.set('lumika:c_1', JSON.stringify([record('m1'), ...wrong, record('m2')]))
    storage.items.set('lumika:c_2', '{"not": "a list"}')
    storage.items.set('lumika:c_3', '[cut off')
    const store = createLocalStorageStore()
    expect(await store.read('c_1')).toEqual([record('m1'), record('m2')])
    expect(await store.read('c_2')).toEqual([])
    expect(await store.read('c_3')).toEqual([])
  })

  it.each<[string, () => unknown]>([
    [
      'throws when it is named',
      () => {
        throw new Error('SecurityError')
      },
    ],
    ['is missing', () => undefined],
    ['is null', () => null],
  ])('B81: works as long as the page lives where the storage %s', async (_name, get) => {
    vi.unstubAllGlobals()
    Object.defineProperty(globalThis, 'localStorage', { configurable: true, get })
    const store = createLocalStorageStore()
    await store.append('c_1', record('m1'))
    expect(await store.read('c_1')).toEqual([record('m1')])
    expect(await createLocalStorageStore().read('c_1')).toEqual([])
    Reflect.deleteProperty(globalThis, 'localStorage')
  })
})
