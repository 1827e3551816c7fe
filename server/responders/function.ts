/** The responder of library users: any function that gives text. */
import { ResponderError, handover, isHandover, isOffer, offer } from './responder.ts'
import type { Responder, ResponderPiece, ResponderRequest, ResponderSignal } from './responder.ts'

/**
 * What such a function may return: a whole answer, or its pieces as they come. `{ type: 'handover', reason? }`, by itself or
 * after some pieces, asks for a person; a piece `{ type: 'offer', quickReplies?, links? }` adds buttons.
 */
export type ResponderAnswer = string | ResponderSignal | AsyncIterable<ResponderPiece> | ReadableStream<ResponderPiece>

/**
 * Writes an answer. An AI SDK stream drops in: `({ text, signal }) => streamText({ model, prompt: text, abortSignal: signal }).textStream`.
 */
export type ResponderFunction = (request: ResponderRequest) => ResponderAnswer | Promise<ResponderAnswer>

/** A responder from a function. */
export function createFunctionResponder(fn: ResponderFunction): Responder {
  return {
    kind: 'function',
    async *respond(request) {
      const answer: unknown = await fn(request)
      if (typeof answer === 'string') {
        if (answer) yield answer
      } else if (isHandover(answer)) {
        yield handover(answer.reason)
      } else if (isAsyncIterable(answer)) {
        for await (const piece of answer) yield asPiece(piece)
      } else if (answer instanceof ReadableStream) {
        yield* readAll(answer)
      } else {
        throw new ResponderError(
          'responder_failed',
          'The function gave no text. Return a string or a stream of strings.',
          {
            isRetryable: false,
          },
        )
      }
    },
  }
}

/** Not every runtime's ReadableStream is an async iterable. */
async function* readAll(stream: ReadableStream<unknown>): AsyncGenerator<ResponderPiece> {
  const reader = stream.getReader()
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) yield asPiece(step.value)
  } finally {
    void reader.cancel().catch(() => {})
  }
}

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] === 'function'

function asPiece(piece: unknown): ResponderPiece {
  if (typeof piece === 'string') return piece
  if (isHandover(piece)) return handover(piece.reason)
  if (isOffer(piece)) return offer(piece)
  throw new ResponderError('responder_failed', 'The function gave a piece that is not text. Yield strings only.', {
    isRetryable: false,
  })
}
