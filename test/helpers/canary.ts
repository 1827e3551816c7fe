/** A secret in every spelling in which it may turn up. */

/**
 * The text itself, encoded as in an address, in hex, and in base64 wherever it begins in what is encoded. Of long ones a
 * piece from the middle: who prints a secret in part has printed it.
 */
export function formsOf(secret: string): string[] {
  const piece = secret.length > 24 ? secret.slice(4, -4) : secret
  const bytes = Buffer.from(piece)
  const encoded = [0, 1, 2].map((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    // What stands at the ends depends on the neighbours.
    return whole.replace(/=+$/, '').slice(offset === 0 ? 0 : offset + 1, -2)
  })
  return [
    ...new Set([
      piece,
      encodeURIComponent(piece),
      piece.replaceAll(' ', '+'),
      piece.toLowerCase(),
      bytes.toString('hex'),
      ...encoded,
      ...encoded.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
      // As names in the storage's folder are spelled.
      [...piece].map((c) => (/[a-z0-9_-]/.test(c) ? c : `%${c.charCodeAt(0).toString(16)}`)).join(''),
    ]),
  ]
}
