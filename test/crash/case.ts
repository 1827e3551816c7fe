/** A visitor writes, the server dies, somebody goes on, perhaps dies as well, and in the end everything is looked at. */
import { setTimeout as pause } from 'node:timers/promises'
import { createChance } from '../chaos/random.ts'
import { invite } from './guest.ts'
import type { Guest } from './guest.ts'
import type { AnswerMode } from './points.ts'
import type { MortalServer } from './server.ts'
import type { Stage } from './stage.ts'
import { answersOf, judgeCrash } from './verdict.ts'
import type { StoredAnswer } from './verdict.ts'

/** What happens in a case. */
export interface CaseOptions {
  stage: Stage
  mode: AnswerMode
  /** When the server dies, and when those die that come after it. */
  moments: readonly [string, ...string[]]
  leaseMs: number
}

/** What came of a case. */
export interface CaseResult {
  violations: string[]
  /** What ended each server, and its last words. A server that outlived everything ends the list. */
  deaths: Death[]
  /** Whether the first message was acknowledged before the first server died. */
  wasAcked: boolean
  /** How often the responder was asked about the first message, and what became of its answer. */
  calls: number
  answer: StoredAnswer | undefined
  /** From when requests were taken again for good to when the next turn had ended, in milliseconds. */
  settledMs: number
  /** From the last death to when requests were taken again, in milliseconds. */
  restartMs: number
}

/** The end of a server. */
export interface Death {
  how: NodeJS.Signals | number | 'none'
  where: string
}

/** Messages sent in a case: another one stands behind the first, and its turn is to come all the same. */
const messages = 2
/** Longest wait for everything to end, and how long a server is given after that to die, in milliseconds. */
const deathMs = 15_000
const afterwardsMs = 1_000

/** Runs a case on a stage, and leaves the stage complete. */
export async function runCase({ stage, mode, moments, leaseMs }: CaseOptions): Promise<CaseResult> {
  const name = [mode, ...moments].join('-').replaceAll(' ', '-')
  const guest = await invite({ name, mode, stage, chance: createChance(1) })
  const { visitor, witness } = guest
  try {
    let [victim] = stage.servers
    if (!victim) throw new Error('There is no server to die.')
    await victim.arm(moments[0])
    const [first, second] = [`${name} first`, `${name} second`]
    visitor.say(first)
    visitor.say(second)

    let wasAcked = false
    let restartMs = 0
    const deaths: Death[] = []
    for (const next of [...moments.slice(1), undefined]) {
      const how = await endOf(victim, guest)
      deaths.push({ how, where: how === 'none' ? '' : stage.lastDeath() })
      // What had been written arrives even now, before anybody tries again.
      await pause(50)
      if (deaths.length === 1) wasAcked = witness.acked.has(first)
      if (how === 'none') {
        await victim.arm(null)
        break
      }
      const since = performance.now()
      victim = await stage.goOn(victim, next)
      restartMs = Math.round(performance.now() - since)
    }

    const settledMs = await guest.untilNextEnd(leaseMs + 10_000)
    const isSettled = await visitor.settle({ patienceMs: 10_000, longestMs: 30_000 })
    // A visitor does not see drafts.
    const isComplete = await guest.untilAllEnded(leaseMs + 10_000)

    await stage.restore()
    const final = await guest.account()
    const calls = stage.calls()
    const { violations } = judgeCrash([final], calls)
    if (!isSettled) violations.push('the visitor still waits for something')
    if (!isComplete) violations.push('a turn has not ended')
    return {
      ...{ violations, deaths, wasAcked, settledMs, restartMs },
      calls: calls.get(first) ?? 0,
      answer: answersOf(final).find(({ text }) => text === first),
    }
  } finally {
    visitor.leave()
  }
}

/** How a server ends; `none` when it is still there some time after everything has ended. */
async function endOf(victim: MortalServer, guest: Guest): Promise<Death['how']> {
  let isDead = false
  const dies = victim.ended.then((how) => {
    isDead = true
    return how
  })
  const isDone = () =>
    guest.count().then(
      ({ ends }) => ends >= messages,
      () => false,
    )
  const livesOn = async () => {
    const since = performance.now()
    while (!isDead && !(await isDone()) && performance.now() - since < deathMs) await pause(25)
    await pause(afterwardsMs)
    return 'none' as const
  }
  return Promise.race([dies, livesOn()])
}
