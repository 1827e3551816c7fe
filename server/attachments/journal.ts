/**
 * Every upload by its id alone, a conversation of the system's for each day: what is unfinished, or never sent, is found here,
 * whichever process died. It names nobody.
 */
import { isLogError } from '../storage/log.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'

interface Upload {
  id: string
  /** When it was written down, in milliseconds since 1970. */
  at: number
}

/** The journal of uploads. All calls throw LogError. */
export interface UploadJournal {
  /** Before the first byte is stored. */
  note(id: string): Promise<void>
  /** The uploads of a day after a cursor. */
  after(day: string, cursor: string | null): Promise<LogEntry<Upload>[]>
  /** Forgets a day, if there is nothing newer than this. */
  drop(day: string, newestId: string): Promise<void>
}

const dayMs = 86_400_000
const pageSize = 200

/** The day of a time, UTC. */
export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

/** The days up to today, oldest first. */
export const daysUpTo = (now: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => dayOf(now - (count - 1 - i) * dayMs))

/** Opens the journal of a log. @param now the wall clock, in milliseconds */
export function createUploadJournal(log: ConversationLog, now: () => number): UploadJournal {
  const nameOf = (day: string) => `~uploads.${day}`
  return {
    async note(id) {
      await log.append<Upload>(nameOf(dayOf(now())), 'private', { id, at: now() })
    },
    async after(day, cursor) {
      try {
        return (await log.after<Upload>(nameOf(day), 'private', cursor, pageSize)).entries
      } catch (error) {
        // Another process has seen to the whole day.
        if (isLogError(error, 'cursor_not_found')) return []
        throw error
      }
    },
    async drop(day, newestId) {
      await log.removeIf(nameOf(day), { public: null, private: newestId })
    },
  }
}
