import { beforeEach, describe, expect, it } from 'vitest'
import { createStorage } from 'unstorage'
import { turnKey } from '../../../server/conversations/keys.ts'
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
  /** Whether the next append fails. */
  let refuses = false

  beforeEach(async () => {
    const real = await openLog(createStorage())
    await real.append(conversation, 'public', 'The message', { keys: [turnKey('t1')] })
    losesAnswer = false
    refuses = false
    log = {
      ...real,
      async append(...args) {
        if (refuses) {
          refuses = false
          throw new LogError('storage_unavailable', 'Nothing was stored.')
        }
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

  it('an owner whose message was erased cannot write another word, and nobody can claim it', async () => {
    const pen = (await claim('a')) as TurnPen
    await log.remove(conversation)
    await expect(pen.write({ type: 'delta', text: 'late' })).rejects.toThrow(FencedError)
    expect(await claim('b')).toBeNull()
    expect((await written()).length).toBe(0)
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

  it('G10: a claim that was not confirmed counts for the process that made it, and for nobody else', async () => {
    const state = emptyTurn()
    losesAnswer = true
    await expect(claimTurn(log, conversation, 't1', 'a', state)).rejects.toThrow(LogError)
    expect(await claimTurn(log, conversation, 't1', 'b', emptyTurn())).toBeNull()
    const pen = (await claimTurn(log, conversation, 't1', 'a', state)) as TurnPen
    await pen.write({ type: 'delta', text: 'one' })
    expect(await written()).toMatchObject({ deltas: ['one'], length: 2 })
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

  it('G10: nor when it was met by somebody else’s look at the lane, or by a sign of life, before it was tried again', async () => {
    for (const meanwhile of ['check', 'beat'] as const) {
      const pen = (await claim(meanwhile)) as TurnPen
      losesAnswer = true
      await expect(pen.write({ type: 'delta', text: meanwhile })).rejects.toThrow(LogError)
      if (meanwhile === 'check') await pen.check()
      else await pen.write({ type: 'beat' })
      await pen.write({ type: 'delta', text: meanwhile })
      await pen.write({ type: 'delta', text: meanwhile })
    }
    expect((await written()).deltas).toEqual(['check', 'check', 'beat', 'beat'])
  })

  it('G10: one that was not stored is written when it is tried again, though others wrote meanwhile', async () => {
    const pen = (await claim('a')) as TurnPen
    refuses = true
    await expect(pen.write({ type: 'delta', text: 'one' })).rejects.toThrow(LogError)
    await log.append(conversation, turnLane('t1'), { type: 'stop' })
    await pen.check()
    await pen.write({ type: 'delta', text: 'one' })
    expect((await written()).deltas).toEqual(['one'])
    expect(pen.state).toMatchObject({ deltas: ['one'], stopRequested: true, length: 3 })
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
