/**
 * The whole API, called by somebody who has read its description and keeps to it most of the time: no call ends in an error
 * of the server's, all answers are as described, nothing is told that is nobody's business. `LUMIKA_FUZZ` sets how many
 * conversations are gone through.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { conversationKey } from '../../../server/conversations/keys.ts'
import { operations } from '../../../server/routes/openapi/operations.ts'
import { openPlace, openWorld, operatorKey } from '../../helpers/world.ts'
import type { Place, World } from '../../helpers/world.ts'
import { checkedApi } from './api.ts'
import type { Call, CheckedApi, Given } from './api.ts'
import { junk, valueFor } from './arbitrary.ts'
import type { Schema } from './arbitrary.ts'

interface Described {
  parameters?: { name: string; in: string; required: boolean; schema: Schema }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
}

interface Document {
  paths: Record<string, Record<string, Described>>
  components: { schemas: Record<string, Schema> }
}

/** A call as it was drawn; `ids` says which of the ids in its path are of things that are there. */
interface Drawn extends Given {
  call: Call
  ids: Record<string, boolean>
  wild: Record<string, string>
  /** Whether fields that name something name what is there. */
  isLucky: boolean
}

const mark = 'CANARY'
const runs = Number(process.env['LUMIKA_FUZZ'] ?? 8)
const password = 'a password that nobody tells'
let place: Place
let world: World
let api: CheckedApi
let document: Document
let told: string

beforeAll(async () => {
  told = ''
  place = await openPlace('memory')
  const hear = (line: string, fields: object = {}) => void (told += `${line} ${JSON.stringify(fields)}\n`)
  const log = { debug: hear, info: hear, warn: hear, error: hear }
  world = await openWorld(place, { integration: { responseMode: 'approval', attachments: true }, log })
  api = checkedApi(world)
  document = (await api.ask('GET /openapi.json')).json
  await api.ask('POST /api/operators', { body: { name: 'Ana', password, operatorKey }, headers: { origin: home } })
})
afterAll(async () => {
  await world.close()
  await place.dispose()
})

const home = 'http://localhost:3000'
const calls = Object.keys(operations) as Call[]

it(`answers ${runs * 60} calls as it says it does`, { timeout: 120_000 }, async () => {
  let number = 0
  await fc.assert(
    fc.asyncProperty(fc.array(anyCall(), { minLength: 60, maxLength: 60 }), async (drawn) => {
      const { ids, secrets } = await setUp(++number)
      for (const one of drawn) {
        const { call, wild, ids: real, isLucky, query, body, ...given } = one
        const path = Object.fromEntries(
          Object.entries(wild).map(([name, text]) => [name, (real[name] && idOf(call, name, ids)) || text]),
        )
        // Of the two conversations each run has, one is spared, and so is the integration of both.
        const lucky = <T>(fields: T): T => (isLucky ? withReal(fields, ids) : fields)
        const { status, text } = await api.ask(call, { ...given, path, query: lucky(query ?? {}), body: lucky(body) })
        expect(status).toBeLessThan(500)
        for (const secret of secrets) expect(text).not.toContain(secret)
        if (status >= 400) expect(text).not.toContain(mark)
      }
    }),
    // Sixty calls take minutes to shrink, and what fails names its call.
    { numRuns: runs, endOnFailure: true },
  )
  expect(told).not.toMatch(new RegExp(`${mark}|customer-|${password}`))
  expect(told).not.toContain('internal_error')
  // Not all has come to nothing.
  expect(api.kept.size).toBeGreaterThan(calls.length / 3)
})

interface Ids {
  conversation: string
  message: string
  key: string
  doomedKey: string
  draft: string
  integration: string
  token: string
}

/** The same fields, with names of things that are there. */
function withReal<T>(fields: T, { conversation, message, integration }: Ids): T {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return fields
  const real = new Map<string, unknown>([
    ['conversationId', conversation],
    ['integrationId', integration],
    ['upTo', message],
    ['operatorId', 'operator-key'],
    ['responder', 'spy'],
    ['allowedDomains', ['shop.example']],
  ])
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, real.get(name) ?? value])) as T
}

/** Which of the things that are there a path means. */
function idOf(call: Call, name: string, ids: Ids): string | undefined {
  if (name === 'key') return call.startsWith('DELETE') ? ids.doomedKey : ids.key
  if (name === 'tokenId') return ids.token
  if (call.includes('/drafts/')) return ids.draft
  return call.includes('/integrations/') ? ids.integration : undefined
}

/** Two conversations, one of which has a draft, and an integration; and what no answer may hold. */
async function setUp(number: number): Promise<{ ids: Ids; secrets: string[] }> {
  const names = [`customer-${number}`, `customer-${number}-doomed`]
  for (const conversationId of names) {
    await api.ask('POST /conversation/sse', { query: { conversationId, textContent: 'Hello' } })
  }
  const [key = '', doomedKey = ''] = names.map((name) => conversationKey(world.integration.id, name))
  const find = async () => {
    const { json } = await api.ask('GET /api/conversations/:key/records', { path: { key } })
    const { records } = json as { records: { id: string; type: string }[] }
    return ['message', 'draft'].map((wanted) => records.find(({ type }) => type === wanted)?.id)
  }
  await expect.poll(async () => (await find())[1]).toBeDefined()
  const [message = '', draft = ''] = await find()
  const shop = await world.lumika.registry.create({ name: 'Shop', kind: 'widget' })
  const integrations = world.lumika.registry.list()
  const secrets = integrations.flatMap(({ tokens, identitySecrets }) => [
    ...tokens.map(({ hash }) => hash),
    ...identitySecrets.map(({ secret }) => secret),
  ])
  const ids = {
    ...{ key, doomedKey, message, draft, conversation: names[0] ?? '' },
    ...{ integration: shop.integration.id, token: shop.tokenId },
  }
  return { ids, secrets: [...secrets, operatorKey, password] }
}

function anyCall(): fc.Arbitrary<Drawn> {
  return fc.constantFrom(...calls).chain((call) => {
    const [method = '', path = ''] = call.split(' ')
    const described = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()] as Described
    const parameters = described.parameters ?? []
    const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => name)
    const form = described.requestBody?.content['application/x-www-form-urlencoded']?.schema
    const json = described.requestBody?.content['application/json']?.schema
    const fields = form
      ? Object.entries(form.properties ?? {})
      : parameters.filter((one) => one.in === 'query').map(({ name, schema }) => [name, schema] as const)
    const query = Object.fromEntries(fields.map(([name, schema]) => [name, textFor(name, schema)]))
    const texts = fc.oneof(
      // Dots alone are steps between folders, which a URL does not send.
      fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/^\.\.?$/.test(text)),
      fc.constantFrom('..%2f', '\0', 'x'.repeat(3_000)),
    )
    return fc.record({
      call: fc.constant(call),
      isLucky: fc.boolean(),
      ids: fc.record(Object.fromEntries(inPath.map((name) => [name, sometimes(0.85)]))) as fc.Arbitrary<Drawn['ids']>,
      wild: fc.record(Object.fromEntries(inPath.map((name) => [name, texts]))) as fc.Arbitrary<Drawn['wild']>,
      query: fc.record(query, { requiredKeys: [] }) as fc.Arbitrary<Record<string, string>>,
      ...(json && { body: valueFor(json, document.components.schemas, mark) }),
      ...(json && { raw: fc.option(rawBodies, { freq: 15, nil: undefined }) }),
    }) as fc.Arbitrary<Drawn>
  })
}

const sometimes = (chance: number) => fc.integer({ min: 0, max: 99 }).map((drawn) => drawn < chance * 100)

const rawBodies = fc.oneof(
  fc.record({ type: fc.constant('application/json'), text: fc.constantFrom('', '{', '[1]', '"x"', 'nul', '{"a":1}{') }),
  fc.record({ type: fc.constantFrom('text/plain', 'multipart/form-data', ''), text: fc.constant('{}') }),
  fc.constant({ type: 'application/json', text: `{"body":"${'x'.repeat(70_000)}"}` }),
)

/** A parameter: its value as text. Nobody has time to wait. */
const textFor = (name: string, schema: Schema): fc.Arbitrary<string> =>
  name === 'wait'
    ? fc.constantFrom('0', '-1', '26', 'x')
    : fc
        .oneof(
          { weight: 6, arbitrary: valueFor(schema, document.components.schemas, mark) },
          { weight: 1, arbitrary: junk(mark) },
        )
        .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
