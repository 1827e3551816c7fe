/** `/api/canned-replies`: replies that operators have ready. */
import { getRouterParam } from 'h3'
import type { H3, H3Event } from 'h3'
import { z } from 'zod'
import type { CannedReplies, CannedReply } from '../../access/canned-replies.ts'
import { empty, json } from '../answers.ts'
import { readJson } from './body.ts'
import { text } from './desk.ts'
import { operatorRoute } from './operator.ts'
import type { OperatorApi } from './operator.ts'

/** What these routes need. */
export interface CannedRoutesOptions extends OperatorApi {
  cannedReplies: CannedReplies
}

const fields = {
  title: z.string().trim().min(1).max(100),
  body: text,
  shortcut: z
    .string()
    .regex(/^[a-z0-9_-]{1,32}$/, 'has to be 1 to 32 characters of a-z 0-9 _ -')
    .nullable()
    .optional(),
}

/** The body of `POST /api/canned-replies`. */
export const createCannedReplySchema = z.strictObject(fields)

/** The body of `PATCH /api/canned-replies/:id`. */
export const updateCannedReplySchema = z.strictObject({
  title: fields.title.optional(),
  body: fields.body.optional(),
  shortcut: fields.shortcut,
})

/** Adds the routes to the app. */
export function cannedRoutes(app: H3, options: CannedRoutesOptions): void {
  const { cannedReplies } = options

  operatorRoute(app, '/api/canned-replies', options, {
    GET: () => json({ cannedReplies: cannedReplies.list().map(withVariables) }),
    POST: async ({ req }) => {
      const reply = await cannedReplies.create(await readJson(req, createCannedReplySchema))
      return json({ cannedReply: withVariables(reply) }, 201)
    },
  })

  operatorRoute(app, '/api/canned-replies/:id', options, {
    PATCH: async (event) => {
      const reply = await cannedReplies.update(idOf(event), await readJson(event.req, updateCannedReplySchema))
      return json({ cannedReply: withVariables(reply) })
    },
    DELETE: async (event) => {
      await cannedReplies.remove(idOf(event))
      return empty(204)
    },
  })
}

const idOf = (event: H3Event): string => getRouterParam(event, 'id') ?? ''

/** With the names of what is to be filled in, in their order. */
function withVariables(reply: CannedReply) {
  const names = [...reply.body.matchAll(/\{\{\s*([A-Za-z][A-Za-z0-9_]{0,31})\s*\}\}/g)].map(([, name = '']) => name)
  return { ...reply, variables: [...new Set(names)] }
}
