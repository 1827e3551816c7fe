/** Texts of strangers, in which nothing but addresses of four kinds is a link. */

/** A piece of a text. */
export type Piece = string | { href: string; text: string }

const addresses = /(?<![\w:/])(?:https?:\/\/|mailto:|tel:)[^\s<>"']+/gi

/** Divides a text into what is to be shown as it is, and links. */
export function withLinks(text: string): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const { 0: found, index } of text.matchAll(addresses)) {
    // What ends a sentence does not belong to the address in it.
    const shown = found.replace(/[.,;:!?)\]}]+$/, '')
    const href = safeHref(shown)
    if (!href) continue
    if (index > from) pieces.push(text.slice(from, index))
    pieces.push({ href, text: shown })
    from = index + shown.length
  }
  if (from < text.length) pieces.push(text.slice(from))
  return pieces
}

/** Security: a name before the host serves to pass for another host. */
function safeHref(address: string): string | null {
  try {
    const url = new URL(address)
    const isSafe = /^(https?|mailto|tel):$/.test(url.protocol) && !url.username && !url.password
    return isSafe ? url.href : null
  } catch {
    return null
  }
}
