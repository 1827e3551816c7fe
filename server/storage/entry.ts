/** Entries as text and back. Values come out frozen: one object may be handed to every reader. */
import { LogError } from './log.ts'
import type { Lane, LogEntry } from './log.ts'

/**
 * The JSON text of a value.
 * @throws TypeError for what JSON cannot hold (undefined, a function, a circle)
 */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value)
  if (json === undefined) throw new TypeError('A log entry must be a value that JSON can hold.')
  return json
}

/** A frozen entry from its parts; `json` is the text of the value. */
export function toEntry(position: number, id: string, createdAt: string, keys: string[], json: string): LogEntry {
  return freeze({ position, id, createdAt, keys: [...keys], value: JSON.parse(json) as unknown })
}

/**
 * One line of text, readable by a person, that `fromLine` understands. `json` is the text of the value; `supersedes`
 * goes along, so that the keys can be given to their last owner when the line is read again.
 */
export function toLine(entry: LogEntry, json: string, supersedes?: string): string {
  const { position, id, createdAt, keys } = entry
  const over = supersedes === undefined ? '' : `,"supersedes":${JSON.stringify(supersedes)}`
  return `{"position":${position},"id":"${id}","createdAt":"${createdAt}","keys":${JSON.stringify(keys)}${over},"value":${json}}`
}

/** The entry of a line, frozen; null when the line holds no entry. */
export function fromLine(line: string): LogEntry | null {
  return parseLine(line)?.entry ?? null
}

/** The entry of a line with what else it says. */
export function parseLine(line: string): { entry: LogEntry; supersedes: string | undefined } | null {
  try {
    const parsed: unknown = JSON.parse(line)
    if (!isEntry(parsed)) return null
    const { position, id, createdAt, keys, value, supersedes } = parsed
    return { entry: freeze({ position, id, createdAt, keys, value }), supersedes }
  } catch {
    return null
  }
}

/** Whether a lane must be durable before an append is acknowledged, and counts as activity of its conversation. */
export function isKeptLane(lane: Lane): boolean {
  return lane === 'public' || lane === 'private'
}

/** Whether a conversation is one of the system's own, which the inbox leaves out. */
export function isSystem(conversation: string): boolean {
  return conversation.startsWith('~')
}

/** What stands before the first dot of a conversation key. */
export function scopeOf(conversation: string): string {
  const dot = conversation.indexOf('.')
  return dot < 0 ? '' : conversation.slice(0, dot)
}

/** Refuses keys the contract does not allow: they would become names on a disk or in a database. */
export function assertConversation(conversation: string): void {
  if (!/^~?[A-Za-z0-9_.-]{1,300}$/.test(conversation)) throw new TypeError('That is not a conversation key.')
}

/** Refuses lanes the contract does not know, for the same reason. */
export function assertLane(lane: string): void {
  if (!/^(?:public|private|turn\/[A-Za-z0-9_-]{1,64})$/.test(lane)) throw new TypeError('That is not a lane.')
}

/** Refuses labels the contract does not know, for the same reason. */
export function assertLabels(labels: readonly string[]): void {
  if (!labels.every((label) => /^[a-z]+(?::[A-Za-z0-9_-]{1,64})?$/.test(label)))
    throw new TypeError('That is no label.')
}

/** The error for a cursor this lane never held. */
export function cursorNotFound(): LogError {
  return new LogError('cursor_not_found', 'This lane holds no entry with that id. Start again without a cursor.')
}

function isEntry(value: unknown): value is LogEntry & { supersedes?: string } {
  if (typeof value !== 'object' || value === null) return false
  const { position, id, createdAt, keys } = value as Partial<LogEntry>
  return (
    Number.isSafeInteger(position) &&
    typeof id === 'string' &&
    typeof createdAt === 'string' &&
    Number.isFinite(Date.parse(createdAt)) &&
    Array.isArray(keys) &&
    'value' in value
  )
}

/** Freezes to the bottom, without recursion: values may be nested deeper than the stack. */
function freeze<T extends object>(root: T): T {
  const open: object[] = [root]
  for (let next = open.pop(); next; next = open.pop()) {
    for (const child of Object.values(next) as unknown[]) {
      if (typeof child === 'object' && child !== null) open.push(child)
    }
    Object.freeze(next)
  }
  return root
}
