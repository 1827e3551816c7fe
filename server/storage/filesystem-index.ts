/** Where every entry of a conversation begins and which entry holds which key, found by reading its files once. */
import { parseLine } from './entry.ts'
import type { Files, LineFile } from './files.ts'
import type { Lane, LogEntry } from './log.ts'

export interface Claim {
  lane: Lane
  position: number
  id: string
}

export interface ConversationIndex {
  /** For each lane, the offset of every position; -1 for one that is damaged. */
  starts: Map<Lane, number[]>
  keys: Map<string, Claim>
  /** How many positions there are in all lanes. */
  positions: number
}

/** Bytes read at once. */
const chunkSize = 1024 * 1024

export async function buildIndex(files: Files, lanes: Iterable<[Lane, LineFile]>): Promise<ConversationIndex> {
  const starts = new Map<Lane, number[]>()
  const keys = new Map<string, Claim>()
  const contested = new Map<string, Claim[]>()
  const superseded = new Set<string>()
  let positions = 0

  for (const [lane, file] of lanes) {
    const offsets: number[] = []
    starts.set(lane, offsets)
    if (!file.exists) continue
    for await (const { line, offset } of linesOf(files, file)) {
      const parsed = parseLine(line)
      if (!parsed || parsed.entry.position < offsets.length) {
        await files.quarantine(file.path, offset, Buffer.from(line))
        continue
      }
      const { position, id, keys: held } = parsed.entry
      while (offsets.length < position) offsets.push(-1)
      offsets.push(offset)
      positions++
      if (parsed.supersedes !== undefined) superseded.add(parsed.supersedes)
      for (const key of held) {
        const claim = { lane, position, id }
        const other = keys.get(key)
        if (!other) keys.set(key, claim)
        else contested.set(key, [...(contested.get(key) ?? [other]), claim])
      }
    }
  }
  for (const [key, claims] of contested) {
    const holder = claims.find(({ id }) => !superseded.has(id))
    if (holder) keys.set(key, holder)
  }
  return { starts, keys, positions }
}

/** Takes up an entry that was just written. */
export function addToIndex(index: ConversationIndex, lane: Lane, entry: LogEntry, offset: number): void {
  const { position, id, keys } = entry
  const offsets = index.starts.get(lane) ?? []
  while (offsets.length < position) offsets.push(-1)
  offsets.push(offset)
  index.positions++
  index.starts.set(lane, offsets)
  for (const key of keys) index.keys.set(key, { lane, position, id })
}

/** Forgets a lane; these are its entries. */
export function dropFromIndex(index: ConversationIndex, lane: Lane, entries: LogEntry[]): void {
  for (const key of entries.flatMap((entry) => entry.keys)) {
    if (index.keys.get(key)?.lane === lane) index.keys.delete(key)
  }
  index.positions -= index.starts.get(lane)?.length ?? 0
  index.starts.delete(lane)
}

async function* linesOf(files: Files, { path, size }: LineFile): AsyncGenerator<{ line: string; offset: number }> {
  let rest: Buffer = Buffer.alloc(0)
  for (let from = 0; from < size; from += chunkSize) {
    const chunk = Buffer.concat([rest, await files.readBytes(path, from, Math.min(size, from + chunkSize))])
    const base = from - rest.length
    let start = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      yield { line: chunk.toString('utf8', start, end), offset: base + start }
      start = end + 1
    }
    rest = chunk.subarray(start)
  }
}
