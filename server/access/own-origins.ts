/** Which pages are the server's own: a browser sends its cookie along for others, too, and they must come to nothing. */
import { loopbackHosts } from './domains.ts'

/** What tells where a request comes from; null when absent. */
export interface OwnHeaders {
  origin: string | null
  secFetchSite: string | null
}

/**
 * The origins of a server: those of its addresses, and where that is this machine, under each of the machine's names.
 * @param addresses the public address, and the one it listens at, if it is known
 */
export function ownOrigins(addresses: readonly string[]): ReadonlySet<string> {
  const origins = addresses
    .map((address) => new URL(address))
    .flatMap((url) => {
      if (!loopbackHosts.has(url.hostname)) return [url.origin]
      return [...loopbackHosts].map((host) => `${url.protocol}//${host}${url.port && `:${url.port}`}`)
    })
  return new Set(origins)
}

/**
 * Whether a page of the server's own sends this. Pages cannot forge either header; where both are missing it is a program.
 * @param sends whether the request changes something. Reads are taken from a program, and from the address bar
 */
export function isOwnPage({ origin, secFetchSite }: OwnHeaders, own: ReadonlySet<string>, sends: boolean): boolean {
  if (origin !== null) return own.has(origin)
  if (secFetchSite !== null) return secFetchSite === 'same-origin' || (!sends && secFetchSite === 'none')
  return !sends
}

/** The same for what needs no cookie, such as a log-in: a program need not say where it comes from. */
export const isOwnPageOrProgram = (headers: OwnHeaders, own: ReadonlySet<string>): boolean =>
  (headers.origin === null && headers.secFetchSite === null) || isOwnPage(headers, own, true)
