/** The gate of the /conversation endpoints: who calls, and from where, is settled before anything else happens. */
import type { H3Event } from 'h3'
import { corsHeaders, originWithoutIntegration, preflightHeaders, preflightOrigin } from '../access/cors.ts'
import { checkIdentity, isVerified } from '../access/identity.ts'
import type { Integration } from '../access/integration.ts'
import { decideOrigin, looksLikePageLoad, originNamed } from '../access/origins.ts'
import type { Registry } from '../access/registry.ts'
import type { Sightings } from '../access/sightings.ts'
import { invalidToken, isToken, readToken } from '../access/tokens.ts'
import { HttpError } from '../errors.ts'
import { addressKey } from '../limits/address.ts'
import type { Asker } from '../limits/limits.ts'
import type { Logger } from '../logger.ts'
import { empty, errorAnswer } from './answers.ts'
import type { HeaderList } from './answers.ts'
import { formParams, queryParams, single } from './params.ts'
import type { Params } from './params.ts'

/** What the gate needs. */
export interface GateOptions {
  registry: Registry
  /** Where requests come from is noted there. */
  sightings: Pick<Sightings, 'note'>
  logger: Logger
  /** The origin this server is reached by; null when it is not known. */
  publicOrigin: string | null
  now: () => number
}

/** A request that has passed. */
export interface Caller extends Asker {
  request: Request
  integration: Integration
  params: Params
  /** What every answer to this caller carries. */
  headers: HeaderList
  /** Whether the token still holds. */
  isAllowed: () => Promise<boolean>
  /** Passes when the caller may use the conversation. @throws HttpError `identity_required` */
  checkIdentity: (conversationId: string) => Promise<void>
  /** Whether the caller has proved to be the one whose id it is. */
  isVerified: (conversationId: string) => Promise<boolean>
}

/** Which requests a route takes. */
export interface RouteRules {
  methods: readonly ('GET' | 'POST')[]
  /** Whether a request may store something. */
  sends: boolean
  /** The body is no form: it is left alone, and all parameters stand in the query. @default false */
  hasOwnBody?: true
}

/** Makes a handler that lets `work` see admitted callers only, and answers everybody else. */
export function gated(options: GateOptions, rules: RouteRules, work: (caller: Caller) => Promise<Response>) {
  return async ({ req: request }: H3Event): Promise<Response> => {
    const origin = request.headers.get('origin')
    let headers: HeaderList = corsHeaders(originWithoutIntegration(origin))
    try {
      if (request.method === 'OPTIONS') return await preflight(options, request, origin)
      if (!rules.methods.includes(request.method as 'GET')) {
        headers = [...headers, ['allow', [...rules.methods, 'OPTIONS'].join(', ')]]
        throw new HttpError(405, 'method_not_allowed', `Use ${rules.methods.join(' or ')}.`)
      }
      if (looksLikePageLoad(loadHeaders(request), rules.sends)) {
        headers = corsHeaders(null)
        throw new HttpError(403, 'request_not_allowed', 'Call this endpoint with fetch or EventSource.')
      }
      const given =
        request.method === 'POST' && !rules.hasOwnBody ? await formParams(request) : queryParams(request.url)
      const token = readToken(given.getAll('integrationToken'), request.headers.get('authorization'))
      const resolved = await options.registry.resolve(token)
      if (!resolved) throw invalidToken()
      const { integration } = resolved
      const from = {
        origin,
        secFetchSite: request.headers.get('sec-fetch-site'),
        referer: request.headers.get('referer'),
      }
      const { publicOrigin, sightings } = options
      const decision = decideOrigin({ ...integration, headers: from, publicOrigin })
      const named = decision.allowOrigin ?? originNamed(from, publicOrigin)
      sightings.note(integration.id, named, decision.allowed)
      headers = corsHeaders(decision.allowOrigin)
      if (!decision.allowed) {
        const message = 'This site may not use the integration. Add its domain to the allowed domains.'
        throw new HttpError(403, 'domain_not_allowed', message)
      }
      const identity = (conversationId: string) => ({
        ...{ integration, conversationId, now: options.now() },
        userHash: oneOrAll(given.getAll('userHash')),
        userJwt: oneOrAll(given.getAll('userJwt')),
      })
      return await work({
        request,
        integration,
        // The server that took the connection knows the address, and whether a proxy is to be believed about it.
        address: addressKey((request as { ip?: string }).ip),
        params: single(given),
        headers,
        isAllowed: async () => (await options.registry.resolve(token)) !== null,
        checkIdentity: (conversationId) => checkIdentity(identity(conversationId)),
        isVerified: (conversationId) => isVerified(identity(conversationId)),
      })
    } catch (error) {
      return errorAnswer(error, options.logger, headers)
    }
  }
}

/** Answers what a browser asks before a request; the request itself is decided when it comes. */
async function preflight(options: GateOptions, request: Request, origin: string | null): Promise<Response> {
  const token = queryParams(request.url).get('integrationToken') ?? ''
  const resolved = isToken(token) ? await options.registry.resolve(token) : null
  const allowOrigin = preflightOrigin(origin, resolved?.integration ?? null)
  // Here it ends for a page that is refused: its browser sends nothing more.
  if (resolved && allowOrigin === null && origin !== null) {
    const named = originNamed({ origin, secFetchSite: null, referer: null }, null)
    options.sightings.note(resolved.integration.id, named, false)
  }
  return empty(204, preflightHeaders(allowOrigin))
}

const loadHeaders = ({ headers }: Request) => ({
  secPurpose: headers.get('sec-purpose'),
  purpose: headers.get('purpose'),
  secFetchMode: headers.get('sec-fetch-mode'),
  secFetchDest: headers.get('sec-fetch-dest'),
  accept: headers.get('accept'),
})

const oneOrAll = (values: string[]): string | string[] | undefined => (values.length > 1 ? values : values[0])
