/** Erases files: first what is stored of them, then what is written down about them. */
import type { ConversationFiles, ListedFile } from './contract.ts'
import { daysUpTo } from './journal.ts'
import type { UploadJournal } from './journal.ts'
import { isGone } from './ledger.ts'
import type { FileState, Ledger } from './ledger.ts'
import { attachmentOf } from './pieces.ts'
import type { Pieces } from './pieces.ts'

/** What erasing takes. */
export interface FileErasureOptions {
  ledger: Ledger
  journal: UploadJournal
  pieces: Pieces
  now: () => number
}

/** As many days of uploads may not have been swept, if no server has run meanwhile. */
export const journalDays = 40

/** How often uploads that go on meanwhile are followed before they are left to their own end. */
const rounds = 10

/** Makes the erasure of files. */
export function createFileErasure(options: FileErasureOptions): Omit<ConversationFiles, 'claim'> {
  const { ledger, journal, pieces, now } = options

  const removeAll = async (states: Iterable<FileState>) => {
    for (const { value } of states) if (value.type !== 'gone') await pieces.remove(value.id)
  }

  async function erase(conversation: string): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const { files, newestId } = await ledger.read(conversation)
      if (newestId === null) return
      await removeAll(files.values())
      // With its ledger goes what an upload needs to say that it is there.
      if (await ledger.forget(conversation, newestId)) return
    }
    await ledger.drop(conversation)
  }

  return {
    erase,

    async newest(conversation) {
      return (await ledger.read(conversation)).newestId
    },

    async eraseUpTo(conversation, newestId) {
      const { files, newestId: newest, positions } = await ledger.read(conversation)
      const last = positions.get(newestId)
      // Erased before, and begun anew.
      if (last === undefined) return
      if (newest === newestId) {
        await removeAll(files.values())
        if (await ledger.forget(conversation, newestId)) return
      }
      for (const state of files.values()) {
        const { id, type } = state.value
        if (state.position > last || type === 'gone') continue
        await pieces.remove(id)
        const isLetGo = ledger.change(conversation, { type: 'gone', id }, type === 'begun' ? null : state)
        await isLetGo.catch((error: unknown) => {
          if (!isGone(error)) throw error
        })
      }
    },

    async eraseScope(integrationId) {
      for (const day of daysUpTo(now(), journalDays)) {
        let cursor: string | null = null
        for (let isMore = true; isMore;) {
          const uploads = await journal.after(day, cursor)
          for (const { id: entryId, value } of uploads) {
            const head = await pieces.head(value.id)
            if (head?.conversation.startsWith(`${integrationId}.`)) await erase(head.conversation)
            cursor = entryId
          }
          isMore = uploads.length > 0
        }
      }
    },

    async list(conversation) {
      const { files } = await ledger.read(conversation)
      const listed: ListedFile[] = []
      for (const { value } of files.values()) {
        if (value.type !== 'stored' && value.type !== 'sent') continue
        const head = await pieces.head(value.id)
        if (head) listed.push({ ...attachmentOf(value.id, head), isSent: value.type === 'sent' })
      }
      return listed
    },
  }
}
