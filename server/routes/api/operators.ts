/** `/api/operators`: the people who may use `/api`. */
import { getRouterParam } from 'h3'
import type { H3, H3Event } from 'h3'
import { z } from 'zod'
import { isNewPassword, isOperatorName } from '../../access/operators-checks.ts'
import type { OperatorAccount, Operators } from '../../access/operators.ts'
import type { Registry } from '../../access/registry.ts'
import type { Sessions } from '../../access/sessions.ts'
import { HttpError } from '../../errors.ts'
import type { Limits } from '../../limits/limits.ts'
import { empty, json } from '../answers.ts'
import { readJson } from './body.ts'
import { addressOf } from './door.ts'
import { operatorRoute, owners } from './operator.ts'
import type { OperatorApi } from './operator.ts'
import { toOperator } from './session.ts'

/** What these routes need. */
export interface OperatorsRoutesOptions extends OperatorApi {
  operators: Operators
  sessions: Sessions
  registry: Pick<Registry, 'checkOperatorKey'>
  limits: Pick<Limits, 'login'>
}

const name = z
  .string()
  .trim()
  .refine(isOperatorName, 'has to be 1 to 60 characters, without any that cannot be seen or turn the writing around')
const password = z.string().refine(isNewPassword, 'has to be 10 to 256 characters')

/** What somebody may do. */
export const roleSchema = z.enum(['owner', 'operator'])

/** The body of `POST /api/operators`: with the operator key while there is no owner, later with an invitation. */
export const createOperatorSchema = z
  .strictObject({
    operatorKey: z.string().max(1_000).optional(),
    invitation: z.string().max(100).optional(),
    name,
    password,
  })
  .refine((given) => (given.operatorKey === undefined) !== (given.invitation === undefined), {
    path: ['invitation'],
    message: 'give either this or operatorKey',
  })

/** The body of `PATCH /api/operators/:id`. */
export const updateOperatorSchema = z.strictObject({ name: name.optional(), role: roleSchema.optional() })

/** The body of `POST /api/operators/me/password`. */
export const changePasswordSchema = z.strictObject({ current: z.string().max(1_000), next: password })

/** Adds the routes to the app. */
export function operatorsRoutes(app: H3, options: OperatorsRoutesOptions): void {
  const { door, limits, operators, registry, sessions } = options

  const welcome = async (operator: OperatorAccount, forget: () => void): Promise<Response> => {
    forget()
    return json({ operator: toOperator(operator) }, 201, door.cookie(await sessions.begin(operator)))
  }

  operatorRoute(app, '/api/operators', options, {
    async GET() {
      const seen = await sessions.lastSeen()
      const card = ({ id, name, role, createdAt }: OperatorAccount) => {
        const at = seen.get(id)
        return { id, name, role, createdAt, lastSeenAt: at === undefined ? null : new Date(at).toISOString() }
      }
      return json({ operators: operators.list().map(card) })
    },

    POST: {
      async open(event) {
        door.checkPage(event)
        const forget = await limits.login(addressOf(event), null)
        const { invitation, operatorKey = '', ...given } = await readJson(event.req, createOperatorSchema)
        if (invitation !== undefined) {
          return welcome((await operators.invitations.use(invitation, given)).operator, forget)
        }
        if (!(await registry.checkOperatorKey(operatorKey))) {
          throw new HttpError(403, 'invalid_operator_key', 'That is not the operator key of this server.')
        }
        return welcome(await operators.createOwner(given), forget)
      },
    },
  })

  operatorRoute(app, '/api/operators/:id', options, {
    PATCH: owners(async (event, operator) => {
      const patch = await readJson(event.req, updateOperatorSchema)
      return json({ operator: toOperator(await operators.update(idOf(event), patch, operator)) })
    }),
    DELETE: owners(async (event, operator) => {
      await operators.remove(idOf(event), operator)
      return empty(204)
    }),
  })

  operatorRoute(app, '/api/operators/me/password', options, {
    async POST(event, { id }) {
      const { current, next } = await readJson(event.req, changePasswordSchema)
      const forget = await limits.login(addressOf(event), id)
      const operator = await operators.changePassword(id, current, next)
      forget()
      // All sessions are over, this one goes on as a new one.
      return json({ operator: toOperator(operator) }, 200, door.cookie(await sessions.begin(operator)))
    },
  })
}

const idOf = (event: H3Event): string => getRouterParam(event, 'id') ?? ''
