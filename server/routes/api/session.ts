/** `/api/session` and `/api/sessions`: logging in and out. */
import type { H3 } from 'h3'
import { z } from 'zod'
import type { Operators } from '../../access/operators.ts'
import type { Sessions } from '../../access/sessions.ts'
import { HttpError } from '../../errors.ts'
import { empty, json } from '../answers.ts'
import { readJson } from './body.ts'
import type { Caller } from './door.ts'
import { operatorRoute } from './operator.ts'
import type { OperatorApi } from './operator.ts'

/** What these routes need. */
export interface SessionRoutesOptions extends OperatorApi {
  operators: Operators
  sessions: Sessions
}

/** The body of `POST /api/session`. */
export const loginSchema = z.strictObject({ name: z.string().max(1_000), password: z.string().max(1_000) })

/** An account as its owner, and everybody else, may see it. */
export const toOperator = ({ id, name, role }: Caller) => ({ id, name, role })

/** Adds the routes to the app. */
export function sessionRoutes(app: H3, options: SessionRoutesOptions): void {
  const { door, operators, sessions } = options

  operatorRoute(app, '/api/session', options, {
    GET: {
      async open(event) {
        const caller = await door.look(event)
        return json({ operator: caller && toOperator(caller), hasOwner: operators.hasOwner() })
      },
    },

    POST: {
      async open(event) {
        door.checkPage(event)
        const given = await readJson(event.req, loginSchema)
        const operator = await operators.authenticate(given)
        if (!operator) throw new HttpError(401, 'invalid_login', 'The name or the password is not right.')
        return json({ operator: toOperator(operator) }, 200, door.cookie(await sessions.begin(operator)))
      },
    },

    DELETE: {
      async open(event) {
        // Whoever is logged out already has what they want.
        await door.look(event)
        await sessions.end(door.sessionOf(event))
        return empty(204, door.cookie(null))
      },
    },
  })

  operatorRoute(app, '/api/sessions', options, {
    async DELETE(_event, { id }) {
      if (operators.get(id)) await operators.endSessions(id)
      return empty(204, door.cookie(null))
    },
  })
}
