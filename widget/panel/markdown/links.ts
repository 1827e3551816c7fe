/**
 * Where a link may lead, and what has to be said about it. Only whole addresses of four kinds are links; everything else
 * (script, data, files, what is relative to the page it happens to stand on) stays the text it is.
 */
import { withoutDirections } from '../clip.ts'

/** What is taken out of an address before it is judged, as browsers do, and some more: what nobody can see. */
// eslint-disable-next-line no-control-regex
const invisible = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g

/** Something that reads as the name of a host; dots as browsers take them for dots. */
const hosts = /(?:[\p{L}\p{N}_-]+[.\u3002\uff0e\uff61])+\p{L}[\p{L}\p{N}-]+/gu

/** An address that may be followed, in the form browsers show it (hosts in punycode). Null for all others. */
export function safeUrl(address: string): URL | null {
  const bare = address.replace(invisible, '')
  if (!/^(?:https?:\/\/|mailto:|tel:)[^/\\]/i.test(bare)) return null
  try {
    const url = new URL(bare)
    // A name before the host serves to pass for another host.
    return url.username || url.password ? null : url
  } catch {
    return null
  }
}

/**
 * What a link really leads to, if its words could make one believe something else: they name another host, mailbox or
 * number, or nothing, or the host's name has letters that look like others. Empty where nothing needs to be said.
 */
export function targetOf({ protocol, hostname, pathname }: URL, words: string): string {
  const text = words
    .normalize('NFKC')
    .replace(/[\t\n\r ]+/g, ' ')
    .replace(invisible, '')
    .trim()
    .toLowerCase()
  const isWeb = protocol.startsWith('http')
  const target = isWeb ? hostname : decode(pathname)
  if (text.includes(target.toLowerCase()) && !namesOther(text, target)) return ''
  const isHonest =
    text !== '' && !namesOther(text, target) && !(isWeb ? hostname.includes('xn--') : /\d{5}|@/.test(text))
  return isHonest ? '' : target
}

/** Whether a text names a host that is not (a part of) the target. */
const namesOther = (text: string, target: string): boolean =>
  [...text.matchAll(hosts)].some(([name]) => bare(canonical(name)) !== bare(target.toLowerCase().replace(/^.*@/, '')))

const bare = (host: string): string => host.replace(/^www\./, '')

/** A host's name as the browser would ask for it. */
function canonical(name: string): string {
  try {
    return new URL(`https://${name}`).hostname
  } catch {
    return name
  }
}

function decode(path: string): string {
  try {
    return withoutDirections(decodeURIComponent(path))
  } catch {
    return path
  }
}
