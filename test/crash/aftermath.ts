/** A look into the storage itself, when every process that wrote to it is dead. */
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { endKey, turnKey } from '../../server/conversations/keys.ts'
import type { PublicValue } from '../../server/conversations/values.ts'
import { fromLine } from '../../server/storage/entry.ts'
import type { ConversationLog, LogEntry } from '../../server/storage/log.ts'

/** What is found. */
export interface Aftermath {
  /** Gaps, turns without an end, marks that nothing will close, damaged and forgotten files. */
  flaws: string[]
  /** Pieces of files that were put aside. */
  quarantined: string[]
}

/** Looks through a log, and through its folder where it has one. */
export async function aftermath(log: ConversationLog, folder: string | null): Promise<Aftermath> {
  const { flaws, quarantined } = folder === null ? { flaws: [], quarantined: [] } : await lookThrough(folder)
  for (let cursor: string | null = '', pages = 0; cursor !== null && pages < 1_000; pages++) {
    const page = await log.recent({ limit: 100, ...(cursor && { cursor }) })
    for (const { conversation, unfinished } of page.conversations) {
      const entries = await readLane(log, conversation)
      if (entries.some(({ position }, n) => position !== n)) flaws.push(`${conversation} has gaps`)
      for (const { value } of entries) {
        if (value.turn && !(await log.find(conversation, endKey(value.turn.id)))) {
          flaws.push(`a turn without an end: ${value.body}`)
        }
      }
      for (const turnId of unfinished) {
        // A mark may outlive a send that never reached the log, and an end whose process died before closing it.
        const isStray = !(await log.find(conversation, turnKey(turnId)))
        if (!isStray && !(await log.find(conversation, endKey(turnId)))) flaws.push(`unfinished: ${turnId}`)
      }
    }
    cursor = page.cursor
  }
  return { flaws, quarantined }
}

async function readLane(log: ConversationLog, conversation: string): Promise<LogEntry<PublicValue>[]> {
  const entries: LogEntry<PublicValue>[] = []
  for (let hasMore = true; hasMore;) {
    const page = await log.after<PublicValue>(conversation, 'public', entries.at(-1)?.id ?? null, 200)
    entries.push(...page.entries)
    hasMore = page.hasMore
  }
  return entries
}

/** Lines that hold no entry, files that were to be renamed, and what was put aside. */
async function lookThrough(folder: string): Promise<Aftermath> {
  const found: Aftermath = { flaws: [], quarantined: [] }
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    const path = join(file.parentPath, file.name)
    if (path.startsWith(join(folder, 'quarantine'))) {
      found.quarantined.push(file.name)
      continue
    }
    if (file.name.endsWith('.new') || file.name.startsWith('lock.')) found.flaws.push(`left over: ${path}`)
    if (!file.name.endsWith('.jsonl')) continue
    const lines = (await readFile(path, 'utf8')).split('\n')
    if (lines.pop() !== '') found.flaws.push(`torn: ${path}`)
    const isEntry = file.name === 'inbox.jsonl' ? isJson : (line: string) => fromLine(line) !== null
    for (const line of lines) if (!isEntry(line)) found.flaws.push(`damaged: ${path}: ${line}`)
  }
  return found
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}
