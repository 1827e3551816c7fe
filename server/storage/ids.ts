/** Ids of entries: `<position in base36>-<16 base64url characters>`, so a cursor leads to its entry at once. */
import { cryptoRandom, randomBase64Url } from '../random.ts'

/** 96 random bits as 16 base64url characters. */
export const randomPart = (): string => randomBase64Url(12, cryptoRandom)

/** The id of the entry at a position. */
export function entryId(position: number, random: string): string {
  return `${position.toString(36)}-${random}`
}

/** The position an id claims, or -1 for what cannot be an id. Whether the entry has this id is another question. */
export function positionOf(id: string): number {
  const dash = id.indexOf('-')
  if (dash < 1 || dash > 10 || id.length - dash !== 17) return -1
  const position = Number.parseInt(id.slice(0, dash), 36)
  return Number.isSafeInteger(position) ? position : -1
}
