/** What may be refused of a file before any of it is read. */
import type { Attachments } from '../attachments/contract.ts'
import { HttpError } from '../errors.ts'

/** As much of an integration as matters here; null: it is no more. */
type Setting = { attachments?: boolean } | null

/** @throws HttpError 403 `request_not_allowed` where an integration takes no files */
export function checkFiles(integration: Setting): void {
  if (integration?.attachments) return
  throw new HttpError(403, 'request_not_allowed', 'This integration takes no files. An owner may allow them.')
}

/** The files of a server, where an integration takes some. @throws HttpError 403 `request_not_allowed` */
export function filesOf(attachments: Attachments | null, integration: Setting): Attachments {
  checkFiles(integration)
  if (attachments) return attachments
  throw new HttpError(403, 'request_not_allowed', 'This server keeps no files.')
}

/** Bytes that a request says it will send; null: it does not say. @throws HttpError 413 `body_too_large` */
export function announcedBytes({ headers }: Request, most: number): number | null {
  const length = headers.get('content-length')
  if (length === null) return null
  if (Number(length) <= most) return Number(length)
  throw new HttpError(413, 'body_too_large', `A file may hold ${most} bytes at most.`)
}
