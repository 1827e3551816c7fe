/** The operators' door: who may use `/api`, and the frame every route of it stands in. */
import type { H3, H3Event } from 'h3'
import type { Audit } from '../../access/audit.ts'
import { corsHeaders } from '../../access/cors.ts'
import { HttpError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { errorAnswer } from '../answers.ts'
import type { MethodOf, OperatorPath } from '../openapi/operations.ts'
import type { Caller, Door } from './door.ts'

/** What every route of the operator API needs. */
export interface OperatorApi {
  door: Door
  audit: Audit
  logger: Logger
}

/** Answers a request of somebody who was let in. */
export type OperatorHandler = (event: H3Event, operator: Caller) => Response | Promise<Response>

/** Answers anybody, which only log-in and the like do. */
export interface OpenHandler {
  open: (event: H3Event) => Response | Promise<Response>
}

/** The methods of one path. `HEAD` is answered by `GET`; the framework leaves its body out. */
export type OperatorHandlers<Path extends OperatorPath> = Record<MethodOf<Path>, OperatorHandler | OpenHandler>

/** The same handler, for owners only: others get 403 `role_required`. */
export const owners =
  (handler: OperatorHandler): OperatorHandler =>
  (event, operator) => {
    if (operator.role === 'owner') return handler(event, operator)
    throw new HttpError(403, 'role_required', 'Only owners may do this. Ask one of them.')
  }

/**
 * Adds one path of the operator API to the app: for operators only, with every error as an answer. Path and methods have to
 * be described: `openapi/operations.ts`.
 */
export function operatorRoute<Path extends OperatorPath>(
  app: H3,
  path: Path,
  api: OperatorApi,
  handlers: OperatorHandlers<Path>,
): void {
  const methods = Object.keys(handlers)
  app.all(path, async (event) => {
    const headers = corsHeaders(null)
    try {
      const method = event.req.method === 'HEAD' ? 'GET' : event.req.method
      // Only own names: a method may be called `constructor`.
      const handler = methods.includes(method) ? handlers[method as MethodOf<Path>] : undefined
      const response = await answer(handler, event)
      response.headers.set('vary', 'Origin')
      return response
    } catch (error) {
      if (error instanceof HttpError && error.status === 405) headers.push(['allow', methods.join(', ')])
      return errorAnswer(error, api.logger, headers)
    }
  })

  async function answer(handler: OperatorHandler | OpenHandler | undefined, event: H3Event): Promise<Response> {
    if (handler && 'open' in handler) return handler.open(event)
    const operator = await api.door.enter(event)
    if (!handler) throw new HttpError(405, 'method_not_allowed', `Use ${methods.join(' or ')}.`)
    return handler(event, operator)
  }
}
