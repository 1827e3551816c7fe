/** `/api/integrations` and `/api/responders`: the accounts, for operators. */
import { getRouterParam } from 'h3'
import type { H3, H3Event } from 'h3'
import { scriptTag, toCard, withoutTokens } from '../../access/card.ts'
import type { Integration } from '../../access/integration.ts'
import type { OperatorRole } from '../../access/operators.ts'
import type { CreatedToken, Registry } from '../../access/registry.ts'
import type { PinnedFile } from '../../assets.ts'
import { HttpError } from '../../errors.ts'
import { empty, json } from '../answers.ts'
import { readJson } from './body.ts'
import { operatorRoute, owners } from './operator.ts'
import type { OperatorApi } from './operator.ts'
import { createIntegrationSchema, rotateSecretSchema, updateIntegrationSchema } from './schemas.ts'

/** What these routes need. */
export interface IntegrationRoutesOptions extends OperatorApi {
  registry: Registry
  /** The configured responders. */
  responders: readonly { name: string; kind: string }[]
  /** The responder of integrations that name none; null: people only. */
  defaultResponder: string | null
  /** The address visitors' browsers reach this server by; it stands in the script tag. */
  publicUrl: () => string
  /** The wall clock, in milliseconds. */
  now: () => number
  /** This version of `widget.js`, for tags that pin it. @default there is none */
  pinned?: PinnedFile
  /** Erases every conversation of an integration. It may be called again for the same one. */
  removeConversations: (integrationId: string) => Promise<void>
}

/** Adds the routes to the app. */
export function integrationRoutes(app: H3, options: IntegrationRoutesOptions): void {
  const { registry, responders, defaultResponder, now } = options
  const cardOf = (integration: Integration) => toCard(integration, now())
  const cardFor = (role: OperatorRole, integration: Integration) =>
    role === 'owner' ? cardOf(integration) : withoutTokens(cardOf(integration))

  /** What an answer says about a token that was just made. */
  const created = ({ integration, tokenId, token }: CreatedToken) => ({
    integration: cardOf(integration),
    token,
    tokenId,
    ...(integration.kind === 'widget' && {
      snippet: scriptTag(options.publicUrl(), token),
      ...(options.pinned && { pinnedSnippet: scriptTag(options.publicUrl(), token, options.pinned) }),
    }),
  })

  operatorRoute(app, '/api/integrations', options, {
    GET: (_event, { role }) => json({ integrations: registry.list().map((each) => cardFor(role, each)) }),
    POST: owners(async ({ req }, operator) => {
      const made = await registry.create(await readJson(req, createIntegrationSchema), operator)
      const answer = created(made)
      const identitySecret = made.integration.identitySecrets[0]?.secret
      const integration = { ...answer.integration, ...(identitySecret !== undefined && { identitySecret }) }
      return json({ ...answer, integration }, 201)
    }),
  })

  operatorRoute(app, '/api/integrations/:id', options, {
    GET: (event, { role }) => json({ integration: cardFor(role, existing(event)) }),
    PATCH: owners(async (event, operator) => {
      const { id } = existing(event)
      const integration = await registry.update(id, await readJson(event.req, updateIntegrationSchema), operator)
      return json({ integration: cardOf(integration) })
    }),
    DELETE: owners(async (event, operator) => {
      // The integration goes first, so that nothing new arrives while its conversations are erased. Should that break
      // off, the same request carries on where it stopped.
      const id = getRouterParam(event, 'id') ?? ''
      if (!registry.wasRemoved(id)) await registry.remove(existing(event).id, operator)
      await options.removeConversations(id)
      return empty(204)
    }),
  })

  operatorRoute(app, '/api/integrations/:id/tokens', options, {
    POST: owners(async (event, operator) => json(created(await registry.addToken(existing(event).id, operator)), 201)),
  })

  operatorRoute(app, '/api/integrations/:id/tokens/:tokenId', options, {
    DELETE: owners(async (event, operator) => {
      await registry.revokeToken(existing(event).id, getRouterParam(event, 'tokenId') ?? '', operator)
      return empty(204)
    }),
  })

  operatorRoute(app, '/api/integrations/:id/identity-secrets', options, {
    POST: owners(async (event, operator) => {
      const { id } = existing(event)
      const { overlapSeconds } = await readJson(event.req, rotateSecretSchema)
      const { integration, secret } = await registry.rotateIdentitySecret(id, overlapSeconds, operator)
      return json({ integration: { ...cardOf(integration), identitySecret: secret } }, 201)
    }),
  })

  operatorRoute(app, '/api/responders', options, {
    GET: () => {
      const listed = responders.map(({ name, kind }) => ({ name, kind, isDefault: name === defaultResponder }))
      return json({ responders: listed })
    },
  })

  function existing(event: H3Event): Integration {
    const integration = registry.get(getRouterParam(event, 'id') ?? '')
    if (!integration) throw new HttpError(404, 'not_found', 'There is no such integration.')
    return integration
  }
}
