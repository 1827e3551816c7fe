/** T2: any commands in any order have the same public result on every storage, the one the model says. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { spyResponder } from '../../helpers/responder.ts'
import { openPlace, openWorld, storages } from '../../helpers/world.ts'
import type { Place } from '../../helpers/world.ts'
import { commands, piecesOf } from './commands.ts'
import type { Real } from './commands.ts'
import type { Model } from './model.ts'

/** Runs for each storage: 500 in all; `LUMIKA_MODEL_RUNS` for long runs. */
const runs = Math.ceil(Number(process.env['LUMIKA_MODEL_RUNS'] ?? 500) / storages.length)

/** Runs that share a place; every run adds an integration to it, and every server reads them all. */
const BATCH = 200

describe.each(storages)('the model, on %s', (kind) => {
  it(`T2, G1, G3, A6, F96, F98: ${runs} runs of commands agree with it`, async () => {
    for (let left = runs; left > 0; left -= BATCH) {
      const place = await openPlace(kind)
      try {
        await fc.assert(agreement(place), { numRuns: Math.min(left, BATCH) })
      } finally {
        await place.dispose()
      }
    }
  }, 3_600_000)
})

function agreement(place: Place) {
  const responseModes = fc.constantFrom('auto' as const, 'approval' as const)
  return fc.asyncProperty(responseModes, fc.commands(commands(), { maxCommands: 25 }), async (responseMode, list) => {
    const clock = { offset: 0, counts: place.kind !== 'redis' }
    const responder = spyResponder(({ text }) => piecesOf(text))
    // Every run has an integration of its own, and with it conversations of its own.
    const world = await openWorld(place, {
      responder,
      now: () => Date.now() + clock.offset,
      integration: { responseMode },
    })
    const real: Real = { world, clock, ids: new Map(), turnIds: new Map() }
    const model: Model = { conversations: new Map(), clockOffset: 0, responseMode, asked: 0 }
    try {
      await fc.asyncModelRun(() => ({ model, real }), list)
      // A run before this one may have left a turn, which this one's server has taken up.
      const own = responder.requests.filter(({ integrationId }) => integrationId === real.world.integration.id)
      expect(own).toHaveLength(model.asked)
    } finally {
      await real.world.close()
    }
  })
}
