/** A small value that several processes change: it is the newest entry of a conversation of the system's own. */
import { LogError } from './log.ts'
import type { ConversationLog } from './log.ts'

/** Times a change is made again because another process came first. */
const mostTries = 20

/** The value; null where there is none. @throws LogError where storage is away */
export async function readNewest<T>(log: ConversationLog, conversation: string): Promise<T | null> {
  const { entries } = await log.before<T>(conversation, 'private', null, 1)
  return entries[0]?.value ?? null
}

/**
 * Changes the value: `change` is given what stands there, and asked again where another process came first. Null: it stays.
 * @param once names the change: where the answer to it was lost it may be made again, and counts once
 * @throws LogError where storage is away
 */
export async function changeNewest<T>(
  log: ConversationLog,
  conversation: string,
  change: (before: T | null) => T | null,
  once?: string,
): Promise<void> {
  // An entry that is damaged is left out of every page, and has its place nevertheless.
  let atLeast = 0
  for (let tries = 0; tries < mostTries; tries++) {
    const { entries } = await log.before<T>(conversation, 'private', null, 1)
    const [newest] = entries
    const value = change(newest?.value ?? null)
    if (value === null) return
    const at = Math.max(atLeast, newest ? newest.position + 1 : 0)
    const appended = await log.append<T>(conversation, 'private', value, { at, ...(once && { keys: [once] }) })
    if (appended.outcome !== 'conflict') return
    atLeast = appended.length
  }
  throw new LogError('storage_unavailable', 'Too many processes changed one value at once.')
}
