/** How large a picture is, in pixels, by what its file says. Nothing is decoded. */
import type { AttachmentType } from '../../protocol.ts'

/** Width and height, in pixels. */
export interface Dimensions {
  width: number
  height: number
}

/**
 * The dimensions of a picture from the beginning of its file; null where it does not say, or not there. PNG: IHDR. GIF: the
 * logical screen. WebP: VP8X, VP8L or VP8. JPEG: the first frame header.
 */
export function dimensionsOf(type: AttachmentType, bytes: Uint8Array): Dimensions | null {
  const reader = readers[type]
  try {
    const found = reader?.(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    return found && found.width > 0 && found.height > 0 ? found : null
  } catch (error) {
    // The file ends too early.
    if (error instanceof RangeError) return null
    throw error
  }
}

const readers: Partial<Record<AttachmentType, (view: DataView) => Dimensions | null>> = {
  'image/png': (view) =>
    view.getUint32(12) === 0x49484452 ? { width: view.getUint32(16), height: view.getUint32(20) } : null,
  'image/gif': (view) => ({ width: view.getUint16(6, true), height: view.getUint16(8, true) }),
  'image/webp': webp,
  'image/jpeg': jpeg,
}

/** https://www.rfc-editor.org/rfc/rfc9649 */
function webp(view: DataView): Dimensions | null {
  const uint24 = (at: number) => view.getUint16(at, true) + (view.getUint8(at + 2) << 16)
  switch (view.getUint8(15)) {
    case 0x58: // VP8X
      return { width: uint24(24) + 1, height: uint24(27) + 1 }
    case 0x4c: {
      // VP8L: 14 bits each.
      const bits = view.getUint32(21, true)
      return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 }
    }
    case 0x20: // VP8 and a space; the two highest bits are a scale.
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
    default:
      return null
  }
}

/** ITU-T T.81, B.1 and B.2.2: markers with their lengths up to a start of frame. */
function jpeg(view: DataView): Dimensions | null {
  for (let at = 2; ;) {
    while (view.getUint8(at) === 0xff && view.getUint8(at + 1) === 0xff) at++
    if (view.getUint8(at) !== 0xff) return null
    const marker = view.getUint8(at + 1)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    // Where the picture itself begins, or ends, no header has come.
    if (marker === 0xda || marker === 0xd9) return null
    at += 2 + view.getUint16(at + 2)
  }
}
