/** `/api/conversations/:key/attachments`: files that operators send along with a reply. */
import type { H3 } from 'h3'
import type { Registry } from '../../access/registry.ts'
import type { Attachments } from '../../attachments/contract.ts'
import { parseConversationKey } from '../../conversations/keys.ts'
import type { Conversations } from '../../conversations/service.ts'
import { json } from '../answers.ts'
import { announcedBytes, filesOf } from '../files.ts'
import { fileName, queryParams, single } from '../params.ts'
import { keyOf } from './conversations.ts'
import { operatorRoute } from './operator.ts'
import type { OperatorApi } from './operator.ts'

/** What these routes need. */
export interface ApiAttachmentRoutesOptions extends OperatorApi {
  /** null: this server keeps no files. */
  attachments: Attachments | null
  conversations: Pick<Conversations, 'mustExist'>
  registry: Pick<Registry, 'get'>
}

/** Adds the routes to the app. */
export function apiAttachmentRoutes(app: H3, options: ApiAttachmentRoutesOptions): void {
  const { attachments, conversations, registry } = options

  operatorRoute(app, '/api/conversations/:key/attachments', options, {
    async POST(event) {
      const key = keyOf(event)
      const files = filesOf(attachments, registry.get(parseConversationKey(key)?.integrationId ?? ''))
      const name = fileName(single(queryParams(event.req.url)))
      const announced = announcedBytes(event.req, files.maxBytes)
      await conversations.mustExist(key)
      await files.checkRoom(key)
      const { body } = event.req
      // People of the team are held to nothing but the size and the number of files.
      const attachment = await files.store(key, { name, body, announced, count: async () => {} })
      return json({ attachment }, 201)
    },
  })
}
