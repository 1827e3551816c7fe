/** How files are shown. */
import type { Attachment } from '../../../../protocol.ts'

/** Longest sides of a picture in a message, in pixels. */
const WIDTH = 260
const HEIGHT = 220

/** The room a picture takes, known before it is loaded, so that nothing moves when it is. Small ones keep their size. */
export function shapeOf({ width = 4, height = 3 }: Attachment): { width: number; height: number } {
  const isKnown = width > 4 || height > 3
  const scale = Math.min(WIDTH / width, HEIGHT / height, isKnown ? 1 : Infinity)
  // One that is all length is cut: a line of a pixel is nothing to look at.
  return { width: Math.max(Math.round(width * scale), 40), height: Math.max(Math.round(height * scale), 40) }
}

/** Bytes in the words of a language, as people count them. */
export function sizeOf(bytes: number, locale: string): string {
  const [unit, size] =
    bytes < 1_000 ? ['byte', bytes] : bytes < 999_500 ? ['kilobyte', bytes / 1_000] : ['megabyte', bytes / 1_000_000]
  const format = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: size < 10 ? 1 : 0 } as const
  return new Intl.NumberFormat(locale, format as Intl.NumberFormatOptions).format(size as number)
}

/** What a file is, in a word. */
export const kindOf = (type: string, { image, file }: { image: string; file: string }): string =>
  type === 'application/pdf' ? 'PDF' : type.startsWith('image/') ? image : file
