/** `/api/activities` and `/api/conversations`: what operators read. */
import { getRouterParam } from 'h3'
import type { H3, H3Event } from 'h3'
import type { Registry } from '../../access/registry.ts'
import { parseConversationKey } from '../../conversations/keys.ts'
import { inboxStates, isIn } from '../../conversations/inbox.ts'
import type { InboxState } from '../../conversations/inbox.ts'
import { isRecordsCursor } from '../../conversations/records.ts'
import type { Live, LiveEvent } from '../../conversations/live.ts'
import { searchLimits } from '../../conversations/search.ts'
import type { Conversations } from '../../conversations/service.ts'
import type { WritingEvent } from '../../conversations/writing.ts'
import { HttpError } from '../../errors.ts'
import { json } from '../answers.ts'
import { streamAnswer } from '../sse.ts'
import { limit, queryParams, single, wait } from '../params.ts'
import type { Params } from '../params.ts'
import { watchStay } from './door.ts'
import { operatorRoute } from './operator.ts'
import type { OperatorApi } from './operator.ts'

/** What these routes need. */
export interface ApiConversationRoutesOptions extends OperatorApi {
  registry: Pick<Registry, 'get'>
  conversations: Conversations
  live: Live
}

/** Adds the routes to the app. */
export function apiConversationRoutes(app: H3, options: ApiConversationRoutesOptions): void {
  const { conversations, registry } = options

  operatorRoute(app, '/api/activities', options, {
    async GET({ req: request }, { id: operatorId }) {
      const query = queryParams(request.url)
      const integrationId = query.get('integrationId')
      const state = inboxState(query.get('state'))
      const text = searchText(query.get('q'))
      const cursor = query.get('cursor')
      const page = await conversations.inbox.page({
        ...(integrationId && { integrationId }),
        ...(state && { state }),
        ...(text && { text }),
        ...(cursor && { cursor }),
        operatorId,
        limit: limit(single(query)),
      })
      const activities = await Promise.all(
        page.conversations.map(async ({ conversation, updatedAt, match }) => {
          const names = parseConversationKey(conversation)
          const view = await conversations.activity(conversation, registry.get(names?.integrationId ?? ''))
          return isIn(view, state, operatorId)
            ? [{ key: conversation, ...names, ...view, updatedAt, ...(match !== undefined && { match }) }]
            : []
        }),
      )
      return json({
        activities: activities.flat(),
        cursor: page.cursor,
        ...(page.isPartial && { partial: true }),
        ...(page.searchedTo !== null && { searchedTo: page.searchedTo }),
      })
    },
  })

  operatorRoute(app, '/api/activities/live', options, {
    GET(event) {
      const { signal: out, isAllowed, stop } = watchStay(options.door, event)
      const open = (signal: AbortSignal) => options.live.follow({ signal: AbortSignal.any([signal, out]), isAllowed })
      return streamAnswer((signal) => framed(open(signal)), { headers: [], logger: options.logger, onEnd: stop })
    },
  })

  operatorRoute(app, '/api/conversations/:key/writing', options, {
    async GET(event) {
      const read = await conversations.writing(keyOf(event))
      const { signal: out, isAllowed, stop } = watchStay(options.door, event)
      const open = (signal: AbortSignal) => read({ signal: AbortSignal.any([signal, out]), isAllowed })
      return streamAnswer((signal) => framed(open(signal)), { headers: [], logger: options.logger, onEnd: stop })
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
}

/** @throws HttpError 400 `invalid_request` */
function inboxState(text: string | null): InboxState | undefined {
  const state = inboxStates.find((one) => one === text)
  if (text !== null && !state) {
    throw new HttpError(400, 'invalid_request', `state has to be one of ${inboxStates.join(', ')}.`)
  }
  return state
}

/** What is looked for; undefined for nothing. @throws HttpError 400 `invalid_request` */
function searchText(given: string | null): string | undefined {
  const text = given?.trim()
  if (text && text.length > searchLimits.text) {
    throw new HttpError(400, 'invalid_request', `q may hold ${searchLimits.text} characters at most.`)
  }
  return text
}

async function* framed(news: AsyncGenerator<LiveEvent | WritingEvent | null, void, undefined>) {
  for await (const event of news) yield event && { event }
}

/** The conversation a path names. @throws HttpError 404 `not_found` */
export function keyOf(event: H3Event): string {
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
