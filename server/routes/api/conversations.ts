/** `/api/activities` and `/api/conversations`: what operators read and write. */
import { getRouterParam } from 'h3'
import type { H3, H3Event } from 'h3'
import { z } from 'zod'
import { codePoints, isClientMessageId, limits } from '../../../protocol.ts'
import { parseConversationKey } from '../../conversations/keys.ts'
import { isRecordsCursor } from '../../conversations/records.ts'
import type { Conversations } from '../../conversations/service.ts'
import { HttpError } from '../../errors.ts'
import { json } from '../answers.ts'
import { limit, queryParams, single, wait } from '../params.ts'
import type { Params } from '../params.ts'
import { readJson } from './body.ts'
import { operatorRoute } from './operator.ts'
import type { OperatorApi } from './operator.ts'

/** What these routes need. */
export interface ApiConversationRoutesOptions extends OperatorApi {
  conversations: Conversations
}

/** A person's reply. */
export const replySchema = z.strictObject({
  body: z
    .string()
    .refine((text) => text.trim() !== '', 'may not be empty')
    .refine(
      (text) => codePoints(text) <= limits.textCodePoints,
      `may hold ${limits.textCodePoints} characters at most`,
    ),
  clientMessageId: z.string().refine(isClientMessageId, 'has to be 16 to 64 characters of A-Z a-z 0-9 _ -').optional(),
})

/** Adds the routes to the app. */
export function apiConversationRoutes(app: H3, options: ApiConversationRoutesOptions): void {
  const { conversations } = options

  operatorRoute(app, '/api/activities', options, {
    async GET({ req: request }) {
      const query = queryParams(request.url)
      const scope = query.get('integrationId')
      const cursor = query.get('cursor')
      const page = await conversations.activities({
        ...(scope && { scope }),
        ...(cursor && { cursor }),
        limit: limit(single(query)),
      })
      const activities = page.conversations.map(({ conversation, updatedAt }) => ({
        key: conversation,
        ...parseConversationKey(conversation),
        updatedAt,
      }))
      return json({ activities, cursor: page.cursor })
    },
  })

  operatorRoute(app, '/api/conversations/:key/records', options, {
    async GET(event) {
      const params = single(queryParams(event.req.url))
      const afterId = recordsCursor(params, 'afterId')
      const beforeId = recordsCursor(params, 'beforeId')
      if (afterId !== undefined && beforeId !== undefined) {
        throw new HttpError(400, 'invalid_cursor', 'Give afterId or beforeId, not both.')
      }
      const seconds = wait(params)
      const page = await conversations.records(keyOf(event), {
        ...(afterId !== undefined && { afterId }),
        ...(beforeId !== undefined && { beforeId }),
        limit: limit(params),
        wait: seconds,
        signal: seconds > 0 ? event.req.signal : new AbortController().signal,
      })
      return json(page)
    },
  })

  operatorRoute(app, '/api/conversations/:key/messages', options, {
    async POST(event) {
      const { body, clientMessageId } = await readJson(event.req, replySchema)
      return json({ record: await conversations.reply(keyOf(event), body, 'Operator', clientMessageId) }, 201)
    },
  })
}

function keyOf(event: H3Event): string {
  const key = getRouterParam(event, 'key') ?? ''
  if (!parseConversationKey(key)) throw new HttpError(404, 'not_found', 'There is no such conversation.')
  return key
}

function recordsCursor(params: Params, name: 'afterId' | 'beforeId'): string | undefined {
  const text = params.get(name)
  if (text === undefined || isRecordsCursor(text)) return text
  const origin = name === 'afterId' ? 'lastRecordId' : 'firstRecordId'
  throw new HttpError(400, 'invalid_cursor', `${name} has to be the ${origin} of an earlier answer.`)
}
