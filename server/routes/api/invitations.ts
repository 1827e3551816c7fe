/** `/api/invitations`: links that make an account, for owners. */
import { getRouterParam } from 'h3'
import type { H3 } from 'h3'
import { z } from 'zod'
import type { Invitation, Operators } from '../../access/operators.ts'
import { empty, json } from '../answers.ts'
import { readJson } from './body.ts'
import { operatorRoute, owners } from './operator.ts'
import type { OperatorApi } from './operator.ts'
import { roleSchema } from './operators.ts'

/** What these routes need. */
export interface InvitationRoutesOptions extends OperatorApi {
  operators: Operators
  /** The address that browsers reach the Dashboard by. */
  publicUrl: string
}

/** The body of `POST /api/invitations`. */
export const createInvitationSchema = z.strictObject({ role: roleSchema })

/** Adds the routes to the app. */
export function invitationRoutes(app: H3, options: InvitationRoutesOptions): void {
  const { invitations } = options.operators
  const base = options.publicUrl.replace(/\/+$/, '')

  operatorRoute(app, '/api/invitations', options, {
    GET: owners(() => json({ invitations: invitations.list().map(toCard) })),

    POST: owners(async (event, operator) => {
      const { role } = await readJson(event.req, createInvitationSchema)
      const { invitation, secret } = await invitations.create(role, operator)
      // Behind the `#`, where no server and no log along the way gets to see it.
      return json({ invitation: toCard(invitation), url: `${base}/dashboard/join#${secret}` }, 201)
    }),
  })

  operatorRoute(app, '/api/invitations/:id', options, {
    DELETE: owners(async (event, operator) => {
      await invitations.revoke(getRouterParam(event, 'id') ?? '', operator)
      return empty(204)
    }),
  })
}

const toCard = ({ id, role, createdAt, expiresAt }: Invitation) => ({ id, role, createdAt, expiresAt })
