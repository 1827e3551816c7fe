/** The body of an upload, in pieces, held to its limits while it comes. */
import { HttpError } from '../errors.ts'

/** Bytes of a piece as it is stored; the last one is smaller. */
export const pieceBytes = 524_288

/** What an upload is held to. */
export interface BodyLimits {
  /** Most bytes. */
  most: number
  /** Bytes that were announced; null: none were. */
  announced: number | null
  /** Milliseconds until all has to be there. */
  patienceMs: number
  /** Told of bytes as they come; what it throws ends the upload. */
  count: (bytes: number) => Promise<void>
}

/**
 * The pieces of a body. It ends well only where all that was announced has come.
 * @throws HttpError 413 `body_too_large`, 400 `invalid_attachment`
 */
export async function* piecesOf(
  body: ReadableStream<Uint8Array> | null,
  { most, announced, patienceMs, count }: BodyLimits,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  if (announced !== null && announced > most) throw tooLarge(most)
  const reader = body?.getReader()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(incomplete()), patienceMs)
  })
  late.catch(() => {})
  let piece = new Uint8Array(pieceBytes)
  let filled = 0
  let size = 0
  try {
    for (;;) {
      const { value: chunk } = await Promise.race([
        // A connection that is cut shows here.
        reader?.read().catch(() => Promise.reject(incomplete())) ?? { value: undefined },
        late,
      ])
      if (!chunk) break
      size += chunk.byteLength
      if (size > most) throw tooLarge(most)
      await count(chunk.byteLength)
      for (let from = 0; from < chunk.byteLength;) {
        const taken = Math.min(chunk.byteLength - from, pieceBytes - filled)
        piece.set(chunk.subarray(from, from + taken), filled)
        from += taken
        filled += taken
        if (filled < pieceBytes) continue
        yield piece
        piece = new Uint8Array(pieceBytes)
        filled = 0
      }
    }
    if (size === 0) throw new HttpError(400, 'invalid_attachment', 'The file is empty.')
    if (announced !== null && size !== announced) throw incomplete()
    if (filled > 0) yield piece.slice(0, filled)
  } finally {
    clearTimeout(timer)
    // Whoever takes no more lets the sender know.
    void reader?.cancel().catch(() => {})
  }
}

const tooLarge = (most: number): HttpError =>
  new HttpError(413, 'body_too_large', `A file may hold ${most} bytes at most.`)

const incomplete = (): HttpError =>
  new HttpError(400, 'invalid_attachment', 'The file did not arrive as a whole. Send it again.')
