/** When the leader looks for news: all the time while somebody watches, now and then while nobody does. */
import type { Surroundings } from './surroundings.ts'

/** How much attention a conversation gets: `2` for an open panel that can be seen, `1` for a page that can, `0` for none. */
export type Attention = 0 | 1 | 2

/** The looks of one tab. */
export interface Rhythm {
  /** Looks at once, whatever was agreed. */
  wake(): void
  /** Looks now if it is time for it: timers of a tab in the background come late. */
  check(): void
  end(): void
}

/** What is needed to keep time. */
export interface RhythmOptions {
  surroundings: Surroundings
  /** Time between two looks while no panel is open, in milliseconds. */
  pollMs: number
  attention: () => Attention
  /** Looks, and waits so many seconds for news. Resolves to the number of new messages; -1 where it failed, null where there is nothing to be looked at. */
  look: (wait: number) => Promise<number | null>
}

/** How long a look waits for news, in seconds; the most the protocol allows. */
const WAIT = 25
/** How much rarer looks are while nobody sees the page. */
const HIDDEN = 5
/** A timer that comes so much too late has slept, in milliseconds; what was asked before is asked again. */
const SLEPT_MS = 10_000
const TICK_MS = 5_000
/** So many answers in a row that come at once with nothing are those of a backend that does not wait. */
const EMPTY = 4

/** Begins. */
export function keepRhythm({ surroundings, pollMs, attention, look }: RhythmOptions): Rhythm {
  const { now, after } = surroundings
  let isOver = false
  let isLooking = false
  let isWoken = false
  let failures = 0
  let empty = 0
  let due = 0
  let cancel = (): void => {}

  const plan = (ms: number) => {
    cancel()
    due = now() + ms
    cancel = after(ms, () => void run())
  }

  const pause = (found: number, took: number, waited: number): number => {
    const usual = pollMs * (attention() ? 1 : HIDDEN)
    if (found < 0) return Math.max(Math.min(1_000 * 2 ** failures++, 15_000) * 1, waited ? 0 : usual)
    const isBack = failures > 0
    failures = 0
    if (isBack) return 0
    // A backend that does not wait answers at once; one that waits may, when a person begins or ends to type.
    if (found || took > 1_000) empty = 0
    return waited && empty++ < EMPTY ? 0 : usual
  }

  const run = async () => {
    if (isLooking || isOver || !surroundings.isOnline()) return
    isLooking = true
    isWoken = false
    // First it has to be known that there is a connection again.
    const wait = attention() === 2 && !failures ? WAIT : 0
    const since = now()
    const stopWatch = wait ? noticeSleep() : () => {}
    const found = await look(wait)
    stopWatch()
    isLooking = false
    if (isOver) return
    if (isWoken) plan(0)
    else if (found === null) cancel()
    else plan(pause(found, now() - since, wait))
  }

  /** While an answer is waited for: a connection does not outlive the sleep of its computer, and does not say so. */
  const noticeSleep = () => {
    let stop = (): void => {}
    const tick = (at: number) => {
      if (now() - at > TICK_MS + SLEPT_MS) void look(0)
      const next = now()
      stop = after(TICK_MS, () => tick(next))
    }
    tick(now())
    return () => stop()
  }

  const wake = () => {
    failures = 0
    // Ends a look that waits, too.
    isWoken = isLooking
    if (isLooking) void look(0)
    else void run()
  }

  wake()
  return {
    wake,
    check: () => void (now() >= due && run()),
    end() {
      isOver = true
      cancel()
    },
  }
}
