/** Replies that operators have ready: kept for all of them, in memory, stored as a ledger. */
import { HttpError } from '../errors.ts'
import { cryptoRandom, randomAlphanumeric } from '../random.ts'
import type { ConversationLog } from '../storage/log.ts'
import { createLedger } from './ledger.ts'

/** A reply as it is stored. */
export interface CannedReply {
  /** `can_` and random characters. */
  id: string
  title: string
  /** May hold variables such as `{{customer}}`, which whoever sends it fills in. */
  body: string
  /** What to type to get it; null: nothing. */
  shortcut: string | null
  /** RFC 3339. */
  createdAt: string
  updatedAt: string
}

/** What operators write. */
export type CannedReplyInput = Pick<CannedReply, 'title' | 'body'> & { shortcut?: string | null | undefined }

/** What operators change; left out means unchanged. */
export type CannedReplyPatch = { [Name in keyof CannedReplyInput]?: CannedReplyInput[Name] | undefined }

/** The replies of a server. */
export interface CannedReplies {
  /** By title. */
  list(): CannedReply[]
  /** @throws HttpError 409 `conflict` for a shortcut that is taken, or too many replies */
  create(input: CannedReplyInput): Promise<CannedReply>
  /** @throws HttpError 404 `not_found`, 409 `conflict` */
  update(id: string, patch: CannedReplyPatch): Promise<CannedReply>
  /** @throws HttpError 404 `not_found` */
  remove(id: string): Promise<void>
  /** Stops following the log. The log itself stays open. */
  close(): void
}

/** How many there may be: all of them are in memory, and in one answer. */
const most = 500

type Entry = { type: 'reply'; reply: CannedReply } | { type: 'removed'; id: string }

/** Opens the replies that a log holds. */
export async function createCannedReplies(log: ConversationLog, now: () => number): Promise<CannedReplies> {
  const replies = new Map<string, CannedReply>()
  const removed = new Set<string>()
  const ledger = await createLedger<Entry>({
    log,
    conversation: '~canned-replies',
    apply(entry) {
      if (entry.type === 'reply') replies.set(entry.reply.id, entry.reply)
      else if (replies.delete(entry.id)) removed.add(entry.id)
    },
    reset() {
      replies.clear()
      removed.clear()
    },
  })

  const existing = (id: string): CannedReply => {
    const reply = replies.get(id)
    if (!reply) throw new HttpError(404, 'not_found', 'There is no such canned reply.')
    return reply
  }

  const checkShortcut = ({ id, shortcut }: CannedReply): void => {
    const isTaken = [...replies.values()].some((other) => other.id !== id && other.shortcut === shortcut)
    if (shortcut !== null && isTaken) {
      throw new HttpError(409, 'conflict', 'Another canned reply has this shortcut. Choose another one.')
    }
  }

  const store = async (make: () => CannedReply): Promise<CannedReply> => {
    let reply = make()
    await ledger.commit(() => {
      reply = make()
      checkShortcut(reply)
      return { type: 'reply', reply }
    })
    return reply
  }

  return {
    list: () => [...replies.values()].sort((a, b) => a.title.localeCompare(b.title, 'en')),

    create({ title, body, shortcut = null }) {
      const id = `can_${randomAlphanumeric(16, cryptoRandom)}`
      const createdAt = new Date(now()).toISOString()
      return store(() => {
        if (replies.size >= most) throw new HttpError(409, 'conflict', `There may be ${most} canned replies at most.`)
        return { id, title, body, shortcut, createdAt, updatedAt: createdAt }
      })
    },

    update: (id, { title, body, shortcut }) =>
      store(() => ({
        ...existing(id),
        ...(title !== undefined && { title }),
        ...(body !== undefined && { body }),
        ...(shortcut !== undefined && { shortcut }),
        updatedAt: new Date(now()).toISOString(),
      })),

    async remove(id) {
      if (!removed.has(id)) existing(id)
      // It may be gone by now: an earlier try may have been stored without anybody hearing so.
      await ledger.commit(() => (replies.has(id) ? { type: 'removed', id } : null))
    },

    close: ledger.close,
  }
}
