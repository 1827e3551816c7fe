/** Deaths at random: visitors write, and servers are killed in the middle of whatever they are doing. */
import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Chance } from '../chaos/random.ts'
import { aftermath } from './aftermath.ts'
import { invite } from './guest.ts'
import type { Guest } from './guest.ts'
import type { Stage } from './stage.ts'
import { judgeCrash } from './verdict.ts'
import type { CrashVerdict } from './verdict.ts'

/** How many deaths there are, and how they come. */
export interface StormOptions {
  stage: Stage
  chance: Chance
  kills: number
  leaseMs: number
}

/** What a storm came to, in all its rounds together. */
export interface StormResult extends CrashVerdict {
  /** The longest time from the last start of a round to the end of the next turn of every visitor, in milliseconds. */
  settledMs: number
}

/** Deaths between two times of quiet: without those, no lease would ever run out. */
const killsInARow = 5
const guestsAtOnce = 6
/** Visitors look at the history every 2 s: after so many seconds everything has its place. */
const looks = 6

/** Plays rounds of deaths, each with new visitors, and judges each. Stops at the first that is not in order. */
export async function playStorm({ stage, chance, kills, leaseMs }: StormOptions): Promise<StormResult> {
  // A visitor in a storm waits for many answers at once, each of which listens to one signal: no leak.
  setMaxListeners(0)
  const total: StormResult = { figures: {}, violations: [], settledMs: 0 }
  for (let round = 1, left = kills; left > 0 && total.violations.length === 0; round++) {
    const deaths = Math.min(killsInARow, left)
    left -= deaths
    const result = await playRound(`round${round}`, stage, chance.fork(), deaths, leaseMs)
    for (const [name, count] of Object.entries(result.figures)) {
      const known = total.figures[name] ?? 0
      total.figures[name] = name.endsWith('most') ? Math.max(known, count) : known + count
    }
    total.violations.push(...result.violations.map((violation) => `round ${round}: ${violation}`))
    total.settledMs = Math.max(total.settledMs, result.settledMs)
  }
  const { flaws, quarantined } = await stage.audit(aftermath)
  total.violations.push(...flaws, ...quarantined.map((name) => `put aside: ${name}`))
  return total
}

async function playRound(
  name: string,
  stage: Stage,
  chance: Chance,
  deaths: number,
  leaseMs: number,
): Promise<StormResult> {
  const modes = Array.from({ length: guestsAtOnce }, (_, n) => (n % 3 === 2 ? 'approval' : 'auto'))
  const guests = await Promise.all(
    modes.map((mode, n) => invite({ name: `${name}-${n}`, mode, stage, chance: chance.fork() })),
  )
  try {
    let isOver = false
    const writing = Promise.all(guests.map(({ visitor }) => visitor.write(() => isOver)))
    for (let n = 0; n < deaths; n++) await killOne(stage, chance)
    isOver = true
    const ended = Promise.all(guests.map((guest) => guest.untilNextEnd(leaseMs + 30_000)))
    await writing
    const patience = { patienceMs: leaseMs + 10_000, longestMs: 120_000 }
    const waiting = Promise.all(guests.map(({ visitor }) => visitor.settle(patience)))
    const settledMs = Math.max(...(await ended))
    const settled = await waiting
    // A visitor does not see drafts.
    const complete = await Promise.all(guests.map((guest) => guest.untilAllEnded(leaseMs + 30_000)))
    const unsettled = [...settled, ...complete].filter((isSettled) => !isSettled).length

    let verdict = await judgeRound(stage, guests)
    for (let look = 0; verdict.violations.length > 0 && look < looks; look++) {
      await pause(1_000)
      verdict = await judgeRound(stage, guests)
    }
    const { figures, violations } = verdict
    if (unsettled > 0) violations.push(`${unsettled} visitors or operators still wait for something`)
    // Asking again is right only where a death came between the question and the first word.
    const most = figures['calls per message, most'] ?? 0
    if (most > 1 + deaths) violations.push(`the responder was asked ${most} times over ${deaths} deaths`)
    return { figures: { 'servers killed': deaths, ...figures }, violations, settledMs }
  } finally {
    for (const { visitor } of guests) visitor.leave()
  }
}

/** One death, at a random moment after a request that made the server busy. */
async function killOne(stage: Stage, chance: Chance): Promise<void> {
  const victim = chance.pick(stage.servers.filter((server) => server.isUp()))
  await Promise.race([victim.busy(), pause(2_000)])
  await pause(chance.between(0, 300))
  await victim.kill()
  await stage.goOn(victim)
  await stage.restore()
}

const judgeRound = async (stage: Stage, guests: readonly Guest[]): Promise<CrashVerdict> =>
  judgeCrash(await Promise.all(guests.map((guest) => guest.account())), stage.calls())
