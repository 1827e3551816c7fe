/** What is said of a file before anything of it is sent, and what a refusal means. The backend has the last word. */
import type { AdapterError, AdapterErrorCode } from '../../../adapters/adapter.ts'
import type { texts } from '../../locales/attach.ts'
import { plural } from '../../locales/texts.ts'
import type { Texts } from '../../locales/texts.ts'

/** What no other try would change. */
export type Refused = 'tooLarge' | 'wrongType' | 'tooMany' | 'notAllowed'
/** Why a file did not get through, this time. */
export type Trouble = AdapterErrorCode | undefined

/** Most files of a message. */
export const MOST = 5
/** What the file picker offers. By itself: the protocol's own list would weigh on every first open. */
export const accepted = 'image/png,image/jpeg,image/gif,image/webp,application/pdf'
/** Most bytes of a file, where the server says nothing else. */
export const defaultBytes = 10_485_760

/** What is wrong with a file, as far as can be seen. A type that the browser does not know is the backend's to find out. */
export const refusalOf = ({ type, size }: File, most: number): Refused | undefined =>
  !size || (type && !accepted.split(',').includes(type)) ? 'wrongType' : size > most ? 'tooLarge' : undefined

/** Recognised by what it carries: there may be two copies of the class. */
export const codeOf = (error: unknown): Trouble => (error as Partial<AdapterError> | null)?.code

/** By status, since a proxy before the server has limits and words of its own; but 403 has other reasons, too. */
export function refusalBy(error: unknown): Refused | undefined {
  const { status, code } = (error ?? {}) as Partial<AdapterError>
  if (code === 'request_not_allowed') return 'notAllowed'
  return status === 413 ? 'tooLarge' : status === 415 ? 'wrongType' : undefined
}

/** English words for these are in the part that shows messages, which need not be there. */
const hints = { network: 'Check your connection.', storage_unavailable: 'The server has a problem. Wait a moment.' }

/** The words for what is wrong. */
export function sayer(words: typeof texts, { failures }: Texts, locale: string, most: number) {
  const known: Partial<Record<string, string>> = { ...hints, ...failures }
  return {
    /** @param below the limit is not known, but that it is less than this */
    refused: (reason: Refused, below?: number): string =>
      reason === 'tooMany'
        ? plural(words.tooMany, MOST, locale)
        : words[reason].replace('#', () => (below === undefined ? sizeOf(most, locale) : `< ${sizeOf(below, locale)}`)),
    failed: (trouble: Trouble): string => [words.failed, trouble && known[trouble]].filter(Boolean).join(' '),
  }
}

/** Bytes as people count them. What shows sent files says it more exactly, and is not loaded for this. */
export function sizeOf(bytes: number, locale: string): string {
  const isLarge = bytes >= 999_500
  const size = isLarge ? bytes / 1_000_000 : Math.max(bytes / 1_000, 1)
  const unit = isLarge ? 'megabyte' : 'kilobyte'
  const maximumFractionDigits = isLarge && size < 10 ? 1 : 0
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits }).format(
    size,
  )
}
