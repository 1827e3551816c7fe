/** Which addresses webhooks may go to: those of the public internet. Everything else may be somebody's own network. */
import ipaddr from 'ipaddr.js'

/** Ranges whose addresses carry an IPv4 address, which is the one that counts, and the bytes it stands at. */
const carriers: Readonly<Record<string, number>> = { ipv4Mapped: 12, rfc6145: 12, '6to4': 2 }

/** Answered by the machines of a cloud itself, although the address looks like anybody's: Azure's wire server. */
const metadata = new Set(['168.63.129.16'])

/** What IANA has given out for the internet; beside it there are only forms of IPv4 and what nobody has. */
const internet = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Whether an IP address is one of the public internet. Loopback, link-local (and so the metadata service of most clouds),
 * private, shared, multicast, documentation and reserved ranges are not, nor are IPv6 forms of such IPv4 addresses.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.parse(text)
  const range = address.range()
  if (address instanceof ipaddr.IPv4) return range === 'unicast' && !metadata.has(address.toString())
  const at = carriers[range] ?? (isTranslated(address, range) ? 12 : undefined)
  if (at !== undefined) {
    return isPublicAddress(
      address
        .toByteArray()
        .slice(at, at + 4)
        .join('.'),
    )
  }
  return range === 'unicast' && address.match(internet)
}

/** NAT64 by its well-known prefix. A network's own prefix, `64:ff9b:1::/48`, may lead anywhere in that network. */
const isTranslated = (address: ipaddr.IPv6, range: string): boolean =>
  range === 'rfc6052' && address.match(ipaddr.IPv6.parseCIDR('64:ff9b::/96'))

/** The IP address that a URL names, without brackets; null for a name. */
export function literalAddress({ hostname }: URL): string | null {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(bare) ? bare : null
}

/** Whether a URL names this machine by the name that every machine has for itself. */
export const isLocalName = ({ hostname }: URL): boolean => /(^|\.)localhost\.?$/i.test(hostname)
