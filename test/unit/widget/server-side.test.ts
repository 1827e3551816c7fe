import { expect, test } from 'vitest'

test('importing the widget where there is no document does nothing, and does not fail', async () => {
  expect(typeof document).toBe('undefined')
  const before = Object.keys(globalThis)
  const exported = await import('../../../widget/index.ts')
  expect(Object.keys(exported)).toEqual(['mountWidget'])
  expect(Object.keys(globalThis)).toEqual(before)
})
