import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSession } from '../../widget/session.ts'
import type { KeyValueStore, Session } from '../../widget/session.ts'
import { createEmptyStore, createMemoryStore } from '../helpers/store.ts'

const idOf = (letter: string) => letter.repeat(22)
const message = (letter: string, hasFailed = false) => ({ clientMessageId: idOf(letter), text: letter, hasFailed })
const nothing = { unsent: [], draft: '' }
const never = () => new Promise<never>(() => {})
const refuse = () => Promise.reject(new DOMException('The operation is insecure.', 'SecurityError'))

let store: ReturnType<typeof createMemoryStore>
beforeEach(() => {
  vi.useFakeTimers()
  store = createMemoryStore()
})
afterEach(() => void vi.useRealTimers())

const settle = () => vi.runAllTimersAsync()
/** Without what is kept under other names. */
const ownOf = async (session: Session) => ({ ...(await session.load()), others: undefined })
const textsOf = async (session: Session) => (await session.load()).unsent.map(({ text }) => text)

describe('a session', () => {
  test('writes nothing before there is something to keep', async () => {
    expect(await createSession('a', store).load()).toEqual(nothing)
    await settle()
    expect(store.content.size).toBe(0)
  })

  test('gives back after a reload what was kept', async () => {
    const before = createSession('a', store)
    await before.claim('c_1')
    before.keep(message('x', true))
    before.keepDraft('And')
    await settle()
    const unsent = [{ ...message('x', true), order: expect.any(Number) as number }]
    expect(await createSession('a', store).load()).toEqual({ conversationId: 'c_1', unsent, draft: 'And' })
  })

  test('what is saved while the storage is being read counts, and the rest is not lost', async () => {
    store.content.set('a', { conversationId: 'c_1' })
    store.content.set('a\ndraft', 'old')
    const session = createSession('a', store)
    const loading = session.load()
    session.keepDraft('new')
    expect(await loading).toEqual({ conversationId: 'c_1', unsent: [], draft: 'new' })
    await settle()
    expect(await createSession('a', store).load()).toEqual({ conversationId: 'c_1', unsent: [], draft: 'new' })
  })

  test('writes what is newest, and lets no row of older drafts wait before it', async () => {
    const written: unknown[] = []
    const write: KeyValueStore['write'] = async (changes) => {
      written.push(changes.get('a\ndraft'))
      await new Promise((resolve) => setTimeout(resolve, 50))
      return store.write(changes)
    }
    const session = createSession('a', { ...store, write })
    await session.load()
    session.keepDraft('H')
    await vi.advanceTimersByTimeAsync(10)
    for (const draft of ['He', 'Hel', 'Hell', 'Hello']) session.keepDraft(draft)
    await settle()
    expect(written).toEqual(['H', 'Hello'])
    expect(await createSession('a', store).load()).toMatchObject({ draft: 'Hello' })
  })

  test.each([...Array(30).keys()])(
    'leaves nothing unwritten that is saved %d moments after something else',
    async (n) => {
      const session = createSession('a', store)
      session.keepDraft('first')
      for (let i = 0; i < n; i++) await Promise.resolve()
      session.keepDraft('last')
      await settle()
      expect(store.content.get('a\ndraft')).toBe('last')
    },
  )

  test('a message and the text box it came from change in one step', async () => {
    const write = vi.fn(store.write)
    const session = createSession('a', { ...store, write })
    session.keepDraft('x')
    await settle()
    session.keepDraft('')
    session.keep(message('x'))
    await settle()
    expect(write.mock.calls.map(([changes]) => changes.size)).toEqual([1, 2])
  })

  test('B88: keeps messages in the order in which they were written, whatever the clock does', async () => {
    const session = createSession('a', store)
    session.keep(message('c'))
    session.keep(message('b'))
    vi.setSystemTime(Date.now() - 86_400_000)
    session.keep(message('a'))
    await settle()
    const after = createSession('a', store)
    expect(await textsOf(after)).toEqual(['c', 'b', 'a'])
    after.keep(message('0'))
    // Given up, it keeps its place.
    after.keep(message('b', true))
    await settle()
    expect(await textsOf(createSession('a', store))).toEqual(['c', 'b', 'a', '0'])
  })

  test('forgets everything, also what another tab has kept meanwhile', async () => {
    const session = createSession('a', store)
    const other = createSession('a', store)
    await session.claim('c_1')
    session.keep(message('x'))
    other.keep(message('y'))
    await settle()
    await session.clear()
    expect(store.content.size).toBe(0)
    expect(await session.load()).toEqual(nothing)
  })

  test('keeps what is new, once it has forgotten', async () => {
    const session = createSession('a', store)
    await session.claim('c_1')
    void session.clear()
    session.keep(message('x'))
    expect(await session.claim('c_2')).toBe('c_2')
    await settle()
    expect(await createSession('a', store).load()).toMatchObject({ conversationId: 'c_2', unsent: [{ text: 'x' }] })
  })

  test('keeps what is as new as the last thing that it is told to forget', async () => {
    const session = createSession('a', store)
    await session.load()
    session.keepDraft('x')
    void session.clear()
    session.keepDraft('x')
    await settle()
    expect(await createSession('a', store).load()).toMatchObject({ draft: 'x' })
  })

  test('B86: of another name knows nothing', async () => {
    await createSession('https://a.example|token', store).claim('c_1')
    createSession('https://a.example|token', store).keep(message('x'))
    await settle()
    for (const name of ['https://a.example|other', 'https://b.example|token', 'https://a.example|token2', ''])
      expect(await ownOf(createSession(name, store))).toEqual(nothing)
  })
})

describe('B87: two tabs that write at the same time', () => {
  test('take nothing from each other', async () => {
    const tabs = [createSession('a', store), createSession('a', store)] as const
    await Promise.all(tabs.map((tab) => tab.load()))
    tabs[0].keep(message('x'))
    tabs[1].keep(message('y'))
    await settle()
    tabs[0].keep(message('z'))
    tabs[1].drop(idOf('y'))
    await settle()
    expect(await textsOf(createSession('a', store))).toEqual(['x', 'z'])
  })

  test('name one conversation: the first name counts', async () => {
    const tabs = [createSession('a', store), createSession('a', store)]
    const names = await Promise.all(tabs.map((tab, n) => tab.claim(`c_${n}`)))
    expect(new Set(names).size).toBe(1)
    expect(await createSession('a', store).load()).toMatchObject({ conversationId: names[0] })
  })
})

describe('without a working IndexedDB', () => {
  test('B81: a storage that refuses leaves a session that lasts as long as the page, and says so once', async () => {
    const session = createSession('a', { entries: refuse, write: refuse, update: refuse })
    const onChange = vi.spyOn(session, 'onChange')
    expect(await session.load()).toEqual(nothing)
    expect(session.isVolatile).toBe(true)
    expect(await session.claim('c_1')).toBe('c_1')
    session.keep(message('x'))
    session.keepDraft('And')
    await settle()
    expect(await session.load()).toMatchObject({ conversationId: 'c_1', unsent: [{ text: 'x' }], draft: 'And' })
    await session.clear()
    expect(await session.load()).toEqual(nothing)
    expect(onChange).toHaveBeenCalledTimes(1)
  })

  test('B81: there is no IndexedDB at all', async () => {
    expect(typeof indexedDB).toBe('undefined')
    const session = createSession('a')
    expect(await session.load()).toEqual(nothing)
    session.keepDraft('x')
    await settle()
    expect(session.isVolatile).toBe(true)
  })

  test('B82: a storage that never answers is waited for no longer than 2 s', async () => {
    const session = createSession('a', { entries: never, write: never, update: never })
    const loading = session.load()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await loading).toEqual(nothing)
    expect(session.isVolatile).toBe(true)
    const claiming = session.claim('c_1')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await claiming).toBe('c_1')
  })

  test('B82: what is read too late changes nothing any more, and is not overwritten', async () => {
    let answer = (_: [string, unknown][]): void => {}
    const write = vi.fn(store.write)
    const update = vi.fn(store.update)
    const entries = () => new Promise<[string, unknown][]>((resolve) => (answer = resolve))
    const session = createSession('a', { entries, write, update })
    const loading = session.load()
    await vi.advanceTimersByTimeAsync(2_000)
    await loading
    answer([['a', { conversationId: 'c_late' }]])
    await settle()
    expect(await session.load()).toEqual(nothing)
    expect(await session.claim('c_new')).toBe('c_new')
    await settle()
    expect(write).not.toHaveBeenCalled()
    expect(update).not.toHaveBeenCalled()
  })

  test('B82: a write that never ends holds up nothing, and one that ends late is good', async () => {
    let end = (): void => {}
    const slow: KeyValueStore['write'] = async (changes) => {
      await new Promise<void>((resolve) => (end = resolve))
      return store.write(changes)
    }
    const session = createSession('a', { ...store, write: slow })
    session.keep(message('x'))
    await vi.advanceTimersByTimeAsync(2_000)
    expect(session.isVolatile).toBe(true)
    expect(await session.claim('c_1')).toBe('c_1')
    end()
    await settle()
    expect(session.isVolatile).toBe(false)
    expect(await createSession('a', store).load()).toMatchObject({ conversationId: 'c_1', unsent: [{ text: 'x' }] })
  })

  test('B82: a storage that is slow for once is written to all the same', async () => {
    let isSlow = false
    const session = createSession('a', { ...store, entries: () => (isSlow ? never() : store.entries()) })
    await session.claim('c_1')
    await session.load()
    isSlow = true
    const loading = session.load()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await loading).toMatchObject({ conversationId: 'c_1' })
    session.keep(message('x'))
    await settle()
    expect(session.isVolatile).toBe(false)
    expect(await textsOf(createSession('a', store))).toEqual(['x'])
  })

  test('B83: what finds no room is kept in memory, and written once there is room', async () => {
    let isFull = true
    const quota = () => Promise.reject(new DOMException('Full.', 'QuotaExceededError'))
    const write: KeyValueStore['write'] = (changes) => (isFull ? quota() : store.write(changes))
    const session = createSession('a', { ...store, write })
    session.keep(message('x'))
    await settle()
    expect(session.isVolatile).toBe(true)
    expect(await textsOf(session)).toEqual(['x'])
    isFull = false
    session.keep(message('y'))
    await settle()
    expect(session.isVolatile).toBe(false)
    expect(await textsOf(createSession('a', store))).toEqual(['x', 'y'])
  })

  test('B83: what can be read does not hide what cannot be written', async () => {
    const quota = () => Promise.reject(new DOMException('Full.', 'QuotaExceededError'))
    const session = createSession('a', { ...store, write: quota, update: quota })
    await session.claim('c_1')
    session.keep(message('x'))
    await settle()
    await session.load()
    expect(session.isVolatile).toBe(true)
  })

  test('B83: what is deleted while the page is open is not brought back by half', async () => {
    const session = createSession('a', store)
    await session.claim('c_1')
    session.keep(message('x'))
    await settle()
    store.content.clear()
    session.drop(idOf('x'))
    await settle()
    expect(await createSession('a', store).load()).toEqual(nothing)
  })
})

describe('B85: what was stored by something else', () => {
  const records: [what: string, key: string, value: unknown][] = [
    ['null', 'a', null],
    ['a string', 'a', '<img src=x onerror=alert(1)>'],
    ['an array', 'a', [1, 2]],
    ['wrong types', 'a', { conversationId: 7, unsent: 'x', draft: {} }],
    ['an id with a space', 'a', { conversationId: 'a b' }],
    ['an earlier schema', 'a', { unsent: [message('x')], draft: 'x' }],
    ['a draft that is none', 'a\ndraft', { toString: 'x' }],
    ['a message that is null', 'a\nx', null],
    ['a message without an id', 'a\nx', { text: 'x' }],
    ['a message with a short id', 'a\nshort', { clientMessageId: 'short', text: 'x' }],
    ['a message under the key of another', `a\n${idOf('y')}`, message('x')],
    ['a message without a text', `a\n${idOf('x')}`, { ...message('x'), text: '' }],
    ['a message whose text is markup of some other kind', `a\n${idOf('x')}`, { ...message('x'), text: { html: '' } }],
  ]
  test.each(records)('%s is discarded', async (_what, key, value) => {
    store.content.set(key, value)
    expect(await createSession('a', store).load()).toEqual(nothing)
  })

  test('each by itself: the records that are sound are kept', async () => {
    for (const [, key, value] of records) store.content.set(key, value)
    store.content.set(`a\n${idOf('z')}`, {
      ...message('z'),
      hasFailed: 'no',
      order: 'x',
      version: 99,
      userMessageId: 'm',
    })
    const unsent = [{ ...message('z'), order: 0 }]
    expect(await createSession('a', store).load()).toEqual({ unsent, draft: '' })
    // And what a broken record stands for can be kept anew.
    expect(await createSession('a', store).claim('c_1')).toBe('c_1')
    expect(await createSession('a', store).load()).toEqual({ conversationId: 'c_1', unsent, draft: '' })
  })

  test('keys of other kinds are left alone', async () => {
    const odd = [
      [7, 'x'],
      [['a'], 'x'],
    ] as unknown as [string, unknown][]
    const session = createSession('a', { ...createEmptyStore(), entries: async () => odd })
    expect(await ownOf(session)).toEqual(nothing)
  })
})
