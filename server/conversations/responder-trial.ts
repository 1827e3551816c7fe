/** Asks a responder something outside of all conversations, so that whoever has set it up sees what it does. */
import type { Logger } from '../logger.ts'
import type { Responder, ResponderOffer, ResponderSignal } from '../responders/responder.ts'
import { newTurnId } from './keys.ts'
import { adviceOn } from './responder-advice.ts'

/** What comes of it. */
export type TrialEvent =
  | { type: 'delta'; text: string }
  /** The end: the answer is there. Times in milliseconds since the question; null: nothing was said. */
  | { type: 'done'; firstMs: number | null; totalMs: number }
  /** The end: it failed. */
  | { type: 'failure'; code: string; status: number | null; message: string; totalMs: number }

/** Asks once. Nothing is stored, and nothing is told once the signal is aborted. */
export type Trial = (question: {
  integrationId: string
  text: string
  signal: AbortSignal
}) => AsyncGenerator<TrialEvent, void, undefined>

/** The id that responders are given where there is no conversation. */
const conversationId = 'responder-test'

/** A responder that may be tried. */
export function createTrial(responder: Responder, logger: Logger): Trial {
  return async function* ({ integrationId, text, signal }) {
    const start = performance.now()
    const since = () => Math.round(performance.now() - start)
    let firstMs: number | null = null
    try {
      const question = { integrationId, conversationId, turnId: newTurnId(), text, history: [], signal }
      for await (const piece of responder.respond(question)) {
        if (piece === '') continue
        firstMs ??= since()
        yield {
          type: 'delta',
          text: typeof piece === 'string' ? piece : piece.type === 'offer' ? buttonsOf(piece) : wishOf(piece),
        }
      }
      yield { type: 'done', firstMs, totalMs: since() }
    } catch (error) {
      // Nobody is there to hear of it, or is to.
      if (signal.aborted) return
      logger.warn('responder test: failed', { kind: responder.kind, error })
      yield { type: 'failure', ...adviceOn(error, responder.kind), totalMs: since() }
    }
  }
}

/** How buttons are told to whoever tries. */
const buttonsOf = ({ quickReplies = [], links = [] }: ResponderOffer): string =>
  [...quickReplies.map((each) => (typeof each === 'string' ? each : each.label)), ...links.map(({ label }) => label)]
    .map((label) => `\n[${label}]`)
    .join('')

/** How a wish for a person is told to whoever tries. */
const wishOf = ({ reason }: ResponderSignal): string => `\n[It asks for a person${reason ? `: ${reason}` : ''}]`
