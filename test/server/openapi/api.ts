/** Calls of the API, each held against its description. */
import { expect } from 'vitest'
import type { z } from 'zod'
import { bodyErrors, commonErrors } from '../../../server/routes/openapi/operation.ts'
import type { Operation } from '../../../server/routes/openapi/operation.ts'
import { operations } from '../../../server/routes/openapi/operations.ts'
import { operatorKey } from '../../helpers/world.ts'
import type { World } from '../../helpers/world.ts'

/** `GET /api/session`. */
export type Call = keyof typeof operations

/** What goes along with a call. */
export interface Given {
  path?: Record<string, string>
  query?: Record<string, string>
  body?: unknown
  /** Another body than JSON of `body`. */
  raw?: { type: string; text: string }
  headers?: Record<string, string>
}

/** What came back; streams are read up to an event that ends them. */
export interface Told {
  status: number
  json: never
  text: string
  cookie: string
}

/** A client that believes nothing which is not in the description. */
export interface CheckedApi {
  ask(call: Call, given?: Given): Promise<Told>
  /** The calls that were answered with what they promise. */
  readonly kept: Set<Call>
}

/** A client of a server, with the operator key and the token of its integration. */
export function checkedApi(world: World): CheckedApi {
  const kept = new Set<Call>()
  const answerTo = async (request: Request) => {
    const response = await world.lumika.fetch(request)
    return { response, text: await read(response) }
  }
  return {
    kept,
    async ask(call, { path = {}, query = {}, body, raw, headers = {} } = {}) {
      const operation: Operation = operations[call]
      const [method = '', template = ''] = call.split(' ')
      const name = template.replace(/:(\w+)/g, (_, part: string) => encodeURIComponent(path[part] ?? part))
      const all = new URLSearchParams({ ...(operation.by === 'token' && { integrationToken: world.token }), ...query })
      const isForm = operation.form !== undefined
      const needsKey = (operation.by === 'operator' || operation.by === 'owner') && !headers['cookie']
      const told = answerTo(
        new Request(`http://localhost:3000${name}${isForm || all.size === 0 ? '' : `?${all.toString()}`}`, {
          method,
          headers: {
            ...((raw ?? body) !== undefined && { 'content-type': raw?.type ?? 'application/json' }),
            ...(needsKey && { authorization: `Bearer ${operatorKey}` }),
            ...headers,
          },
          ...(isForm ? { body: all } : (raw ?? body) !== undefined && { body: raw?.text ?? JSON.stringify(body) }),
        }),
      )
      const { response, text } = await inTime(told, `${call} ${JSON.stringify({ path, query, body })}`)
      expect(check(operation, response, text), `${call} ${JSON.stringify({ path, query, body })}: ${text}`).toEqual([])
      if (response.status === operation.status) kept.add(call)
      const isJson = response.headers.get('content-type')?.startsWith('application/json') && text !== ''
      const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
      return { status: response.status, json: (isJson ? JSON.parse(text) : null) as never, text, cookie }
    },
  }
}

/** What of an answer is not as described. */
function check(operation: Operation, response: Response, text: string): string[] {
  const { status } = response
  if (status >= 400) {
    const { error } = JSON.parse(text) as { error: { code: never; message: string } }
    const known = [commonErrors[operation.by], operation.body ? bodyErrors : {}, operation.errors ?? {}] as NonNullable<
      Operation['errors']
    >[]
    const isKnown = known.some((codes) => codes[status]?.includes(error.code))
    return isKnown && error.message ? [] : [`error ${status} ${error.code}`]
  }
  if (status === 204) return text === '' ? [] : ['a 204 with a body']
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  if (status !== operation.status) return [`status ${status}`]
  if (operation.content && type in operation.content && operation.content[type] === null) return []
  const schema: z.ZodType | null | undefined =
    type === 'application/json' ? (operation.answer ?? operation.content?.[type]) : operation.content?.[type]
  if (!schema) return [`${status} ${type}`]
  const values: unknown[] =
    type === 'text/event-stream' ? eventsIn(text) : [type === 'application/json' ? JSON.parse(text) : text]
  return values.flatMap((value) => {
    const { error } = schema.safeParse(value)
    return error ? [error.message] : []
  })
}

/** The data of each event of a stream. */
const eventsIn = (text: string): unknown[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data) as unknown)

/** The body; of a feed, which has no end, what comes first. */
async function read(response: Response): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) {
    text += step.value
    if (text.includes('"type":"ready"')) await reader?.cancel()
  }
  return text
}

/** Says which call it is that does not come to an end. */
async function inTime<T>(answer: Promise<T>, call: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No end after 40 s: ${call}`)), 40_000)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
