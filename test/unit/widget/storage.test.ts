import { describe, expect, test } from 'vitest'
import { indexedDbStore } from '../../../widget/storage.ts'

describe('IndexedDB that cannot be opened', () => {
  test('B81: rejects, and is let go of without a word', async () => {
    // As in a sandboxed frame, where `indexedDB.open` throws before it has promised anything.
    expect('indexedDB' in globalThis).toBe(false)
    const store = indexedDbStore()
    await expect(store.entries()).rejects.toThrow()
    expect(() => store.close?.()).not.toThrow()
    await expect(store.entries()).rejects.toThrow()
  })
})
