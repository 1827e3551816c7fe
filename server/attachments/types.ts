/**
 * What a file is, by its first bytes: https://mimesniff.spec.whatwg.org/ (6.1 for images, 7.1 for PDF). Whatever its sender
 * says of it counts for nothing, and what is not in this list is no attachment: SVG and HTML are programs.
 */
import type { AttachmentType } from '../../protocol.ts'

/** How many bytes have to be there for a type to be told. */
export const telling = 16

const signatures: [AttachmentType, (bytes: Uint8Array) => boolean][] = [
  ['image/png', (bytes) => begins(bytes, 0, '\x89PNG\r\n\x1a\n')],
  ['image/jpeg', (bytes) => begins(bytes, 0, '\xff\xd8\xff')],
  ['image/gif', (bytes) => begins(bytes, 0, 'GIF87a') || begins(bytes, 0, 'GIF89a')],
  ['image/webp', (bytes) => begins(bytes, 0, 'RIFF') && begins(bytes, 8, 'WEBPVP')],
  ['application/pdf', (bytes) => begins(bytes, 0, '%PDF-')],
]

/** The type of a file that begins like this; null for what may not be attached. */
export const typeOf = (bytes: Uint8Array): AttachmentType | null =>
  signatures.find(([, fits]) => fits(bytes))?.[0] ?? null

function begins(bytes: Uint8Array, at: number, latin1: string): boolean {
  for (let i = 0; i < latin1.length; i++) if (bytes[at + i] !== latin1.charCodeAt(i)) return false
  return true
}
