/** `/api/integrations/:id/responder-test`: asks the responder something, outside of all conversations. Nothing is stored. */
import type { H3 } from 'h3'
import { z } from 'zod'
import { codePoints, limits as wire } from '../../../protocol.ts'
import type { Registry } from '../../access/registry.ts'
import type { Trial, TrialEvent } from '../../conversations/responder-trial.ts'
import { HttpError } from '../../errors.ts'
import type { Limits } from '../../limits/limits.ts'
import { streamAnswer } from '../sse.ts'
import { readJson } from './body.ts'
import { watchStay } from './door.ts'
import { existing } from './insight.ts'
import { operatorRoute } from './operator.ts'
import type { OperatorApi } from './operator.ts'

/** What this route needs. */
export interface ResponderTestOptions extends OperatorApi {
  registry: Pick<Registry, 'get'>
  limits: Pick<Limits, 'responderTest'>
  /** Asks a configured responder; null where there is none of this name. */
  trial: (name: string) => Trial | null
  /** Aborted when the server ends. */
  closing: AbortSignal
}

/** The body of `POST …/responder-test`. */
export const responderTestSchema = z.strictObject({
  text: z
    .string()
    .trim()
    .min(1)
    .max(2 * wire.textCodePoints)
    .refine((text) => codePoints(text) <= wire.textCodePoints, `may hold ${wire.textCodePoints} characters at most`),
})

/** Adds the route to the app. */
export function responderTestRoutes(app: H3, options: ResponderTestOptions): void {
  const { registry, limits, logger, closing } = options

  operatorRoute(app, '/api/integrations/:id/responder-test', options, {
    async POST(event) {
      const { id, responder: name } = existing(registry, event)
      const { text } = await readJson(event.req, responderTestSchema)
      if (name === null) {
        throw new HttpError(409, 'conflict', 'Nobody but people answers here. Choose a responder first.')
      }
      const trial = options.trial(name)
      if (!trial) {
        throw new HttpError(409, 'conflict', 'This server has no such responder any more. Choose another one.')
      }
      await limits.responderTest(id)
      const { signal: out, stop } = watchStay(options.door, event)
      const frames = (gone: AbortSignal) =>
        framed(trial({ integrationId: id, text, signal: AbortSignal.any([gone, out, closing]) }))
      return streamAnswer(frames, { headers: [], logger, onEnd: stop })
    },
  })
}

async function* framed(events: AsyncGenerator<TrialEvent, void, undefined>) {
  for await (const event of events) yield { event }
}
