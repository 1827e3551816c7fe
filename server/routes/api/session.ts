/** `/api/session` and `/api/sessions`: logging in and out. */
import type { H3 } from 'h3'
import { z } from 'zod'
import { foldName } from '../../access/operators-checks.ts'
import type { Operators } from '../../access/operators.ts'
import type { Sessions } from '../../access/sessions.ts'
import { HttpError } from '../../errors.ts'
import type { Limits } from '../../limits/limits.ts'
import { empty, json } from '../answers.ts'
import { readJson } from './body.ts'
import { addressOf } from './door.ts'
import type { Caller } from './door.ts'
import { operatorRoute } from './operator.ts'
import type { OperatorApi } from './operator.ts'

/** What these routes need. */
export interface SessionRoutesOptions extends OperatorApi {
  operators: Operators
  sessions: Sessions
  limits: Pick<Limits, 'login'>
  /** The wall clock, in milliseconds. */
  now: () => number
}

/** The body of `POST /api/session`. */
export const loginSchema = z.strictObject({ name: z.string().max(1_000), password: z.string().max(1_000) })

/** An account as its owner, and everybody else, may see it. */
export const toOperator = ({ id, name, role }: Caller) => ({ id, name, role })

/** Adds the routes to the app. */
export function sessionRoutes(app: H3, options: SessionRoutesOptions): void {
  const { door, audit, limits, logger, operators, sessions } = options

  /**
   * Nobody waits for it: how long it takes would tell which names there are. And once a minute for each, so that whoever
   * guesses does not fill the storage.
   */
  function noteFailure(operatorId: string | null): void {
    const once = `failed:${operatorId}:${Math.floor(options.now() / 60_000)}`
    audit.note(null, 'log-in-failed', operatorId, { once }).catch((error: unknown) => {
      logger.warn('audit: a failed log-in could not be written down', { error })
    })
  }

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
        const forget = await limits.login(addressOf(event), foldName(given.name))
        const operator = await operators.authenticate(given)
        if (!operator) {
          noteFailure(operators.named(given.name)?.id ?? null)
          throw new HttpError(401, 'invalid_login', 'The name or the password is not right.')
        }
        forget()
        await audit.note(operator, 'logged-in', operator.id)
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
