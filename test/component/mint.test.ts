import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

/** The module looks for `crypto` once, when it is loaded. */
const load = async () => {
  vi.resetModules()
  return import('../../widget/engine/retry.ts')
}

beforeEach(() => void vi.resetModules())
afterEach(() => void vi.unstubAllGlobals())

describe('I58: ids', () => {
  test('are 128 random bits in 22 characters, and never the same', async () => {
    const { randomId } = await load()
    const ids = Array.from({ length: 20_000 }, randomId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/)
  })

  test.each([
    ['no crypto', undefined],
    ['a crypto that makes no random values', { subtle: {} }],
  ])('with %s, conversations are left to the server to name', async (_what, crypto) => {
    vi.stubGlobal('crypto', crypto)
    const { canMint, randomId } = await load()
    expect(canMint()).toBe(false)
    // A clientMessageId is no secret; it has to be unique in its conversation, and of the right form.
    expect(randomId()).toMatch(/^[A-Za-z0-9_-]{16,64}$/)
    expect(randomId()).not.toBe(randomId())
  })
})
