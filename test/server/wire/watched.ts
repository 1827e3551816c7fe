/** A place whose log tells what it was asked about conversations, and fails on demand. */
import type { ConversationLog, RecentOptions } from '../../../server/storage/log.ts'
import { isAsked } from '../../helpers/cause.ts'
import type { Place } from '../../helpers/world.ts'

/** A place under watch. */
export interface WatchedPlace extends Place {
  /** The calls so far, by name, as far as requests caused them before they were answered. */
  readonly asked: string[]
  /** Thrown by each of these calls while it is set. */
  failure: Error | null
  /** The log that was opened last. */
  readonly log: ConversationLog
}

/** Watches a place. */
export function watchPlace(place: Place): WatchedPlace {
  const asked: string[] = []
  let log: ConversationLog | undefined
  const watched: WatchedPlace = {
    ...place,
    asked,
    failure: null,
    get log() {
      if (!log) throw new Error('No log has been opened yet.')
      return log
    },
    async open() {
      const opened = await place.open()
      log = opened
      return new Proxy(opened, {
        get(target, name: keyof ConversationLog) {
          const value = target[name]
          if (typeof value !== 'function' || name === 'watch' || name === 'close') return value
          return (...args: unknown[]) => {
            if (!isHousekeeping(args)) {
              if (isAsked()) asked.push(name)
              if (watched.failure) throw watched.failure
            }
            return (value as (...args: unknown[]) => unknown).apply(target, args)
          }
        },
      })
    },
  }
  return watched
}

const isHousekeeping = ([about]: unknown[]): boolean =>
  typeof about === 'string' ? about.startsWith('~') : (about as RecentOptions | undefined)?.unfinished === true
