/** A responder that counts, and says what a test tells it to. */
import type { Responder, ResponderPiece, ResponderRequest } from '../../server/responders/responder.ts'

/** A responder under a test's control. */
export interface SpyResponder extends Responder {
  /** Every request it got, oldest first. */
  readonly requests: ResponderRequest[]
}

/** Makes a responder that answers with `say`; by default with `You said: <text>` in three pieces. */
export function spyResponder(
  say: (request: ResponderRequest) => AsyncIterable<ResponderPiece> | Iterable<ResponderPiece> = ({ text }) => [
    'You ',
    'said: ',
    text,
  ],
): SpyResponder {
  const requests: ResponderRequest[] = []
  return {
    kind: 'spy',
    requests,
    async *respond(request) {
      requests.push(request)
      yield* say(request)
    },
  }
}

/** A valve: whoever waits goes on once it is opened. */
export function valve(): { opened: Promise<void>; open(): void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}
