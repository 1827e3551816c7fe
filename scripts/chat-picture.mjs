/** A picture that somebody sends in the chat, as a PNG. */
import { crc32, deflateSync } from 'node:zlib'

/** A picture of a shelf at dusk. @param {number} width @param {number} height */
export function picture(width, height) {
  const rows = []
  for (let y = 0; y < height; y++) {
    const row = Buffer.alloc(1 + 3 * width)
    for (let x = 0; x < width; x++) row.set(colorAt(x / width, y / height), 1 + 3 * x)
    rows.push(row)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2], 8)
  const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.concat(rows))), chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts])
}

/** @param {number} x @param {number} y @returns {[number, number, number]} */
function colorAt(x, y) {
  if (y > 0.8 && y < 0.86) return [112, 78, 52]
  const pots = [
    { at: 0.2, size: 0.13, color: /** @type {[number, number, number]} */ ([64, 110, 142]) },
    { at: 0.5, size: 0.18, color: /** @type {[number, number, number]} */ ([190, 104, 66]) },
    { at: 0.79, size: 0.1, color: /** @type {[number, number, number]} */ ([92, 130, 98]) },
  ]
  const pot = pots.find(({ at, size }) => ((x - at) / size) ** 2 + ((y - 0.8 + size) / size) ** 2 < 1 && y < 0.81)
  return pot?.color ?? [232 - 40 * y, 214 - 46 * y, 196 - 30 * y]
}

/** @param {string} type @param {Buffer} data */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
