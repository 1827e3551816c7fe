/** Who may call, by where the request comes from. Pure: the caller hands in what the headers say. */
import type { IntegrationKind } from './integration.ts'
import { loopbackHosts } from './domains.ts'

/** What the decision is made from. Nothing else counts: no Host, no X-Forwarded-*. */
export interface OriginInput {
  /** Normalised entries; empty means any origin. */
  allowedDomains: readonly string[]
  kind: IntegrationKind
  headers: OriginHeaders
  /** The origin this server is reached by, from its configuration; null when it is not known. */
  publicOrigin: string | null
}

/** The headers that tell where a request comes from; null when absent. An empty header is not an absent one. */
export interface OriginHeaders {
  origin: string | null
  secFetchSite: string | null
  referer: string | null
}

/** The decision, and the value of `Access-Control-Allow-Origin` (null: none). */
export interface OriginDecision {
  allowed: boolean
  allowOrigin: string | null
}

/**
 * Decides whether a request may be served.
 * Security: a program can send any Origin, so this keeps other sites out, not programs.
 */
export function decideOrigin(input: OriginInput): OriginDecision {
  const { allowedDomains, kind, headers, publicOrigin } = input
  // A list that cannot be read must not be mistaken for an empty one, which would let everybody in.
  if (!Array.isArray(allowedDomains) || allowedDomains.some((entry) => typeof entry !== 'string')) return refused
  const isOpen = allowedDomains.length === 0

  if (headers.origin !== null) {
    if (headers.origin === 'null') return allowedDomains.includes('null') ? allowedFrom('null') : refused
    const url = canonicalUrl(headers.origin)
    return url && (isOpen || isListed(url, allowedDomains)) ? allowedFrom(headers.origin) : refused
  }
  if (isOpen) return allowed
  if (headers.secFetchSite !== null) {
    const own = headers.secFetchSite === 'same-origin' ? canonicalUrl(originOf(publicOrigin)) : null
    return own && isListed(own, allowedDomains) ? allowed : refused
  }
  if (headers.referer !== null) {
    const page = canonicalUrl(originOf(headers.referer))
    return page && isListed(page, allowedDomains) ? allowed : refused
  }
  return kind === 'api' ? allowed : refused
}

/** The origin itself when it is one, spelled as browsers spell it; null for anything else, `null` included. */
export function canonicalOrigin(origin: string | null): string | null {
  return origin !== null && canonicalUrl(origin) ? origin : null
}

/**
 * The origin that a request names, as browsers spell it: by its Origin, else as a page of the server's own, else by its
 * Referer. Null where none is named, or none a browser would send.
 */
export function originNamed(
  { origin, secFetchSite, referer }: OriginHeaders,
  publicOrigin: string | null,
): string | null {
  if (origin !== null) return origin === 'null' ? origin : canonicalOrigin(origin)
  if (secFetchSite !== null) return secFetchSite === 'same-origin' ? canonicalOrigin(originOf(publicOrigin)) : null
  return canonicalOrigin(originOf(referer))
}

/** The headers that tell a page's loads from a program's requests; null when absent. */
export interface LoadHeaders {
  secPurpose: string | null
  /** `Purpose`, which older browsers send instead of `Sec-Purpose`. */
  purpose: string | null
  secFetchMode: string | null
  secFetchDest: string | null
  accept: string | null
}

/**
 * Whether a request looks like a prefetch, a navigation or a sub-resource, which no client of ours ever sends: a link,
 * an image or a preview must not write a message, nor pull a history into somebody's page.
 * @param sends whether the request stores something. Then `Accept` counts too; a reading program that merely copies a
 *   browser's Accept is let through
 */
export function looksLikePageLoad(headers: LoadHeaders, sends: boolean): boolean {
  if (/\b(prefetch|prerender|preview)\b/i.test(`${headers.secPurpose} ${headers.purpose}`)) return true
  // fetch and EventSource say `cors` or `same-origin`, with an empty destination.
  if (headers.secFetchMode !== null && !/^(cors|same-origin)$/i.test(headers.secFetchMode)) return true
  if (headers.secFetchDest !== null && !/^empty$/i.test(headers.secFetchDest)) return true
  return sends && /^\s*(text\/html|image\/)/i.test(headers.accept ?? '')
}

const refused: OriginDecision = { allowed: false, allowOrigin: null }
const allowed: OriginDecision = { allowed: true, allowOrigin: null }
const allowedFrom = (origin: string): OriginDecision => ({ allowed: true, allowOrigin: origin })

/** A URL may hold `shop.example.` and `.shop.example`; no site is served from them. */
const hasEmptyLabel = /^\.|\.\.|\.$/

function canonicalUrl(origin: string | null): URL | null {
  // Scheme, 253 characters of host and a port: anything longer is no origin, and not worth parsing.
  if (origin === null || origin.length > 270) return null
  try {
    const url = new URL(origin)
    const isWeb = url.protocol === 'https:' || url.protocol === 'http:'
    return isWeb && url.origin === origin && !hasEmptyLabel.test(url.hostname) ? url : null
  } catch {
    return null
  }
}

function originOf(address: string | null): string | null {
  try {
    return address === null ? null : new URL(address).origin
  } catch {
    return null
  }
}

const isListed = (url: URL, entries: readonly string[]): boolean => entries.some((entry) => matches(url, entry))

function matches(url: URL, entry: string): boolean {
  if (entry === 'null') return false
  const isHttp = entry.startsWith('http://')
  const [, wildcard, host = '', port] =
    /^(\*\.)?(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(isHttp ? entry.slice(7) : entry) ?? []
  const isLoopback = loopbackHosts.has(host)
  if (isHttp ? url.protocol !== 'http:' : url.protocol !== 'https:' && !isLoopback) return false
  const urlPort = url.port || (url.protocol === 'http:' ? '80' : '443')
  const portFits = port === undefined ? isLoopback || url.port === '' : port === urlPort
  return portFits && host !== '' && (wildcard ? url.hostname.endsWith(`.${host}`) : url.hostname === host)
}
