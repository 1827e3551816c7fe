/** What no responder may do, however it is made: keep a turn waiting for ever, or never stop talking. */
import { ResponderError, handover, isHandover, isOffer, offer } from './responder.ts'
import type { Responder, ResponderPiece } from './responder.ts'

/** Options of `withTimeouts`. */
export interface TimeoutOptions {
  /** Longest silence before the first piece, in milliseconds. @default 30_000 */
  firstPieceMs?: number
  /** Longest silence between two pieces, in milliseconds. @default 20_000 */
  nextPieceMs?: number
  /** Longest time for a whole answer, in milliseconds. @default 600_000 */
  totalMs?: number
  /** Longest answer, in UTF-16 code units; what comes after is cut off. @default 100_000 */
  maxChars?: number
}

/**
 * The same responder, within limits. It ends in time even if the responder takes no notice of its signal.
 * An empty piece is a sign of life: it is not passed on, and silence is counted from it.
 */
export function withTimeouts(responder: Responder, options: TimeoutOptions = {}): Responder {
  const { firstPieceMs = 30_000, nextPieceMs = 20_000, totalMs = 600_000, maxChars = 100_000 } = options
  return {
    kind: responder.kind,
    async *respond(request) {
      const controller = new AbortController()
      let giveUp: (reason: unknown) => void = () => {}
      const givenUp = new Promise<never>((_, reject) => {
        giveUp = (reason) => {
          // Before the abort, or the responder's own complaint about it could win the race.
          reject(reason as Error)
          controller.abort(reason)
        }
      })
      givenUp.catch(() => {})
      const after = (ms: number, what: string) =>
        setTimeout(() => giveUp(new ResponderError('responder_timeout', `${what} within ${ms} ms.`)), ms)
      const leave = (): void => giveUp(request.signal.reason)
      request.signal.addEventListener('abort', leave)
      if (request.signal.aborted) leave()

      const total = after(totalMs, 'The answer did not end')
      let iterator: AsyncIterator<ResponderPiece> | undefined
      let chars = 0
      try {
        if (controller.signal.aborted) await givenUp
        iterator = responder.respond({ ...request, signal: controller.signal })[Symbol.asyncIterator]()
        for (;;) {
          const silence =
            chars > 0 ? after(nextPieceMs, 'No further piece came') : after(firstPieceMs, 'No answer came')
          const step = await Promise.race([iterator.next(), givenUp]).finally(() => clearTimeout(silence))
          if (step.done) return
          if (isHandover(step.value)) return yield handover(step.value.reason)
          if (isOffer(step.value)) {
            yield offer(step.value)
            continue
          }
          const piece = step.value.slice(0, maxChars - chars)
          chars += piece.length
          if (piece.length < step.value.length) {
            const whole = piece.replace(/[\ud800-\udbff]$/, '')
            if (whole) yield whole
            throw new ResponderError('responder_interrupted', `The answer was cut off at ${maxChars} characters.`, {
              isRetryable: false,
            })
          }
          if (piece) yield piece
        }
      } finally {
        clearTimeout(total)
        request.signal.removeEventListener('abort', leave)
        controller.abort()
        // Not waited for: a responder that hangs would hang here, too.
        iterator?.return?.().catch(() => {})
      }
    },
  }
}
