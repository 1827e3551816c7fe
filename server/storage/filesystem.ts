/**
 * The log in files, one process at a time: a line of JSON an entry, added at the end and made durable before anybody
 * is told. `<base>/conversations/<scope>/<name>.jsonl` (public) and `.private.jsonl`, `<base>/turns/…` for the lanes of
 * turns, `<base>/system/…`, `<base>/inbox.jsonl`, `<base>/lock`, and `<base>/quarantine/` for what was damaged.
 */
import * as nodeFs from 'node:fs/promises'
import { constants } from 'node:fs'
import { resolve } from 'node:path'
import { fromLine, isKeptLane, toLine } from './entry.ts'
import { lockFolder } from './file-lock.ts'
import { pathsOf, turnLaneOf } from './file-names.ts'
import { createFiles, guarded, unlessMissing } from './files.ts'
import type { FileSystem, Files, LineFile } from './files.ts'
import { createInboxFile } from './filesystem-inbox.ts'
import { piecesOf } from './filesystem-quarantine.ts'
import { sweepTurns } from './filesystem-sweep.ts'
import { addToIndex, buildIndex, dropFromIndex } from './filesystem-index.ts'
import type { ConversationIndex } from './filesystem-index.ts'
import { openLocalLog } from './local.ts'
import type { LogOptions, StoredConversation } from './local.ts'
import type { LaneTail } from './lane-tail.ts'
import type { ConversationLog, Lane, LogEntry } from './log.ts'

/** Options of the log in files. */
export interface FilesystemLogOptions extends LogOptions {
  /** The folder; made when it is not there. */
  base: string
  /** @default node:fs/promises */
  fs?: FileSystem
}

/** Bytes read from the end of a file to find its newest entries. */
const tailSize = 64 * 1024

/** @throws LogError `storage_locked` while another process holds the folder */
export async function openFilesystemLog(options: FilesystemLogOptions): Promise<ConversationLog> {
  const { fs = nodeFs, onAlert = () => {} } = options
  const base = resolve(options.base)
  const files = createFiles({ base, fs, onAlert })
  await files.makeFolder(base)
  const lock = await lockFolder(base, fs)
  try {
    const log = await openLocalLog(
      {
        conversation: (conversation) => createStoredConversation(base, conversation, files, fs, lock.assertHeld),
        inbox: createInboxFile(base, files),
        check: () =>
          guarded(async () => {
            lock.assertHeld()
            await fs.access(base, constants.R_OK | constants.W_OK | constants.X_OK)
          }),
        close: () => lock.release(),
      },
      options,
    )
    const { conversations } = await log.recent({ unfinished: true })
    const open = conversations.map(({ conversation }) => conversation)
    // Left-overs cost space and nothing else: no reason not to start.
    await sweepTurns(base, open, fs, Date.now()).catch(() => {
      onAlert('The pieces of old answers could not be cleared away.')
    })
    return log
  } catch (error) {
    await lock.release()
    throw error
  }
}

function createStoredConversation(
  base: string,
  conversation: string,
  files: Files,
  fs: FileSystem,
  assertHeld: () => void,
): StoredConversation {
  const paths = pathsOf(base, conversation)
  const lanes = new Map<Lane, LineFile>()
  let index: ConversationIndex | undefined

  return {
    async tail(lane) {
      return readTail(files, await open(lane))
    },

    async read(lane, from, to) {
      const { starts } = await ensureIndex()
      return readRange(files, await open(lane), starts.get(lane) ?? [], from, to)
    },

    async holder(key) {
      const { starts, keys } = await ensureIndex()
      const claim = keys.get(key)
      if (!claim) return null
      const { lane, position, id } = claim
      const [entry] = await readRange(files, await open(lane), starts.get(lane) ?? [], position, position + 1)
      return entry?.id === id ? { lane, entry } : null
    },

    async append(lane, entry, json, supersedes) {
      assertHeld()
      const file = await open(lane)
      const offset = file.size
      await files.append(file, `${toLine(entry, json, supersedes)}\n`, isKeptLane(lane))
      if (index) addToIndex(index, lane, entry, offset)
    },

    async remove(lane) {
      assertHeld()
      if (lane === undefined) {
        const pieces = await guarded(() => piecesOf(base, conversation, fs))
        // The messages go last: should this break off, what is left is still the conversation, and never another one's notes.
        await files.remove([...pieces, paths.laneFile('private'), paths.turns, paths.laneFile('public')], true)
        return
      }
      const starts = index?.starts.get(lane) ?? []
      const entries = await readRange(files, await open(lane), starts, 0, starts.length)
      if (index) dropFromIndex(index, lane, entries)
      lanes.delete(lane)
      await files.remove([paths.laneFile(lane)], isKeptLane(lane))
      if (!isKeptLane(lane)) await files.removeIfEmpty(paths.turns)
    },

    weight: () => (index ? 8 * index.positions + 200 * index.keys.size : 0),
  }

  async function open(lane: Lane): Promise<LineFile> {
    const known = lanes.get(lane)
    if (known) return known
    const file = await files.openLines(paths.laneFile(lane))
    lanes.set(lane, file)
    return file
  }

  async function ensureIndex(): Promise<ConversationIndex> {
    if (index) return index
    const turns = (await guarded(() => unlessMissing(fs.readdir(paths.turns)))) ?? []
    const all: Lane[] = ['public', 'private', ...turns.map(turnLaneOf).filter((lane) => lane !== null)]
    for (const lane of all) await open(lane)
    return (index = await buildIndex(files, lanes))
  }
}

/** The newest entries without a gap, read from the end of a file. */
async function readTail(files: Files, { path, size }: LineFile): Promise<LaneTail> {
  for (let span = tailSize; size > 0; span *= 4) {
    const from = Math.max(0, size - span)
    const bytes = await files.readBytes(path, from, size)
    const entries: LogEntry[] = []
    const first = from === 0 ? 0 : bytes.indexOf(0x0a) + 1
    for (const line of bytes.toString('utf8', first, bytes.length - 1).split('\n')) {
      const entry = fromLine(line)
      if (!entry || entry.position < (entries.at(-1)?.position ?? -1) + 1) continue
      if (entries.length > 0 && entry.position !== (entries.at(-1) as LogEntry).position + 1) entries.length = 0
      entries.push(entry)
    }
    const last = entries.at(-1)
    // Enough for a first page, unless its messages are very long.
    const isEnough = entries.length >= 64 || span >= 16 * tailSize || from === 0
    if (last && isEnough) return { length: last.position + 1, entries }
    if (from === 0) break
  }
  return { length: 0, entries: [] }
}

async function readRange(
  files: Files,
  { path, size }: LineFile,
  starts: number[],
  from: number,
  to: number,
): Promise<LogEntry[]> {
  const first = starts.slice(from, to).find((start) => start >= 0)
  if (first === undefined) return []
  let end = size
  for (let position = to; position < starts.length && end === size; position++) {
    const start = starts[position] as number
    if (start >= 0) end = start
  }
  const lines = (await files.readBytes(path, first, end)).toString('utf8').split('\n')
  const entries = lines.map(fromLine).filter((entry) => entry !== null)
  return entries.filter(
    ({ position }, i) => position >= from && position < to && position > (entries[i - 1]?.position ?? -1),
  )
}
