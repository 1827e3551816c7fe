/** What is said of a file before anything of it is sent, and what the backend's refusal means. The backend has the last word. */
import type { AdapterError } from '../../../adapters/adapter.ts'

/** What can be wrong with a file. */
export type Problem = 'tooLarge' | 'wrongType' | 'tooMany' | 'failed'

/** Most files of a message. */
export const MOST = 5
/** What the file picker offers. By itself, as `attachmentTypes` of the protocol would weigh on every first open. */
export const accepted = 'image/png,image/jpeg,image/gif,image/webp,application/pdf'
/** Most bytes of a file, where the server says nothing else. */
export const defaultBytes = 10_485_760

/** What is wrong with a file, as far as can be seen. A type that the browser does not know is the backend's to find out. */
export const problemOf = ({ type, size }: File, most: number): Problem | undefined =>
  type && !accepted.split(',').includes(type) ? 'wrongType' : size > most ? 'tooLarge' : undefined

/** What a failed upload is called. */
export const reasonOf = (error: unknown): Problem =>
  (({ body_too_large: 'tooLarge', unsupported_media_type: 'wrongType' }) as const)[
    (error as Partial<AdapterError>).code as 'body_too_large'
  ] ?? 'failed'
