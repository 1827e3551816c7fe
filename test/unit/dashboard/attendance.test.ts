import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Attendance } from '../../../dashboard/activities/attendance.ts'
import type { Sign } from '../../../dashboard/activities/attendance.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function open(tell = (_: Sign): Promise<unknown> => Promise.resolve()) {
  const told: Sign[] = []
  const attendance = new Attendance({ tell: (sign) => (told.push(sign), tell(sign)) })
  return { attendance, told, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) }
}
const quiet = { typing: false }
const busy = { typing: true }

it('is told at once, every 10 s, and at once when one leaves', async () => {
  const { attendance, told, pass } = open()
  attendance.seen(true)
  attendance.seen(true)
  await pass(25_000)
  expect(told).toEqual([quiet, quiet, quiet])
  attendance.seen(false)
  await pass(60_000)
  expect(told.slice(3)).toEqual([{ typing: false, looking: false }])
})

it('says that one is typing with the first key, and that one has stopped 5 s after the last', async () => {
  const { attendance, told, pass } = open()
  attendance.seen(true)
  await pass(0)
  for (let n = 0; n < 5; n++) {
    attendance.typed(true)
    await pass(1_000)
  }
  expect(told).toEqual([quiet, busy])
  await pass(4_500)
  expect(told).toEqual([quiet, busy, quiet])
  attendance.typed(true)
  attendance.typed(false)
  await pass(0)
  expect(told.slice(3, 5)).toEqual([busy, quiet])
})

it('names the draft one changes, and says nothing where nobody looks', async () => {
  const { attendance, told, pass } = open()
  attendance.typed(true)
  attendance.typed(false)
  await pass(0)
  expect(told).toEqual([])
  attendance.seen(true)
  attendance.edits('1-draft')
  attendance.edits('1-draft')
  attendance.edits(null)
  await pass(0)
  expect(told).toEqual([quiet, { typing: true, draftId: '1-draft' }, quiet])
})

it('tells one thing after the other, and goes on where it failed', async () => {
  let arrive = () => {}
  const { attendance, told, pass } = open(() => new Promise((_, fail) => (arrive = () => fail(new Error('Away.')))))
  attendance.seen(true)
  attendance.typed(true)
  await pass(0)
  expect(told).toEqual([quiet])
  arrive()
  await pass(0)
  expect(told).toEqual([quiet, busy])
})
