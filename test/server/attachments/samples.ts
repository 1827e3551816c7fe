/** Files as small as they can be, and files that are two things at once. */

const bytes = (...parts: (string | number[])[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : part)))

/** 3 by 2 pixels, as far as it says; its picture is missing. */
export const png = bytes('\x89PNG\r\n\x1a\n', [0, 0, 0, 13], 'IHDR', [0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0])
export const gif = bytes('GIF89a', [5, 0, 4, 0, 0, 0, 0, 0x3b])
export const webp = bytes('RIFF', [30, 0, 0, 0], 'WEBPVP8X', [10, 0, 0, 0, 0, 0, 0, 0], [6, 0, 0, 7, 0, 0])
/** A frame header behind an application's segment. */
export const jpeg = bytes([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 1, 0xff, 0xc0, 0, 11, 8, 0, 9, 0, 10, 1, 1, 0x11, 0])
export const pdf = bytes('%PDF-1.7\n1 0 obj\n<<>>\nendobj\n')

/** Runs as JavaScript, and is a GIF (whose width is `/*`). */
export const gifAndScript = bytes('GIF89a/*', [0, 0, 0, 0, 0], '*/=1;globalThis.stolen=document.cookie//')
/** Is a page where it is shown as one, and a PDF. */
export const pdfAndPage = bytes('%PDF-1.4\n<html><script>document.write(document.cookie)</script></html>\n%%EOF')

/** What is refused, whatever it is called. */
export const refused = {
  svg: bytes('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
  'svg behind a declaration': bytes('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
  html: bytes('<!doctype html><script>alert(1)</script>'),
  'a page with a PDF in it': bytes('<html>\n%PDF-1.7\n'),
  'a PDF behind something else': bytes('  %PDF-1.7'),
  script: bytes('alert(document.cookie)'),
  zip: bytes('PK\x03\x04', [20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]),
  program: bytes('\x7fELF', [2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
  'half a signature': bytes('\x89PNG\r\n'),
  'one byte': bytes('x'),
}

/** A PNG of so many bytes, each piece of which differs. */
export function bigPng(size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size)
  for (let at = 0; at < size; at++) all[at] = (at * 31 + (at >> 8) * 7 + (at >> 16)) & 0xff
  all.set(png)
  return all
}
