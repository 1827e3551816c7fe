/** Turns as jobs: every stored message that wants an answer gets one, once, whatever happens to requests and processes. */
import { limits } from '../../protocol.ts'
import { ShutdownError, runTurn } from './run-turn.ts'
import type { RunOptions } from './run-turn.ts'
import { turnKey } from './keys.ts'
import { advance, emptyTurn, turnLane } from './turn-lane.ts'
import type { TurnState } from './turn-lane.ts'

/** One turn. */
export interface TurnRef {
  conversation: string
  turnId: string
}

/** How the turns of a process are run. */
export interface TurnsOptions extends Omit<RunOptions, 'isClosing' | 'onEnd' | 'beatMs'> {
  /** How long an owner may show no sign of life before its turn is taken over, in milliseconds. @default 30_000 */
  leaseMs?: number
  /** How often unfinished turns are looked for, in milliseconds. @default 2_000 */
  tickMs?: number
  /** How long the pieces of an ended turn are kept for replays, in milliseconds. @default 300_000 */
  keepMs?: number
}

/** The turns of a process. */
export interface Turns {
  /** Runs a turn in the background, unless it is running here already. */
  start(turn: TurnRef): void
  /** Drops what is kept of a turn's writing, some time from now. */
  dropLater(turn: TurnRef): void
  /** Takes up what an earlier process left unfinished, and from then on what others leave. */
  recover(): Promise<void>
  /** Lets running turns finish within the grace, then lets go of them. */
  close(graceMs: number): Promise<void>
  /** Drops what `dropLater` was to drop later, as far as nobody can need it any more. */
  dropOld(): Promise<void>
}

/** How long a mark without a message may still be a send on its way to the log. */
const STRAY_MS = 60_000

interface Sighting {
  turn: TurnRef
  state: TurnState
  firstSeen: number
  lastGrowth: number
}

/** Makes the turns of a process. */
export function createTurns(options: TurnsOptions): Turns {
  const { log, logger, leaseMs = 30_000, tickMs = 2_000, keepMs = 300_000 } = options
  const monotonic = options.monotonic
  const running = new Map<string, { done: Promise<void>; controller: AbortController }>()
  const sightings = new Map<string, Sighting>()
  let closing = false
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Turns whose pieces are still there, and what will drop them. */
  const ended = new Map<string, { turn: TurnRef; since: number; timer: ReturnType<typeof setTimeout> }>()

  const drop = (turn: TurnRef) =>
    log.remove(turn.conversation, turnLane(turn.turnId)).catch((error: unknown) => {
      logger.warn('turn: its pieces could not be dropped', { error })
    })

  const dropLater = (turn: TurnRef) => {
    const name = nameOf(turn)
    clearTimeout(ended.get(name)?.timer)
    const timer = setTimeout(() => {
      ended.delete(name)
      void drop(turn)
    }, keepMs)
    ended.set(name, { turn, since: monotonic(), timer })
  }

  const launch = (turn: TurnRef, mayTakeOver: boolean) => {
    const name = nameOf(turn)
    if (closing || running.has(name)) return
    const controller = new AbortController()
    // Two signs of life may be late before anybody takes the turn over.
    const run = { ...options, beatMs: leaseMs / 3, onEnd: dropLater, isClosing: () => closing }
    const done = runTurn(run, turn, mayTakeOver, controller)
      .catch((error: unknown) => logger.error('turn: left unfinished', { error }))
      .finally(() => running.delete(name))
    running.set(name, { done, controller })
  }

  /** Decides about one unfinished turn that is not running here. */
  const inspect = async (sighting: Sighting, atStart: boolean) => {
    const { turn, state } = sighting
    const now = monotonic()
    if (now - sighting.firstSeen > STRAY_MS && !(await log.find(turn.conversation, turnKey(turn.turnId)))) {
      await log.append(turn.conversation, turnLane(turn.turnId), { type: 'void' }, { closes: turn.turnId })
      return
    }
    // Every other process that wrote to a log of one process is gone; what stays open here was left behind.
    if (!log.shared && (atStart || now - sighting.firstSeen >= tickMs)) return launch(turn, true)
    const before = state.length
    await advance(log, turn.conversation, turn.turnId, state)
    if (state.length > before) sighting.lastGrowth = now
    if (!state.claimed && now - sighting.firstSeen >= tickMs) launch(turn, false)
    else if (state.claimed && now - sighting.lastGrowth >= leaseMs) launch(turn, true)
  }

  const tick = async (atStart: boolean) => {
    const page = await log.recent({ unfinished: true })
    const open = new Set<string>()
    for (const { conversation, unfinished } of page.conversations) {
      for (const turnId of unfinished) {
        const name = nameOf({ conversation, turnId })
        open.add(name)
        if (running.has(name)) continue
        const now = monotonic()
        const sighting = sightings.get(name) ?? {
          turn: { conversation, turnId },
          state: emptyTurn(),
          firstSeen: now,
          lastGrowth: now,
        }
        sightings.set(name, sighting)
        await inspect(sighting, atStart)
      }
    }
    for (const name of sightings.keys()) if (!open.has(name)) sightings.delete(name)
  }

  const schedule = () => {
    if (closing) return
    timer = setTimeout(() => {
      tick(false)
        .catch((error: unknown) => logger.warn('turns: could not look for unfinished ones, trying again', { error }))
        .finally(schedule)
    }, tickMs)
  }

  return {
    start: (turn) => launch(turn, false),
    dropLater,
    async recover() {
      await tick(true)
      schedule()
    },
    async close(graceMs) {
      closing = true
      clearTimeout(timer)
      const settledWithin = (ms: number) =>
        within(
          ms,
          Array.from(running.values(), ({ done }) => done),
        )
      await settledWithin(graceMs)
      for (const { controller } of running.values()) controller.abort(new ShutdownError())
      await settledWithin(2_000)
    },
    async dropOld() {
      const turns = [...ended.values()]
      ended.clear()
      for (const { timer } of turns) clearTimeout(timer)
      // Others may still be reading them; and the next process has to know of the last minute's whose end went out.
      const old = turns.filter(({ since }) => !log.shared && monotonic() - since > limits.attachMs)
      await within(
        2_000,
        old.map(({ turn }) => drop(turn)),
      )
    },
  }
}

const nameOf = ({ conversation, turnId }: TurnRef): string => `${conversation}/${turnId}`

async function within(ms: number, work: Promise<unknown>[]): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  await Promise.race([Promise.allSettled(work), new Promise((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}
