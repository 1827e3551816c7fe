/** JSON bodies of the operator API, checked against a schema. */
import type { z } from 'zod'
import { HttpError } from '../../errors.ts'
import { readText } from '../params.ts'

const maxBytes = 65_536

/** The body of a request that may have none. Throws as `readJson` does. */
export const readOptionalJson = async <T>(request: Request, schema: z.ZodType<T>): Promise<T> =>
  request.body === null || request.headers.get('content-length') === '0' ? schema.parse({}) : readJson(request, schema)

/**
 * The body of a request, of exactly the fields the schema knows.
 * @throws HttpError 415 `unsupported_media_type`, 413 `body_too_large`, 400 `invalid_request`
 */
export async function readJson<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw new HttpError(415, 'unsupported_media_type', 'Send the body as application/json.')
  }
  const result = schema.safeParse(parseJson(await readText(request, maxBytes)))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new HttpError(400, 'invalid_request', issue ? describe(issue) : 'The body does not have the expected form.')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpError(400, 'invalid_request', 'The body is not JSON.')
  }
}

/** What is wrong with which field. zod's messages name what was expected, never what was given. */
function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    return `There is no field ${issue.keys.map((key) => JSON.stringify(key.slice(0, 40))).join(', ')}.`
  }
  return `${issue.path.length > 0 ? issue.path.join('.').slice(0, 80) : 'The body'}: ${issue.message}.`
}
