/** Short storms; `npm run chaos` makes long ones. */
import { describe, expect, it } from 'vitest'
import { runChaos } from '../chaos/run.ts'
import { violations } from '../chaos/verdict.ts'

describe('a storm', () => {
  it.each([
    ['T1, T3, G1, G2, G5: of cuts, stalls, doubled requests and kill -9, on files', 'fs', 1, 3],
    ['T1, T3, F95, F107: the same on two replicas and Redis', 'redis', 2, 5],
  ] as const)(
    '%s: nothing is lost, doubled, out of order or shown wrong',
    async (_title, storage, replicas, seed) => {
      const said: string[] = []
      const { verdict, kills, unsettled } = await runChaos({
        ...{ storage, replicas, seed, visitors: 4, seconds: 10, killEvery: 3, faultRate: 0.3 },
        say: (line) => said.push(line),
      })
      expect(kills).toBeGreaterThan(0)
      expect(verdict['messages stored']).toBeGreaterThan(20)
      expect({ ...verdict, unsettled, violations: violations(verdict) }).toMatchObject({
        ...{ lost: 0, doubled: 0, 'out of order': 0, unanswered: 0, 'shown wrong': 0, 'asked again': 0 },
        ...{ unsettled: 0, violations: 0 },
      })
    },
    150_000,
  )
})
