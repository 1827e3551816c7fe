/** Answers: JSON, errors, and what every one of them carries. */
import { HTTPError } from 'h3'
import { FastResponse } from 'srvx'
import type { ErrorBody } from '../../protocol.ts'
import { HttpError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { isLogError } from '../storage/log.ts'

/** Header fields, name and value. */
export type HeaderList = [string, string][]

/** The token stands in the URL, so no answer may be kept by anybody. */
const noStore: HeaderList = [
  ['cache-control', 'no-store'],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
]

/** A JSON answer. */
export function json(value: unknown, status = 200, headers: HeaderList = []): Response {
  return new FastResponse(JSON.stringify(value), {
    status,
    headers: [['content-type', 'application/json; charset=utf-8'], ...noStore, ...headers],
  })
}

/** An answer without a body. */
export function empty(status: number, headers: HeaderList = []): Response {
  return new FastResponse(null, { status, headers: [...noStore, ...headers] })
}

/** An error as an answer. What nobody planned is masked, and told to the operator. */
export function errorAnswer(error: unknown, logger: Logger, headers: HeaderList = []): Response {
  const known = toHttpError(error)
  if (known.status >= 500) logger.error('request: failed', { code: known.code, error: known.cause ?? known })
  const body: ErrorBody = { error: { code: known.code, message: known.message } }
  const retry: HeaderList = known.retryAfter === undefined ? [] : [['retry-after', String(known.retryAfter)]]
  return json(body, known.status, [...retry, ...headers])
}

function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  if (isLogError(error, 'cursor_not_found')) {
    return new HttpError(404, 'cursor_not_found', 'This cursor is unknown here. Read the history anew and merge by id.')
  }
  if (isLogError(error, 'gone')) return new HttpError(404, 'not_found', 'There is no such conversation.')
  if (isLogError(error)) {
    const message = 'The server cannot reach its storage. Nothing was lost; try again.'
    return new HttpError(503, 'storage_unavailable', message, { retryAfter: 2, cause: error })
  }
  if (HTTPError.isError(error) && error.status === 400) {
    return new HttpError(400, 'invalid_request', 'The path is not valid: check how it is percent-encoded.')
  }
  return new HttpError(500, 'internal_error', 'Something went wrong on the server.', { cause: error })
}
