/** Files of conversations: taken, kept while a message names them, given to whoever knows their ids, erased. */
import { attachmentTypes } from '../../protocol.ts'
import type { Attachment } from '../../protocol.ts'
import { HttpError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { cryptoRandom, randomAlphanumeric } from '../random.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { ConversationLog } from '../storage/log.ts'
import { piecesOf } from './body.ts'
import { createClaims } from './claims.ts'
import type { Attachments } from './contract.ts'
import { dimensionsOf } from './dimensions.ts'
import { createFileErasure } from './erasure.ts'
import { createUploadJournal } from './journal.ts'
import { createFileLedger, isGone } from './ledger.ts'
import { displayName } from './names.ts'
import { attachmentOf, createPieces } from './pieces.ts'
import type { FileHead } from './pieces.ts'
import { createFileSweeper } from './sweeper.ts'
import { typeOf } from './types.ts'

/** How files are kept. */
export interface AttachmentSettings {
  /** Most bytes of a file. @default 10_485_760 */
  maxBytes?: number
  /** How long an upload may take, in milliseconds. @default 240_000 */
  patienceMs?: number
  /** How long a file is kept that no message names, in milliseconds. @default a day */
  keepMs?: number
  /** How often such files are looked for, in milliseconds. @default 600_000 */
  sweepMs?: number
}

/** What files need. */
export interface AttachmentsOptions extends AttachmentSettings {
  log: ConversationLog
  blobs: Blobs
  logger: Logger
  /** The wall clock, in milliseconds. Security: one that is a day ahead removes what is about to be sent. */
  now: () => number
}

/** What a file is by default allowed to hold, in bytes. */
export const defaultMaxBytes = 10_485_760

/** Makes the files of a server, and begins to remove what nobody sends. */
export function createAttachments(options: AttachmentsOptions): Attachments {
  const { log, blobs, now, maxBytes = defaultMaxBytes, patienceMs = 240_000 } = options
  const ledger = createFileLedger(log, now)
  const journal = createUploadJournal(log, now)
  const pieces = createPieces(blobs, maxBytes)
  const claims = createClaims(log, ledger, pieces, now)
  const erasure = createFileErasure({ ledger, journal, pieces, now })
  const sweeper = createFileSweeper({ ...options, ledger, journal, pieces, claims })

  return {
    maxBytes,
    claim: claims.claim,
    ...erasure,
    sweep: sweeper.sweep,

    async checkRoom(conversation) {
      await ledger.checkRoom(conversation)
    },

    async store(conversation, { name, body, announced, count }) {
      const incoming = piecesOf(body, { most: maxBytes, announced, patienceMs, count })
      try {
        const first = await incoming.next()
        const start = first.value ?? new Uint8Array()
        const type = typeOf(start)
        if (!type) throw unknownType()
        const facts = { name: displayName(name, type), type, ...dimensionsOf(type, start) }
        const head = { v: 1 as const, conversation, ...facts }
        const id = newId()
        await journal.note(id)
        return await keep(id, head, start, incoming)
      } finally {
        await incoming.return()
      }
    },

    async open(id) {
      const head = isOurs(id) ? await pieces.head(id) : null
      const state = head && (await ledger.find(head.conversation, id))
      if (!head || !state || state.value.type === 'gone') return null
      return { attachment: attachmentOf(id, head), pieces: pieces.read(id, head) }
    },

    async close() {
      await sweeper.close()
      await blobs.close()
    },
  }

  /** Writes a file, and then says that it is there: whoever dies in between leaves nothing that anybody can reach. */
  async function keep(
    id: string,
    facts: Omit<FileHead, 'size' | 'pieces'>,
    start: Uint8Array<ArrayBuffer>,
    rest: AsyncIterable<Uint8Array<ArrayBuffer>>,
  ): Promise<Attachment> {
    const { conversation } = facts
    try {
      // By its head whoever comes after a crash finds the conversation.
      await pieces.writeHead(id, { ...facts, size: 0, pieces: null })
      await ledger.begin(conversation, id)
      let [size, n] = [start.byteLength, 1]
      await pieces.write(id, 0, start)
      for await (const piece of rest) {
        size += piece.byteLength
        await pieces.write(id, n++, piece)
      }
      const head = { ...facts, size, pieces: n }
      await pieces.writeHead(id, head)
      if (!(await ledger.change(conversation, { type: 'stored', id }, null))) throw erased()
      return attachmentOf(id, head)
    } catch (error) {
      // What can't be cleared away now is found in the journal.
      await clearAway(conversation, id).catch(() => {})
      throw isGone(error) ? erased() : error
    }
  }

  async function clearAway(conversation: string, id: string): Promise<void> {
    await pieces.remove(id)
    await ledger.change(conversation, { type: 'gone', id }, await ledger.find(conversation, id))
  }
}

/** 165 random bits, in letters that no file system and no driver changes. */
const newId = (): string => randomAlphanumeric(32, cryptoRandom)
const isOurs = (id: string): boolean => /^[a-z0-9]{32}$/.test(id)

const unknownType = (): HttpError => {
  const endings = Object.values(attachmentTypes).map(([ending]) => ending)
  return new HttpError(
    415,
    'unsupported_media_type',
    `Only files of these types can be attached: ${endings.join(', ')}.`,
  )
}

const erased = (): HttpError => new HttpError(404, 'not_found', 'The conversation was erased.')
