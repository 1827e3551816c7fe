/** Whose requests count together: an address, or for IPv6 the network that one customer of a provider has. */

/**
 * What an address counts as. An IPv4 address, mapped into IPv6 or not, is itself; an IPv6 address its /64, since whoever
 * has one has all of them. Null for what is no address.
 */
export function addressKey(address: string | undefined): string | null {
  if (!address) return null
  const mapped = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1]
  if (mapped) return mapped
  const plain = address.replace(/%.*$/, '')
  // The URL parser writes every form of an address in one way.
  if (!plain.includes(':') || !URL.canParse(`http://[${plain}]`)) return null
  return `${groups(new URL(`http://[${plain}]`).hostname.slice(1, -1))
    .slice(0, 4)
    .join(':')}::/64`
}

/** The eight groups of an address, those behind `::` written out. */
function groups(address: string): string[] {
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  if (tail === undefined) return before
  const after = tail === '' ? [] : tail.split(':')
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
}
