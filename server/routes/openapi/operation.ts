/** One call of the API, as it is described. */
import type { z } from 'zod'
import type { ErrorCode } from '../../../protocol.ts'

/** What a call takes and gives. */
export interface Operation {
  summary: string
  description?: string
  /** Who may call: anybody, a page with a token, any operator, or owners. */
  by: 'anybody' | 'token' | 'operator' | 'owner'
  /** Parameters of the query. */
  query?: z.ZodObject
  /** The JSON of the request, which has to be registered by name; or of a form. */
  body?: z.ZodType
  isBodyOptional?: true
  form?: z.ZodObject
  /** The body is a file, as it is. */
  isUpload?: true
  /** The answer where all is well: its JSON, another type of content, or nothing. */
  status: 200 | 201 | 204
  answer?: z.ZodType
  content?: Record<string, z.ZodType | null>
  /** Codes of errors besides those that every such call may meet, by status. */
  errors?: Partial<Record<number, readonly ErrorCode[]>>
}

/** The errors any call may meet, by who may call. */
export const commonErrors: Record<Operation['by'], NonNullable<Operation['errors']>> = {
  anybody: {},
  token: {
    400: ['invalid_request'],
    401: ['invalid_token'],
    403: ['domain_not_allowed', 'request_not_allowed', 'identity_required'],
    429: ['rate_limited'],
    503: ['storage_unavailable'],
  },
  operator: { 401: ['operator_required'], 403: ['wrong_origin'], 503: ['storage_unavailable'] },
  owner: { 401: ['operator_required'], 403: ['wrong_origin', 'role_required'], 503: ['storage_unavailable'] },
}

/** What a call with a JSON body may meet. */
export const bodyErrors: NonNullable<Operation['errors']> = {
  400: ['invalid_request'],
  413: ['body_too_large'],
  415: ['unsupported_media_type'],
}
