/** Values for a JSON schema of the description: most as it wants them, some not. */
import fc from 'fast-check'

/** As much of JSON Schema as the description uses. */
export interface Schema {
  $ref?: string
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  maxItems?: number
}

/** Whatever a client may send that has read nothing. `mark` is in every text of it. */
export const junk = (mark: string): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => mark + text),
    fc.constantFrom<unknown>(null, true, -1, 0, 1e21, 0.5, [], {}, '', [[[]]], `${mark}${'x'.repeat(5_000)}`),
    fc
      .constantFrom('\0', '\u2028', '../..', '%00', '__proto__', "' or 1=1 --", '{{', '\ud800')
      .map((text) => mark + text),
  )

/** Values for a schema: about one in eight, at every place, is junk. */
export function valueFor(schema: Schema, schemas: Record<string, Schema>, mark: string): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 7, arbitrary: wanted(schema, schemas, mark) }, { weight: 1, arbitrary: junk(mark) })
}

function wanted(schema: Schema, schemas: Record<string, Schema>, mark: string): fc.Arbitrary<unknown> {
  const inner = (one: Schema) => valueFor(one, schemas, mark)
  if (schema.$ref) return wanted(schemas[schema.$ref.split('/').at(-1) as string] as Schema, schemas, mark)
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => wanted(one, schemas, mark)))
  const { minimum = 0, maximum = 1_000 } = schema
  switch (schema.type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({ min: minimum, max: Math.min(maximum, 2 ** 31 - 1) })
    case 'number':
      return fc.double({ min: minimum, max: maximum, noNaN: true })
    case 'string':
      return textFor(schema, mark)
    case 'array':
      return fc.array(inner(schema.items ?? {}), { maxLength: Math.min(schema.maxItems ?? 4, 4) })
    case 'object': {
      const { properties = {}, required = [] } = schema
      const fields = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, inner(one)]))
      const whole = fc.record(fields, { requiredKeys: required as never[] })
      const broken = fc
        .tuple(
          fc.record(fields, { requiredKeys: [] }),
          fc.dictionary(fc.string({ maxLength: 8 }), junk(mark), { maxKeys: 2 }),
        )
        .map(([known, more]) => ({ ...more, ...known }))
      return fc.oneof({ weight: 7, arbitrary: whole }, { weight: 1, arbitrary: broken })
    }
    default:
      return junk(mark)
  }
}

function textFor({ pattern, minLength = 0, maxLength = 40 }: Schema, mark: string): fc.Arbitrary<string> {
  // fast-check knows no lookahead. Ours only says how long a text may be.
  if (pattern !== undefined)
    return fc.stringMatching(new RegExp(pattern.replace(/\(\?=[^)]*\)/, '')), { maxLength: 60 })
  const room = Math.min(maxLength, 40) - mark.length
  return fc.string({ minLength: Math.min(minLength, room), maxLength: Math.max(room, 0) }).map((text) => mark + text)
}
