/** Short storms; `npm run chaos` makes long ones. */
import { describe, expect, it } from 'vitest'
import { runChaos } from '../chaos/run.ts'
import type { ChaosOptions, ChaosResult } from '../chaos/run.ts'

const calm: ChaosOptions = {
  ...{ storage: 'redis', replicas: 2, visitors: 4, seconds: 8, messages: null, faultRate: 0.3, seed: 1 },
  ...{ killEvery: 0, pauseEvery: 0, redisKillEvery: 0, redisPauseEvery: 0, clockEvery: 0 },
  say: () => {},
}

function expectNoHarm({ verdict, unsettled }: ChaosResult): void {
  expect(verdict.facts['messages stored']).toBeGreaterThan(20)
  expect({ ...verdict.violations, unsettled }).toEqual({
    ...{ lost: 0, 'not delivered': 0, doubled: 0, 'out of order': 0, unanswered: 0, 'shown wrong': 0 },
    ...{ 'read wrong': 0, 'asked again after output': 0, unsettled: 0 },
  })
}

// At the same time: most of a storm is waiting for a lease to run out.
describe.concurrent('a storm: nothing is lost, doubled, out of order, shown or read wrong', () => {
  it('T1, T3, G1, G2, G3, G5: of cuts, stalls, doubled requests and kill -9, on files', async () => {
    const result = await runChaos({ ...calm, storage: 'fs', replicas: 1, killEvery: 3, seed: 3 })
    expect(result.troubles['servers killed']).toBeGreaterThan(0)
    expectNoHarm(result)
  }, 150_000)

  it('T1, T3, F95, F107: of the same on two replicas and Redis, behind nginx', async () => {
    const result = await runChaos({ ...calm, killEvery: 4, seed: 5 })
    expect(result.troubles['servers killed']).toBeGreaterThan(0)
    expectNoHarm(result)
  }, 150_000)

  it('T3, F93, F96, G2: of a Redis that is killed and paused, and of clocks that step', async () => {
    const troubles = { redisKillEvery: 4, redisPauseEvery: 5, clockEvery: 1 }
    const result = await runChaos({ ...calm, ...troubles, seed: 7 })
    expect(Object.values(result.troubles).every((count) => count > 0)).toBe(true)
    expectNoHarm(result)
  }, 150_000)
})
