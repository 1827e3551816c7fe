/**
 * The files of each conversation, as they stand: a conversation of the system's beside it, that holds ids and nothing else. A
 * file is there when this says so, whatever bytes are stored: one step of the log makes it reachable, sends it, or lets it go.
 */
import { attachmentLimits } from '../../protocol.ts'
import { HttpError } from '../errors.ts'
import { isLogError } from '../storage/log.ts'
import type { ConversationLog, LogEntry } from '../storage/log.ts'

/** How a file stands: on its way; there; sent with a message that is stored under one of these keys; on its way out. */
export type FileEntry =
  | { type: 'stored' | 'gone'; id: string }
  /** `at` is a time in milliseconds, by the clock that is asked later, too: that of a process, not the storage's. */
  | { type: 'begun'; id: string; at: number }
  | { type: 'sent'; id: string; messages: string[]; at: number }

/** A file and the newest that was written down of it. */
export type FileState = LogEntry<FileEntry>

/** All files of a conversation. */
export interface LedgerView {
  files: Map<string, FileState>
  /** How many entries there are, where they stand, and the newest. */
  length: number
  positions: Map<string, number>
  newestId: string | null
}

/** The ledgers of a log. All calls throw LogError. */
export interface Ledger {
  read(conversation: string): Promise<LedgerView>
  find(conversation: string, id: string): Promise<FileState | null>
  /** Passes while there is room for one more file. @throws HttpError 409 `conflict` */
  checkRoom(conversation: string): Promise<LedgerView>
  /** Says that a file is on its way. @throws HttpError 409 `conflict` */
  begin(conversation: string, id: string): Promise<void>
  /** Changes how a file stands, if it still stands as it was read. Whether it did. @throws LogError `gone` after an erasure */
  change(conversation: string, entry: FileEntry, before: FileState | null): Promise<boolean>
  /** Forgets all, if there is nothing newer than what was read. Whether it is gone. */
  forget(conversation: string, newestId: string): Promise<boolean>
  /** Forgets all, whatever is under way. */
  drop(conversation: string): Promise<void>
}

/** How long an upload may be on its way, in milliseconds; whatever is older was cut off by the death of its server. */
export const longestUploadMs = 3_600_000

/** So many entries are never read for one upload: a conversation that has more has had hundreds of files. */
const mostEntries = 2_000
const pageSize = 200

const fileKey = (id: string): string => `file:${id}`
const begunKey = (id: string): string => `begun:${id}`

/** The ledger's own conversation. */
const nameOf = (conversation: string): string => `~files.${conversation}`

/** Opens the ledgers of a log. @param now the wall clock, in milliseconds */
export function createFileLedger(log: ConversationLog, now: () => number): Ledger {
  const ledger: Ledger = {
    async read(conversation) {
      const view: LedgerView = { files: new Map(), length: 0, positions: new Map(), newestId: null }
      for (let hasMore = true; hasMore;) {
        const page = await log.after<FileEntry>(nameOf(conversation), 'private', view.newestId, pageSize)
        for (const entry of page.entries) {
          view.files.set(entry.value.id, entry)
          view.positions.set(entry.id, entry.position)
          view.length = entry.position + 1
          view.newestId = entry.id
        }
        hasMore = page.hasMore
      }
      return view
    },

    async find(conversation, id) {
      const found = await log.find<FileEntry>(nameOf(conversation), fileKey(id))
      return found?.entry ?? null
    },

    async checkRoom(conversation) {
      const view = await ledger.read(conversation)
      const taken = [...view.files.values()].filter(
        ({ value }) => value.type !== 'gone' && (value.type !== 'begun' || now() - value.at < longestUploadMs),
      )
      if (taken.length >= attachmentLimits.perConversation || view.length >= mostEntries) throw full()
      return view
    },

    async begin(conversation, id) {
      for (;;) {
        const { length } = await ledger.checkRoom(conversation)
        const appended = await log.append<FileEntry>(
          nameOf(conversation),
          'private',
          { type: 'begun', id, at: now() },
          { keys: [begunKey(id)], at: length },
        )
        // Two uploads that see one free place do not both take it.
        if (appended.outcome !== 'conflict') return
      }
    },

    async change(conversation, entry, before) {
      const appended = await log.append<FileEntry>(nameOf(conversation), 'private', entry, {
        keys: [fileKey(entry.id)],
        // An erasure takes this key with it: nothing that was under way brings the conversation's files back.
        requires: begunKey(entry.id),
        ...(before && { supersedes: before.id }),
      })
      return appended.outcome === 'stored'
    },

    forget: (conversation, newestId) => log.removeIf(nameOf(conversation), { public: null, private: newestId }),
    drop: (conversation) => log.remove(nameOf(conversation)),
  }
  return ledger
}

/** Whether something was erased while it was being changed. */
export const isGone = (error: unknown): boolean => isLogError(error, 'gone')

const full = (): HttpError =>
  new HttpError(409, 'conflict', `A conversation may hold ${attachmentLimits.perConversation} files. It has as many.`)
