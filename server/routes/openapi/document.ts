/** The API's description, OpenAPI 3.1, made of the schemas that requests are checked with. https://spec.openapis.org/oas/v3.1.1 */
import { z } from 'zod'
import { answers, requests } from './named.ts'
import { bodyErrors, commonErrors } from './operation.ts'
import type { Operation } from './operation.ts'
import { operations } from './operations.ts'

type Json = Record<string, unknown>
type Codes = NonNullable<Operation['errors']>

const refTo = (id: string): string => `#/components/schemas/${id}`

/** The whole description. */
export function describeApi(): Json {
  const paths: Record<string, Json> = {}
  for (const [call, operation] of Object.entries(operations)) {
    const [method = '', path = ''] = call.split(' ')
    const name = path.replace(/:(\w+)/g, '{$1}')
    paths[name] = { ...paths[name], [method.toLowerCase()]: describeOperation(call, path, operation) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Lumika',
      version: '1',
      summary: 'A website chat and the people behind it',
      description:
        'Fields may be added to answers: ignore those you do not know. Every call of operators may be made again after a connection was lost; messages and notes need a `clientMessageId` for that.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths,
    components: { schemas: { ...schemasOf(requests, 'input'), ...schemasOf(answers, 'output') }, securitySchemes },
  }
}

const securitySchemes = {
  operatorKey: { type: 'http', scheme: 'bearer', description: 'The operator key of the server. It opens everything.' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'lumika_session',
    description:
      "The Dashboard's cookie, for pages of the server's own origin; `__Host-lumika_session` where the server is reached by https.",
  },
  integrationToken: { type: 'apiKey', in: 'query', name: 'integrationToken' },
  integrationBearer: { type: 'http', scheme: 'bearer', description: 'The token of an integration.' },
}

const securityOf: Record<Operation['by'], Json[]> = {
  anybody: [],
  token: [{ integrationToken: [] }, { integrationBearer: [] }],
  operator: [{ operatorKey: [] }, { session: [] }],
  owner: [{ operatorKey: [] }, { session: [] }],
}

function describeOperation(call: string, path: string, operation: Operation): Json {
  const { summary, description, by, query, form, body } = operation
  const parameters = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => pathParameter(name))
  if (query) parameters.push(...queryParameters(query))
  const content = body
    ? { 'application/json': { schema: schemaOf(body, 'input') } }
    : operation.isUpload
      ? { 'application/octet-stream': {} }
      : form && { 'application/x-www-form-urlencoded': { schema: schemaOf(form, 'input') } }
  return {
    operationId: call.replace(/[^A-Za-z]+(\w)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? ''),
    summary,
    ...(description !== undefined && { description }),
    tags: [path.split('/')[path.startsWith('/api/') ? 2 : 1]],
    security: securityOf[by],
    ...(parameters.length > 0 && { parameters }),
    ...(content && { requestBody: { required: !operation.isBodyOptional, content } }),
    responses: { ...success(operation), ...errorsOf(operation) },
  }
}

function success({ status, answer, content, summary }: Operation): Json {
  const all = answer ? { 'application/json': answer } : content
  const described = Object.entries(all ?? {}).map(([type, schema]) => [
    type,
    schema ? { schema: schemaOf(schema, 'output') } : {},
  ])
  return { [status]: { description: summary, ...(all && { content: Object.fromEntries(described) as Json }) } }
}

function errorsOf({ by, body, errors = {} }: Operation): Json {
  const codes: Record<string, Set<string>> = {}
  for (const each of [commonErrors[by], body ? bodyErrors : {}, errors] as Codes[]) {
    for (const [status, list = []] of Object.entries(each)) {
      for (const code of list) (codes[status] ??= new Set()).add(code)
    }
  }
  const described = Object.entries(codes).map(([status, set]) => [
    status,
    {
      description: [...set].join(', '),
      ...((status === '429' || status === '503') && { headers: retryAfter }),
      content: { 'application/json': { schema: errorSchema([...set]) } },
    },
  ])
  return Object.fromEntries(described) as Json
}

const retryAfter = { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } }

const errorSchema = (codes: string[]): Json => ({
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: { code: { enum: codes }, message: { type: 'string', description: 'What to do.' } },
    },
  },
})

const pathParameter = (name: string): Json => ({
  ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  ...(name === 'key' && { description: 'The `key` of a conversation, from the inbox.' }),
})

function queryParameters(query: z.ZodObject): Json[] {
  const { properties = {}, required = [] } = schemaOf(query, 'input') as { properties?: Json; required?: string[] }
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema as Json
    const isRequired = required.includes(name)
    return { name, in: 'query', required: isRequired, ...(description !== undefined && { description }), schema: rest }
  })
}

/** The schema, by its name where it has one. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const id = (io === 'input' ? requests : answers).get(schema)?.id
  return id === undefined ? clean(z.toJSONSchema(schema, { io })) : { $ref: refTo(id) }
}

function schemasOf(registry: typeof requests, io: 'input' | 'output'): Json {
  const { schemas } = z.toJSONSchema(registry, {
    io,
    uri: refTo,
    // Answers may grow.
    override: ({ jsonSchema }) => void (io === 'output' && delete jsonSchema.additionalProperties),
  })
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, clean(schema)]))
}

/** Without what says that it is a document of its own. */
function clean(schema: object): Json {
  const { $schema: _schema, $id: _id, '~standard': _standard, ...rest } = schema as Json
  return rest
}
