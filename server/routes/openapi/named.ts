/** Schemas with a name, which the API's description refers to wherever they are used. */
import { z } from 'zod'

/** What requests hold, and what answers hold. A schema of one kind never refers to one of the other. */
export const requests = z.registry<{ id: string }>()
export const answers = z.registry<{ id: string }>()

/** Names the schema of a request's body. */
export const body = <T extends z.ZodType>(id: string, schema: T): T => named(requests, id, schema)

/** Names the schema of an answer, or of a part of one. */
export const answer = <T extends z.ZodType>(id: string, schema: T): T => named(answers, id, schema)

function named<T extends z.ZodType>(registry: typeof requests, id: string, schema: T): T {
  registry.add(schema, { id })
  return schema
}
