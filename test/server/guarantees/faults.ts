/** One failure of the storage, at a call of one's choice. */
import type { Driver } from 'unstorage'
import { LogError } from '../../../server/storage/log.ts'
import type { ConversationLog, RecentOptions } from '../../../server/storage/log.ts'

/** Whether a call fails without having done anything, or after having done everything: then its outcome is unknown. */
export type FaultTime = 'before' | 'after'

/** The call that fails, and the calls that came by. */
export interface Fault {
  time: FaultTime
  /** The number of the call, from 1 on; Infinity: none fails. */
  at: number
  /** Calls are counted, and fail, only while this is set. */
  isArmed: boolean
  /** What has been called, oldest first. */
  readonly seen: string[]
  /** What failed; null as long as nothing has. */
  fired: string | null
}

/** A fault that waits to be armed. */
export const createFault = (time: FaultTime, at: number): Fault => ({ time, at, isArmed: false, seen: [], fired: null })

/** A log one of whose calls fails. What a server does by itself every now and then is not counted. */
export function faultyLog(log: ConversationLog, fault: Fault): ConversationLog {
  const error = () => new LogError('storage_unavailable', 'A failure that was put there.')
  return new Proxy(log, {
    get(target, name: keyof ConversationLog) {
      const value = target[name]
      if (typeof value !== 'function' || name === 'watch' || name === 'close') return value
      return (...args: unknown[]) => {
        const call = () => (value as (...args: unknown[]) => unknown).apply(target, args)
        const { unfinished, unlabelled } = (args[0] ?? {}) as RecentOptions
        const isRoutine = name === 'recent' && (unfinished || unlabelled)
        return isRoutine ? call() : passOn(fault, `${name} ${laneOf(name, args)}`.trim(), call, error)
      }
    },
  })
}

/** A driver of unstorage one of whose calls fails, in the way that drivers do. */
export function faultyDriver(driver: Driver, fault: Fault): Driver {
  return new Proxy(driver, {
    get(target, name: keyof Driver) {
      const value: unknown = target[name]
      if (typeof value !== 'function' || !/^(get|set|remove|has)/.test(name)) return value
      return (...args: unknown[]) => {
        const call = () => (value as (...args: unknown[]) => unknown).apply(target, args)
        return passOn(fault, name, call, () => new Error('A failure that was put there.'))
      }
    },
  })
}

/** Counts a call; whether it is the one that fails. */
export function strikes(fault: Fault, name: string): boolean {
  if (!fault.isArmed) return false
  fault.seen.push(name)
  if (fault.seen.length !== fault.at) return false
  fault.fired = name
  return true
}

/** Looks at something while nothing fails and nothing is counted. */
export async function calmly<T>(fault: Fault, look: () => Promise<T>): Promise<T> {
  const wasArmed = fault.isArmed
  fault.isArmed = false
  try {
    return await look()
  } finally {
    fault.isArmed = wasArmed
  }
}

function passOn(fault: Fault, name: string, call: () => unknown, error: () => Error): unknown {
  if (!strikes(fault, name)) return call()
  if (fault.time === 'before') return Promise.reject(error())
  return Promise.resolve(call()).then(() => Promise.reject(error()))
}

function laneOf(name: string, args: unknown[]): string {
  const [about, lane] = args.map((arg) => (typeof arg === 'string' ? arg : ''))
  if (about?.startsWith('~')) return 'registry'
  if (name === 'find') return lane?.split(':')[0] ?? ''
  return lane?.split('/')[0] ?? ''
}
