/** Counts what a responder does. */
import { isOffer } from './responder.ts'
import type { Responder } from './responder.ts'

/** What is counted: it was asked, it has answered in full, it has failed. An answer that was stopped is neither of the last two. */
export type ResponderCount = 'calls' | 'answers' | 'failures'

/** The same responder, counted. */
export function withCounts(
  responder: Responder,
  count: (integrationId: string, what: ResponderCount) => void,
): Responder {
  return {
    kind: responder.kind,
    async *respond(request) {
      const { integrationId, signal } = request
      count(integrationId, 'calls')
      let hasSpoken = false
      try {
        for await (const piece of responder.respond(request)) {
          hasSpoken ||= piece !== '' && !isOffer(piece)
          yield piece
        }
        if (hasSpoken) count(integrationId, 'answers')
      } catch (error) {
        if (!signal.aborted) count(integrationId, 'failures')
        throw error
      }
    },
  }
}
