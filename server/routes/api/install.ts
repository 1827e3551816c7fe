/** `/api/integrations/:id/snippets` and `…/origin-check`: what helps to put the chat on a site. */
import { getRouterParam } from 'h3'
import type { H3, H3Event } from 'h3'
import { z } from 'zod'
import { scriptTag } from '../../access/card.ts'
import type { Integration } from '../../access/integration.ts'
import { decideOrigin } from '../../access/origins.ts'
import type { Registry } from '../../access/registry.ts'
import type { PinnedFile } from '../../assets.ts'
import { HttpError } from '../../errors.ts'
import { json } from '../answers.ts'
import { readJson } from './body.ts'
import { operatorRoute, owners } from './operator.ts'
import type { OperatorApi } from './operator.ts'

/** What these routes need. */
export interface InstallRoutesOptions extends OperatorApi {
  registry: Pick<Registry, 'get'>
  /** The address visitors' browsers reach this server by. */
  publicUrl: string
  /** This version of `widget.js`, for tags that pin it. @default there is none */
  pinned?: PinnedFile | undefined
}

/** The body of `POST …/origin-check`: where a page would ask from, such as `https://shop.example`. */
export const originCheckSchema = z.strictObject({ origin: z.string().trim().max(300) })

/** Adds the routes to the app. */
export function installRoutes(app: H3, options: InstallRoutesOptions): void {
  const { registry, publicUrl, pinned } = options

  operatorRoute(app, '/api/integrations/:id/snippets', options, {
    GET: owners((event) => {
      const token = existing(event).tokens.findLast(({ value }) => value !== undefined)?.value
      return json({
        snippet: token === undefined ? null : scriptTag(publicUrl, token),
        pinnedSnippet: token === undefined || !pinned ? null : scriptTag(publicUrl, token, pinned),
      })
    }),
  })

  operatorRoute(app, '/api/integrations/:id/origin-check', options, {
    async POST(event) {
      const { allowedDomains, kind } = existing(event)
      const { origin } = await readJson(event.req, originCheckSchema)
      const headers = { origin: asOrigin(origin), secFetchSite: null, referer: null }
      const { allowed } = decideOrigin({ allowedDomains, kind, headers, publicOrigin: null })
      return json({ origin: headers.origin, allowed })
    },
  })

  function existing(event: H3Event): Integration {
    const integration = registry.get(getRouterParam(event, 'id') ?? '')
    if (!integration) throw new HttpError(404, 'not_found', 'There is no such integration.')
    return integration
  }
}

/** The origin that a browser would send from an address: people paste whole addresses, and hosts alone. */
function asOrigin(text: string): string {
  if (text === 'null') return text
  try {
    return new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`).origin
  } catch {
    throw new HttpError(400, 'invalid_request', 'origin: has to be an address such as https://shop.example.')
  }
}
