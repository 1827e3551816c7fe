/**
 * T1 below the log: a server dies at every single step by which a message and its answer are stored, and once more while
 * what it left is put in order. `npm test` takes every few steps; with LUMIKA_KILLS set all of them are played.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aftermath } from './aftermath.ts'
import type { Aftermath } from './aftermath.ts'
import { runCase } from './case.ts'
import type { CaseOptions } from './case.ts'
import { buildEntry } from './server.ts'
import { openStage } from './stage.ts'
import type { LastingKind } from './stage.ts'

const leaseMs = 1_500
const isLong = process.env.LUMIKA_KILLS !== undefined

interface Sweep {
  title: string
  kind: LastingKind
  momentsAt: (n: number) => CaseOptions['moments']
  /** How many steps `npm test` goes at once. */
  stride: number
  /** There are at least so many. */
  atLeast: number
  /** Later ones are no news. @default none */
  last?: number
}

const sweeps: Sweep[] = [
  {
    title: 'before a change to a file',
    ...{ kind: 'fs', momentsAt: (n) => [`step ${n}`], stride: 8, atLeast: 30 },
  },
  {
    title: 'in the middle of a write to a file',
    ...{ kind: 'fs', momentsAt: (n) => [`torn ${n}`], stride: 4, atLeast: 10 },
  },
  {
    title: 'in the middle of an answer, and again before a change to a file by which the next one puts things in order',
    ...{ kind: 'fs', momentsAt: (n) => ['mid-delta 1', `step ${n}`], stride: 8, atLeast: 10, last: 24 },
  },
  {
    title: 'before a change in Redis',
    ...{ kind: 'redis', momentsAt: (n) => [`step ${n}`], stride: 8, atLeast: 10 },
  },
  {
    title: 'after a change in Redis of which it has not heard',
    ...{ kind: 'redis', momentsAt: (n) => [`sent ${n}`], stride: 8, atLeast: 10 },
  },
  {
    title: 'in the middle of an answer, and again before a change in Redis by which the next one puts things in order',
    ...{ kind: 'redis', momentsAt: (n) => ['mid-delta 1', `step ${n}`], stride: 8, atLeast: 5, last: 12 },
  },
]

const counts = new Map<string, number>()
let entry: Awaited<ReturnType<typeof buildEntry>>
beforeAll(async () => {
  entry = await buildEntry()
})
afterAll(async () => {
  await entry.remove()
  for (const [title, deaths] of counts) process.stdout.write(`${String(deaths).padStart(4)} deaths ${title}\n`)
})

describe('a server dies step by step', () => {
  it.concurrent.each(sweeps)(
    'T1, F90, G1, G2: $title',
    async (sweep) => {
      const { deaths, violations, found, output } = await play(sweep)
      counts.set(`${sweep.title} (${sweep.kind})`, deaths)
      expect(violations).toEqual([])
      expect(found.flaws).toEqual([])
      expect(deaths).toBeGreaterThanOrEqual(Math.floor(sweep.atLeast / (isLong ? 1 : sweep.stride)))
      const isTorn = sweep.momentsAt(1)[0].startsWith('torn')
      // What was torn is kept for a person to look at, and told of; nothing else ever is.
      if (!isTorn) expect(found.quarantined).toEqual([])
      else expect(found.quarantined.length).toBe(deaths)
      expect(output.includes('alert: A damaged piece of a file was copied')).toBe(isTorn)
    },
    600_000,
  )
})

/** Plays step after step on the same storage, until a server has outlived them all. */
async function play({ kind, momentsAt, stride, last = Infinity }: Sweep): Promise<{
  deaths: number
  violations: string[]
  found: Aftermath
  output: string
}> {
  const stage = await openStage({ kind, replicas: 1, entry: entry.file, leaseMs, gapMs: 15 })
  try {
    const violations: string[] = []
    let deaths = 0
    for (let n = 1, isOver = false; !isOver && n <= last; n += isLong ? 1 : stride) {
      const moments = momentsAt(n)
      const result = await runCase({ stage, mode: 'auto', moments, leaseMs })
      const death = result.deaths.at(-1)
      isOver = death?.how === 'none'
      if (isOver) continue
      deaths++
      const wrong = [...result.violations]
      if (death?.how !== 'SIGKILL' || death.where !== moments.at(-1)) {
        wrong.push(`died of ${death?.how} at ${death?.where}`)
      }
      if (result.settledMs >= leaseMs + 5_000) wrong.push(`took ${result.settledMs} ms`)
      violations.push(...wrong.map((violation) => `${moments.join(', ')}: ${violation}`))
    }
    const output = stage.output()
    return { deaths, violations, found: await stage.audit(aftermath), output }
  } finally {
    await stage.close()
  }
}
