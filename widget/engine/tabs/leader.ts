/** Which of the tabs works for all: the one that holds the lock. One that holds it and has fallen silent loses it. */
import type { Surroundings } from './surroundings.ts'

/** The election, as one tab takes part in it. */
export interface Election {
  readonly isLeading: boolean
  /** The leader has been heard of. */
  heard(): void
  /** Takes part no longer. */
  leave(): void
}

/** What a tab needs to take part. */
export interface ElectionOptions {
  /** The lock's. */
  name: string
  /** With locks. */
  surroundings: Surroundings
  /** This tab leads now, or does not any more. */
  onChange: (isLeading: boolean) => void
  /** Asks the leader for a sign of life. */
  ping: () => void
}

/** How often a tab that does not lead asks for a sign of life, in milliseconds, and how often in vain. */
const PING_MS = 1_000
const MISSES = 3

/** Takes part. Where there are no locks, or they may not be used here, every tab leads. */
export function takePart({ name, surroundings, onChange, ping }: ElectionOptions): Election {
  const { locks, after } = surroundings
  let isLeading = false
  let hasLeft = false
  let misses = 0
  /** Only the newest request counts. */
  let round = 0
  let release = (): void => {}
  let withdraw = new AbortController()
  let cancelTick = (): void => {}

  const lead = (leads: boolean) => {
    misses = 0
    if (isLeading === leads) return
    isLeading = leads
    // A tab that leads waits for nobody.
    cancelTick()
    if (!leads) cancelTick = after(PING_MS, tick)
    onChange(leads)
  }

  const request = (steal: boolean) => {
    const mine = ++round
    withdraw.abort()
    withdraw = new AbortController()
    const isMine = () => mine === round && !hasLeft
    const granted = () => {
      if (!isMine()) return
      lead(true)
      return new Promise<void>((resolve) => (release = resolve))
    }
    const over = (error?: unknown) => {
      if (!isMine()) return
      // Stolen, since this tab was frozen. Anything else is a page that may not use locks.
      if (error && (error as Error).name !== 'AbortError') return lead(true)
      lead(false)
      request(false)
    }
    const ask = async () => locks?.request(name, steal ? { steal } : { signal: withdraw.signal }, granted)
    if (!locks) return lead(true)
    ask().then(over, over)
  }

  const tick = () => {
    cancelTick = after(PING_MS, tick)
    // Misses are counted, not time: after a sleep nobody has been silent.
    if (++misses < MISSES) return ping()
    misses = 0
    request(true)
  }

  if (locks) tick()
  request(false)
  return {
    get isLeading() {
      return isLeading
    },
    heard: () => void (misses = 0),
    leave() {
      hasLeft = true
      isLeading = false
      cancelTick()
      withdraw.abort()
      release()
    },
  }
}
