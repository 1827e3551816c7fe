/** Randomness and the spelling of bytes. */

/** Fills the array with random bytes and returns it, as `crypto.getRandomValues` does. */
export type RandomSource = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>

/** The platform's own cryptographic source. There is no fallback: without it nothing must be minted. */
export const cryptoRandom: RandomSource = (bytes) => crypto.getRandomValues(bytes)

/** Random bytes as base64url: 4 characters for 3 bytes. */
export const randomBase64Url = (bytes: number, random: RandomSource): string =>
  toBase64Url(random(new Uint8Array(bytes)))

/** Random characters of `[a-z0-9]`, 5.17 bits each: fit for file names where case does not count. */
export function randomAlphanumeric(length: number, random: RandomSource): string {
  let text = ''
  while (text.length < length) {
    for (const byte of random(new Uint8Array(length))) {
      // Bytes from 252 on are skipped: 36 divides 252, so every character is equally likely.
      if (byte < 252 && text.length < length) text += alphabet[byte % 36]
    }
  }
  return text
}

/** Bytes as base64url without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** SHA-256 of a text, base64url. */
export async function sha256(text: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'
