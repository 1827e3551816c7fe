/**
 * T1: a server dies at every named moment, on every storage that outlives it, and nothing comes of it.
 * With LUMIKA_KILLS set every moment is also played in approval mode, where most of them are the same code.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aftermath } from './aftermath.ts'
import type { Aftermath } from './aftermath.ts'
import { runCase } from './case.ts'
import type { CaseResult } from './case.ts'
import { killPoints } from './points.ts'
import type { AnswerMode, KillPoint } from './points.ts'
import { buildEntry } from './server.ts'
import { openStage } from './stage.ts'
import type { LastingKind, Stage } from './stage.ts'

const leaseMs = 1_500
const gapMs = 25
const isLong = process.env.LUMIKA_KILLS !== undefined

/** How many stages are played on at once. Their servers mostly wait: for a lease, a look, or a visitor's next try. */
const atOnce = 5

interface Setting {
  kind: LastingKind
  replicas: 1 | 2
  mode: AnswerMode
}

/** The longest first. */
const settings = (['redis', 'fs'] as const).flatMap((kind) =>
  ([2, 1] as const).flatMap((replicas) =>
    (['auto', 'approval'] as const).map((mode): Setting => ({ kind, replicas, mode })),
  ),
)
/** Where a draft is something else than a message. */
const approvalMoments = ['mid-delta 1', 'after-llm', 'after-commit']
/** Every moment on each storage, and with one server as with two; every second one in both other pairs of these. */
const isSparse = ({ kind, replicas }: Setting) => (kind === 'redis') === (replicas === 1)
const pointsOf = (setting: Setting) =>
  killPoints.filter(({ name, modes }, at) => {
    if (!modes.includes(setting.mode)) return false
    if (isLong) return true
    return setting.mode === 'approval' ? approvalMoments.includes(name) : at % 2 === 0 || !isSparse(setting)
  })

let entry: Awaited<ReturnType<typeof buildEntry>>
let playing: Promise<unknown>
const cases = new Map<string, Deferred<CaseResult>>()
const ends = new Map<Setting, Deferred<Aftermath>[]>()
const nameOf = ({ kind, replicas, mode }: Setting, { name }: KillPoint) => [kind, replicas, mode, name].join(' ')

beforeAll(async () => {
  entry = await buildEntry()
  const plays = settings.flatMap((setting) => chain(setting))
  const worker = async () => {
    for (let play = plays.shift(); play; play = plays.shift()) await play()
  }
  // The tests below wait for what they are about.
  playing = Promise.all(Array.from({ length: atOnce }, worker))
})
afterAll(async () => {
  await playing
  await entry.remove()
})

describe.each(settings)('a server on $kind, $replicas of them, answers: $mode', (setting) => {
  it.for(pointsOf(setting))(
    'T1, F90, G1, G2: dies at $name, when $means',
    { timeout: 180_000 },
    async (point, { task }) => {
      // What has failed once stays so: a second try is a case of its own.
      if (task.result?.retryCount) await play(setting, [point], begin(setting, [point]))
      const result = await cases.get(nameOf(setting, point))?.promise
      expect(result?.deaths).toEqual([{ how: 'SIGKILL', where: point.name }])
      expect(result?.violations).toEqual([])
      expect(result?.wasAcked).toBe(point.isAcked)
      expect(result?.calls).toBe(point.calls)
      expect(result?.answer).toMatchObject({ call: point.calls, isInterrupted: point.isInterrupted })
      expect(result?.answer?.pieces).toBeGreaterThanOrEqual(point.pieces)
      expect(result?.restartMs).toBeLessThan(5_000)
      expect(result?.settledMs).toBeLessThan(leaseMs + 5_000)
    },
  )

  it('F90: and then nothing stored is damaged, unfinished or left over', async () => {
    const found = await Promise.all((ends.get(setting) ?? []).map(({ promise }) => promise))
    expect(found.length).toBeGreaterThan(0)
    for (const each of found) expect(each).toEqual({ flaws: [], quarantined: [] })
  })
})

/** The plays of a setting: a few deaths one after the other on the same storage, so that each but the first has a past. */
function chain(setting: Setting): (() => Promise<void>)[] {
  const points = pointsOf(setting)
  const inARow = setting.kind === 'fs' ? points.length : 5
  const plays: (() => Promise<void>)[] = []
  for (let from = 0; from < points.length; from += inARow) {
    const some = points.slice(from, from + inARow)
    const end = begin(setting, some)
    plays.push(() => play(setting, some, end))
  }
  return plays
}

/** Promises some results and an end. */
function begin(setting: Setting, points: readonly KillPoint[]): Deferred<Aftermath> {
  for (const point of points) cases.set(nameOf(setting, point), createDeferred())
  const end = createDeferred<Aftermath>()
  ends.set(setting, [...(ends.get(setting) ?? []), end])
  return end
}

async function play(setting: Setting, points: readonly KillPoint[], end: Deferred<Aftermath>): Promise<void> {
  const open = () => openStage({ ...setting, entry: entry.file, leaseMs, gapMs })
  let stage: Stage | null = null
  for (const point of points) {
    const result = cases.get(nameOf(setting, point))
    try {
      stage ??= await open()
      result?.resolve(await runCase({ stage, mode: setting.mode, moments: [point.name], leaseMs }))
    } catch (error) {
      result?.reject(error)
      // A stage that went out of order is no place for the next case.
      await stage?.close()
      stage = null
    }
  }
  try {
    if (!stage) throw new Error('No stage was left to look at.')
    end.resolve(await stage.audit(aftermath))
  } catch (error) {
    end.reject(error)
  } finally {
    await stage?.close()
  }
}

interface Deferred<T> {
  promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

function createDeferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  // The test that waits for it hears of a failure; until then nobody does.
  promise.catch(() => {})
  return { promise, resolve, reject }
}
