/** The operators' door: who may use `/api`, and the frame every route of it stands in. */
import type { H3, H3Event } from 'h3'
import { corsHeaders } from '../../access/cors.ts'
import type { Registry } from '../../access/registry.ts'
import { HttpError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { errorAnswer } from '../answers.ts'

/** What every route of the operator API needs. */
export interface OperatorApi {
  registry: Pick<Registry, 'checkOperatorKey'>
  logger: Logger
}

/** The methods of one path. `HEAD` is answered by `GET`; the framework leaves its body out. */
export type OperatorHandlers = Partial<
  Record<'GET' | 'POST' | 'PATCH' | 'DELETE', (event: H3Event) => Response | Promise<Response>>
>

/**
 * Passes when the request carries the operator key. Tokens of integrations are strangers here like any other text.
 * @throws HttpError 401 `operator_required`
 */
export async function requireOperator(request: Request, registry: OperatorApi['registry']): Promise<void> {
  const key = /^bearer +(\S+)$/i.exec(request.headers.get('authorization')?.trim() ?? '')?.[1]
  if (key !== undefined && (await registry.checkOperatorKey(key))) return
  throw new HttpError(401, 'operator_required', 'Send the operator key of this server as Authorization: Bearer <key>.')
}

/** Adds one path of the operator API to the app: for operators only, with every error as an answer. */
export function operatorRoute(app: H3, path: string, api: OperatorApi, handlers: OperatorHandlers): void {
  const methods = Object.keys(handlers)
  app.all(path, async (event) => {
    const headers = corsHeaders(null)
    try {
      await requireOperator(event.req, api.registry)
      const method = event.req.method === 'HEAD' ? 'GET' : event.req.method
      // Only own names: a method may be called `constructor`.
      const handler = methods.includes(method) ? handlers[method as keyof OperatorHandlers] : undefined
      if (!handler) {
        headers.push(['allow', methods.join(', ')])
        throw new HttpError(405, 'method_not_allowed', `Use ${methods.join(' or ')}.`)
      }
      const response = await handler(event)
      response.headers.set('vary', 'Origin')
      return response
    } catch (error) {
      return errorAnswer(error, api.logger, headers)
    }
  })
}
