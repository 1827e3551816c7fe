/**
 * The entries of `allowedDomains`, checked and brought to one form when they are saved, so that deciding about a
 * request is a comparison of strings. The forms, by example: `shop.example`, `shop.example:8443`, `*.shop.example`,
 * `http://shop.example`, `localhost`, `[::1]:3000`, `null`.
 */
import { parse } from 'tldts'
import { HttpError } from '../errors.ts'

/** Hosts that are this machine: http and any port are fine there. */
export const loopbackHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * One entry in its normal form.
 * @throws HttpError 422 `invalid_domain`
 */
export function normaliseDomain(entry: string): string {
  const text = entry.trim()
  if (text.toLowerCase() === 'null') return 'null'
  const parts = split(text)
  const host = hostOf(text, parts.host)
  checkOwner(text, host, parts.wildcard)
  if (host === 'null') refuse(text, 'cannot be told from the opaque origin `null`')
  const prefix = (parts.scheme === 'http' ? 'http://' : '') + (parts.wildcard ? '*.' : '')
  // A port on this machine is kept even when it is a default one: without a port, such an entry allows them all.
  const isDefaultPort = parts.port === (parts.scheme === 'http' ? 80 : 443) && !loopbackHosts.has(host)
  return prefix + host + (parts.port === null || isDefaultPort ? '' : `:${parts.port}`)
}

/**
 * A whole list: normalised, each entry once, order kept.
 * @throws HttpError 422 `invalid_domain`
 */
export function normaliseDomains(list: readonly string[]): string[] {
  return [...new Set(list.map(normaliseDomain))]
}

interface EntryParts {
  scheme: 'http' | 'https'
  wildcard: boolean
  host: string
  port: number | null
}

function split(text: string): EntryParts {
  if (text === '') refuse(text, 'is empty; leave it out')
  if (text.length > 300) refuse(text, 'is too long to be a host name')
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)
  const name = scheme?.[1]?.toLowerCase() ?? 'https'
  if (name !== 'http' && name !== 'https') refuse(text, 'has a scheme other than http:// or https://')
  const rest = text.slice(scheme?.[0].length ?? 0)
  if (rest.includes('@')) refuse(text, 'holds a user name; write the host alone')
  const authority = rest.replace(/\/$/, '')
  if (/[/?#\\]/.test(authority)) refuse(text, 'holds a path or a query; write the host alone')
  if (/[,;\s]/.test(authority)) refuse(text, 'holds a space or a separator; give each host an entry of its own')
  if (/^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(authority)) refuse(text, 'needs brackets: [::1]')
  const match = /^(\*\.)?(\[[0-9a-f:.]+\]|[^[\]:%*]+)(?::(\d{1,5}))?$/i.exec(authority)
  if (!match) refuse(text, 'is not a host name; write shop.example or *.shop.example')
  const port = match[3] === undefined ? null : Number(match[3])
  if (port === 0 || (port ?? 0) > 65_535) refuse(text, 'has a port that does not exist')
  return { scheme: name, wildcard: match[1] !== undefined, host: match[2] as string, port }
}

/** The host as an origin spells it: lower case, punycode, shortest IPv6, no trailing dot. */
function hostOf(text: string, written: string): string {
  let host: string
  try {
    host = new URL(`https://${written}`).hostname.replace(/\.$/, '')
  } catch {
    refuse(text, 'is not a host name; write shop.example or *.shop.example')
  }
  if (host.startsWith('[')) return host
  const isName = host.length <= 253 && host.split('.').every((label) => /^[a-z0-9_-]{1,63}$/.test(label))
  if (!isName) refuse(text, 'is not a host name; write shop.example or *.shop.example')
  // `127.1` and `3000` are addresses to a URL parser, but hardly what was meant.
  if (parse(host).isIp && host !== written.replace(/\.$/, ''))
    refuse(text, 'is not an address in full, such as 192.0.2.1')
  return host
}

/** Nobody owns a public suffix, so an entry that names one would let strangers in. */
function checkOwner(text: string, host: string, wildcard: boolean): void {
  const { isIp, publicSuffix, isIcann, isPrivate } = parse(host, { allowPrivateDomains: true })
  if (isIp) {
    if (wildcard) refuse(text, 'puts a wildcard before an address')
    return
  }
  if (publicSuffix !== host) return
  // A name like `localhost` or `intranet` is on no list of suffixes: fine as it is, too wide behind a wildcard.
  if (wildcard || isIcann || isPrivate) refuse(text, 'is a public suffix that many owners share; name your own host')
}

function refuse(text: string, what: string): never {
  throw new HttpError(422, 'invalid_domain', `allowedDomains: ${JSON.stringify(shown(text))} ${what}`)
}

/** The entry as a message may show it: never a user name, password or query that was pasted along. */
function shown(text: string): string {
  const authority = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').split(/[/?#\\]/)[0] as string
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  return host.length > 60 ? `${host.slice(0, 60)}…` : host
}
