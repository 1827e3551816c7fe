/** Files as they are shown. */
import { visitorPaths } from '../../protocol.ts'
import type { Attachment } from '../../protocol.ts'

/** Where a file is. */
export const addressOf = ({ id }: Attachment): string => `${visitorPaths.attachments}/${id}`

/** Most pixels of a picture that is shown by itself: what is small as a file may be a gigabyte once it is drawn. */
const mostPixels = 40_000_000

/** Whether a file is shown as a picture; what does not say how large it is, is not. */
export const isShown = ({ type, width = Infinity, height = Infinity }: Attachment): boolean =>
  type.startsWith('image/') && width * height <= mostPixels

/** Such as `1.2 MB`. */
export function sizeOf(bytes: number): string {
  const [unit, size] =
    bytes < 1_000_000 ? (['kilobyte', bytes / 1_000] as const) : (['megabyte', bytes / 1_000_000] as const)
  const digits = { maximumFractionDigits: size < 10 ? 1 : 0 }
  return new Intl.NumberFormat('en', { style: 'unit', unit, ...digits }).format(Math.max(size, 0.1))
}
