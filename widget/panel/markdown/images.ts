/** Which images an answer may load: each one tells its host who reads what, when. So none, but from hosts the site names. */
import { safeUrl } from './links.ts'

/** The address to load an image from; null where it must not be loaded. Hosts are compared whole, with their port. */
export function imageSource(address: string, imageHosts: readonly string[]): string | null {
  const url = safeUrl(address)
  const isAllowed = url?.protocol === 'https:' && imageHosts.some((host) => host.toLowerCase() === url.host)
  return isAllowed ? url.href : null
}
