/** A file as it is stored: pieces, and a head that says what it is. */
import type { Attachment } from '../../protocol.ts'
import type { Blobs } from '../storage/blobs.ts'
import { LogError } from '../storage/log.ts'
import { pieceBytes } from './body.ts'

/** What a file is. */
export interface FileHead extends Omit<Attachment, 'id'> {
  v: 1
  /** Whose file it is: the conversation's key. */
  conversation: string
  /** How many pieces there are; null while they are on their way. */
  pieces: number | null
}

/** What everybody may know of a file. */
export function attachmentOf(id: string, { name, type, size, width, height }: FileHead): Attachment {
  return { id, name, type, size, ...(width !== undefined && height !== undefined && { width, height }) }
}

/** Files in pieces. All calls throw LogError. */
export interface Pieces {
  write(id: string, n: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  writeHead(id: string, head: FileHead): Promise<void>
  /** What a file is; null where there is no whole head. */
  head(id: string): Promise<FileHead | null>
  /** The bytes of a file, piece by piece. */
  read(id: string, head: FileHead): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>
  /** Removes all there is of a file, whatever state it is in. */
  remove(id: string): Promise<void>
}

const headOf = (id: string): string => `${id}.head`
const pieceOf = (id: string, n: number): string => `${id}.${n}`

/** @param most bytes of the longest file that was ever allowed, as far as is known */
export function createPieces(blobs: Blobs, most: number): Pieces {
  // A file whose head is missing may have any of these; so may one from before the limit was lowered.
  const mostPieces = Math.max(64, Math.ceil(most / pieceBytes))
  const pieces: Pieces = {
    write: (id, n, bytes) => blobs.write(pieceOf(id, n), bytes),
    writeHead: (id, head) => blobs.write(headOf(id), new TextEncoder().encode(JSON.stringify(head))),

    async head(id) {
      const bytes = await blobs.read(headOf(id))
      if (!bytes) return null
      try {
        const head = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Partial<FileHead> | null
        return head?.v === 1 && typeof head.conversation === 'string' ? (head as FileHead) : null
      } catch {
        // Torn: nobody was told of such a file.
        return null
      }
    },

    async *read(id, head) {
      let left = head.size
      for (let n = 0; n < (head.pieces ?? 0); n++) {
        const bytes = await blobs.read(pieceOf(id, n))
        left -= bytes?.byteLength ?? 0
        if (!bytes || left < 0) throw new LogError('storage_corrupt', 'A file is not what Lumika stored.')
        yield bytes
      }
      if (left > 0) throw new LogError('storage_corrupt', 'A file is shorter than it was.')
    },

    async remove(id) {
      const count = (await pieces.head(id))?.pieces ?? mostPieces
      // The head first: from then on nobody finds the rest.
      await blobs.remove([headOf(id), ...Array.from({ length: count }, (_, n) => pieceOf(id, n))])
    },
  }
  return pieces
}
