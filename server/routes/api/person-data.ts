/** `/api/conversations/:key`, `…/export` and `/api/audit`: a conversation, a person's data, its erasure, and the proof of that. */
import type { H3 } from 'h3'
import { FastResponse } from 'srvx'
import { isRecordId, visitorPaths } from '../../../protocol.ts'
import type { Registry } from '../../access/registry.ts'
import type { Attachments, ListedFile } from '../../attachments/contract.ts'
import type { Satisfaction } from '../../conversations/feedback.ts'
import { parseConversationKey } from '../../conversations/keys.ts'
import type { OperatorRecord } from '../../conversations/records.ts'
import type { Conversations } from '../../conversations/service.ts'
import { HttpError } from '../../errors.ts'
import { sha256 } from '../../random.ts'
import { empty, json } from '../answers.ts'
import { limit, queryParams, single } from '../params.ts'
import { keyOf } from './conversations.ts'
import { operatorRoute, owners } from './operator.ts'
import type { OperatorApi } from './operator.ts'

/** What these routes need. */
export interface PersonDataRoutesOptions extends OperatorApi {
  conversations: Conversations
  registry: Pick<Registry, 'get'>
  /** null: this server keeps no files. */
  attachments: Pick<Attachments, 'list'> | null
}

/** Adds the routes to the app. */
export function personDataRoutes(app: H3, options: PersonDataRoutesOptions): void {
  const { conversations, audit, registry } = options

  operatorRoute(app, '/api/conversations/:key/export', options, {
    async GET(event, operator) {
      const key = keyOf(event)
      const format = queryParams(event.req.url).get('format') ?? 'json'
      const write = Object.hasOwn(formats, format) ? formats[format as keyof typeof formats] : undefined
      if (!write) throw new HttpError(400, 'invalid_request', 'The format of an export is json or text.')
      const records = await conversations.exported(key)
      const files = (await options.attachments?.list(key)) ?? []
      const { integrationId = '' } = parseConversationKey(key) ?? {}
      await audit.note(operator, 'conversation-exported', await sha256(key), { integrationId })
      return write(key, records, files)
    },
  })

  operatorRoute(app, '/api/conversations/:key', options, {
    async GET(event) {
      const key = keyOf(event)
      const names = parseConversationKey(key)
      const view = await conversations.activity(key, registry.get(names?.integrationId ?? ''))
      if (!view.lastRecord) throw new HttpError(404, 'not_found', 'There is no such conversation.')
      const activity = { key, ...names, ...view, updatedAt: view.lastRecord.createdAt }
      return json({ activity, customer: await conversations.customer(key) })
    },
    DELETE: owners(async (event, operator) => {
      await conversations.erase(keyOf(event), operator)
      return empty(204)
    }),
  })

  operatorRoute(app, '/api/audit', options, {
    GET: owners(async (event) => {
      const query = queryParams(event.req.url)
      const cursor = query.get('cursor')
      if (cursor !== null && !isRecordId(cursor)) {
        throw new HttpError(400, 'invalid_cursor', 'cursor has to be the cursor of an earlier answer.')
      }
      return json(await audit.page(cursor, limit(single(query))))
    }),
  })
}

type Records = AsyncGenerator<OperatorRecord, void, undefined>

const formats = {
  json: (key: string, records: Records, files: ListedFile[]) =>
    download('json', 'application/json', asJson(key, records, files)),
  text: (_key: string, records: Records) => download('txt', 'text/plain', asText(records)),
}

async function* asJson(key: string, records: Records, files: ListedFile[]): AsyncGenerator<string> {
  yield `{"conversation":${JSON.stringify({ key, ...parseConversationKey(key) })},"records":[`
  let separator = '\n'
  for await (const record of records) {
    yield separator + JSON.stringify(record)
    separator = ',\n'
  }
  // Those, too, that went with no message.
  const listed = files.map((file) => ({ ...file, path: `${visitorPaths.attachments}/${file.id}` }))
  yield `\n],"attachments":${JSON.stringify(listed)}}\n`
}

async function* asText(records: Records): AsyncGenerator<string> {
  for await (const record of records) {
    const who = record.visibility === 'public' ? (record.data?.author?.name ?? record.actor) : record.type
    const words = record.body ?? satisfactionIn(record)
    if (words === undefined) continue
    const files = (record.visibility === 'public' && record.data?.attachments) || []
    const whole = [words, ...files.map(({ name, id }) => `[${name}: ${visitorPaths.attachments}/${id}]`)].join('\n')
    yield `${record.createdAt} ${who}\n${whole.replace(/^/gm, '  ')}\n\n`
  }
}

function satisfactionIn({ type, data }: OperatorRecord): string | undefined {
  if (type !== 'satisfaction') return undefined
  const { score, comment } = data as unknown as Satisfaction
  return [`${score} of 5`, ...(comment === undefined ? [] : [comment])].join('\n')
}

/** A file made while it is sent: a conversation may be long. */
function download(extension: string, type: string, parts: AsyncGenerator<string>): Response {
  const body = new ReadableStream<string>({
    async pull(controller) {
      const { value, done } = await parts.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: async () => void (await parts.return(undefined)),
  })
  return new FastResponse(body.pipeThrough(new TextEncoderStream()), {
    headers: {
      'content-type': `${type}; charset=utf-8`,
      // What customers wrote is never to be shown as a page.
      'content-disposition': `attachment; filename="conversation.${extension}"`,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    },
  })
}
