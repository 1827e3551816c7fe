import { beforeEach, describe, expect, it } from 'vitest'
import { createStorage } from 'unstorage'
import { FencedError, advance, claimTurn, emptyTurn, turnLane } from '../../../server/conversations/turn-lane.ts'
import type { TurnPen } from '../../../server/conversations/turn-lane.ts'
import { LogError } from '../../../server/storage/log.ts'
import type { ConversationLog } from '../../../server/storage/log.ts'
import { openLog } from '../../../server/storage/open.ts'

const conversation = 'shop.YQ'

describe('the lane of a turn', () => {
  let log: ConversationLog
  /** Whether the next append is stored, and then says that it failed. */
  let losesAnswer = false

  beforeEach(async () => {
    const real = await openLog(createStorage())
    losesAnswer = false
    log = {
      ...real,
      async append(...args) {
        const appended = await real.append(...args)
        if (!losesAnswer) return appended as never
        losesAnswer = false
        throw new LogError('storage_unavailable', 'The answer was lost.')
      },
    }
  })

  const claim = async (owner: string): Promise<TurnPen | null> => {
    const state = emptyTurn()
    await advance(log, conversation, 't1', state)
    return claimTurn(log, conversation, 't1', owner, state)
  }
  const written = async () => {
    const state = emptyTurn()
    await advance(log, conversation, 't1', state)
    return state
  }

  it('T1: of two that claim it at once, one gets it', async () => {
    const pens = await Promise.all([claim('a'), claim('b'), claim('c')])
    expect(pens.filter((pen) => pen !== null)).toHaveLength(1)
  })

  it('T1: an owner that was taken for dead cannot write another word', async () => {
    const first = (await claim('a')) as TurnPen
    await first.write({ type: 'delta', text: 'one' })
    const second = (await claim('b')) as TurnPen
    await expect(first.write({ type: 'delta', text: 'two' })).rejects.toThrow(FencedError)
    await second.write({ type: 'delta', text: 'three' })
    await expect(first.check()).rejects.toThrow(FencedError)
    expect((await written()).deltas).toEqual(['one', 'three'])
  })

  it('F93: a piece whose storing was not confirmed is not written twice', async () => {
    const pen = (await claim('a')) as TurnPen
    await pen.write({ type: 'delta', text: 'one' })
    losesAnswer = true
    await expect(pen.write({ type: 'delta', text: 'two' })).rejects.toThrow(LogError)
    await log.append(conversation, turnLane('t1'), { type: 'stop' })
    await pen.write({ type: 'delta', text: 'two' })
    expect((await written()).deltas).toEqual(['one', 'two'])
    expect(pen.state).toMatchObject({ deltas: ['one', 'two'], stopRequested: true })
  })

  it('A23: a request to stop is seen by a check and by the next write, and costs no piece', async () => {
    const pen = (await claim('a')) as TurnPen
    await log.append(conversation, turnLane('t1'), { type: 'stop' })
    expect(pen.isForeign({ lane: turnLane('t1'), position: 1 })).toBe(true)
    await pen.check()
    expect(pen.state.stopRequested).toBe(true)
    await pen.write({ type: 'delta', text: 'one' })
    expect(pen.isForeign({ lane: turnLane('t1'), position: 2 })).toBe(false)
    expect(pen.isForeign({ lane: turnLane('t2'), position: 9 })).toBe(false)
    expect((await written()).deltas).toEqual(['one'])
  })
})
