/**
 * T1: servers die at random moments while visitors write. LUMIKA_KILLS says how often on each storage, half of them
 * with one server and half with two; LUMIKA_SEED plays the same delays again.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChance } from '../chaos/random.ts'
import { buildEntry } from './server.ts'
import { openStage } from './stage.ts'
import { playStorm } from './storm.ts'
import type { StormResult } from './storm.ts'

const leaseMs = 1_500
const kills = Math.ceil(Number(process.env.LUMIKA_KILLS ?? 16) / 2)
const seed = Number(process.env.LUMIKA_SEED ?? Date.now() % 1_000_000)

const settings = (['fs', 'redis'] as const).flatMap((kind) =>
  ([1, 2] as const).map((replicas) => ({ kind, replicas, title: `${replicas} on ${kind}` })),
)

let entry: Awaited<ReturnType<typeof buildEntry>>
const results = new Map<string, StormResult>()

beforeAll(async () => {
  entry = await buildEntry()
})
afterAll(async () => {
  await entry.remove()
  process.stdout.write(table())
})

describe(`${kills} deaths at random moments (seed ${seed})`, () => {
  it.concurrent.each(settings)(
    'T1, F90, G1, G2: of servers, $title: nothing acknowledged is lost, nothing is stored, said or asked for twice',
    async ({ kind, replicas, title }) => {
      const stage = await openStage({ kind, replicas, entry: entry.file, leaseMs, gapMs: 30, isBalanced: true })
      try {
        const chance = createChance(seed + settings.findIndex((setting) => setting.title === title))
        const result = await playStorm({ stage, chance, kills, leaseMs })
        results.set(title, result)
        expect(result.violations).toEqual([])
        expect(result.figures).toMatchObject({ 'servers killed': kills, lost: 0, doubled: 0, unanswered: 0 })
        expect(result.figures['messages accepted']).toBeGreaterThan(kills)
        expect(result.settledMs).toBeLessThan(leaseMs + 5_000)
      } finally {
        await stage.close()
      }
    },
    120_000 + kills * 20_000,
  )
})

/** What the runs came to, a column each. */
function table(): string {
  const columns = [...results.entries()]
  const names = [...new Set(columns.flatMap(([, { figures }]) => Object.keys(figures)))]
  const line = (name: string, cells: unknown[]) =>
    `${name.padEnd(28)}${cells.map((cell) => String(cell).padStart(12)).join('')}\n`
  return [
    line(
      `seed ${seed}`,
      columns.map(([title]) => title),
    ),
    ...names.map((name) =>
      line(
        name,
        columns.map(([, { figures }]) => figures[name] ?? 0),
      ),
    ),
    line(
      'ms to the next end, most',
      columns.map(([, { settledMs }]) => settledMs),
    ),
  ].join('')
}
